import t from 'tap';
import {
  type Edit,
  type Editor,
  edit,
  emptyEditor,
  isSimpleEdit,
  type SimpleEdit,
} from '../../../../lib/client/screen/state/editor.js';

/** The bar is the cursor. */
function at(drawn: string): Editor {
  const cursor = drawn.indexOf('|');
  return { ...emptyEditor, text: drawn.replace('|', ''), cursor };
}

function drawn({ text, cursor }: Editor): string {
  return `${text.slice(0, cursor)}|${text.slice(cursor)}`;
}

function after(editor: Editor, ...edits: readonly (SimpleEdit | Edit)[]): Editor {
  return edits.reduce((now, each) => edit(now, typeof each === 'string' ? { edit: each } : each), editor);
}

function type(text: string): Edit {
  return { edit: 'insert', text };
}

type Row = readonly [before: string, what: SimpleEdit, after: string];

function check(name: string, rows: readonly Row[]): void {
  t.test(name, async (t) => {
    for (const [before, what, expected] of rows) {
      t.equal(drawn(after(at(before), what)), expected, `${what}: ${before}`);
    }
  });
}

const family = '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}';
const germany = '\u{1f1e9}\u{1f1ea}';
const accented = 'e\u0301';
const heart = '\u2764\ufe0f';

check('the cursor goes by characters as people see them', [
  [`a${family}|`, 'left', `a|${family}`],
  [`|${family}a`, 'right', `${family}|a`],
  [`${germany}${germany}|`, 'left', `${germany}|${germany}`],
  [`|${accented}x`, 'right', `${accented}|x`],
  ['|', 'left', '|'],
  ['|', 'right', '|'],
  ['a\n|b', 'left', 'a|\nb'],
  ['a|\nb', 'right', 'a\n|b'],
]);

check('a word is letters, digits and their marks', [
  ['foo bar-baz|', 'word-left', 'foo bar-|baz'],
  ['foo bar-|baz', 'word-left', 'foo |bar-baz'],
  ['  |foo', 'word-left', '|  foo'],
  ['|foo bar', 'word-right', 'foo| bar'],
  ['foo| -bar baz', 'word-right', 'foo -bar| baz'],
  ['foo| -', 'word-right', 'foo -|'],
  [`x caf${accented}|`, 'word-left', `x |caf${accented}`],
  [`|caf${accented} x`, 'word-right', `caf${accented}| x`],
  [`${heart}foo|`, 'word-left', `${heart}|foo`],
  [`|${heart} foo x`, 'word-right', `${heart} foo| x`],
  [
    '\u043f\u0440\u0438\u0432\u0435\u0442 \u043c\u0438\u0440|',
    'word-left',
    '\u043f\u0440\u0438\u0432\u0435\u0442 |\u043c\u0438\u0440',
  ],
  ['one\ntwo|', 'word-left', 'one\n|two'],
  ['one\n|two', 'word-left', '|one\ntwo'],
]);

check('home and end are those of the line', [
  ['foo|bar', 'home', '|foobar'],
  ['foo|bar', 'end', 'foobar|'],
  ['one\ntw|o\nthree', 'home', 'one\n|two\nthree'],
  ['one\ntw|o\nthree', 'end', 'one\ntwo|\nthree'],
  ['|\none', 'home', '|\none'],
  ['\n|', 'home', '\n|'],
]);

check('up and down keep the column, as far as the line reaches', [
  ['one\ntw|o', 'up', 'on|e\ntwo'],
  ['on|e\ntwo', 'down', 'one\ntw|o'],
  ['long line|\nx', 'down', 'long line\nx|'],
  ['x\nlong line|', 'up', 'x|\nlong line'],
  [`${family}${family}\nab|`, 'up', `${family}${family}|\nab`],
  [`ab\n${germany}|${germany}`, 'up', `a|b\n${germany}${germany}`],
  ['\n\n|', 'up', '\n|\n'],
  ['|\n\n', 'down', '\n|\n'],
  ['a\n|', 'up', '|a\n'],
]);

t.test('up and down return the same object if there is no line', async (t) => {
  for (const [before, what] of [
    ['one|', 'up'],
    ['on|e\ntwo', 'up'],
    ['|\n', 'up'],
    ['one|', 'down'],
    ['one\ntwo|', 'down'],
    ['one\n|', 'down'],
  ] as const) {
    const editor = after(at(before), type('x'));
    t.equal(after(editor, what), editor, before);
  }
});

check('deleting takes a whole character', [
  [`a${family}|`, 'delete-left', 'a|'],
  [`|${family}a`, 'delete-right', '|a'],
  [`x${accented}|y`, 'delete-left', 'x|y'],
  ['a\n|b', 'delete-left', 'a|b'],
  ['a|\nb', 'delete-right', 'a|b'],
  ['|a', 'delete-left', '|a'],
  ['a|', 'delete-right', 'a|'],
]);

check('words are killed to the left, to white space or to what is no letter, and to the right', [
  ['say foo-bar|', 'delete-word-left', 'say foo-|'],
  ['say foo-bar|', 'delete-space-word-left', 'say |'],
  ['say foo  |x', 'delete-space-word-left', 'say |x'],
  ['https://a.example/b?c| d', 'delete-space-word-left', '| d'],
  ['x \u0308|', 'delete-space-word-left', 'x|'],
  ['say| foo-bar', 'delete-word-right', 'say|-bar'],
  ['|', 'delete-word-left', '|'],
  ['|', 'delete-space-word-left', '|'],
  ['|', 'delete-word-right', '|'],
]);

check('lines are killed to their start and to their end', [
  ['foo |bar', 'kill-to-start', '|bar'],
  ['foo |bar', 'kill-to-end', 'foo |'],
  ['one\ntw|o\nthree', 'kill-to-start', 'one\n|o\nthree'],
  ['one\ntw|o\nthree', 'kill-to-end', 'one\ntw|\nthree'],
]);

check('killing at the edge of a line joins it to its neighbour', [
  ['one|\ntwo', 'kill-to-end', 'one|two'],
  ['one\n|two', 'kill-to-start', 'one|two'],
  ['one|', 'kill-to-end', 'one|'],
  ['|one', 'kill-to-start', '|one'],
]);

check('transposing swaps the characters around the cursor, at the end of a line the last two', [
  ['ab|cd', 'transpose', 'acb|d'],
  ['ab|', 'transpose', 'ba|'],
  ['ab|\ncd', 'transpose', 'ba|\ncd'],
  [`a${family}|`, 'transpose', `${family}a|`],
  [`${accented}|x`, 'transpose', `x${accented}|`],
  ['|ab', 'transpose', '|ab'],
  ['a|', 'transpose', 'a|'],
  ['a\n|bc', 'transpose', 'a\n|bc'],
  ['a\nb|', 'transpose', 'a\nb|'],
]);

t.test('typed text is inserted at the cursor', async (t) => {
  t.equal(drawn(after(at('foo |bar'), type('new '))), 'foo new |bar');
  t.equal(drawn(after(emptyEditor, type('a\nb'))), 'a\nb|');
});

t.test('the cursor is never inside a character, even if two halves meet', async (t) => {
  t.equal(drawn(after(at('|\u0301'), type('e'))), 'e\u0301|');
  t.equal(drawn(after(at('\u{1f1e9}x|\u{1f1ea}'), 'delete-left')), `${germany}|`);
  t.equal(drawn(after(emptyEditor, { edit: 'set', text: `a${family}`, cursor: 3 })), `a${family}|`);
});

t.test('consecutive kills come back in order', async (t) => {
  const rows: [string, SimpleEdit[], string][] = [
    ['one two three|', ['delete-word-left', 'delete-word-left'], 'two three'],
    ['|one two three', ['delete-word-right', 'delete-word-right'], 'one two'],
    ['one |two', ['kill-to-end', 'kill-to-start'], 'one two'],
    ['|one\ntwo', ['kill-to-end', 'kill-to-end', 'kill-to-end'], 'one\ntwo'],
    ['one two|', ['delete-space-word-left', 'kill-to-end', 'delete-space-word-left'], 'one two'],
  ];
  for (const [before, kills, killed] of rows) {
    const editor = after(at(before), ...kills);
    t.equal(editor.killed, killed, before);
    t.equal(after({ ...emptyEditor, killed }, 'yank').text, killed);
  }
});

t.test('any edit between two kills separates them', async (t) => {
  for (const between of ['home', 'end', 'left', 'yank', 'undo'] as const) {
    t.equal(
      after(at('one two|'), 'delete-word-left', between, 'end', 'delete-word-left').killed.includes('onetwo'),
      false,
    );
  }
  t.equal(after(at('a b|'), 'delete-word-left', type('c'), 'delete-word-left').killed, 'c');
  t.equal(after(at('a b|c'), 'delete-word-left', 'delete-right', 'delete-word-left').killed, 'a ');
});

t.test('a yank can be repeated', async (t) => {
  t.equal(drawn(after(at('foo|'), 'kill-to-start', 'yank', 'yank')), 'foofoo|');
  t.equal(drawn(after(at('foo|'), 'yank')), 'foo|');
});

t.test('consecutive typing is undone at once', async (t) => {
  const editor = after(emptyEditor, ...['o', 'n', 'e'].map(type), 'delete-left', ...['x', 'y'].map(type));
  t.equal(drawn(after(editor, 'undo')), 'on|');
  t.equal(drawn(after(editor, 'undo', 'undo')), 'one|');
  t.equal(drawn(after(editor, 'undo', 'undo', 'undo')), '|');
  t.equal(drawn(after(editor, 'undo', 'undo', 'undo', 'undo')), '|');
});

t.test('moving the cursor begins a new undo step', async (t) => {
  const editor = after(emptyEditor, type('ab'), 'left', type('x'));
  t.equal(drawn(after(editor, 'undo')), 'a|b');
  t.equal(drawn(after(editor, 'undo', 'undo')), '|');
});

t.test('a paste is an undo step of its own', async (t) => {
  for (const pasted of ['a\nb', 'x'.repeat(33)]) {
    const editor = after(emptyEditor, type('t'), type(pasted), type('u'));
    t.equal(after(editor, 'undo').text, `t${pasted}`);
    t.equal(after(editor, 'undo', 'undo').text, 't');
  }
});

t.test('every edit that changes the text can be undone', async (t) => {
  const before = { ...at('foo bar|\nbaz'), killed: 'k' };
  for (const what of [
    'delete-left',
    'delete-right',
    'delete-word-left',
    'delete-space-word-left',
    'kill-to-start',
    'kill-to-end',
    'yank',
    'transpose',
    'clear',
  ] as const) {
    const changed = after(before, what);
    t.not(changed.text, before.text, what);
    t.equal(drawn(after(changed, 'undo')), drawn(before), what);
  }
});

t.test('set and clear replace everything but the kill buffer', async (t) => {
  const editor = { ...at('foo|'), killed: 'k' };
  t.equal(drawn(after(editor, { edit: 'set', text: 'bar' })), 'bar|');
  t.equal(drawn(after(editor, { edit: 'set', text: 'bar', cursor: 1 })), 'b|ar');
  t.equal(drawn(after(editor, { edit: 'set', text: 'bar', cursor: 9 })), 'bar|');
  t.equal(drawn(after(editor, 'clear', 'yank')), 'k|');
});

t.test('a hundred steps can be undone, and no more are kept', async (t) => {
  let editor = emptyEditor;
  for (let i = 0; i < 150; i++) editor = after(editor, type('x'), 'left', 'right');
  t.equal(editor.past.length, 100);
  for (let i = 0; i < 150; i++) editor = after(editor, 'undo');
  t.equal(editor.text.length, 50);
});

t.test('undo keeps at most 1 Mi units of large texts', async (t) => {
  let editor = after(emptyEditor, { edit: 'set', text: 'x'.repeat(300_000) });
  for (let i = 0; i < 20; i++) editor = after(editor, 'delete-left');
  t.equal(editor.past.length, 3);
  editor = after(emptyEditor, { edit: 'set', text: 'x'.repeat(1_500_000) });
  editor = after(editor, 'delete-left', 'delete-left');
  t.equal(editor.past.length, 1);
});

t.test('a text is bounded', async (t) => {
  let editor = after(emptyEditor, type('x'.repeat(1000)), 'kill-to-start');
  for (let i = 0; i < 40; i++) editor = after(editor, 'yank', 'yank', 'kill-to-start');
  t.ok(after(editor, 'yank').text.length <= 2 ** 21);
  const full = after(emptyEditor, { edit: 'set', text: 'x'.repeat(2 ** 21) });
  t.equal(after(full, type('y')).text, full.text);
});

t.test('an edit does not change the editor it was given', async (t) => {
  const editor = Object.freeze({ ...at('foo bar|\nbaz'), killed: 'k', past: Object.freeze([]) });
  for (const what of ['up', 'yank', 'undo', 'clear', 'transpose', 'kill-to-start'] as const)
    after(editor, what);
  t.equal(drawn(editor), 'foo bar|\nbaz');
});

t.test('edits without arguments are recognised by name', async (t) => {
  t.ok(isSimpleEdit('word-left'));
  for (const name of ['insert', 'set', 'send', 'toString']) t.notOk(isSimpleEdit(name), name);
});

t.test('long words and long pastes are fast', async (t) => {
  const word = '\u044f'.repeat(2048);
  const lines = Array.from({ length: 100 }, (_, i) => `line ${i} ${'\u6f22'.repeat(40)}`).join('\n');
  const wall = '\u044f'.repeat(500_000);
  const began = performance.now();
  t.equal(drawn(after(at(`${word}|`), 'word-left')), `|${word}`);
  t.equal(drawn(after(at(`${word}|`), 'delete-space-word-left')), '|');
  let editor = after(at('|'), type(lines));
  for (let i = 0; i < 99; i++) editor = after(editor, 'up');
  t.equal(after(editor, 'up'), editor);
  editor = after(at(`${wall}|`), 'left', 'left', type('x'), 'delete-left', 'home', 'right', 'end');
  t.equal(editor.cursor, wall.length);
  // 60 ms here; with Intl.Segmenter over the whole text it is minutes.
  t.ok(performance.now() - began < 2_000);
});
