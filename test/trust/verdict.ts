import t from 'tap';
import { judge } from '../../lib/trust/pin.js';

const right = 'R'.repeat(43);
const wrong = 'W'.repeat(43);

// Every combination of a link's pin, a known pin and an authority, for a server that shows `right`.
const rows = [
  [right, undefined, false, 'trusted by link'],
  [right, undefined, true, 'trusted by link'],
  [right, right, false, 'trusted by link'],
  [right, wrong, false, 'trusted by link'],
  [right, wrong, true, 'trusted by link'],
  [right, right, true, 'trusted by link'],
  [wrong, undefined, false, 'changed by link'],
  [wrong, undefined, true, 'changed by link'],
  [wrong, right, false, 'changed by link'],
  [wrong, right, true, 'changed by link'],
  [wrong, wrong, false, 'changed by link'],
  [wrong, wrong, true, 'changed by link'],
  [undefined, right, false, 'trusted by known-hosts'],
  [undefined, right, true, 'trusted by known-hosts'],
  [undefined, wrong, false, 'changed by known-hosts'],
  [undefined, wrong, true, 'changed by known-hosts'],
  [undefined, undefined, true, 'trusted by authority'],
  [undefined, undefined, false, 'unknown'],
] as const;

for (const [linkPin, knownPin, authorized, expected] of rows) {
  const name = (pin?: string) => (pin === undefined ? 'none' : pin === right ? 'right' : 'wrong');
  const evidence = `link ${name(linkPin)}, known ${name(knownPin)}, authority ${authorized}`;
  t.test(`${evidence}: ${expected}`, async (t) => {
    const verdict = judge({ presented: right, authorized, linkPin, knownPin });
    t.equal('by' in verdict ? `${verdict.verdict} by ${verdict.by}` : verdict.verdict, expected);
    if (verdict.verdict === 'changed') t.equal(verdict.expected, wrong);
  });
}

t.test('an empty pin is a pin that nothing matches, not an absent one', async (t) => {
  t.match(judge({ presented: right, authorized: true, linkPin: '' }), { verdict: 'changed', by: 'link' });
  t.match(judge({ presented: right, authorized: true, knownPin: '' }), { verdict: 'changed' });
});
