import t from 'tap';
import { ConnectionLost, type RequestBody } from '../../../lib/client/wire/connection.js';
import { type ErrorCode, ProtocolError } from '../../../lib/protocol/errors.js';
import type { RoomOrPerson } from '../../../lib/protocol/names.js';
import type { Found, Message, Person } from '../../../lib/protocol/records.js';
import { hostileText } from '../../fixtures/hostile-text.js';
import { type Answers, commandScene } from '../../support/command-scene.js';
import { messageOf } from '../../support/fake-session.js';
import { unsafe } from '../../support/unsafe.js';

const scene = (answers: Answers = {}, here: RoomOrPerson = { room: 'dev' }) =>
  commandScene({ here, answers });

const found = (seq: number, fields: Partial<Found> = {}): Found => ({
  ...{ seq, room: 'dev', from: 'ben', at: '2026-11-20T12:34:56.000Z', excerpt: 'a red fox', marks: [[2, 5]] },
  ...fields,
});

t.test('a text is posted where it is typed, and one that cannot be a message is refused', async (t) => {
  const { run, runner, said, refused } = scene();
  await run('hello');
  await run('/me waves');
  await run('/msg ben psst');
  t.same(said, [
    { room: 'dev', text: 'hello' },
    { room: 'dev', text: 'waves', action: true },
    { to: 'ben', text: 'psst' },
  ]);
  t.equal(runner.run('\u200b').keep, true);
  t.equal(runner.run('/me \u200b').keep, true);
  t.equal(runner.run('/nothing').keep, true);
  t.equal(said.length, 3);
  t.equal(refused.length, 3);
  const direct = scene({}, { with: 'ben' });
  await direct.run('hello');
  t.same(direct.said, [{ to: 'ben', text: 'hello' }]);
});

t.test('/query opens a direct message and posts its text as it is', async (t) => {
  const { run, opened, said } = scene();
  await run('/query ben /quit');
  t.same(opened, ['@ben']);
  t.same(said, [{ to: 'ben', text: '/quit' }]);
});

t.test('/edit alone puts the last message into the input line', async (t) => {
  const calls: string[] = [];
  const screen = { editLast: () => calls.push('edit-last') };
  const { runner } = commandScene({ frontEnd: { screen: screen as never } });
  runner.run('/edit');
  t.same(calls, ['edit-last']);
  runner.run('/edit better');
  t.same(calls, ['edit-last'], 'not with a text');
});

t.test('a command that names no room is about the one where it was typed', async (t) => {
  const requests: [string, object][] = [
    ['/leave', { type: 'leave', room: 'dev' }],
    ['/leave #ops end', { type: 'leave', room: 'ops', end: true }],
    ['/topic x', { type: 'set-topic', room: 'dev', topic: 'x' }],
    ['/invite ben', { type: 'invite', room: 'dev', name: 'ben' }],
    ['/role ben owner', { type: 'appoint', room: 'dev', name: 'ben', role: 'owner' }],
    ['/files', { type: 'files', room: 'dev' }],
  ];
  for (const [line, request] of requests) {
    const { run, asked, refused } = scene();
    await run(line);
    t.same(asked, [request]);
    t.same(refused, []);
  }
  const { run, asked, refused } = scene({}, { with: 'ben' });
  await run('/leave');
  t.same(asked, [], 'a direct message is not a room');
  t.match(refused, [/direct message/]);
});

t.test('/join opens the room once the server has agreed', async (t) => {
  const yes = scene();
  await yes.run('/join #ops private');
  t.same(yes.asked, [{ type: 'join', room: 'ops', private: true }]);
  t.same(yes.opened, ['#ops']);
  const no = scene({ join: 'room-name-taken' });
  await no.run('/join #ops');
  t.same(no.opened, []);
  t.same(no.refused, ['The server said no. List the rooms with /rooms.']);
});

t.test('a refusal says what to type next', async (t) => {
  const cases: [string, RequestBody['type'], ErrorCode, string][] = [
    ['/files', 'files', 'not-a-member', '/join #dev'],
    ['/leave', 'leave', 'room-would-end', '/leave #dev end'],
    ['/delete 3', 'remove', 'no-such-message', '/search'],
    ['/role ben owner', 'appoint', 'not-a-member', 'The server said no.'],
  ];
  for (const [line, type, code, words] of cases) {
    const { run, refused } = scene({ [type]: code });
    await run(line);
    t.equal(refused.length, 1);
    t.match(refused[0], words);
  }
});

t.test('where a person types, short codes become emoji in whatever is posted', async (t) => {
  const messages = [messageOf({ from: 'ana', seq: 4 })];
  const typed = commandScene({ answers: { history: { messages } }, frontEnd: { emoji: true } });
  for (const line of ['hi :tada:', '/me :wave:', '/msg ben :+1:', '/query ben :ok:', '`:tada:` 10:30:45'])
    await typed.run(line);
  t.same(
    typed.said.map(({ text }) => text),
    ['hi 🎉', '👋', '👍', '🆗', '`:tada:` 10:30:45'],
  );
  await typed.run('/edit :tada:');
  t.match(typed.asked.at(-1), { type: 'edit', of: 4, text: '🎉' });
  typed.said.length = 0;
  await typed.run('//me :tada:');
  typed.runner.post({ room: 'lobby', text: ':tada:' });
  t.same(
    typed.said.map(({ text }) => text),
    ['/me :tada:', ':tada:'],
    'two slashes, and what was posted before',
  );
  const piped = commandScene();
  for (const line of ['hi :tada:', '/me :wave:']) await piped.run(line);
  t.same(
    piped.said.map(({ text }) => text),
    ['hi :tada:', ':wave:'],
    'what a program writes stays',
  );
});

t.test(
  '/list lists all conversations, unread ones first, then the last active, and who is here',
  async (t) => {
    const read = { read: 9, unread: 0, mentions: 0 };
    const at = (day: string) => `2026-11-${day}T20:00:00.000Z`;
    const conversations = [
      { room: 'lobby', ...read, last: 70, at: at('20') },
      { room: 'dev', ...read, last: 60, unread: 1000, mentions: 1, at: at('19') },
      { room: 'empty', ...read, last: 0 },
      { room: 'loud', ...read, last: 90, unread: 14, at: at('21') },
      { with: 'ben', ...read, last: 40, unread: 2, mentions: 2, at: at('18') },
      { with: 'cleopatra', ...read, last: 50, at: at('02') },
    ];
    const people: Person[] = [{ name: 'ana', role: 'admin', terminals: 1 }];
    const { run, shown, asked } = scene({ conversations: { conversations }, who: { people } });
    await run('/list');
    t.same(shown, [
      '#dev        1000+ unread, 1 mention  2026-11-19 20:00',
      '@ben        2 unread                 2026-11-18 20:00',
      '#loud       14 unread                2026-11-21 20:00',
      '#lobby                               2026-11-20 20:00',
      '@cleopatra                           2026-11-02 20:00',
      '#empty                               no messages',
      'Go to one with /window NAME. Rooms to join: /rooms.',
      '1 person is here: ana (you, admin)',
    ]);
    t.same(asked, [{ type: 'conversations' }, { type: 'who' }]);
  },
);

t.test('/list comes in pages, and asks for older direct messages only then', async (t) => {
  const counts = { read: 9, mentions: 0, unread: 0, at: '2026-11-20T20:00:00.000Z' };
  const newest = Array.from({ length: 20 }, (_, i) => ({ with: `p${i}`, ...counts, last: 90 - i }));
  const { run, shown, asked, refused } = scene({
    conversations: { conversations: [{ room: 'lobby', ...counts, last: 99 }, ...newest], more: true },
    who: { people: Array.from({ length: 21 }, (_, i) => ({ name: `p${i}`, role: 'member', terminals: 1 })) },
  });
  await run('/list more');
  t.same(refused, ['No more. /list starts again.']);
  await run('/list');
  t.equal(shown.length, 19, 'it fits on 24 rows');
  t.match(shown[0], '#lobby');
  t.match(shown.at(-2), /More: \/list more\.$/);
  t.equal(shown.at(-1), '21 people are here: /who lists them.');
  t.equal(asked.length, 2);
  shown.length = 0;
  await run('/list more');
  t.match(shown[0], '@p16');
  t.equal(shown.length, 5, 'the rest of the page');
  await run('/list more');
  t.same(asked.slice(2), [{ type: 'conversations', before: 71 }]);
  t.same(refused.length, 1);
});

t.test('/notify waits for a person, lists who is waited for, and ends that', async (t) => {
  const { run, asked, shown, refused } = commandScene({ watched: ['ben', 'cleo'] });
  await run('/notify when ben');
  await run('/notify when dora');
  await run('/notify');
  await run('/notify cancel cleo');
  await run('/notify cancel eve');
  await run('/notify all');
  t.same(asked, [
    { type: 'watch', name: 'ben' },
    { type: 'watch', name: 'dora' },
    { type: 'unwatch', name: 'cleo' },
  ]);
  t.match(shown, [
    'You will get a notice when ben comes online.',
    // Dora came before the reply, and that was shown.
    /^You are waiting for ben, cleo\. /,
    'You are no longer waiting for cleo.',
  ]);
  t.match(refused, [/^You are not waiting for eve\. /, /full screen/]);
});

t.test('without a connection a command is refused', async (t) => {
  const { run, refused } = scene({ rooms: new ConnectionLost('the connection is lost') });
  await run('/rooms');
  t.same(refused, ['Not connected. Try again once the connection is back.']);
});

t.test('a request that is too large is refused', async (t) => {
  const { run, refused } = scene({ 'set-topic': new ProtocolError('frame-too-large', 'Too large.') });
  await run('/topic x');
  t.same(refused, ['Too large.']);
});

t.test('an error of this program is not taken for a refusal', async (t) => {
  const { run, refused } = scene({ rooms: new TypeError('a bug') });
  await t.rejects(run('/rooms'), { name: 'TypeError' });
  t.same(refused, []);
});

t.test('an edit is of the last own message that was not removed', async (t) => {
  const messages: Message[] = [
    messageOf({ seq: 1, from: 'ana', text: 'first' }),
    messageOf({ seq: 2, from: 'ana', text: 'second' }),
    messageOf({ seq: 3, from: 'ana', text: '', removed: 'ana' }),
    messageOf({ seq: 4, from: 'ben' }),
  ];
  const { run, asked } = scene({ history: { messages } });
  await run('/edit better');
  t.match(asked[1], { type: 'edit', of: 2, text: 'better' });
  await run('/delete');
  t.match(asked[3], { type: 'remove', of: 2 });
  await run('/delete ben');
  t.match(asked[5], { type: 'remove', of: 4 });
  const none = scene({ history: { messages: [] } });
  await none.run('/edit better');
  t.same(none.refused, ['No recent message from you here.']);
  t.equal(none.asked.length, 1);
});

t.test('a search shows matches, continues where it was, and /jump finds its results', async (t) => {
  const answers: Answers = {
    search: { found: [found(9), found(5, { room: undefined as never, with: 'ben' })], more: true },
  };
  const { run, asked, shown, refused } = scene(answers);
  await run('/search red after:2026-11-01');
  t.match(asked[0], { type: 'search', words: 'red', since: new Date(2026, 10, 1).toISOString() });
  t.match(shown.join('\n'), /^9 .*#dev {2}ben:\n {4}a \[red\] fox\n5 .*@ben/);
  t.match(shown.at(-1), /\/jump ID.*\/search/);
  for (const [seq, where] of [
    [9, '#dev'],
    [5, '@ben'],
    [4, '#dev'],
  ] as const) {
    await run(`/jump ${seq}`);
    t.equal(shown.at(-1), `message ${seq} in ${where}`);
  }
  answers.search = { found: [], more: false };
  await run('/search');
  t.match(asked[1], { type: 'search', words: 'red', before: 5 });
  t.equal(shown.at(-1), 'No more results.');
  await run('/jump 5');
  t.equal(shown.at(-1), 'message 5 in @ben', 'earlier results stay known');
  await run('/search');
  t.equal(asked.length, 2);
  t.match(refused, [/No more results/]);
});

t.test('a search that ended early says how far it came, and goes on there', async (t) => {
  const reached = (seq: number) => ({ seq, at: '2024-03-03T09:05:00.000Z' });
  const answers: Answers = { search: { found: [found(9)], more: true, reached: reached(7) } };
  const { run, asked, shown } = scene(answers);
  await run('/search red');
  t.equal(
    shown.at(-1),
    'See one in context with /jump ID. Searched back to 2024-03-03 09:05: continue with /search.',
  );
  answers.search = { found: [], more: true, reached: reached(3) };
  await run('/search');
  t.match(asked[1], { type: 'search', words: 'red', before: 7 });
  t.equal(shown.at(-1), 'No more results back to 2024-03-03 09:05. Continue with /search.');
  await run('/search');
  t.match(asked[2], { before: 3 });
  await run('/search blue');
  t.equal(shown.at(-1), 'No messages found back to 2024-03-03 09:05. Continue with /search.');
});

t.test('/answer answers the sender of the last direct message', async (t) => {
  const { run, runner, said, refused } = scene();
  await run('/r hi');
  runner.notice(messageOf({ from: 'ben' }));
  await run('/r hi');
  t.equal(refused.length, 2, 'a message in a room is not direct');
  const { room: _, ...direct } = messageOf({ from: 'cyd', to: 'ana' });
  runner.notice(direct);
  runner.notice({ ...direct, from: 'ana', to: 'dora' });
  await run('/r hi');
  t.same(said, [{ to: 'cyd', text: 'hi' }]);
});

t.test('nothing in a list can drive a terminal', async (t) => {
  for (const { text } of hostileText) {
    const { run, shown } = scene({
      rooms: { rooms: [{ room: text, topic: text, members: 1, invited: text }] },
      search: {
        found: [found(1, { from: text, excerpt: text, room: text, marks: [[0, 1]] })],
        more: true,
        reached: { seq: 1, at: text },
      },
      files: { messages: [messageOf({ from: text, file: { name: text, size: 1, hash: '' } })] },
    });
    await run('/rooms');
    await run('/search x');
    await run('/files');
    t.equal(shown.length > 3, true);
    t.notMatch(shown.join(''), unsafe);
  }
});

t.test('/reply, /react and /pin are about the last message, or the one with an ID', async (t) => {
  const messages = [
    messageOf({ seq: 5, from: 'ben' }),
    messageOf({ seq: 6, from: 'ben', removed: 'ben', text: '' }),
    messageOf({ seq: 7, from: 'ana' }),
  ];
  const requests: [string, object][] = [
    ['/react +1', { type: 'react', of: 5, emoji: '+1' }],
    ['/react 12 🦊', { type: 'react', of: 12, emoji: '🦊' }],
    ['/react 100', { type: 'react', of: 5, emoji: '100' }],
    ['/react :taco:', { type: 'react', of: 5, emoji: '🌮' }],
    ['/pin', { type: 'pin', of: 7 }],
    ['/pin 12', { type: 'pin', of: 12 }],
    ['/unpin 12', { type: 'unpin', of: 12 }],
    ['/unpin', { type: 'unpin', of: 4 }],
    ['/pins', { type: 'pins', room: 'dev' }],
  ];
  const answers: Answers = { history: { messages }, pins: { messages: [messageOf({ seq: 4 })] } };
  for (const [line, request] of requests) {
    const { run, asked } = scene({ ...answers, pin: { seq: 20 }, unpin: { seq: 20 } });
    await run(line);
    t.same(asked.at(-1), request, line);
  }
  const { run, said } = scene(answers);
  await run('/reply yes, at 6');
  await run('/reply 12 I agree');
  await run('/reply 12');
  t.same(said, [
    { room: 'dev', text: 'yes, at 6', of: 5 },
    { room: 'dev', text: 'I agree', of: 12 },
    { room: 'dev', text: '12', of: 5 },
  ]);
  const direct = scene({ history: { messages: [messageOf({ seq: 5 })] } }, { with: 'ben' });
  await direct.run('/reply hm');
  t.same(direct.said, [{ to: 'ben', text: 'hm', of: 5 }]);
});

t.test('/reply and its like send nothing that is not clear', async (t) => {
  const { run, said, asked, refused, shown } = scene({ history: { messages: [messageOf({ from: 'ana' })] } });
  await run('/reply hello');
  t.match(refused, ['No recent message from others here.']);
  await run('/reply 5 \u200b');
  await run('/unpin');
  t.equal(refused.at(-1), 'No message is pinned here.');
  await run('/unpin 3');
  t.match(refused.at(-1), 'That message is not pinned.');
  await run('/pin 3');
  await run('/pins');
  t.same(shown, ['That message is pinned already.', 'No message is pinned here. Pin one with /pin.']);
  t.same(said, []);
  const before = asked.length;
  for (const line of ['/reply', '/react fox', '/react 1 2 +1', '/react x +1', '/pin x', '/pins 1']) {
    const count = refused.length;
    await run(line);
    t.equal(refused.length, count + 1, line);
  }
  await run('/react');
  t.match(shown.at(-1), '+1 👍, -1 👎, heart ❤️');
  t.equal(asked.length, before);
});

t.test('/pins lists messages on one line each', async (t) => {
  const messages = [messageOf({ seq: 4, text: 'one\ntwo' }), messageOf({ seq: 12, from: 'cyd' })];
  const { run, shown } = scene({ pins: { messages } });
  await run('/pins');
  t.same(shown, [
    '4   2026-11-20 12:34  ben: one two',
    '12  2026-11-20 12:34  cyd: hi',
    'See one in context with /jump ID.',
  ]);
  for (const { text } of hostileText) {
    const hostile = scene({ pins: { messages: [messageOf({ from: text, text, at: text })] } });
    await hostile.run('/pins');
    t.notMatch(hostile.shown.join(''), unsafe);
    t.equal(hostile.shown.length, 2);
  }
});
