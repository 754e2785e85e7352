import t from 'tap';
import { inputRows } from '../../../../lib/client/screen/render/input-rows.js';
import type { Editor } from '../../../../lib/client/screen/state/editor.js';

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
