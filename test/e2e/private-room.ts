/** Nothing but its name can be found out of a private room from outside: every request, in `--json`. */

import t from 'tap';
import type { RequestBody } from '../../lib/client/wire/connection.js';
import type { JsonClient } from '../support/json-client.js';
import { jsonPeople } from '../support/json-people.js';

const secret = 'xylophone';

/** Every way to ask for something of a room or a message in it. */
function paths(room: string, seq: number): readonly RequestBody[] {
  const file = { name: 'a.txt', size: 1, hash: 'A'.repeat(43), key: `k-${room}` };
  return [
    { type: 'say', room, text: 'hello?' } as RequestBody,
    { type: 'history', room },
    { type: 'search', words: secret, room },
    { type: 'files', room },
    { type: 'who', room },
    { type: 'read', room, seq },
    { type: 'typing', room },
    { type: 'set-topic', room, topic: 'mine' },
    { type: 'invite', room, name: 'ann' },
    { type: 'appoint', room, name: 'ann', role: 'owner' },
    { type: 'leave', room },
    { type: 'offer', room, ...file },
    { type: 'say', room, text: 'yes', of: seq } as RequestBody,
    { type: 'react', of: seq, emoji: 'eyes' },
    { type: 'pin', of: seq },
    { type: 'unpin', of: seq },
    { type: 'pins', room },
    { type: 'edit', of: seq, text: 'other' },
    { type: 'remove', of: seq },
    { type: 'fetch', of: seq },
  ];
}

interface About {
  readonly room: string;
  readonly seq: number;
  /** An invited person can refuse the invitation, so the reply to leave differs. */
  readonly invited: boolean;
}

async function answers(client: JsonClient, { room, seq, invited }: About): Promise<string[]> {
  const all: string[] = [];
  for (const request of paths(room, seq)) {
    if (invited && request.type === 'leave') continue;
    const { re: _, key: __, ...reply } = await client.ask(request);
    all.push(`${request.type} ${JSON.stringify(reply).replaceAll(room, 'ROOM')}`);
  }
  return all;
}

t.test('outside a private room, replies are as for a room that does not exist', async (t) => {
  // The admin is one of those who are not in it.
  const { people, again } = await jsonPeople(t, ['ann', 'ben', 'cleo', 'dora'], '--rate', '1000');
  const [ann, ben, cleo, dora] = people as [JsonClient, JsonClient, JsonClient, JsonClient];
  for (const client of people) await client.ok({ type: 'share', typing: true });
  await ben.ok({ type: 'join', room: 'hideout', private: true });
  const seq = await ben.say({ room: 'hideout' }, `the ${secret} is ready, ann and cleo`);
  await ben.ok({ type: 'invite', room: 'hideout', name: 'cleo' });
  await ben.ok({ type: 'invite', room: 'hideout', name: 'dora' });
  t.match(await cleo.event('invited'), { room: 'hideout', by: 'ben' });
  await dora.ok({ type: 'join', room: 'hideout' });
  await dora.ok({ type: 'leave', room: 'hideout' });

  for (const [who, client] of [
    ['an admin', ann],
    ['a person who is only invited', cleo],
    ['a former member', dora],
  ] as const) {
    const invited = client === cleo;
    const real = await answers(client, { room: 'hideout', seq, invited });
    // A seq that no message has yet.
    const none = await answers(client, { room: 'nowhere', seq: seq + 1_000_000, invited });
    t.same(real, none, `${who} gets the same answers`);
    t.notMatch(client.running.stdout(), secret, `${who} has received nothing of it`);
    const found = await client.ok({ type: 'search', words: secret });
    t.same(found.found, [], `${who} finds nothing`);
  }
  const listed = async (client: JsonClient) =>
    (await client.ok({ type: 'rooms' })).rooms?.map(({ room }) => room);
  t.same(await listed(ann), ['lobby']);
  t.same(await listed(dora), ['lobby']);

  const taken = await ann.ask({ type: 'join', room: 'hideout' });
  t.match(taken, { type: 'error', code: 'room-name-taken' }, 'only that the name is in use can be found out');

  const later = await again('cleo');
  t.match(await later.event('invited'), { room: 'hideout', by: 'ben' }, 'an invitation waits');
  await cleo.leave();
  await later.ok({ type: 'join', room: 'hideout' });
  t.equal((await later.ok({ type: 'history', room: 'hideout' })).messages?.[0]?.seq, seq, 'and lets her in');
});
