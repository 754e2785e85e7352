/** Rooms in `--json`: created, joined, moderated, left, and still there after a restart. */
import t from 'tap';
import type { JsonClient } from '../support/json-client.js';
import { jsonPeople } from '../support/json-people.js';

t.test('rooms that members may create', async (t) => {
  // Cleo is the admin.
  const { server, people, again } = await jsonPeople(t, ['cleo', 'ann', 'ben']);
  const [cleo, ann, ben] = people as [JsonClient, JsonClient, JsonClient];

  await t.test('a room is created, found, joined and moderated', async (t) => {
    await ben.ok({ type: 'join', room: 'dev' });
    t.match(await ben.event('room'), { conversation: { room: 'dev', role: 'owner', unread: 0 } });
    await ben.ok({ type: 'set-topic', room: 'dev', topic: 'what we build' });

    const { rooms } = await ann.ok({ type: 'rooms' });
    t.match(
      rooms?.find(({ room }) => room === 'dev'),
      { topic: 'what we build', members: 1 },
    );
    t.equal(await ann.code({ type: 'history', room: 'dev' }), 'not-a-member');
    await ann.ok({ type: 'join', room: '#Dev' });
    await ben.event('joined', { room: 'dev', name: 'ann' });
    await ann.say({ room: 'dev' }, 'hello builders');
    t.match(await ben.event('message', { room: 'dev' }), { from: 'ann', text: 'hello builders' });
    await cleo.fence();
    t.notMatch(cleo.running.stdout(), 'hello builders', 'who is not in it gets nothing');

    t.equal(await ann.code({ type: 'set-topic', room: 'dev', topic: 'mine' }), 'not-allowed');
    await ben.ok({ type: 'appoint', room: 'dev', name: 'ann', role: 'moderator' });
    t.match(await ann.event('role'), { name: 'ann', role: 'moderator', by: 'ben' });
    await ann.ok({ type: 'set-topic', room: 'dev', topic: 'ours' });
    t.match(await ben.event('topic', { topic: 'ours' }), { from: 'ann' });

    const { people: members } = await ann.ok({ type: 'who', room: 'dev' });
    t.same(members?.map(({ name, room }) => `${name} ${room}`).toSorted(), ['ann moderator', 'ben owner']);
    await ben.ok({ type: 'leave', room: 'dev' });
    await ann.event('left', { room: 'dev', name: 'ben' });
    t.match(
      (await ann.ok({ type: 'rooms' })).rooms?.find(({ room }) => room === 'dev'),
      { role: 'owner', members: 1 },
      'its moderator owns it now',
    );
    t.equal(await ann.code({ type: 'leave', room: 'dev' }), 'room-would-end');
    await ann.ok({ type: 'leave', room: 'dev', end: true });
    t.notOk((await ann.ok({ type: 'rooms' })).rooms?.some(({ room }) => room === 'dev'));
    for (const one of [ann, ben]) t.equal(await one.code({ type: 'leave', room: 'lobby' }), 'not-allowed');
  });

  await t.test(
    'memberships, topics, roles and unread counts survive a restart and a new client',
    async (t) => {
      await ann.ok({ type: 'join', room: 'plan' });
      await ben.ok({ type: 'join', room: 'plan' });
      await ann.ok({ type: 'set-topic', room: 'plan', topic: 'plans' });
      await ben.leave();
      await ann.say({ room: 'plan' }, 'one');
      await ann.say({ room: 'plan' }, 'two, ben');
      await ann.leave();
      server.process().kill('SIGTERM');
      await server.process().ended;
      await server.restart();

      const back = await again('ben');
      const plan = back.conversations().find(({ room }) => room === 'plan');
      t.match(plan, { role: 'member', topic: 'plans', unread: 2, mentions: 1 });
      const received = back.lines().filter((line) => line.type === 'message' && line.room === 'plan');
      t.same(
        received.map(({ text }) => text),
        ['one', 'two, ben'],
      );

      const other = await again('ben');
      await back.ok({ type: 'read', room: 'plan', seq: Number(received.at(-1)?.seq) });
      t.match(
        await other.event('seen', { room: 'plan' }),
        { seq: received.at(-1)?.seq },
        'the other terminal knows',
      );
      const third = await again('ben');
      t.match(
        third.conversations().find(({ room }) => room === 'plan'),
        { unread: 0, mentions: 0 },
      );
    },
  );
});

t.test('with --rooms admins, members cannot create rooms', async (t) => {
  const { people } = await jsonPeople(t, ['ann', 'ben'], '--rooms', 'admins');
  const [ann, ben] = people as [JsonClient, JsonClient];
  t.equal(await ben.code({ type: 'join', room: 'dev' }), 'not-allowed');
  await ann.ok({ type: 'join', room: 'dev' });
  await ben.ok({ type: 'join', room: 'dev' });
});
