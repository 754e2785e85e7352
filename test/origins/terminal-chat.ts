/** What TerminalChat could: a server, people who join it with a user name, and terminals that talk. */
import t from 'tap';
import { gather } from '../support/screen-people.js';

t.test('TerminalChat', async (t) => {
  const people = await gather(t);

  await t.test('a server that runs and waits', async (t) => {
    const { served } = people;
    t.match(served.firstLink, /^secure-chat:\/\/127\.0\.0\.1:\d+\//);
    await served.server().prints(/"msg":"listening"/, 'stderr');
  });

  const alice = await people.screen('alice');
  // She asks for it after the catch-up, before which she is not told who joins.
  await alice.shows(/1 online/);
  const bob = await people.screen('bob');

  await t.test('one joins with a user name', async (t) => {
    await bob.shows(/bob · The Test/);
    await alice.shows(/bob joined/);
    t.match(alice.screen(), /alice/);
  });

  await t.test('two terminals talk', async () => {
    alice.enter('hello bob');
    await bob.shows(/alice ▌ hello bob/);
    bob.enter('hello yourself');
    await alice.shows(/bob │ hello yourself/);
  });

  await t.test('and more of them: everybody hears everybody', async (t) => {
    const cleo = await people.pipe('cleo');
    await cleo.prints(/bob: hello yourself/);
    const dora = await people.pipe('dora');
    dora.write('four of us\n');
    await Promise.all([alice.shows(/dora │ four of us/), bob.shows(/dora │ four of us/)]);
    await cleo.prints(/dora: four of us/);
    alice.enter('/list');
    await alice.shows(/4 people are here/);
    t.pass();
  });
});
