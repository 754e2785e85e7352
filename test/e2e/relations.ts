/** Replies, reactions and pins between processes: live, after a kill, in lines, and in exports. */
import t from 'tap';
import type { JsonClient } from '../support/json-client.js';
import { jsonPeople } from '../support/json-people.js';
import { password, startServerProcess } from '../support/server-process.js';

t.test('after kill -9, a client that was away has every reply, reaction and pin', async (t) => {
  const { server, people, again } = await jsonPeople(t, ['ann', 'ben', 'cleo'], '--rate', '1000');
  const [ann, ben, cleo] = people as [JsonClient, JsonClient, JsonClient];
  await ann.ok({ type: 'join', room: 'crew', private: true });
  for (const name of ['ben', 'cleo']) await ann.ok({ type: 'invite', room: 'crew', name });
  for (const one of [ben, cleo]) await one.ok({ type: 'join', room: 'crew' });
  const seq = await ben.say({ room: 'crew' }, 'lift-off at noon?');
  await cleo.ok({ type: 'react', of: seq, emoji: 'eyes' });
  await cleo.fence();

  // Her client stands still meanwhile.
  cleo.running.kill('SIGSTOP');
  const of = { seq, from: 'ben', text: 'lift-off at noon?' };
  const said = await ann.ask({ type: 'say', room: 'crew', text: 'go', of: seq } as never);
  await ann.ok({ type: 'react', of: seq, emoji: '🚀' });
  await ben.ok({ type: 'react', of: Number(said.seq), emoji: '+1' });
  await ann.ok({ type: 'pin', of: seq });
  await server.killAndRestart();
  cleo.running.kill('SIGCONT');

  t.match(await cleo.event('message', { text: 'go' }), { from: 'ann', room: 'crew', of });
  const reactions = [
    { emoji: '👀', count: 1 },
    { emoji: '🚀', count: 1 },
  ];
  t.match(await cleo.event('reaction', { from: 'ann' }), { room: 'crew', emoji: '🚀', of, reactions });
  t.match(await cleo.event('reaction', { from: 'ben' }), { emoji: '👍', of: { seq: said.seq, text: 'go' } });
  t.match(await cleo.event('pinned'), { from: 'ann', room: 'crew', of });
  const told = cleo.lines().filter(({ type }) => type === 'reaction' || type === 'pinned');
  t.equal(told.length, 4, 'each once');

  await ben.running.prints(/"state":"waiting"[\s\S]*"type":"synced"/);
  const { messages } = await ben.ok({ type: 'history', room: 'crew' });
  t.match(messages, [
    { seq, reactions },
    { of, reactions: [{ emoji: '👍', count: 1, mine: true }] },
  ]);
  t.match((await ben.ok({ type: 'pins', room: 'crew' })).messages, [{ seq }]);

  const other = await again('cleo');
  t.match(await other.event('message', { seq }), { reactions }, 'another terminal has them, too');
  t.match(await other.event('reacted'), { room: 'crew', reactions: [{ of: seq, emoji: '👀' }] });
  await other.ok({ type: 'react', of: seq, emoji: 'eyes' });
  t.match(await cleo.event('reaction', { from: 'cleo', reactions: [{ emoji: '🚀', count: 1 }] }), { of });
});

t.test('in lines: commands, refusals, and exports', async (t) => {
  const server = await startServerProcess('--rate', '1000');
  t.teardown(() => server.close());
  const ann = server.connect(server.firstLink, 'ann', '--plain');
  await ann.prints(/in #lobby as ann/, 'stderr');
  const link = await server.invite('--uses', '2');
  const ben = server.connect(link, 'ben', '--plain');
  await ben.prints(/in #lobby as ben/, 'stderr');

  await t.test('a reply has the start of its message above it, which no message can imitate', async () => {
    ben.write('shall we go?\n');
    await ann.prints(/ben: shall we go\?\n/);
    ann.write('/reply yes, at six\n');
    await ben.prints(/^\d\d:\d\d > ben: shall we go\?\n\d\d:\d\d ann: yes, at six\n/m);
    ben.write('> ann: never\n');
    await ann.prints(/^\d\d:\d\d ben: > ann: never\n/m);
  });

  await t.test('a reaction is a line, and taken back by the same again', async () => {
    ann.write('/react +1\n');
    await ben.prints(/-- ann reacted 👍 to ben: > ann: never\n/, 'stderr');
    ann.write('/react 👍\n');
    await ben.prints(/-- ann took back a reaction to ben: > ann: never\n/, 'stderr');
    ann.write('/react nonsense\n');
    await ann.prints(/-- "nonsense" is no reaction\. /, 'stderr');
    ben.write('/react tada\n');
    await ann.prints(/-- ben reacted 🎉 to ann: yes, at six\n/, 'stderr');
    ann.write('/history 2\n');
    await ann.prints(/ann: yes, at six\n\d\d:\d\d \+ 🎉 1\n\d\d:\d\d ben: > ann: never\n/);
  });

  await t.test('pins are for those who lead the room', async () => {
    ben.write('/pin\n');
    await ben.prints(/-- Only owners and moderators of #lobby can pin messages\.\n/, 'stderr');
    ann.write('/pin\n');
    await ben.prints(/-- ann pinned a message, ben: > ann: never\n/, 'stderr');
    ann.write('/pin\n');
    await ann.prints(/-- That message is pinned already\.\n/);
    ben.write('/pins\n');
    const [, id] = await ben.prints(/-- (\d+) {2}\S+ \d\d:\d\d {2}ben: > ann: never\n/);
    ann.write('/unpin\n');
    await ben.prints(/-- ann unpinned a message, ben: > ann: never\n/, 'stderr');
    ann.write(`/unpin ${id}\n`);
    await ann.prints(/-- That message is not pinned\./, 'stderr');
    ben.write('/pins\n');
    await ben.prints(/-- No message is pinned here\./);
  });

  await t.test('a blocked person learns only that it was not delivered', async (t) => {
    ben.write('/msg ann psst\n');
    await ann.prints(/ben -> ann: psst\n/);
    ben.write('/block ann\n');
    await ben.prints(/-- You blocked ann/);
    ann.write('/query ben\n/react heart\n/reply hello\n');
    await ann.prints(/not delivered[\s\S]*not delivered/, 'stderr');
    ben.write('/window #lobby\nstill here\n');
    await ben.prints(/ben: still here\n/);
    t.notMatch(ben.stdout() + ben.stderr(), /❤|hello/);
    t.notMatch(ann.stderr(), /block/i);
  });

  await t.test('exports have both', async (t) => {
    for (const client of [ann, ben]) {
      client.end();
      await client.ended;
    }
    const exported = async (...args: string[]) => {
      const program = server.home.run(['export', server.link, '--name', 'ben', '--room', 'lobby', ...args], {
        SECURE_CHAT_PASSWORD: password,
      });
      t.equal(await program.ended, 0, program.stderr());
      return program.stdout();
    };
    const time = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d';
    t.match(
      await exported(),
      new RegExp(
        `^${time} ben: shall we go\\?\\n${time} > ben: shall we go\\?\\n${time} ann: yes, at six\\n${time} \\+ 🎉 1 \\(you\\)\\n`,
        'm',
      ),
    );
    const [, reply] = (await exported('--format', 'json'))
      .split('\n')
      .map((line) => line && JSON.parse(line));
    t.match(reply, { of: { from: 'ben', text: 'shall we go?' }, reactions: [{ emoji: '🎉', count: 1 }] });
  });
});
