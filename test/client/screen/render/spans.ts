import t from 'tap';
import {
  encode,
  encodeUpTo,
  fill,
  fit,
  gap,
  rowColumns,
  span,
  type TextRow,
  wrapRow,
} from '../../../../lib/client/screen/render/spans.js';

const row: TextRow = [span('漢字', '1'), span('abc')];

function text(some: TextRow): string {
  return some.map((piece) => piece.text).join('');
}

t.test('a row is cut or padded to a width without halving a character', async (t) => {
  t.equal(rowColumns(row), 7);
  t.equal(text(fit(row, 5)), '漢字a');
  t.equal(text(fit(row, 3)), '漢');
  t.equal(text(fill(row, 3)), '漢 ');
  t.equal(text(fill(row, 9)), '漢字abc  ');
  t.equal(text(fit(row, 0)), '');
  t.equal(text([gap(-1)]), '');
});

t.test('a span is printable and on one line', async (t) => {
  t.equal(span('a\x1b[31mb\nc\u202ed').text, 'a[31mb cd');
});

t.test('styles and links continue on the next row', async (t) => {
  const link = { text: 'https://a.example', sgr: '4', href: 'https://a.example/' };
  const rows = wrapRow([span('see ', '1'), link], 10);
  t.same(rows.map(text), ['see https:', '//a.exampl', 'e']);
  t.same(rows[1], [{ ...link, text: '//a.exampl' }]);
});

t.test('every style is reset, and neighbours share one', async (t) => {
  t.equal(encode([span('a', '1'), span('b', '1'), span('c')]), '\x1b[1mab\x1b[0mc');
  t.equal(encode([span('', '1'), span('c')]), 'c');
  t.match(
    encode([{ text: 'x', sgr: '4', href: 'https://a.example/' }]),
    // biome-ignore lint/suspicious/noControlCharactersInRegex: OSC 8
    /^\x1b\]8;id=[0-9a-z]+;https:\/\/a\.example\/\x1b\\\x1b\[4mx\x1b\[0m\x1b\]8;;\x1b\\$/,
  );
});

t.test('text beside a row begins in its own column', async (t) => {
  t.equal(encodeUpTo([span('ab')], 4), 'ab  \x1b[K\x1b[5G');
  t.equal(encodeUpTo([span('ab', '7')], 4), '\x1b[7mab  \x1b[0m\x1b[7m\x1b[K\x1b[0m\x1b[5G');
});
