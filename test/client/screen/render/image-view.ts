import t from 'tap';
import { render } from '../../../../lib/client/screen/render/render.js';
import type { ImageView } from '../../../../lib/client/screen/state/state.js';
import { conversation, plainAppearance, plainLines, screen } from '../../../support/screens.js';

const image: ImageView = { name: 'photo.jpg', progress: 'Loading, 40 %', unreadBefore: 0 };
const size = { columns: 60, rows: 7 };

const lines = (more: Partial<ImageView>, state: Parameters<typeof screen>[0] = size) =>
  plainLines(render(screen({ ...state, image: { ...image, ...more } }), plainAppearance));

t.test('while it is loaded, how far it is', async (t) => {
  t.strictSame(lines({}), [
    ` photo.jpg${' '.repeat(50)}`,
    ...['', ''],
    `${' '.repeat(23)}Loading, 40 %`,
    ...['', ''],
    ` Esc or q closes${' '.repeat(44)}`,
  ]);
});

t.test('an image is in the middle, with its name, size and dimensions above', async (t) => {
  const drawing = { kind: 'rows', columns: 10, rows: ['0123456789', '0123456789'] } as const;
  const rows = lines({ size: 1_400_000, dimensions: { width: 4000, height: 3000 }, drawing });
  t.equal(rows[0], ` photo.jpg${' '.repeat(20)}4000 by 3000 pixels · 1.3 MiB `);
  t.strictSame(rows.slice(1, 6), ['', `${' '.repeat(25)}0123456789`, `${' '.repeat(25)}0123456789`, '', '']);
});

t.test('messages that arrive meanwhile are counted', async (t) => {
  const counted = (unread: number, columns = 60) =>
    lines(
      { unreadBefore: 2 },
      {
        ...size,
        columns,
        conversations: [conversation('#lobby', { unread }), conversation('@bob', { unread: 2 })],
      },
    ).at(-1);
  t.equal(counted(0), ` Esc or q closes${' '.repeat(44)}`);
  t.match(counted(1), / {28}1 new message $/);
  t.match(counted(12), / 12 new messages $/);
  t.match(counted(12, 24), /^ Esc or q closes +$/, 'if there is room');
});

t.test('graphics are over empty rows', async (t) => {
  const drawing = { kind: 'graphics', columns: 20, rows: 3, sequences: 'x', erase: 'y' } as const;
  const frame = render(screen({ ...size, image: { ...image, drawing } }), plainAppearance);
  t.strictSame(frame.graphics, { drawing, row: 2, column: 20 });
  t.strictSame(frame.lines.slice(1, 6), ['', '', '', '', '']);
});

t.test('a screen of any size', async (t) => {
  const drawing = { kind: 'rows', columns: 10, rows: ['0123456789', '0123456789'] } as const;
  for (const columns of [0, 1, 5, 20]) {
    for (const rows of [0, 1, 2, 3]) {
      const frame = render(
        screen({ columns, rows, image: { ...image, name: 'a'.repeat(99), drawing } }),
        plainAppearance,
      );
      t.equal(frame.lines.length, rows);
      const bars = plainLines(frame).filter((line) => !/\d/.test(line));
      t.ok(
        bars.every((line) => line.length <= columns),
        JSON.stringify(bars),
      );
    }
  }
});
