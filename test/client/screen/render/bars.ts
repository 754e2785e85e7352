import t from 'tap';
import {
  questionCursor,
  statusLine,
  topLine,
  windowTitle,
} from '../../../../lib/client/screen/render/bars.js';
import { emptyEditor } from '../../../../lib/client/screen/state/editor.js';
import type { ConnectionState, ServerSummary } from '../../../../lib/client/screen/state/state.js';
import { conversation, noon, plainAppearance, screen } from '../../../support/screens.js';

/** What stands at the right, at some width. */
function right(columns: number, connection: ConnectionState, topic = ''): string {
  const state = screen({ connection, conversations: [conversation('#lobby', { topic })], now: noon });
  return topLine(state, plainAppearance, columns)
    .right.map(({ text }) => text)
    .join('')
    .trim();
}

t.test('a narrow top line shortens the connection', async (t) => {
  const online: ConnectionState = { state: 'online' };
  t.equal(right(80, online), 'alice · chat.example.org · TLS 1.3 ✓ verified');
  t.equal(right(40, online), 'alice · TLS 1.3 ✓ verified');
  t.equal(right(24, online), 'alice · ✓');
  t.equal(right(15, online), '✓');
  t.equal(right(9, online), '');
});

t.test('the topic goes before the name of the server', async (t) => {
  const topic = 'a topic that takes forty columns or more';
  t.equal(right(80, { state: 'online' }, topic), 'alice · TLS 1.3 ✓ verified');
  t.match(right(120, { state: 'online' }, topic), /chat\.example\.org/);
});

t.test('a lost connection is shown as long as a word fits', async (t) => {
  const waiting: ConnectionState = { state: 'waiting', until: noon + 4500, why: 'No answer.' };
  t.equal(right(80, waiting), 'alice · chat.example.org · reconnecting in 5 s (No answer)');
  t.equal(right(40, waiting), 'alice · reconnecting in 5 s');
  t.equal(right(33, waiting), 'alice · retry in 5 s');
  t.equal(right(24, waiting), 'retry in 5 s');
  t.equal(right(20, { state: 'offline', why: 'signed out' }), 'offline');
  t.equal(right(24, { state: 'connecting' }), 'connecting…');
  const elsewhere: ConnectionState = { state: 'connecting', address: 'two.example:6697' };
  t.equal(right(80, elsewhere), 'alice · chat.example.org · connecting to two.example:6697…');
  t.equal(right(24, elsewhere), 'connecting…');
  t.match(right(80, { state: 'no-answer' }), 'no answer, waiting');
  t.match(right(24, { state: 'no-answer' }), /^no answer/);
});

t.test('the key that tries at once is shown while it does', async (t) => {
  const waiting = { state: 'waiting', until: noon + 4500, why: 'No answer.', canHurry: true } as const;
  t.equal(right(82, waiting), 'alice · chat.example.org · reconnecting in 5 s, Enter: now (No answer)');
  t.equal(right(51, waiting), 'alice · reconnecting in 5 s, Enter: now');
  t.equal(right(44, waiting), 'alice · retry in 5 s, Enter: now');
  t.equal(right(43, waiting), 'alice · reconnecting in 5 s');
  const draft = { text: 'half a', cursor: 6 };
  const typing = screen({
    connection: waiting,
    conversations: [conversation('#lobby', { draft: { ...emptyEditor, ...draft } })],
    now: noon,
  });
  const words = topLine(typing, plainAppearance, 80).right.map(({ text }) => text);
  t.notMatch(words.join(''), 'Enter', 'which sends what is typed');
});

t.test('nothing is verified unless the server answers', async (t) => {
  const others: readonly ConnectionState[] = [
    { state: 'connecting' },
    { state: 'connecting', address: 'two.example:6697' },
    { state: 'late' },
    { state: 'no-answer' },
    { state: 'waiting', until: noon + 4500, why: 'gone' },
    { state: 'offline', why: 'signed out' },
  ];
  for (const connection of others) {
    for (let columns = 1; columns <= 120; columns++) t.notMatch(right(columns, connection), /verified|✓/);
  }
  t.equal(right(80, { state: 'late' }), 'alice · chat.example.org · waiting for an answer');
  t.equal(right(35, { state: 'late' }), 'alice · waiting');
});

t.test('the rules of a room are beside its name', async (t) => {
  const line = (columns: number, more: Parameters<typeof conversation>[1], connection?: ConnectionState) => {
    const state = screen({
      ...{ conversations: [conversation('#lobby', more)], now: noon },
      ...(connection && { connection }),
    });
    const { left, right } = topLine(state, plainAppearance, columns);
    const [before, after] = [left, right].map((row) => row.map(({ text }) => text).join(''));
    t.ok(`${before}${after}`.length <= columns, `${columns} columns`);
    return `${before?.trim()} | ${after?.trim()}`;
  };
  t.equal(line(80, { rules: { restrict: ['caps'] } }).split(' |')[0], '#lobby no all-caps');
  const strict: Parameters<typeof conversation>[1] = {
    ...{ private: true, topic: 'Release plans' },
    rules: { locked: true, slow: 30_000, restrict: ['rate', 'links', 'files'] },
  };
  const all = '#lobby private · locked · slow 30 s · no links · no files · rate limit';
  t.equal(line(120, strict), `${all}  Release plans | alice · TLS 1.3 ✓ verified`);
  t.equal(line(99, strict), `${all}  Release plans | alice · ✓`);
  t.equal(line(80, strict), `${all} | ✓`);
  t.equal(line(60, strict), '#lobby private · locked · slow 30 s · no links · … | ✓');
  t.equal(line(40, strict), '#lobby private · locked · …  Relea… | ✓');
  t.equal(line(15, strict), '#lobby | ✓');
  t.equal(line(9, strict), '#lobby | ');
  const waiting: ConnectionState = { state: 'waiting', until: noon + 4500, why: 'No answer.' };
  t.equal(line(60, strict, waiting), '#lobby private · locked · slow 30 s · … | retry in 5 s');
});

const rooms = Array.from({ length: 15 }, (_, i) => conversation(`#room${i}`));

function left(columns: number, current: number, some = rooms): string {
  const state = screen({ conversations: some, current: `#room${current}` });
  return statusLine(state, plainAppearance, columns)
    .left.map(({ text }) => text)
    .join('');
}

t.test('the current conversation is always in the status line', async (t) => {
  for (const columns of [12, 20, 24, 40, 80, 200]) {
    for (let current = 0; current < rooms.length; current++) {
      const words = left(columns, current);
      t.ok(
        words.length <= columns && words.includes(` ${current + 1} #room${current} `),
        `${columns}: ${words}`,
      );
    }
  }
});

t.test('conversations that do not fit are counted, with their mentions', async (t) => {
  t.match(left(40, 0), /\+12$/);
  const some = rooms.map((room, i) => (i === 14 ? { ...room, unread: 5, mentions: 2 } : room));
  t.match(left(40, 0, some), /\+12 {2}2! $/);
});

t.test('unread messages are counted, mentions and direct messages stand out', async (t) => {
  const state = screen({
    conversations: [
      conversation('#lobby'),
      conversation('#a', { unread: 7 }),
      conversation('#b', { unread: 7, mentions: 2 }),
      conversation('@bob', { unread: 3 }),
    ],
  });
  const row = statusLine(state, { ...plainAppearance, colors: 16 }, 80).left;
  t.match(row.map(({ text }) => text).join(''), / 1 #lobby {3}2 #a 7 {2}3 #b 7 {2}2! {3}4 @bob {2}3! /);
  t.same(
    row.filter(({ sgr }) => sgr === '1;7;33').map(({ text }) => text),
    [' 2! ', ' 3! '],
  );
});

t.test('conversations of several servers are numbered on, behind the names of their servers', async (t) => {
  const other = (key: number, server: string, more: Partial<ServerSummary> = {}): ServerSummary => ({
    ...{ key, server, connection: { state: 'online' } },
    conversations: [conversation('#lobby', { unread: 1, mentions: 1 })],
    directs: [],
    ...more,
  });
  const state = screen({
    server: 'Club',
    before: [other(2, 'Lab')],
    after: [other(3, 'A server with a long name', { connection: { state: 'connecting' } })],
    conversations: [conversation('#lobby'), conversation('@bob', { unread: 2 })],
  });
  const words = statusLine(state, plainAppearance, 120)
    .left.map(({ text }) => text)
    .join('');
  t.equal(words, ' Lab  1 #lobby  1!   Club  2 #lobby   3 @bob  2!   A server with…!  4 #lobby  1!  ');
  t.equal(windowTitle(state), '(4) #lobby – secure-chat');
});

t.test('a reader who is scrolled up sees how many messages arrived below', async (t) => {
  const above = { at: { id: 'x', row: 0 }, newBelow: 12 };
  const at = (columns: number) =>
    statusLine(screen({ conversations: [conversation('#lobby', above)] }), plainAppearance, columns)
      .right.map(({ text }) => text)
      .join('');
  t.equal(at(80), ' ↓ 12 new below · PgDn ');
  t.equal(at(20), ' ↓ 12 new ');
});

t.test('a typed answer shows its end, with the cursor on it', async (t) => {
  const state = screen({ question: { about: 'secret', text: 'The new one again: ******_' } });
  const words = (columns: number): string => {
    const [{ text } = { text: '' }] = statusLine(state, plainAppearance, columns).left;
    t.equal(text[questionCursor(state, columns) ?? -1], '_');
    t.ok(text.length <= columns);
    return text;
  };
  t.equal(words(80), ' The new one again: ******_ ');
  t.equal(words(12), ' n: ******_ ');
  const quit = screen({ question: { about: 'quit', text: 'Quit? y or n' } });
  t.equal(questionCursor(quit, 80), undefined);
  t.equal(statusLine(quit, plainAppearance, 8).left[0]?.text, ' Q…or n ');
});

t.test('a long question keeps its answers', async (t) => {
  const text = `Overwrite /home/ana/${'folder/'.repeat(20)}talk.txt? y/n`;
  const [{ text: shown } = { text: '' }] = statusLine(
    screen({ question: { about: 'overwrite', text } }),
    plainAppearance,
    80,
  ).left;
  t.equal(shown.length, 80);
  t.match(shown, /^ Overwrite \/home.*….*talk\.txt\? y\/n $/);
});

t.test('the window title has the conversation and the number of unread messages', (t) => {
  const quiet = [conversation('#lobby'), conversation('@ana')];
  t.equal(windowTitle(screen({ conversations: quiet, current: '#lobby' })), '#lobby – secure-chat');
  const busy = [conversation('#lobby', { unread: 2 }), conversation('@ana', { unread: 1 })];
  t.equal(windowTitle(screen({ conversations: busy, current: '@ana' })), '(3) @ana – secure-chat');
  t.notMatch(windowTitle(screen({ conversations: busy, current: '#a\x07\x1b[2J' })), '\x07');
  t.end();
});
