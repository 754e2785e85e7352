import t from 'tap';
import { printable } from '../../lib/protocol/printable.js';
import { reactionCode, reactionCodes, reactionEmoji } from '../../lib/protocol/reactions.js';

t.test('every short code is an emoji, and that emoji has this code', async (t) => {
  for (const code of reactionCodes) {
    const emoji = reactionEmoji(code) ?? '';
    t.equal(reactionEmoji(`:${code.toUpperCase()}:`), emoji, code);
    t.equal(reactionEmoji(emoji), emoji, code);
    t.equal(reactionCode(emoji), code);
    t.equal(printable(emoji), emoji);
  }
  t.equal(new Set(reactionCodes.map(reactionEmoji)).size, reactionCodes.length);
});

t.test('any one emoji can be a reaction, in one form', async (t) => {
  for (const emoji of ['🦊', '👍🏽', '👩‍🚀', '👨‍👩‍👧‍👦', '🇩🇪', '1️⃣', '🏳️‍🌈'])
    t.equal(reactionEmoji(emoji), emoji);
  for (const [typed, emoji] of [
    ['❤', '❤️'],
    ['☺', '☺️'],
    [' 🦊\n', '🦊'],
  ] as const) {
    t.equal(reactionEmoji(typed), emoji);
  }
  t.equal(reactionCode('🦊'), undefined);
});

t.test('nothing else can', async (t) => {
  const texts = [
    '',
    ' ',
    'a',
    '1',
    '#',
    'fox',
    ':fox:',
    '🦊🦊',
    '🦊 🦊',
    'x🦊',
    '\u200d',
    '\ufe0f',
    '🦊\u200d',
    '🏽',
  ];
  // A person on the other side of the world may name them so.
  const names = ['constructor', '__proto__', 'toString'];
  // A flag that is drawn with invisible characters, which `printable` removes.
  const invisible = ['🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}', '🦊\u202e', '\u001b[31m'];
  for (const text of [...texts, ...names, ...invisible]) {
    t.equal(reactionEmoji(text), undefined, JSON.stringify(text));
  }
});
