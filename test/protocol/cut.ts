import t from 'tap';
import { cut } from '../../lib/protocol/cut.js';

t.test('a text that fits stays as it is', async (t) => {
  for (const text of ['', 'abc', 'über', '👩‍👩‍👧']) t.equal(cut(text, Buffer.byteLength(text)), text);
});

t.test('a cut never parts a grapheme', async (t) => {
  t.equal(cut('abc', 2), 'ab');
  t.equal(cut('über', 1), '', 'ü has two bytes');
  t.equal(cut('über', 3), 'üb');
  t.equal(cut('x👩‍👩‍👧', 18), 'x', 'a family has eighteen bytes');
  t.equal(cut('x👩‍👩‍👧', 19), 'x👩‍👩‍👧');
  t.equal(cut('e\u0301a', 2), '');
  t.equal(cut('anything', 0), '');
});
