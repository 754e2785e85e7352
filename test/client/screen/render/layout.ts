import t from 'tap';
import { inputRows, layout, margins } from '../../../../lib/client/screen/render/layout.js';
import type { Editor } from '../../../../lib/client/screen/state/editor.js';
import { conversation, screen } from '../../../support/screens.js';

t.test('rows add up at every size', async (t) => {
  for (let rows = 0; rows <= 30; rows++) {
    for (const columns of [0, 1, 5, 20, 40, 80, 500]) {
      for (const hint of [true, false]) {
        const where = layout(screen({ columns, rows, hint }));
        const others = [where.topLine, where.hint, where.status].filter(Boolean).length;
        t.equal(others + where.pane.height + where.input, rows, `${columns}x${rows}`);
        t.ok(where.pane.width >= 0 && where.pane.width <= columns);
      }
    }
  }
});

t.test('without room the hint goes first, then the status line, then the top line', async (t) => {
  const at = (rows: number) => {
    const { hint, status, topLine } = layout(screen({ columns: 20, rows, hint: true }));
    return [hint && 'hint', status && 'status', topLine && 'top'].filter(Boolean);
  };
  t.same(at(10), ['hint', 'status', 'top']);
  t.same(at(9), ['status', 'top']);
  t.same(at(6), ['status', 'top']);
  t.same(at(5), ['top']);
  t.same(at(4), []);
});

t.test('a question is shown whenever there is a row for it', async (t) => {
  const question = { text: 'Leave? y/n', about: 'quit' } as const;
  t.equal(layout(screen({ rows: 5, question })).status, true);
  t.equal(layout(screen({ rows: 2, question })).status, true);
  t.equal(layout(screen({ rows: 1, question })).input, 1);
});

t.test('people are listed from 100 columns on, conversations from 120 on, or as chosen', async (t) => {
  const left = (columns: number, side: 'auto' | 'shown' | 'hidden') =>
    layout(screen({ columns, sideLists: side })).side?.left;
  t.equal(left(99, 'auto'), undefined);
  t.equal(left(100, 'auto'), 82);
  t.same(
    [119, 120].map((columns) => layout(screen({ columns })).side?.conversations),
    [false, true],
  );
  t.equal(left(79, 'shown'), 61);
  t.equal(left(40, 'shown'), 26);
  t.equal(left(39, 'shown'), undefined);
  t.equal(left(200, 'hidden'), undefined);
});

t.test('the input grows with its lines up to a third of the screen', async (t) => {
  const rowsFor = (text: string) =>
    layout(
      screen({
        conversations: [
          conversation('#lobby', { draft: { text, cursor: 0, killed: '', past: [], last: 'other' } }),
        ],
      }),
    ).input;
  t.equal(rowsFor(''), 1);
  t.equal(rowsFor('a\nb\nc'), 3);
  t.equal(rowsFor('x'.repeat(100)), 2);
  t.equal(rowsFor('a\n'.repeat(50)), 8);
});

t.test('texts get most of the pane at every width', async (t) => {
  for (let width = 20; width <= 500; width++)
    t.ok(margins(width, { name: 200, time: 10 }).text <= width / 2 + 3, String(width));
});

/** An editor whose cursor is where the `|` is. */
function typed(marked: string): Editor {
  const cursor = marked.indexOf('|');
  return { text: marked.replace('|', ''), cursor, killed: '', past: [], last: 'other' };
}

/** The rows, with a `|` where the cursor is. */
function shown(marked: string, columns: number, rows: number): string[] {
  const made = inputRows(typed(marked), { columns, rows, prompt: 2 });
  return made.rows.map((text, i) =>
    i === made.cursor.row ? `${text.slice(0, made.cursor.column)}|${text.slice(made.cursor.column)}` : text,
  );
}

t.test('the cursor is where the next character goes', async (t) => {
  t.same(shown('|', 10, 24), ['|']);
  t.same(shown('hello|', 10, 24), ['hello|']);
  t.same(shown('he|llo', 10, 24), ['he|llo']);
  t.same(shown('one\n|two', 10, 24), ['one', '|two']);
  t.same(shown('one|\ntwo', 10, 24), ['one|', 'two']);
  t.same(shown('one\n|', 10, 24), ['one', '|']);
});

t.test('a long line continues on the next row, and so does the cursor', async (t) => {
  t.same(shown('abcdefghij|', 10, 24), ['abcdefg', 'hij|']);
  t.same(shown('abcdefg|hij', 10, 24), ['abcdefg', '|hij']);
  t.same(shown('abcdefg|', 10, 24), ['abcdefg|'], 'there is a column for it behind the last character');
});

t.test('a tall input shows the rows around the cursor', async (t) => {
  t.same(shown('1\n2\n3\n4\n5|', 10, 9), ['3', '4', '5|']);
  t.same(shown('|1\n2\n3\n4\n5', 10, 9), ['|1', '2', '3']);
  t.same(shown('1\n2\n3\n4|\n5', 10, 5), ['4|']);
  t.equal(inputRows(typed('1\n2|'), { columns: 10, rows: 5, prompt: 2 }).more, true);
  t.equal(inputRows(typed('1|'), { columns: 10, rows: 5, prompt: 2 }).more, false);
});

t.test('wide characters and clusters count as drawn', async (t) => {
  const { cursor } = inputRows(typed('漢字|'), { columns: 20, rows: 24, prompt: 2 });
  t.equal(cursor.column, 4);
  t.equal(inputRows(typed('👨‍👩‍👧‍👦|'), { columns: 20, rows: 24, prompt: 2 }).cursor.column, 2);
});

t.test('a control character in the text moves nothing', async (t) => {
  t.same(shown('a\x1b[2Jb|c', 20, 24), ['a[2Jb|c']);
});

t.test('typing is fast in a paste of a megabyte', async (t) => {
  const start = process.cpuUsage();
  for (const piece of ['x', 'a word ', 'line\n', '漢字', '👨‍👩‍👧‍👦']) {
    const text = piece.repeat(1_000_000 / piece.length);
    for (const cursor of [0, text.length / 2, text.length]) {
      const editor = typed(`${text.slice(0, cursor)}|${text.slice(cursor)}`);
      const { rows, more, cursor: at } = inputRows(editor, { columns: 80, rows: 24, prompt: 2 });
      t.equal(rows.length, 8);
      t.equal(more, true);
      t.ok(at.row < 8 && at.column < 78);
    }
  }
  t.ok(process.cpuUsage(start).user < 2_000_000);
});
