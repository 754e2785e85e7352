/** What two people say to each other: kept for who is away, counted, and refused by who blocks. */
import t from 'tap';
import type { JsonClient } from '../support/json-client.js';
import { jsonPeople } from '../support/json-people.js';

t.test('a message waits for somebody who is not there, and tells nobody else', async (t) => {
  const { people, again } = await jsonPeople(t, ['ann', 'ben', 'cleo']);
  const [ann, ben, cleo] = people as [JsonClient, JsonClient, JsonClient];
  await ben.leave();
  const first = await ann.say({ to: 'ben' }, 'are you there?');
  const seq = await ann.say({ to: 'ben' }, 'call me, Ben');
  const back = await again('ben');
  t.match(await back.event('message', { to: 'ben' }), { from: 'ann', text: 'are you there?', seq: first });
  t.match(
    back.conversations().find((each) => each.with === 'ann'),
    { last: seq, unread: 2, mentions: 1 },
  );
  await back.ok({ type: 'read', with: 'ann', seq });
  await back.say({ to: 'ann' }, 'here I am');
  t.match(await ann.event('message', { from: 'ben' }), { to: 'ann', text: 'here I am' });
  const texts = async (client: JsonClient, peer: string) =>
    (await client.ok({ type: 'history', with: peer })).messages?.map(({ text }) => text);
  t.same(await texts(ann, 'ben'), ['are you there?', 'call me, Ben', 'here I am']);
  t.same(await texts(back, 'ann'), await texts(ann, 'ben'));
  t.same(await texts(cleo, 'ben'), []);
  t.same((await cleo.ok({ type: 'search', words: 'call' })).found, []);
  for (const request of [{ type: 'edit', of: seq, text: 'x' } as const, { type: 'remove', of: seq } as const])
    t.equal(await cleo.code(request), 'no-such-message');
});

t.test('whoever is blocked is told no more than that it was not delivered', async (t) => {
  const { people } = await jsonPeople(t, ['ann', 'ben', 'cleo']);
  const [ann, ben, cleo] = people as [JsonClient, JsonClient, JsonClient];
  await ann.say({ to: 'ben' }, 'before');
  await ben.ok({ type: 'block', name: 'ann' });
  t.same((await ben.ok({ type: 'blocks' })).names, ['ann']);
  const refused = await ann.ask({ type: 'say', to: 'ben', text: 'after' } as never);
  t.match(refused, { state: 'failed', code: 'not-delivered' });
  t.notMatch(String(refused.message), /block|ignore/i);
  const file = { name: 'a.txt', size: 1, hash: 'A'.repeat(43), key: 'file' };
  t.equal(await ann.code({ type: 'offer', to: 'ben', ...file }), 'not-delivered');
  await cleo.say({ to: 'ben' }, 'from somebody else');
  await ben.event('message', { from: 'cleo' });
  t.notMatch(ben.running.stdout(), '"after"');
  t.same(
    (await ben.ok({ type: 'history', with: 'ann' })).messages?.map(({ text }) => text),
    ['before'],
  );
  await ann.say({ room: 'lobby' }, 'in the open');
  t.match(await ben.event('message', { room: 'lobby' }), { text: 'in the open' });
  await ben.ok({ type: 'unblock', name: 'ann' });
  await ann.say({ to: 'ben' }, 'again');
  t.match(await ben.event('message', { text: 'again' }), { from: 'ann' });
});
