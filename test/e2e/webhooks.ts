/** Webhooks and notifications of the built program: what people type, what programs send, what reaches a phone. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { httpsPost } from '../support/https-post.js';
import { jsonPeople } from '../support/json-people.js';
import { ownPort } from '../support/own-port.js';
import { startPushReceiver } from '../support/push-receiver.js';

t.test('a webhook, from /webhook add to /webhook remove', async (t) => {
  const port = await ownPort();
  const { server, people } = await jsonPeople(t, ['ana', 'ben'], '--webhooks', `127.0.0.1:${port}`);
  const [ana, ben] = people;
  await ana?.ok({ type: 'join', room: 'ops' });
  await ben?.ok({ type: 'join', room: 'ops' });
  const plain = server.connect(server.link, 'ana', '--plain', '--attach');
  await plain.prints(/in #lobby as ana/, 'stderr');
  plain.write('/webhook add #ops CI\n');
  const [, url = ''] = await plain.prints(/ {2}(https:\/\/127\.0\.0\.1:\d+\/hook\/[\w-]{43})$/m);
  t.equal(new URL(url).port, String(port));
  const secret = url.split('/').at(-1) ?? '';

  t.match(
    await httpsPost(url, JSON.stringify({ text: 'build 7 failed' }), { 'content-type': 'application/json' }),
    {
      status: 204,
    },
  );
  t.match(await ben?.event('message', { from: 'ci' }), { room: 'ops', text: 'build 7 failed' });
  await plain.prints(/ci: build 7 failed/);
  const answers = await Promise.all(
    Array.from({ length: 15 }, (_, at) => httpsPost(`${url.slice(0, -2)}${10 + at}`, 'guess')),
  );
  t.same([...new Set(answers.map(({ status }) => status))].toSorted(), [404, 429], 'guesses are counted');
  t.match(await httpsPost(url, 'still works'), { status: 204 }, 'and hold up no one who has the secret');

  server.process().kill('SIGHUP');
  await server.process().prints(/certificate reloaded/, 'stderr');
  t.match(await httpsPost(url, 'after a reload'), { status: 204 });
  await server.killAndRestart();
  t.match(await httpsPost(url, 'after a restart'), { status: 204 });
  await ben?.event('message', { text: 'after a restart' });
  await plain.prints(/ci: after a restart/);

  plain.write('/webhook list\n');
  await plain.prints(/ci +#ops +by ana on /);
  plain.write('/webhook remove ci\n');
  await plain.prints(/The webhook ci no longer works/);
  t.match(await httpsPost(url, 'late'), { status: 404 });
  t.match(await server.operate(['audit']), { out: /add-webhook ci[\s\S]*remove-webhook ci/ });

  t.notMatch(server.process().stderr(), secret, 'not in the log');
  const data = join(server.home.folder, 'data');
  for (const entry of await readdir(data, { withFileTypes: true })) {
    if (entry.isFile())
      t.notOk((await readFile(join(data, entry.name), 'latin1')).includes(secret), entry.name);
  }
});

t.test('notifications reach those who are away or not connected, and hold up nothing', async (t) => {
  const phone = await startPushReceiver(t);
  const { server, people, again } = await jsonPeople(
    t,
    ['ana', 'ben'],
    '--name',
    'Home',
    '--push-hosts',
    phone.origin,
  );
  const [ana, ben] = people;
  const plain = server.connect(server.link, 'ben', '--plain', '--attach');
  await plain.prints(/in #lobby as ben/, 'stderr');
  plain.write('/notify push https://evil.example/x\n');
  await plain.prints(/sends notifications to these hosts only: http:\/\/127\.0\.0\.1/, 'stderr');
  plain.write(`/notify push ${phone.origin}/s3cret-Topic\n`);
  await plain.prints(/without their text/);
  t.match(await phone.received.next(), {
    path: '/s3cret-Topic',
    title: 'Home',
    text: 'Notifications are on.',
  });

  await ana?.say({ to: 'ben' }, 'not now');
  plain.write('/away lunch\n');
  await ana?.event('away', { name: 'ben' });
  await ana?.say({ to: 'ben' }, 'the plan');
  t.match(await phone.received.next(), { text: 'ana sent you a message.', priority: '4' }, 'none before it');
  plain.end();
  await plain.ended;
  await ben?.leave();
  await ana?.event('left', { name: 'ben' });
  phone.status = 0;
  await ana?.say({ room: 'lobby' }, 'ben: look');
  await phone.received.next();
  for (let count = 0; count < 5; count++)
    await ana?.say({ room: 'lobby' }, 'ben: a silent host holds up no message');

  const back = await again('ben');
  t.match(await back.ok({ type: 'push' }), { push: { url: `${phone.origin}/s3cret-Topic`, text: false } });
  await back.ok({ type: 'set-push' });
  t.notOk((await back.ok({ type: 'push' })).push);
  t.notMatch(server.process().stderr(), 's3cret-Topic', 'no URL in the log');
  t.match(server.process().stderr(), /"host":"127\.0\.0\.1:\d+","outcome":"HTTP 200"/);
});
