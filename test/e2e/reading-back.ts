/** History, search, edits, removals and retention in `--json`; what is removed is gone from everywhere. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import type { JsonClient } from '../support/json-client.js';
import { jsonPeople } from '../support/json-people.js';
import { password } from '../support/server-process.js';

t.test('history, search and edits', async (t) => {
  const { server, people, again } = await jsonPeople(t, ['ann', 'ben', 'cleo'], '--rate', '1000');
  const [ann, ben, cleo] = people as [JsonClient, JsonClient, JsonClient];

  await t.test('history comes in pages, in both directions, and from a time on', async (t) => {
    const seqs: number[] = [];
    for (let n = 1; n <= 25; n++) seqs.push(await ann.say({ room: 'lobby' }, `line ${n}`));
    const page = async (range: object) => {
      const { messages, more } = await ann.ok({ type: 'history', room: 'lobby', limit: 10, ...range });
      return [messages?.[0]?.seq, messages?.at(-1)?.seq, more];
    };
    t.same(await page({}), [seqs[15], seqs[24], true]);
    t.same(await page({ before: seqs[15] }), [seqs[5], seqs[14], true]);
    t.same(await page({ before: seqs[5] }), [seqs[0], seqs[4], false]);
    t.same(await page({ after: seqs[4] }), [seqs[5], seqs[14], true]);
    const { messages } = await ann.ok({ type: 'history', room: 'lobby' });
    const since = messages?.[0]?.at ?? '';
    t.equal((await page({ since }))[0], seqs[0]);
    t.same(await page({ since: '2999-01-01T00:00:00Z' }), [undefined, undefined, false]);
  });

  await t.test('search takes words, author, room and time, and any characters', async (t) => {
    await ann.ok({ type: 'join', room: 'dev' });
    await ben.ok({ type: 'join', room: 'dev' });
    const first = await ann.say({ room: 'lobby' }, 'the red fox jumps');
    const second = await ben.say({ room: 'dev' }, 'a Red\nherring, not a fox');
    const third = await ben.say({ to: 'ann' }, 'redder than red');
    const seqs = async (terms: object) =>
      (await ann.ok({ type: 'search', words: '', ...terms })).found?.map(({ seq }) => seq);
    t.same(await seqs({ words: 'red' }), [third, second, first], 'the newest first');
    t.same(await seqs({ words: 'red fox' }), [second, first]);
    t.same(await seqs({ words: '"red fox"' }), [first]);
    t.same(await seqs({ words: 'herr' }), [second], 'the beginning of a word');
    t.same(await seqs({ words: 'red', from: 'ben' }), [third, second]);
    t.same(await seqs({ words: 'red', room: 'dev' }), [second]);
    t.same(await seqs({ words: 'red', with: 'ben' }), [third]);
    t.same(await seqs({ words: 'red', before: second }), [first]);
    t.same(await seqs({ words: 'red', limit: 1 }), [third]);
    t.same(await seqs({ words: 'red', until: '2001-01-01T00:00:00Z' }), []);
    t.same(await seqs({ words: 'red', since: '2001-01-01T00:00:00Z' }), [third, second, first]);
    const { found } = await ann.ok({ type: 'search', words: 'HERRING' });
    t.match(found, [{ seq: second, room: 'dev', from: 'ben', excerpt: 'a Red herring, not a fox' }]);
    const [hit] = found ?? [];
    t.same(
      hit?.marks.map(([start = 0, end = 0]) => hit.excerpt.slice(start, end)),
      ['herring'],
    );
    const odd = [
      '"',
      'a" OR "b',
      'NEAR(',
      '*',
      '^x',
      'text:red',
      '- -',
      ')))',
      '{',
      'AND',
      '\u0000',
      '🦊',
      "'",
    ];
    for (const words of odd) t.equal(await ann.code({ type: 'search', words }), 'ok', JSON.stringify(words));
    t.equal(await ann.code({ type: 'search', words: 'x', from: 'no-one-here' }), 'no-such-name');
    t.equal(await ann.code({ type: 'search', words: 'x', room: 'nowhere' }), 'no-such-room');
  });

  await t.test('an edit and a removal reach all members, also those away, and leave no trace', async (t) => {
    await ben.ok({ type: 'join', room: 'plan' });
    for (const one of [ann, cleo]) await one.ok({ type: 'join', room: 'plan' });
    const edited = await ann.say({ room: 'plan' }, 'teh quokka');
    const removed = await ann.say({ room: 'plan' }, 'my password is zanzibar');
    await cleo.leave();
    await ann.ok({ type: 'edit', of: edited, text: 'the wombat' });
    t.match(await ben.event('edited'), { of: edited, room: 'plan', from: 'ann', text: 'the wombat' });
    t.equal(await ben.code({ type: 'edit', of: edited, text: 'mine' }), 'not-allowed');
    t.equal(await cleo.running.ended, 0);
    await ben.ok({ type: 'remove', of: removed });
    t.match(await ann.event('removed'), { of: removed, from: 'ben' }, 'by the owner of the room');
    t.equal(await ann.code({ type: 'edit', of: removed, text: 'again' }), 'no-such-message');

    const { messages } = await ann.ok({ type: 'history', room: 'plan' });
    t.match(messages, [
      { seq: edited, text: 'the wombat', edited: String },
      { seq: removed, text: '', removed: 'ben' },
    ]);
    for (const words of ['quokka', 'zanzibar'])
      t.same((await ann.ok({ type: 'search', words })).found, [], `${words} is not found`);
    t.equal((await ann.ok({ type: 'search', words: 'wombat' })).found?.[0]?.seq, edited);

    const back = await again('cleo');
    await back.fence();
    t.notMatch(back.running.stdout(), 'zanzibar');
    t.match(back.running.stdout(), 'wombat');

    const exported = server.home.run(['export', server.link, '--name', 'ann', '--room', 'plan'], {
      SECURE_CHAT_PASSWORD: password,
    });
    t.equal(await exported.ended, 0, exported.stderr());
    t.match(exported.stdout(), 'the wombat');
    t.notMatch(exported.stdout(), /zanzibar|quokka/);

    server.process().kill('SIGTERM');
    await server.process().ended;
    const file = await readFile(join(server.home.folder, 'data', 'secure-chat.db'), 'latin1');
    t.notMatch(file, /zanzibar|quokka/, 'nor is it on the disk');
  });
});

t.test('--keep removes older messages at the start', async (t) => {
  const { server, people } = await jsonPeople(t, ['ann'], '--rate', '1000', '--keep', '3');
  const [ann] = people as [JsonClient];
  for (let n = 1; n <= 6; n++) await ann.say({ room: 'lobby' }, `line ${n}`);
  server.process().kill('SIGTERM');
  await server.process().ended;
  await server.restart();
  await ann.running.prints(/"state":"waiting"[\s\S]*"state":"online"/);
  for (;;) {
    const { messages } = await ann.ok({ type: 'history', room: 'lobby' });
    if (messages?.length !== 6) {
      t.same(
        messages?.map(({ text }) => text),
        ['line 4', 'line 5', 'line 6'],
      );
      break;
    }
  }
});
