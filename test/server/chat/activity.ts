import t, { type Test } from 'tap';
import type { ServerFrame } from '../../../lib/protocol/events.js';
import { limits } from '../../../lib/protocol/limits.js';
import { outcome, post, requestOk } from '../../support/requests.js';
import { type SceneDeps, sessionScene } from '../../support/session-scene.js';
import type { Wire } from '../../support/wire-client.js';

const all = { type: 'share', typing: true, receipts: true } as const;

/** People in the lobby; those in `sharing` share typing and receipts. */
async function scene(t: Test, names: readonly string[], sharing = names, deps: SceneDeps = {}) {
  const opened = await sessionScene(t, deps);
  const people: Record<string, Wire> = {};
  for (const [i, name] of names.entries()) {
    // New accounts of one address are limited, and many who come at once wait for each other.
    people[name] = (await opened.signIn(name, `192.0.2.${i}`)).wire;
    opened.clock.advance(100);
  }
  for (const name of sharing) await requestOk(person(name), all);

  function person(name: string): Wire {
    const wire = people[name];
    if (wire === undefined) throw new Error(name);
    return wire;
  }

  let entries = 0;
  return {
    ...opened,
    person,
    /** A message in a room, which is not sent to anyone. */
    async entry(name: string, room: string): Promise<{ seq: number }> {
      const account = (await opened.store.account(name))?.id ?? 0;
      const found = (await opened.store.rooms()).find((each) => each.name === room);
      const appended = await opened.store.append({
        ...{ target: { room: found?.id ?? 0 }, account, at: 1, key: `entry-${++entries}` },
        ...{ text: 'hello', action: false },
      });
      return { seq: appended.outcome === 'kept' ? appended.seq : 0 };
    },
    /** Events about activity so far. */
    async activity(name: string): Promise<ServerFrame[]> {
      await requestOk(person(name), { type: 'ping' });
      return person(name).frames.filter(({ type }) => type === 'typing' || type === 'receipts');
    },
  };
}

const typing = (...names: string[]) => ({ type: 'typing', room: 'lobby', names });

t.test('typing and receipts go to those who share theirs, and not a byte to others', async (t) => {
  const { person, entry, activity } = await scene(t, ['ada', 'bob', 'cyd'], ['ada', 'bob']);
  const { seq } = await entry('bob', 'lobby');
  await requestOk(person('cyd'), { type: 'ping' });
  const { bytes } = person('cyd');
  await requestOk(person('ada'), { type: 'typing', room: 'lobby' });
  await requestOk(person('ada'), { type: 'read', room: 'lobby', seq });
  t.same(await activity('bob'), [
    typing('ada'),
    { type: 'receipts', room: 'lobby', readers: [{ name: 'ada', seq }] },
  ]);
  t.same(await activity('ada'), [], 'not to oneself');
  const pong = '{"type":"ok","re":9}'.length + 4;
  t.same(await activity('cyd'), []);
  t.equal(person('cyd').bytes - bytes, pong, 'nothing but the reply');
  t.equal(await outcome(person('cyd'), { type: 'typing', room: 'lobby' }), 'not-allowed');
  await requestOk(person('cyd'), { type: 'read', room: 'lobby', seq });
  t.equal((await activity('bob')).length, 2, 'and what she reads is not told either');
});

t.test('each of the two is shared by itself, until it is not', async (t) => {
  const { person, entry, activity, clock } = await scene(t, ['ada', 'bob']);
  const { seq } = await entry('bob', 'lobby');
  await requestOk(person('ada'), { type: 'share', receipts: true });
  t.equal(await outcome(person('ada'), { type: 'typing', room: 'lobby' }), 'not-allowed');
  await requestOk(person('bob'), { type: 'typing', room: 'lobby' });
  await requestOk(person('ada'), { type: 'read', room: 'lobby', seq });
  t.same(await activity('ada'), [], 'typing is sent to no one who hides it');
  t.match(await activity('bob'), [{ type: 'receipts' }]);
  await requestOk(person('bob'), { type: 'share' });
  clock.advance(limits.activityMs);
  const later = await entry('bob', 'lobby');
  await requestOk(person('ada'), { type: 'read', room: 'lobby', seq: later.seq });
  t.equal((await activity('bob')).length, 1);
});

t.test('it is shared by one terminal, not by all of an account', async (t) => {
  const { person, entry, activity, connect } = await scene(t, ['ada', 'bob']);
  const other = connect().wire;
  await requestOk(other, { type: 'sign-in', name: 'ada', password: 'a good password', mode: 'attach' });
  await requestOk(other, { type: 'sync' });
  await requestOk(person('bob'), { type: 'typing', room: 'lobby' });
  t.same(await activity('ada'), [typing('bob')]);
  await requestOk(other, { type: 'ping' });
  t.same(other.all('typing'), []);
  t.equal(await outcome(other, { type: 'typing', room: 'lobby' }), 'not-allowed');
  const { seq } = await entry('bob', 'lobby');
  await requestOk(other, { type: 'read', room: 'lobby', seq });
  t.same(person('bob').all('receipts'), []);
});

t.test('in a direct conversation it goes to the other person', async (t) => {
  const { person, activity } = await scene(t, ['ada', 'bob', 'cyd']);
  await requestOk(person('ada'), { type: 'typing', with: 'bob' });
  const { seq } = await post(person('ada'), { to: 'bob' }, 'psst');
  await requestOk(person('bob'), { type: 'read', with: 'ada', seq });
  t.same(await activity('bob'), [{ type: 'typing', with: 'ada', names: ['ada'] }]);
  t.same(await activity('ada'), [{ type: 'receipts', with: 'bob', readers: [{ name: 'bob', seq }] }]);
  t.same(await activity('cyd'), []);
  await requestOk(person('ada'), { type: 'typing', with: 'ada' });
  t.equal((await activity('ada')).length, 1);
});

t.test('nothing crosses a block, in either direction, also one that comes later', async (t) => {
  const { person, entry, activity, clock } = await scene(
    t,
    ['ada', 'bob', 'cyd', 'dan'],
    ['bob', 'cyd', 'dan'],
  );
  // Before Ada shares anything, and after.
  await requestOk(person('ada'), { type: 'block', name: 'bob' });
  await requestOk(person('ada'), all);
  await requestOk(person('cyd'), { type: 'block', name: 'ada' });
  const { seq } = await entry('dan', 'lobby');
  const act = async (name: string) => {
    await requestOk(person(name), { type: 'typing', room: 'lobby' });
    await requestOk(person(name), { type: 'read', room: 'lobby', seq });
    clock.advance(2 * limits.activityMs);
  };
  await act('ada');
  t.same(await activity('bob'), []);
  t.same(await activity('cyd'), []);
  t.equal((await activity('dan')).length, 2);
  await act('bob');
  await act('cyd');
  t.same(await activity('ada'), []);
  t.equal((await activity('dan')).length, 6);
  await requestOk(person('ada'), { type: 'typing', with: 'bob' });
  await requestOk(person('bob'), { type: 'typing', with: 'ada' });
  await requestOk(person('ada'), { type: 'unblock', name: 'bob' });
  await requestOk(person('bob'), { type: 'typing', room: 'lobby' });
  t.same(await activity('ada'), [typing('bob')]);
  t.same(
    (await activity('bob')).filter((event) => 'with' in event),
    [],
  );
});

t.test('a room gets one event a second, with the names of all, at most five', async (t) => {
  const names = ['ada', 'bob', 'cyd', 'dan', 'eve', 'fay', 'gus', 'hal'];
  const { person, activity, clock } = await scene(t, names);
  for (const name of names.slice(1)) await requestOk(person(name), { type: 'typing', room: 'lobby' });
  t.same(await activity('ada'), [typing('bob')], 'the first at once');
  clock.advance(limits.activityMs);
  t.same(await activity('ada'), [typing('bob'), typing('cyd', 'dan', 'eve', 'fay', 'gus')]);
  t.same((await activity('cyd')).at(-1), typing('dan', 'eve', 'fay', 'gus'), 'without oneself');
  for (let i = 0; i < 3; i++) await requestOk(person('bob'), { type: 'typing', room: 'lobby' });
  clock.advance(limits.activityMs);
  clock.advance(limits.activityMs);
  t.equal((await activity('ada')).length, 3, 'one for all three');
});

t.test('receipts of a room are sent together, the last of each person', async (t) => {
  const { person, entry, activity, clock } = await scene(t, ['ada', 'bob', 'cyd']);
  const seqs: number[] = [];
  for (let i = 0; i < 3; i++) seqs.push((await entry('ada', 'lobby')).seq);
  for (const name of ['bob', 'cyd'])
    for (const seq of seqs) await requestOk(person(name), { type: 'read', room: 'lobby', seq });
  clock.advance(limits.activityMs);
  const [first, , last] = seqs;
  t.same(await activity('ada'), [
    { type: 'receipts', room: 'lobby', readers: [{ name: 'bob', seq: first }] },
    {
      ...{ type: 'receipts', room: 'lobby' },
      readers: [
        { name: 'bob', seq: last },
        { name: 'cyd', seq: last },
      ],
    },
  ]);
});

t.test('a person who has left, or no longer shares, is not in the next event', async (t) => {
  const { person, activity, clock } = await scene(t, ['ada', 'bob', 'cyd', 'dan']);
  for (const name of ['ada', 'bob', 'cyd', 'dan'])
    await requestOk(person(name), { type: 'join', room: 'dev' });
  for (const name of ['bob', 'cyd', 'dan']) await requestOk(person(name), { type: 'typing', room: 'dev' });
  await requestOk(person('cyd'), { type: 'leave', room: 'dev' });
  await requestOk(person('dan'), { type: 'share', receipts: true });
  await requestOk(person('bob'), { type: 'typing', room: 'dev' });
  clock.advance(limits.activityMs);
  t.same(await activity('ada'), [
    { type: 'typing', room: 'dev', names: ['bob'] },
    { type: 'typing', room: 'dev', names: ['bob'] },
  ]);
});

t.test('only members get it, and only they can send it', async (t) => {
  const { person, activity } = await scene(t, ['ada', 'bob', 'cyd']);
  await requestOk(person('ada'), { type: 'join', room: 'den', private: true });
  await requestOk(person('ada'), { type: 'invite', room: 'den', name: 'bob' });
  await requestOk(person('bob'), { type: 'join', room: 'den' });
  await requestOk(person('ada'), { type: 'typing', room: 'den' });
  t.same(await activity('bob'), [{ type: 'typing', room: 'den', names: ['ada'] }]);
  t.same(await activity('cyd'), []);
  t.equal(await outcome(person('cyd'), { type: 'typing', room: 'den' }), 'no-such-room');
  t.equal(await outcome(person('cyd'), { type: 'typing', with: 'nobody1' }), 'no-such-name');
  t.equal(await outcome(person('cyd'), { type: 'typing' }), 'bad-request');
  await requestOk(person('ada'), { type: 'mute', room: 'den', name: 'bob' });
  t.equal(await outcome(person('bob'), { type: 'typing', room: 'den' }), 'muted');
});

t.test('typing is sent no more often than people write', async (t) => {
  const { person, clock } = await scene(t, ['ada', 'bob']);
  const codes: string[] = [];
  for (let i = 0; i <= limits.typingBurst; i++)
    codes.push(await outcome(person('ada'), { type: 'typing', room: 'lobby' }));
  t.same(codes, [...Array(limits.typingBurst).fill('ok'), 'rate-limited']);
  clock.advance(1000 / limits.typingPerSecond);
  await requestOk(person('ada'), { type: 'typing', room: 'lobby' });
});

t.test('in large rooms nothing is sent', async (t) => {
  const names = Array.from({ length: limits.receiptsRoom + 1 }, (_, i) => `p${i}x`);
  const { person, entry, activity } = await scene(t, names, ['p0x', 'p1x']);
  const { seq } = await entry('p0x', 'lobby');
  await requestOk(person('p1x'), { type: 'read', room: 'lobby', seq });
  await requestOk(person('p1x'), { type: 'typing', room: 'lobby' });
  t.same(await activity('p0x'), [typing('p1x')], 'no receipts beyond 20 people');
  await requestOk(person('p1x'), { type: 'join', room: 'dev' });
  await requestOk(person('p0x'), { type: 'join', room: 'dev' });
  const small = await entry('p0x', 'dev');
  await requestOk(person('p1x'), { type: 'read', room: 'dev', seq: small.seq });
  t.match((await activity('p0x')).at(-1), { type: 'receipts', room: 'dev' });
});

t.test('no typing beyond a hundred people', async (t) => {
  const names = Array.from({ length: limits.typingRoom + 1 }, (_, i) => `p${i}x`);
  const { person, activity, clock } = await scene(t, names, ['p0x', 'p1x']);
  await requestOk(person('p1x'), { type: 'typing', room: 'lobby' });
  t.same(await activity('p0x'), []);
  await requestOk(person('p2x'), { type: 'quit' });
  await person('p2x').closed;
  clock.advance(limits.activityMs);
  await requestOk(person('p1x'), { type: 'typing', room: 'lobby' });
  t.same(await activity('p0x'), [typing('p1x')]);
});

t.test('a block while a terminal begins to share is not missed', async (t) => {
  let meanwhile = async () => {};
  const { person, activity, connect } = await scene(t, ['ada', 'bob'], ['bob'], {
    storeOf: (store) => ({
      ...store,
      async blocks(account) {
        const names = await store.blocks(account);
        await meanwhile();
        return names;
      },
    }),
  });
  const other = connect().wire;
  await requestOk(other, { type: 'sign-in', name: 'ada', password: 'a good password', mode: 'attach' });
  meanwhile = async () => {
    meanwhile = async () => {};
    await requestOk(other, { type: 'block', name: 'bob' });
  };
  await requestOk(person('ada'), all);
  await requestOk(person('ada'), { type: 'typing', room: 'lobby' });
  t.same(await activity('bob'), []);
});
