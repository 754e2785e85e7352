import t from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import { outcome, requestOk } from '../../support/requests.js';
import { sessionScene } from '../../support/session-scene.js';

t.test('those who wait for a person get one notice, of the first terminal', async (t) => {
  const { signIn } = await sessionScene(t);
  const { wire: ada } = await signIn('ada');
  const { wire: ada2 } = await signIn('bob');
  const gone = await signIn('cyd');
  await requestOk(gone.wire, { type: 'quit' });
  await gone.wire.closed;
  await requestOk(ada, { type: 'watch', name: ' CYD ' });
  await requestOk(ada, { type: 'watch', name: 'cyd' });
  const back = await signIn('cyd');
  t.same(await ada.next('online'), { type: 'online', name: 'cyd' });
  await requestOk(back.wire, { type: 'quit' });
  await back.wire.closed;
  await requestOk(ada2, { type: 'watch', name: 'cyd' });
  await signIn('cyd');
  await ada2.next('online');
  t.equal(ada.all('online').length, 1, 'not again');
});

t.test('a person who is online already is reported at once', async (t) => {
  const { signIn } = await sessionScene(t);
  const { wire: ada } = await signIn('ada');
  await signIn('bob');
  await requestOk(ada, { type: 'watch', name: 'bob' });
  t.same(ada.frames.slice(-2), [
    { type: 'online', name: 'bob' },
    { type: 'ok', re: 3 },
  ]);
});

t.test('people whom the person has blocked, or who no longer wait, get nothing', async (t) => {
  const { signIn } = await sessionScene(t);
  const [{ wire: ada }, { wire: bob }, { wire: dan }] = [
    await signIn('ada'),
    await signIn('bob'),
    await signIn('dan'),
  ];
  const leave = async ({ wire }: { wire: typeof ada }) => {
    await requestOk(wire, { type: 'quit' });
    await wire.closed;
  };
  const first = await signIn('cyd');
  await requestOk(first.wire, { type: 'block', name: 'ada' });
  await leave(first);
  for (const wire of [ada, bob, dan]) await requestOk(wire, { type: 'watch', name: 'cyd' });
  await requestOk(dan, { type: 'unwatch', name: 'cyd' });
  const second = await signIn('cyd');
  // All get it in one go.
  await bob.next('online');
  await requestOk(second.wire, { type: 'unblock', name: 'ada' });
  await leave(second);
  t.same([...ada.all('online'), ...dan.all('online')], []);
  await signIn('cyd');
  await ada.next('online');
  t.same(dan.all('online'), [], 'and the blocked one went on waiting');
});

t.test('only the terminal that waits gets the notice', async (t) => {
  const { signIn, connect } = await sessionScene(t);
  const { wire: one } = await signIn('ada');
  const cyd = await signIn('cyd');
  await requestOk(cyd.wire, { type: 'quit' });
  await cyd.wire.closed;
  const other = connect().wire;
  await requestOk(other, { type: 'sign-in', name: 'ada', password: 'a good password', mode: 'attach' });
  await requestOk(other, { type: 'sync' });
  await requestOk(one, { type: 'watch', name: 'cyd' });
  await signIn('cyd');
  await one.next('online');
  await requestOk(other, { type: 'ping' });
  t.same(other.all('online'), []);
});

t.test('wrong names and too many of them are refused', async (t) => {
  const { signIn, store } = await sessionScene(t);
  const { wire } = await signIn('ada');
  t.equal(await outcome(wire, { type: 'watch', name: 'ada' }), 'not-allowed');
  t.equal(await outcome(wire, { type: 'watch', name: 'nobody1' }), 'no-such-name');
  t.equal(await outcome(wire, { type: 'unwatch', name: 'nobody1' }), 'no-such-name');
  const names = Array.from({ length: limits.watches + 1 }, (_, i) => `p${i}x`);
  for (const name of names) await store.register({ name, skeleton: name, password: 'none', at: 1 });
  for (const name of names.slice(0, -1)) await requestOk(wire, { type: 'watch', name });
  t.equal(await outcome(wire, { type: 'watch', name: names.at(-1) ?? '' }), 'limit-reached');
  await requestOk(wire, { type: 'watch', name: 'p0x' });
  await requestOk(wire, { type: 'unwatch', name: 'p0x' });
  await requestOk(wire, { type: 'watch', name: names.at(-1) ?? '' });
});
