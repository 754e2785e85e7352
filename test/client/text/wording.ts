import t from 'tap';
import { eventWords } from '../../../lib/client/text/event-words.js';
import {
  endWords,
  motdLines,
  peopleWords,
  refusalWords,
  statusWords,
} from '../../../lib/client/text/wording.js';
import type { ServerEvent } from '../../../lib/client/wire/connection.js';
import { hostileText } from '../../fixtures/hostile-text.js';
import { unsafe } from '../../support/unsafe.js';

t.test('a lost connection says which server is next, and why; the rest is no news', async (t) => {
  const address = 'two.example:6697';
  t.equal(statusWords({ state: 'connecting' }), undefined);
  t.equal(statusWords({ state: 'connecting', address }), undefined);
  t.equal(
    statusWords({ state: 'connecting', address, why: 'the server is shutting down\u001b[2J.' }),
    'not connected; trying two.example:6697 (the server is shutting down[2J)',
  );
  t.equal(statusWords({ state: 'online' }), 'connected again');
  t.equal(statusWords({ state: 'online', address }), 'connected again, to two.example:6697');
});

t.test('an event says who did what to whom, and why', async (t) => {
  const cases: [ServerEvent, string][] = [
    [{ type: 'left', room: 'lobby', name: 'ben', by: 'mo', reason: 'loud' }, 'ben was kicked by mo: loud'],
    [{ type: 'left', room: 'dev', name: 'ben', by: 'mo' }, 'ben was kicked from #dev by mo'],
    [{ type: 'left', room: 'dev', name: 'ben', reason: 'bye' }, 'ben left #dev (bye)'],
    [{ type: 'parted', room: 'dev', by: 'mo', reason: 'loud' }, 'you were kicked from #dev by mo: loud'],
    [{ type: 'parted', room: 'dev' }, 'you are no longer in #dev'],
    [{ type: 'rank', name: 'ben', role: 'admin', by: 'mo' }, 'mo made ben an admin on this server'],
    [
      { type: 'rules', room: 'dev', by: 'mo', rules: { slow: 10_000, restrict: ['links', 'rate'] } },
      'mo set the rules of #dev: slow mode (10 s between messages), no links, rate limit',
    ],
    [{ type: 'rules', room: 'dev', by: 'mo', rules: {} }, 'mo cleared the rules of #dev'],
    [{ type: 'away', name: 'ben', text: 'lunch' }, 'ben is away (lunch)'],
    [{ type: 'away', name: 'ben', text: ' ' }, 'ben is away'],
    [{ type: 'back', name: 'ben' }, 'ben is back'],
    [{ type: 'unmuted', room: 'dev', by: 'mo' }, 'mo unmuted you in #dev'],
    [
      { type: 'muted', by: 'mo', ms: 1_800_000, reason: 'loud' },
      "mo muted you for 30 min (loud); your messages won't be delivered",
    ],
    [
      { type: 'muted', room: 'dev', by: 'mo' },
      "mo muted you in #dev permanently; your messages won't be delivered",
    ],
    [
      {
        type: 'room',
        conversation: { room: 'dev', last: 0, read: 0, unread: 0, mentions: 0, rules: { locked: true } },
      },
      'you are in #dev; rules: locked (only owners and moderators can post)',
    ],
  ];
  for (const [event, words] of cases) t.equal(eventWords(event, 'me'), words);
  t.equal(eventWords({ type: 'left', room: 'dev', name: 'ben', by: 'me' }, 'me'), undefined);
  t.equal(eventWords({ type: 'rank', name: 'ben', role: 'admin', by: 'me' }, 'me'), undefined);
});

t.test('the reason of a kick is shown once, where the session ends', async (t) => {
  for (const code of ['kicked', 'banned'] as const) {
    const message = 'You were kicked by mo: loud.';
    t.equal(eventWords({ type: 'closing', code, message }, 'me'), undefined);
    t.equal(endWords({ why: 'refused', code, message }), message);
  }
});

t.test('a logout is shown in the words of the server, and drives no terminal', async (t) => {
  t.equal(endWords({ why: 'logged-out', message: 'You logged out\u001b[2J' }), 'You logged out[2J.');
});

t.test('a changed key is shown with the two pins below each other, also if it ends a session', async (t) => {
  const error = new Error('It has changed.\n  known here  one\n  the server  two\u001b[2J\nForget it.');
  t.equal(
    endWords({ why: 'distrusted', error }),
    'It has changed.\n  known here  one\n  the server  two[2J\nForget it.',
  );
});

t.test('without a terminal, a second factor points to tokens', async (t) => {
  t.match(refusalWords({ code: 'second-factor-needed', message: 'A code is needed.' }), /--token-file/);
});

t.test('the list of people shows who is away', async (t) => {
  const people = [
    { name: 'ana', role: 'moderator', terminals: 1 },
    { name: 'ben', role: 'member', terminals: 1, away: 'lunch' },
    { name: 'cyd', role: 'bot', terminals: 1, away: '' },
  ] as const;
  t.equal(
    peopleWords(people, { me: 'ana' }),
    '3 people are here: ana (you, moderator), ben (away: lunch), cyd (bot, away)',
  );
});

t.test('no text of others can drive a terminal', async (t) => {
  for (const { text } of hostileText) {
    const events: ServerEvent[] = [
      { type: 'left', room: text, name: text, by: text, reason: text },
      { type: 'parted', room: text, by: text, reason: text },
      { type: 'rank', name: text, role: 'member', by: text },
      { type: 'muted', room: text, by: text, reason: text },
      { type: 'unmuted', room: text, by: text },
      { type: 'rules', room: text, by: text, rules: { locked: true } },
      { type: 'away', name: text, text },
      { type: 'back', name: text },
    ];
    t.notMatch([...events.map((event) => eventWords(event, 'me')), ...motdLines(text)].join(''), unsafe);
    t.notMatch(peopleWords([{ name: text, role: 'member', terminals: 1, away: text }], { me: '' }), unsafe);
  }
});
