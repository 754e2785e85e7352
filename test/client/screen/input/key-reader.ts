import t from 'tap';
import { createKeyReader, longestPaste } from '../../../../lib/client/screen/input/key-reader.js';
import type { Key } from '../../../../lib/client/screen/input/keys.js';
import { createFakeClock } from '../../../support/fake-clock.js';

const esc = '\x1b';
const pasteStart = `${esc}[200~`;
const pasteEnd = `${esc}[201~`;

function start() {
  const clock = createFakeClock();
  const keys: Key[] = [];
  const replies: string[] = [];
  const reader = createKeyReader(
    (key) => keys.push(key),
    clock,
    (sequence) => replies.push(sequence),
  );
  /** The keys since the last time, in short. */
  const told = (): string[] => keys.splice(0).map(inShort);
  const read = (...chunks: readonly (string | Buffer)[]): string[] => {
    for (const chunk of chunks) reader.push(chunk);
    return told();
  };
  return { ...reader, clock, read, told, replies };
}

function inShort(key: Key): string {
  switch (key.kind) {
    case 'text':
      return `"${key.text}"`;
    case 'key':
      return key.name;
    case 'paste':
      return `paste "${key.text}"`;
    case 'focus':
      return key.focused ? 'focus' : 'blur';
    case 'end':
      return 'end';
    default:
      return key satisfies never;
  }
}

t.test('the text of one chunk is one key', async (t) => {
  const { read } = start();
  t.same(read('hello \u{1f468}\u200d\u{1f469}'), ['"hello \u{1f468}\u200d\u{1f469}"']);
  t.same(read(Buffer.from('b\u00e9')), ['"b\u00e9"']);
});

t.test('characters split between chunks are joined', async (t) => {
  const { read } = start();
  const bytes = Buffer.from('\u{1f600}');
  t.same(read(bytes.subarray(0, 1)), []);
  t.same(read(bytes.subarray(1, 3)), []);
  t.same(read(bytes.subarray(3)), ['"\u{1f600}"']);
});

t.test('keys and text of one chunk keep their order', async (t) => {
  const { read } = start();
  t.same(read(`ab\x01c${esc}[Dd${esc}b\r`), ['"ab"', 'ctrl-a', '"c"', 'left', '"d"', 'alt-b', 'enter']);
  t.same(read('al\tx\x7f'), ['"al"', 'tab', '"x"', 'backspace']);
});

t.test('every line end is Enter, once', async (t) => {
  const { read } = start();
  t.same(read('\r'), ['enter']);
  t.same(read('\n'), ['enter']);
  t.same(read('hi\r\n'), ['"hi"', 'enter']);
  t.same(read('\r\r'), ['enter', 'enter']);
});

t.test('Alt-Enter is not Enter', async (t) => {
  const { read } = start();
  t.same(read(`${esc}\r${esc}\n`), ['alt-enter', 'alt-enter']);
});

t.test('a sequence split between chunks is one key', async (t) => {
  for (const sequence of [`${esc}[1;5D`, `${esc}OA`, `${esc}b`, `${esc}[[A`, `${esc}${esc}[A`]) {
    const whole = start().read(sequence);
    t.same(whole.length, 1);
    t.same(start().read(...sequence), whole, JSON.stringify(sequence));
  }
});

t.test('ESC is the Escape key once nothing follows it', async (t) => {
  const { read, clock, told } = start();
  t.same(read(esc), []);
  clock.advance(99);
  t.same(told(), []);
  clock.advance(1);
  t.same(told(), ['escape']);
  t.same(read('b'), ['"b"']);
});

t.test('ESC twice is Escape twice, ESC before a sequence is Alt', async (t) => {
  const { read, clock, told } = start();
  t.same(read(esc + esc), []);
  clock.advance(100);
  t.same(told(), ['escape', 'escape']);
  t.same(read(`${esc}${esc}[A`), ['alt-up']);
  t.same(read(`${esc}${esc}b`), ['escape', 'alt-b']);
});

t.test('Alt and a character that begins sequences is a key once nothing follows it', async (t) => {
  for (const [begun, name] of [
    [`${esc}[`, 'alt-['],
    [`${esc}O`, 'alt-o'],
    [`${esc}]`, 'alt-]'],
    [`${esc}_`, 'alt-_'],
  ] as const) {
    const { read, clock, told } = start();
    t.same(read(begun), []);
    clock.advance(100);
    t.same(told(), [name]);
  }
});

t.test('the rest of a sequence may be late, and an unfinished one is dropped', async (t) => {
  const { read, clock, told } = start();
  read(`${esc}[1;`);
  clock.advance(499);
  t.same(read('5D'), ['ctrl-left']);
  read(`${esc}[1;`);
  clock.advance(500);
  t.same(told(), []);
  t.same(read('x'), ['"x"']);
});

t.test('a sequence that is no key is dropped whole and never becomes text', async (t) => {
  for (const sequence of [
    ...[
      '[<0;10;20M',
      '[<35;1;1m',
      '[M !!',
      '[32;10;20M',
      '[24;80R',
      '[?62;4c',
      '[?2026;2$y',
      '[?1u',
      '[97;5:3u',
    ],
    ...[
      ']11;rgb:ffff/ffff/ffff\x07',
      ']52;c;aGVsbG8=\x1b\\',
      'P>|xterm(390)\x1b\\',
      '_Gi=1;OK\x1b\\',
      '^x\x1b\\',
    ],
    ...['Xx\x9c', '[99~', '[201~', '[[Z', '[1;2 M', '[ q'],
  ]) {
    const whole = start();
    t.same(whole.read(`${esc}${sequence}x`), ['"x"'], JSON.stringify(sequence));
    const pieces = start();
    t.same(pieces.read(...`${esc}${sequence}x`), ['"x"'], `${JSON.stringify(sequence)} byte by byte`);
    if (/^\[20?1~|^\[M/.test(sequence)) continue;
    t.same(whole.replies, [`${esc}${sequence}`], 'it is reported, for it may be an answer');
    t.same(pieces.replies, whole.replies);
  }
});

t.test('a long reply is dropped without being stored', async (t) => {
  const { read, replies } = start();
  t.same(read(`${esc}]52;c;`), []);
  for (let i = 0; i < 50; i++) read('A'.repeat(65_536));
  t.same(read(`A${esc}`, '\\x'), ['"x"']);
  t.same(replies, []);
  t.same(read(`${esc}]52;c;A${esc}`, '\\x'), ['"x"']);
  t.same(replies, [`${esc}]52;c;A${esc}\\`], 'the next one is whole');
});

t.test('a reply without an end is over after a pause', async (t) => {
  const { read, clock, replies } = start();
  read(`${esc}]52;c;`);
  clock.advance(400);
  t.same(read('AAAA'), []);
  clock.advance(500);
  t.same(read('x'), ['"x"']);
  t.same(replies, []);
  read(`${esc}]1\x07`);
  t.same(replies, [`${esc}]1\x07`], 'nothing of it is in the next one');
});

t.test('a sequence cut off by a control character does not swallow it', async (t) => {
  t.same(start().read(`${esc}[1;\x03`), ['ctrl-c']);
  t.same(start().read(`${esc}[1;${esc}[A`), ['up']);
  t.same(start().read(`${esc}]11;${esc}[A`), ['up']);
  t.same(start().read(`${esc}[${'1'.repeat(10_000)}\r`), ['enter']);
});

t.test('a sequence of any length is dropped whole, in any pieces', async (t) => {
  for (const sequence of [`[${'1'.repeat(300)}A`, `[${'1;'.repeat(100)}~`, `[1 1 ${'2'.repeat(80)}m`]) {
    t.same(start().read(`${esc}${sequence}x`), ['"x"'], JSON.stringify(sequence));
    t.same(start().read(...`${esc}${sequence}x`), ['"x"'], `${JSON.stringify(sequence)} byte by byte`);
  }
  const { read, clock } = start();
  read(`${esc}[${'1'.repeat(300)}`);
  clock.advance(500);
  t.same(read('1'), ['"1"'], 'one without an end is over after a pause');
});

t.test(
  'Alt and a character that begins strings is a key if another sequence follows, in any pieces',
  async (t) => {
    t.same(start().read(`${esc}P${esc}[A`), ['alt-p', 'up']);
    t.same(start().read(...`${esc}P${esc}[A`), ['alt-p', 'up']);
    t.same(start().read(...`${esc}P${esc}\\x`), ['"x"'], 'an empty string is dropped');
  },
);

t.test('focus reports are keys', async (t) => {
  t.same(start().read(`${esc}[Ia${esc}[O`), ['focus', '"a"', 'blur']);
});

t.test('C1 control characters are no text', async (t) => {
  t.same(start().read('a\u0085b\u009b'), ['"a"', '"b"']);
});

t.test('a bracketed paste is one key, with line feeds as line ends', async (t) => {
  const { read } = start();
  t.same(read(`${pasteStart}one\rtwo\r\nthree\n\tfour${pasteEnd}\r`), [
    'paste "one\ntwo\nthree\n\tfour"',
    'enter',
  ]);
});

t.test('a bracketed paste may be split anywhere', async (t) => {
  const { read } = start();
  t.same(read(...`a${pasteStart}x\r\n${esc}[20\u00e9${pasteEnd}b`), [
    '"a"',
    `paste "x\n${esc}[20\u00e9"`,
    '"b"',
  ]);
});

t.test('keys in a bracketed paste are text', async (t) => {
  const { read } = start();
  t.same(read(`${pasteStart}\x03${esc}[A\t${pasteEnd}`), [`paste "\x03${esc}[A\t"`]);
});

t.test('an empty paste is nothing', async (t) => {
  t.same(start().read(`${pasteStart}${pasteEnd}x`), ['"x"']);
});

t.test('a huge paste is cut to its first MiB, and its end is recognised', async (t) => {
  const { push, read } = start();
  push(pasteStart);
  for (let i = 0; i < 20; i++) push('y'.repeat(65_536 + 1));
  t.same(read(`${pasteEnd}x`), [`paste "${'y'.repeat(longestPaste)}"`, '"x"']);
});

t.test('a paste without an end is over after three seconds', async (t) => {
  const { read, clock, told } = start();
  read(`${pasteStart}one`);
  clock.advance(2_999);
  t.same(read(' two'), []);
  clock.advance(3_000);
  t.same(told(), ['paste "one two"']);
  t.same(read('x'), ['"x"']);
});

t.test('several lines at once are a paste even without brackets', async (t) => {
  const { read, clock, told } = start();
  t.same(read('one\rtwo\r'), []);
  clock.advance(50);
  t.same(told(), ['paste "one\ntwo\n"']);
  t.same(clock.pending, 0);
});

t.test('chunks of such a paste are joined until a key or a pause', async (t) => {
  const { read, clock, told } = start();
  read('one\rtwo');
  clock.advance(49);
  t.same(read(' more\r', 'last\r'), []);
  t.same(read('\x01'), ['paste "one\ntwo more\nlast\n"', 'ctrl-a']);
  read('one\rtwo');
  clock.advance(50);
  told();
  t.same(read('\r'), ['enter']);
});

t.test('one line with its end is typed, not pasted', async (t) => {
  for (const chunk of ['one\r', '\rone', '\r\rone\r\r', '\tone']) {
    t.notOk(start().read(chunk).length === 0, JSON.stringify(chunk));
  }
});

t.test('at the end the rest is reported, and then the end, once', async (t) => {
  for (const [chunk, left] of [
    ['', []],
    [esc, ['escape']],
    [`${esc}[1;`, []],
    [`${pasteStart}one`, ['paste "one"']],
    [`${pasteStart}one${esc}[20`, [`paste "one${esc}[20"`]],
    ['one\rtwo', ['paste "one\ntwo"']],
  ] as const) {
    const { read, end, told, clock, push } = start();
    t.same(read(chunk), []);
    end();
    end();
    push('x');
    clock.advance(10_000);
    t.same(told(), [...left, 'end']);
  }
});

t.test('large chunks take milliseconds of the processor', async (t) => {
  const began = process.cpuUsage();
  for (const part of [
    `${esc}[A`,
    '\x01',
    `${esc}]`,
    'a\r',
    '\r',
    `${esc}[<1;1;1M`,
    `${esc}[[`,
    'ab\t',
    `a${esc}`,
  ]) {
    start().read(part.repeat(Math.ceil(262_144 / part.length)));
  }
  // 200 ms here; what is quadratic in the chunk takes minutes.
  t.ok(process.cpuUsage(began).user < 5_000_000);
});
