import t from 'tap';
import { cutToBytes, isBlank, printable, printableJson } from '../../lib/protocol/printable.js';
import { hostileText } from '../fixtures/hostile-text.js';
import { randomNumbers } from '../support/random.js';

// Written apart from the code under test: nothing of this kind may be in a printable line.
const dangerous =
  /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]|\p{M}{5}/u;

t.test('hostile text is printed as its table says', (t) => {
  t.equal(new Set(hostileText.map(({ name }) => name)).size, hostileText.length, 'names are unique');
  for (const { name, text, shown } of hostileText) t.equal(printable(text), shown, name);
  t.end();
});

t.test('printable text has no dangerous characters and does not change', (t) => {
  for (const { name, shown } of hostileText) {
    t.notMatch(shown, dangerous, name);
    t.equal(printable(shown), shown, name);
    t.equal(printable(shown, { newlines: true }), shown, name);
  }
  t.end();
});

/** The characters of Unicode in blocks of 4,096; of planes that have no characters yet, the first and last block. */
function* unicode(): Generator<string[]> {
  for (let start = 0; start <= 0x10ffff; start += 0x1000) {
    const [plane, offset] = [start >> 16, start & 0xffff];
    const assigned = plane < 4 || plane === 14;
    if (!assigned && offset !== 0 && offset !== 0xf000) continue;
    yield Array.from({ length: 0x1000 }, (_, i) => String.fromCodePoint(start + i));
  }
}

t.test('no Unicode character lets dangerous text through', (t) => {
  for (const chars of unicode()) {
    const shown = printable(chars.map((char) => `${char} a${char}b`).join(' . '));
    const harmless = !dangerous.test(shown) && printable(shown) === shown;
    t.ok(harmless, `from ${chars[0]?.codePointAt(0)?.toString(16)} on`);
  }
  t.end();
});

t.test('JSON is escaped wherever text could be dangerous, and keeps its value', (t) => {
  const unseen = /(?! )[\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u;
  for (const { name, text } of hostileText) {
    const json = printableJson({ [text]: [text] });
    t.notMatch(json, dangerous, name);
    t.notMatch(json, unseen, name);
    t.same(JSON.parse(json), { [text]: [text] }, name);
  }
  for (const chars of unicode()) {
    const texts = chars.map((char) => `a${char}b`);
    const json = printableJson(texts);
    t.notOk(dangerous.test(json) || unseen.test(json), `from ${chars[0]?.codePointAt(0)?.toString(16)} on`);
    t.ok((JSON.parse(json) as string[]).every((text, i) => text === texts[i]));
  }
  t.equal(
    printableJson({ text: 'Größe 漢字 é 🎉 \\ "' }),
    '{"text":"Größe 漢字 é 🎉 \\\\ \\""}',
    'visible text stays as it is',
  );
  t.end();
});

t.test('with newlines, every line break becomes one line feed', (t) => {
  t.equal(
    printable('a\r\nb\rc\nd\u2028e\u2029f\x85g\vh\fi', { newlines: true }),
    'a\nb\nc\nd\ne\nf\ng\nh\ni',
  );
  t.equal(printable('a\n\n\tb', { newlines: true }), 'a\n\n b');
  t.equal(printable('plain\nlines', { newlines: true }), 'plain\nlines');
  t.equal(printable('plain\nlines'), 'plain lines');
  t.equal(printable('a\n\u0301b', { newlines: true }), 'a\nb', 'a mark has its base on its own line');
  t.end();
});

t.test('the result is in NFC', (t) => {
  t.equal(printable('e\u0301'), '\u00e9');
  t.equal(printable('\u1112\u1161\u11ab'), '\ud55c');
  t.equal(printable('e\u200d\u0301'), '\u00e9', 'also where something between went');
  t.equal(printable('\u212b'), '\u00c5');
  t.end();
});

t.test('printable is idempotent for random awkward texts', (t) => {
  const alphabet = [
    ...'ab1#\u0301\u0316\u0344\u200c\u200d\ufe0f\u20e3\u05c1\u05bc\u05e9\ufb2c\u0958\u0301\u0345',
    ...'\u0915\u094d\u093c\u0937\u0645\u06cc\u064b\u0651\u09c7\u09be\u09b0\u09cd\u0d28\u0d4d\u0dca',
    ...[
      '\u{1f469}',
      '\u{1f3fd}',
      '\u2764',
      '\u{1f1e9}',
      '\u{1d160}',
      '\u{e0041}',
      '\u1100',
      '\u1161',
      '\u11a8',
    ],
    ...[
      ' ',
      '\n',
      '\r',
      '\t',
      '\x1b',
      '\u3000',
      '\u2028',
      '\ud83d',
      '\ude00',
      '\u202e',
      '\u115f',
      '\u0f71',
      '\u0f80',
    ],
  ];
  const random = randomNumbers(20_241);
  const wrong: string[] = [];
  for (let round = 0; round < 20_000; round++) {
    const length = 1 + random(14);
    const text = Array.from({ length }, () => alphabet[random(alphabet.length)]).join('');
    for (const newlines of [false, true]) {
      const once = printable(text, { newlines });
      const harmless = !dangerous.test(once.replaceAll('\n', ''));
      if (printable(once, { newlines }) !== once || !harmless) wrong.push(JSON.stringify(text));
    }
  }
  t.same(wrong, []);
  t.end();
});

// Each would take a minute where time grows with the square of the length.
t.test('a quarter of a million marks are fast', (t) => {
  const n = 250_000;
  t.equal(printable(`a${'\u0301\u0316'.repeat(n / 2)}`), '\u00e1\u0316\u0316\u0301');
  t.equal(printable(`\u0628${'\u200d'.repeat(n)}\u0628`), '\u0628\u200d\u0628');
  t.equal(printable(`\u2764${'\ufe0f'.repeat(n)}`), '\u2764\ufe0f');
  t.equal(printable('\x1b'.repeat(n)), '');
  t.equal(printable('\ud83d'.repeat(n)), '');
  t.equal(printable(`a${' '.repeat(n)}\u00e9`).length, n + 2);
  t.equal(printable(`${'\u{1f469}\u200d'.repeat(n / 4)}`).includes(`${'\u{1f469}\u200d'.repeat(4)}`), false);
  t.equal(printable('a\u0344'.repeat(n / 2)).length, n, 'each composes with its base');
  t.end();
});

t.test('isBlank is true for text without visible characters', (t) => {
  for (const text of ['', ' ', '\n \n', '\u00a0\u3000', '\u2800', ' \u2800 ', '\u{1d159}'])
    t.equal(isBlank(text), true);
  for (const text of ['a', ' . ', '\u2801', '\u00a0\u0301']) t.equal(isBlank(text), false);
  for (const text of ['\u200b', '\u3164', '\u115f\u1160', '\x1b\x07', '\ufeff', '\u200d\ufe0f', '\u0301']) {
    t.equal(isBlank(printable(text)), true);
  }
  t.end();
});

t.test('cutToBytes keeps a text that fits', async (t) => {
  for (const text of ['', 'abc', 'über', '👩‍👩‍👧']) t.equal(cutToBytes(text, Buffer.byteLength(text)), text);
});

t.test('cutToBytes never splits a grapheme', async (t) => {
  t.equal(cutToBytes('abc', 2), 'ab');
  t.equal(cutToBytes('über', 1), '', 'ü has two bytes');
  t.equal(cutToBytes('über', 3), 'üb');
  t.equal(cutToBytes('x👩‍👩‍👧', 18), 'x', 'a family has eighteen bytes');
  t.equal(cutToBytes('x👩‍👩‍👧', 19), 'x👩‍👩‍👧');
  t.equal(cutToBytes('e\u0301a', 2), '');
  t.equal(cutToBytes('anything', 0), '');
});
