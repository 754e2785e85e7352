import t from 'tap';
import {
  betweenCharacters,
  characterAfter,
  characterBefore,
  countCharacters,
  skipCharacters,
} from '../../../../lib/client/screen/state/graphemes.js';

const characters = [
  ...['a', '\n', ' ', '\u00e9', 'e\u0301', '\u{1f600}', '\u2764\ufe0f', '1\ufe0f\u20e3'],
  ...[
    '\u{1f1e9}\u{1f1ea}',
    '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
    '\u{1f44d}\u{1f3fd}',
    '\u{1f1e9}\u{1f1ea}',
  ],
  ...['\u{1f1eb}\u{1f1f7}', '\u6f22', '\ud55c', '\u1112\u1161\u11ab', '\r\n', 'z\u0300\u0301', 'x'],
];
const text = characters.join('');

t.test('characters are found forwards', async (t) => {
  const found: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = characterAfter(text, at);
    found.push(text.slice(at, end));
    at = end;
  }
  t.same(found, characters);
});

t.test('characters are found backwards', async (t) => {
  const found: string[] = [];
  for (let at = text.length; at > 0; ) {
    const start = characterBefore(text, at);
    found.unshift(text.slice(start, at));
    at = start;
  }
  t.same(found, characters);
});

t.test('an offset inside a character becomes its end', async (t) => {
  let start = 0;
  for (const character of characters) {
    const end = start + character.length;
    t.equal(betweenCharacters(text, start), start);
    for (let at = start + 1; at < end; at++) t.equal(betweenCharacters(text, at), end, character);
    start = end;
  }
  t.equal(betweenCharacters(text, -1), 0);
  t.equal(betweenCharacters(text, text.length + 1), text.length);
});

t.test('nothing is before the start or after the end', async (t) => {
  t.equal(characterBefore(text, 0), 0);
  t.equal(characterAfter(text, text.length), text.length);
  t.equal(characterAfter('', 0), 0);
});

t.test('characters are counted and skipped', async (t) => {
  t.equal(countCharacters(text, 0, text.length), characters.length);
  t.equal(skipCharacters(text, { from: 0, to: text.length, count: 3 }), 3);
  t.equal(skipCharacters(text, { from: 0, to: text.length, count: 99 }), text.length);
  t.equal(skipCharacters(text, { from: 1, to: 2, count: 5 }), 2);
});

t.test('far into a text characters are the same', async (t) => {
  const many = characters.slice(5).join('').repeat(200);
  let backwards = 0;
  for (let at = many.length; at > 0; at = characterBefore(many, at)) backwards++;
  t.equal(backwards, countCharacters(many, 0, many.length));
  t.equal(backwards, (characters.length - 5) * 200);
});
