import t from 'tap';
import { alt, keys } from '../support/screen-keys.js';
import { gather, settle, typed } from '../support/screen-people.js';

t.test('a connection that comes and goes', async (t) => {
  const people = await gather(t, '--rate', '3');
  const { served } = people;
  const alice = await people.screen('alice');
  await alice.shows(/alice · The Test · TLS 1\.3 ✓ verified/);

  let said = 0;
  await t.test('what is said too fast waits, says so, and arrives', async (t) => {
    const isSlowed = () => /…[\s\S]*sending in \d+ s \(rate limit\)/.test(alice.screen());
    while (!isSlowed() && said < 40) {
      const line = `quick ${++said}`;
      alice.enter(line);
      // Lines that come at once are a paste.
      await alice.until(() => typed(alice) === '' && alice.screen().includes(line), line);
    }
    t.ok(isSlowed());
    await alice.shows(new RegExp(`quick ${said} ✓`));
  });

  await t.test(
    'a server that is killed: it says so, keeps what is typed and said, loses nothing',
    async (t) => {
      alice.type('half a sen');
      await alice.until(() => typed(alice) === 'half a sen', 'a draft');
      served.server().kill('SIGKILL');
      await served.server().ended;
      await alice.shows(/reconnecting in \d+ s|retry in \d+ s|connecting…/);
      alice.type('tence\r');
      await alice.shows(/half a sentence …/);
      alice.type('a draft');
      await served.restart();
      await alice.shows(/half a sentence ✓/);
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

  await t.test('what the server refuses says why, and /retry says it again', async (t) => {
    alice.enter('/query nobody-of-this-name hello');
    await alice.shows(/┃ hello[\s\S]*✗ not sent: /);
    await alice.shows(/Try[\s│┃]+again[\s│┃]+with[\s│┃]+\/retry/);
    alice.enter('/retry');
    await settle(alice);
    await alice.shows(/✗ not sent: /);
    t.equal(alice.screen().split('┃ hello').length, 2, 'in place of the one before');
    alice.type(alt('1'));
    await alice.until(() => alice.rows().at(-1)?.startsWith('#lobby') === true, 'the room');
    alice.enter('/msg nobody-of-this-name hello');
    await alice.shows(/✗ │ Not sent to nobody-of-this-name/);
  });

  await t.test(
    'being taken over ends it: the screen is given back, a sentence says why, with 77',
    async (t) => {
      const other = await people.screen('alice', { args: ['--take-over'] });
      t.equal(await alice.ended, 77);
      t.strictSame(alice.modes(), []);
      t.match(alice.screen(), /another terminal|taken|elsewhere|signed in/i);
      t.match(alice.all(), 'secure-chat: ');
      other.enter('/quit');
      t.equal(await other.ended, 0);
    },
  );

  await t.test('a server that shuts down for good is told when one gives up', async (t) => {
    const cleo = await people.screen('cleo', { args: ['--retry', '1'] });
    served.server().kill('SIGTERM');
    t.equal(await cleo.ended, 69);
    t.strictSame(cleo.modes(), []);
    t.match(cleo.all(), 'secure-chat: ');
  });
});
