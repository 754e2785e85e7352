/** Direct messages: kept while the recipient is away, counted as unread, refused by a block. */
import t from 'tap';
import type { JsonClient } from '../support/json-client.js';
import { jsonPeople } from '../support/json-people.js';

t.test('direct messages', async (t) => {
  const { people, again } = await jsonPeople(t, ['ann', 'ben', 'cleo']);
  const [ann, away, cleo] = people as [JsonClient, JsonClient, JsonClient];
  const texts = async (client: JsonClient, peer: string) =>
    (await client.ok({ type: 'history', with: peer })).messages?.map(({ text }) => text);
  await away.leave();
  const first = await ann.say({ to: 'ben' }, 'are you there?');
  const seq = await ann.say({ to: 'ben' }, 'call me, Ben');
  const ben = await again('ben');

  await t.test('a message waits for its recipient, and no one else can read it', async (t) => {
    t.match(await ben.event('message', { to: 'ben' }), { from: 'ann', text: 'are you there?', seq: first });
    t.match(
      ben.conversations().find((each) => each.with === 'ann'),
      { last: seq, unread: 2, mentions: 1 },
    );
    await ben.ok({ type: 'read', with: 'ann', seq });
    await ben.say({ to: 'ann' }, 'here I am');
    t.match(await ann.event('message', { from: 'ben' }), { to: 'ann', text: 'here I am' });
    t.same(await texts(ann, 'ben'), ['are you there?', 'call me, Ben', 'here I am']);
    t.same(await texts(ben, 'ann'), await texts(ann, 'ben'));
    t.same(await texts(cleo, 'ben'), []);
    t.same((await cleo.ok({ type: 'search', words: 'call' })).found, []);
    for (const request of [
      { type: 'edit', of: seq, text: 'x' },
      { type: 'remove', of: seq },
    ] as const)
      t.equal(await cleo.code(request), 'no-such-message');
  });

  await t.test('a blocked sender learns only that a message was not delivered', async (t) => {
    await ann.say({ to: 'cleo' }, 'before');
    await cleo.ok({ type: 'block', name: 'ann' });
    t.same((await cleo.ok({ type: 'blocks' })).names, ['ann']);
    const refused = await ann.ask({ type: 'say', to: 'cleo', text: 'after' } as never);
    t.match(refused, { state: 'failed', code: 'not-delivered' });
    t.notMatch(String(refused.message), /block|ignore/i);
    const file = { name: 'a.txt', size: 1, hash: 'A'.repeat(43), key: 'file' };
    t.equal(await ann.code({ type: 'offer', to: 'cleo', ...file }), 'not-delivered');
    await ben.say({ to: 'cleo' }, 'from another person');
    await cleo.event('message', { from: 'ben' });
    t.notMatch(cleo.running.stdout(), '"after"');
    t.same(await texts(cleo, 'ann'), ['before']);
    await ann.say({ room: 'lobby' }, 'in the open');
    t.match(await cleo.event('message', { room: 'lobby' }), { text: 'in the open' });
    await cleo.ok({ type: 'unblock', name: 'ann' });
    await ann.say({ to: 'cleo' }, 'again');
    t.match(await cleo.event('message', { text: 'again' }), { from: 'ann' });
  });
});
