import stringWidth from 'string-width';
import t from 'tap';
import { columnsOf, cut, wrap, wrapTyped } from '../../../../lib/client/screen/render/wrap.js';
import { printable } from '../../../../lib/protocol/printable.js';
import { hostileText } from '../../../fixtures/hostile-text.js';

const family = '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466}';

function rows(text: string, width: number): string[] {
  return wrap(text, width).map(({ start, end }) => text.slice(start, end));
}

t.test('a text breaks at spaces, of which one is dropped', async (t) => {
  t.same(rows('', 10), ['']);
  t.same(rows('exactly te', 10), ['exactly te']);
  t.same(rows('one two three', 8), ['one two', 'three']);
  t.same(rows('one two three', 7), ['one two', 'three']);
  t.same(rows('  two leading', 7), ['  two', 'leading']);
  t.same(rows('end    ', 4), ['end ', '  ']);
});

t.test('a word that fits on a row is not broken, a longer one is', async (t) => {
  t.same(rows('a abcdefgh b', 8), ['a', 'abcdefgh', 'b']);
  t.same(rows('a abcdefghijklm b', 8), ['a abcdef', 'ghijklm', 'b']);
});

t.test('wide characters break anywhere except before closing and after opening marks', async (t) => {
  t.same(rows('漢字漢字', 5), ['漢字', '漢字']);
  t.same(rows('漢字漢。', 6), ['漢字', '漢。']);
  t.same(rows('漢字「漢', 6), ['漢字', '「漢']);
});

t.test('clusters stay whole if they fit', async (t) => {
  t.same(rows(`ab${family}`, 9), ['ab', family], 'counted as eight columns, which some terminals take');
  t.same(rows('e\u0301e\u0301e\u0301', 2), ['e\u0301e\u0301', 'e\u0301']);
  t.same(
    rows('\u1100'.repeat(5), 4),
    ['\u1100\u1100', '\u1100\u1100', '\u1100'],
    'one cluster of ten columns',
  );
  const chain = `${'\u0915\u094d'.repeat(5)}\u0915`;
  t.equal(columnsOf(chain), 6, 'one cluster that string-width takes for one column');
  t.ok(rows(chain, 4).every((row) => columnsOf(row) <= 4));
});

t.test('no row is too wide, and only spaces are lost', async (t) => {
  const texts = [...hostileText.map(({ text }) => printable(text)), 'a mixed 漢字 text with family: x y'];
  for (const text of texts) {
    for (const width of [2, 3, 7, 40]) {
      const made = rows(text, width);
      const tooWide = made.filter((row) => stringWidth(row) > width);
      if (tooWide.length > 0) t.fail(`at ${width} columns`, { text, tooWide });
      if (made.join('').replaceAll(' ', '') !== text.replaceAll(' ', '')) t.fail('lost', { text, made });
    }
  }
  t.ok(texts.length > 100);
});

t.test('typed text loses nothing', async (t) => {
  const text = 'one two  漢字 three ';
  for (const width of [1, 2, 3, 5, 8, 100]) {
    const ranges = wrapTyped(text, width);
    t.equal(ranges.map(({ start, end }) => text.slice(start, end)).join(''), text);
  }
  t.same(wrapTyped('', 5), [{ start: 0, end: 0 }]);
});

t.test('a cut text is marked', async (t) => {
  t.equal(cut('short', 5, '…'), 'short');
  t.equal(cut('longer', 5, '…'), 'long…');
  t.equal(cut('漢字漢', 4, '…'), '漢…');
  t.equal(cut('longer', 0, '…'), '');
  t.equal(cut('longer', -3, '…'), '');
});

t.test('long texts are fast', async (t) => {
  const start = process.cpuUsage();
  for (const text of ['x'.repeat(4096), '漢'.repeat(1365), 'x '.repeat(2048), `${family} `.repeat(160)])
    wrap(text, 20);
  t.ok(process.cpuUsage(start).user < 1_000_000);
});
