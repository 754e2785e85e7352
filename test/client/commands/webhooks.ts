import t from 'tap';
import { commandScene } from '../../support/command-scene.js';

const url = 'https://chat.example:8443/hook/s3cret';

t.test('/webhook add asks for one, here or in a room that is named, and shows its URL once', async (t) => {
  const { run, asked, shown } = commandScene({
    here: { room: 'ops' },
    answers: { 'make-webhook': { url } },
    secrets: [],
  });
  await run('/webhook add CI');
  await run('/webhook ADD #Dev @deploy');
  t.same(asked, [
    { type: 'make-webhook', room: 'ops', name: 'ci' },
    { type: 'make-webhook', room: 'dev', name: 'deploy' },
  ]);
  t.equal(shown[1], `  ${url}`);
  t.match(shown.slice(0, 4).join('\n'), /#ops as ci[\s\S]*\/webhook remove ci[\s\S]*how to copy it/);
});

t.test('/webhook list and remove', async (t) => {
  const at = '2026-01-02T03:04:05.000Z';
  const { run, asked, shown } = commandScene({
    answers: {
      webhooks: {
        webhooks: [
          { name: 'ci', room: 'ops', by: 'ana', at },
          { name: 'deploy', room: 'ops', by: 'ben', at, stopped: true },
        ],
      },
    },
  });
  await run('/webhook list');
  t.match(shown, [
    /^ci +#ops {2}by ana on /,
    /^deploy +#ops {2}by ben on .* \(stopped: ben can't add webhooks/,
    /Revoke/,
  ]);
  await run('/webhook remove @CI');
  t.same(asked.at(-1), { type: 'remove-webhook', name: 'ci' });
  t.match(shown.at(-1), /ci no longer works/);
  const none = commandScene();
  await none.run('/webhook');
  t.match(none.shown, [/There are no webhooks/]);
});

t.test('anything else is refused before it is sent', async (t) => {
  const { run, asked, refused } = commandScene({ here: { with: 'ben' } });
  for (const line of [
    'add',
    'add #a b c',
    'remove',
    'remove a b',
    'list all',
    'delete ci',
    'add no!name',
    'add #no!room ci',
  ]) {
    await run(`/webhook ${line}`);
  }
  t.equal(refused.length, 8);
  await run('/webhook add #ops server');
  t.equal(refused.at(-1), 'That name is reserved.', 'no advice to look for it among people');
  await run('/webhook add ci');
  t.match(refused.at(-1), /direct message\. Name a room/);
  t.same(asked, []);
});
