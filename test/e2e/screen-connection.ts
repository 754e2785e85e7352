import t from 'tap';
import { alt, keys } from '../support/screen-keys.js';
import { gather, settle, typed } from '../support/screen-people.js';

t.test('the chat screen and its connection', async (t) => {
  const people = await gather(t, '--rate', '3');
  const { server } = people;
  const alice = await people.screen('alice');
  await alice.shows(/alice · The Test · TLS 1\.3 ✓ verified/);

  let said = 0;
  await t.test('messages over the rate limit wait, show why, and arrive', async (t) => {
    const isSlowed = () => /…[\s\S]*sending in \d+ s \(rate limit\)/.test(alice.screen());
    while (!isSlowed() && said < 40) {
      const line = `quick ${++said}`;
      alice.enter(line);
      // Lines that come at once are a paste.
      await alice.until(() => typed(alice) === '' && alice.screen().includes(line), line);
    }
    t.ok(isSlowed());
    await alice.shows(new RegExp(`quick ${said}(?! …)`));
  });

  await t.test(
    'when the server is killed, it shows that, and keeps the draft and unsent messages',
    async (t) => {
      alice.type('half a sen');
      await alice.until(() => typed(alice) === 'half a sen', 'a draft');
      server.process().kill('SIGKILL');
      await server.process().ended;
      await alice.shows(/reconnecting in \d+ s|retry in \d+ s|connecting…/);
      alice.type('tence\r');
      await alice.shows(/half a sentence …/);
      alice.type('a draft');
      await server.restart();
      await alice.shows(/half a sentence(?! …)/);
      await alice.shows(/TLS 1\.3 ✓ verified/);
      await settle(alice);
      t.equal(typed(alice), 'a draft');
      const bob = await people.pipe('bob');
      await bob.prints(/alice: half a sentence/);
      t.equal(bob.stdout().split('half a sentence').length, 2, 'once');
      for (let i = 1; i <= said; i++) t.match(bob.stdout(), `quick ${i}\n`);
      alice.type(keys.end);
      for (const _ of 'a draft') alice.type(keys.backspace);
      await alice.until(() => typed(alice) === '', 'nothing typed');
    },
  );

  await t.test('a refused message shows why, and /retry sends it again', async (t) => {
    alice.enter('/query no-such-person hello');
    await alice.shows(/┃ hello[\s\S]*✗ not sent: /);
    await alice.shows(/Try[\s│┃]+again[\s│┃]+with[\s│┃]+\/retry/);
    alice.enter('/retry');
    await settle(alice);
    await alice.shows(/✗ not sent: /);
    t.equal(alice.screen().split('┃ hello').length, 2, 'in place of the one before');
    alice.type(alt('1'));
    await alice.until(() => alice.rows().at(-1)?.startsWith('#lobby') === true, 'the room');
    alice.enter('/msg no-such-person hello');
    await alice.shows(/✗ │ Not sent to no-such-person/);
  });

  await t.test('a take-over ends it with 77, restores the screen and says why', async (t) => {
    const other = await people.screen('alice', { args: ['--take-over'] });
    t.equal(await alice.ended, 77);
    t.strictSame(alice.modes(), []);
    t.match(alice.screen(), /another terminal|taken|elsewhere|signed in/i);
    t.match(alice.all(), 'secure-chat: ');
    other.enter('/quit');
    t.equal(await other.ended, 0);
  });

  await t.test('after --retry without a server it ends with 69 and says why', async (t) => {
    const cleo = await people.screen('cleo', { args: ['--retry', '1'] });
    server.process().kill('SIGTERM');
    t.equal(await cleo.ended, 69);
    t.strictSame(cleo.modes(), []);
    t.match(cleo.all(), 'secure-chat: ');
  });
});
