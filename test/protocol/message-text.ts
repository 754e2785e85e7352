import t from 'tap';
import { limits } from '../../lib/protocol/limits.js';
import { messageText, quoteText, reasonText } from '../../lib/protocol/message-text.js';
import { hostileText } from '../fixtures/hostile-text.js';
import { randomNumbers } from '../support/random.js';
import { unsafe } from '../support/unsafe.js';

t.test('blank lines around a message and trailing white space are removed', (t) => {
  t.equal(messageText('hello'), 'hello');
  t.equal(messageText('\n \n\u2800\n  a \u3000\t\n\n b\u00a0\r\n\u200b\n\n'), '  a\n\n b');
  t.equal(messageText('a\n\n\n\nb'), 'a\n\n\n\nb', 'blank lines between stay');
  t.end();
});

t.test('hostile text is made printable or refused as empty', (t) => {
  for (const { name, text, shown } of hostileText) {
    if (shown === '') t.throws(() => messageText(text), { code: 'message-empty' }, name);
    else t.equal(messageText(text).replaceAll('\n', ' '), shown, name);
  }
  t.end();
});

t.test('a message without visible characters is empty', (t) => {
  for (const text of [
    '',
    ' ',
    '\n\n',
    '\u2800',
    '\u3164\u200b',
    '\x1b\x00',
    '\ud800',
    '\u0301',
    '\u202e \u00a0',
  ]) {
    t.throws(() => messageText(text), { code: 'message-empty' }, JSON.stringify(text));
  }
  t.end();
});

t.test('a message is measured in bytes of UTF-8', (t) => {
  t.equal(messageText('x'.repeat(limits.messageBytes)).length, limits.messageBytes);
  t.equal(messageText('\u00e9'.repeat(limits.messageBytes / 2)).length, limits.messageBytes / 2);
  const tooLong = { code: 'message-too-long', message: /4096 bytes.* 4097/ };
  t.throws(() => messageText('x'.repeat(limits.messageBytes + 1)), tooLong);
  t.throws(() => messageText(`x${'\u00e9'.repeat(limits.messageBytes / 2)}`), tooLong);
  t.end();
});

t.test('a message is measured again after NFC', (t) => {
  const raw = '\ufb2c'.repeat(1000); // 3 bytes each, 6 in NFC
  t.throws(() => messageText(raw), { code: 'message-too-long', message: /4096 bytes.* 6000/ });
  t.end();
});

t.test('a huge text is refused before it is processed', (t) => {
  const huge = `a${'\u0301'.repeat(5_000_000)}`;
  t.throws(() => messageText(huge), { code: 'message-too-long', message: /10000001/ });
  t.end();
});

t.test('blank lines around a message do not count', (t) => {
  const most = 'x\n'.repeat(limits.messageLines);
  t.equal(messageText(`\n\n${most}\n\n`).split('\n').length, limits.messageLines);
  t.throws(() => messageText(`${most}x`), { code: 'message-too-long', message: /100 lines.* 101/ });
  t.throws(() => messageText('x\u2028'.repeat(limits.messageLines + 1)), { code: 'message-too-long' });
  t.end();
});

t.test('messageText is idempotent', (t) => {
  const alphabet = [
    'a',
    ' ',
    '\n',
    '\u0301',
    '\u3000',
    '\u2800',
    '\r',
    '\u0915',
    '\u094d',
    '\u200d',
    '\t',
    '\x1b',
  ];
  const random = randomNumbers(77);
  const wrong: string[] = [];
  for (let round = 0; round < 5_000; round++) {
    const text = `${Array.from({ length: random(12) }, () => alphabet[random(alphabet.length)]).join('')}!`;
    const kept = messageText(text);
    if (messageText(kept) !== kept) wrong.push(JSON.stringify(text));
    const reason = reasonText(text);
    if (reasonText(reason) !== reason) wrong.push(JSON.stringify(text));
  }
  t.same(wrong, []);
  t.end();
});

t.test('a reason is one line', (t) => {
  t.equal(reasonText(' off to\n bed \x1b[31m\r\n'), 'off to  bed [31m');
  t.equal(reasonText(' \u0301bye'), 'bye', 'a mark does not outlive the space it stood on');
  for (const nothing of ['', ' \n', '\u2800', '\u3164', '\x07']) t.equal(reasonText(nothing), '');
  t.end();
});

t.test('a reason is cut between graphemes', (t) => {
  t.equal(reasonText('x'.repeat(300)), 'x'.repeat(limits.reasonBytes));
  t.equal(reasonText('x'.repeat(limits.reasonBytes)), 'x'.repeat(limits.reasonBytes));
  const family = '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466}'; // 25 bytes
  t.equal(reasonText(family.repeat(50)), family.repeat(8));
  t.equal(reasonText(`${'x'.repeat(198)}${family}`), 'x'.repeat(198));
  t.equal(reasonText(`${'x'.repeat(198)}x\u0302\u0302`), 'x'.repeat(198), 'a letter goes with its marks');
  t.equal(
    reasonText(`${'x'.repeat(150)}${' '.repeat(100)}y`),
    'x'.repeat(150),
    'no space is left at the end',
  );
  const persian = `xxxx${'\u0645\u06cc\u200c'.repeat(100)}`; // the cut parts a joiner from what follows
  t.equal(reasonText(persian), persian.slice(0, 4 + 28 * 3 - 1));
  t.equal(reasonText(`${' '.repeat(1_000_000)}late`), 'late');
  t.end();
});

t.test('a quote is the start of a message on one line, cut between graphemes', async (t) => {
  t.equal(quoteText('one\n  two\u3000three '), 'one two three');
  t.equal(quoteText('x'.repeat(limits.quoteLength)), 'x'.repeat(limits.quoteLength));
  t.equal(quoteText('x'.repeat(limits.quoteLength + 1)), `${'x'.repeat(limits.quoteLength - 1)}…`);
  const family = '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466}'; // 11 code units
  t.equal(quoteText(family.repeat(50)), `${family.repeat(10)}…`);
  t.equal(quoteText(`x${' '.repeat(10_000)}y`), 'x…', 'the rest is not looked at');
  t.equal(quoteText(`${'x '.repeat(500)}`), `${'x '.repeat(59)}x…`);
  for (const { text } of hostileText) {
    for (const long of [text, text.repeat(200), `${'x'.repeat(limits.quoteLength - 3)}${text}`]) {
      const quote = quoteText(long);
      t.notMatch(quote, unsafe);
      t.ok(quote.length <= limits.quoteLength);
      t.equal(quoteText(quote), quote, 'once more changes nothing');
    }
  }
});
