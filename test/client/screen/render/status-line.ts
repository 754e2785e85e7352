import t from 'tap';
import { questionCursor, statusLine } from '../../../../lib/client/screen/render/status-line.js';
import { conversation, plainLook, screen } from '../../../support/screens.js';

const rooms = Array.from({ length: 15 }, (_, i) => conversation(`#room${i}`));

function left(columns: number, current: number, some = rooms): string {
  const state = screen({ conversations: some, current: `#room${current}` });
  return statusLine(state, plainLook, columns)
    .left.map(({ text }) => text)
    .join('');
}

t.test('the current conversation is always among those that have room', async (t) => {
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

t.test('those that have no room are counted, and what concerns the reader in them', async (t) => {
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
  const row = statusLine(state, { ...plainLook, colors: 16 }, 80).left;
  t.match(row.map(({ text }) => text).join(''), / 1 #lobby {3}2 #a 7 {2}3 #b 7 {2}2! {3}4 @bob {2}3! /);
  t.same(
    row.filter(({ sgr }) => sgr === '1;7;33').map(({ text }) => text),
    [' 2! ', ' 3! '],
  );
});

t.test('whoever reads above sees how much came below', async (t) => {
  const above = { at: { id: 'x', row: 0 }, below: 12 };
  const at = (columns: number) =>
    statusLine(screen({ conversations: [conversation('#lobby', above)] }), plainLook, columns)
      .right.map(({ text }) => text)
      .join('');
  t.equal(at(80), ' ↓ 12 new below · PgDn ');
  t.equal(at(20), ' ↓ 12 new ');
});

t.test('of a line that is asked for the end is in sight, with the cursor on it', async (t) => {
  const state = screen({ question: { about: 'secret', text: 'The new one again: ******_' } });
  const words = (columns: number): string => {
    const [{ text } = { text: '' }] = statusLine(state, plainLook, columns).left;
    t.equal(text[questionCursor(state, columns) ?? -1], '_');
    t.ok(text.length <= columns);
    return text;
  };
  t.equal(words(80), ' The new one again: ******_ ');
  t.equal(words(12), ' n: ******_ ');
  const quit = screen({ question: { about: 'quit', text: 'Leave the chat?' } });
  t.equal(questionCursor(quit, 80), undefined);
  t.equal(statusLine(quit, plainLook, 8).left[0]?.text, ' Leave  ');
});
