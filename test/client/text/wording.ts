import t from 'tap';
import type { Event } from '../../../lib/client/session/session.js';
import {
  endWords,
  eventWords,
  motdLines,
  peopleWords,
  refusalWords,
} from '../../../lib/client/text/wording.js';
import { hostileText } from '../../fixtures/hostile-text.js';
import { unsafe } from '../../support/unsafe.js';

t.test('what is done to people is told with who did it, and why', async (t) => {
  const cases: [Event, string][] = [
    [
      { type: 'left', room: 'lobby', name: 'ben', by: 'mo', reason: 'loud' },
      'ben was thrown out by mo (loud)',
    ],
    [{ type: 'left', room: 'dev', name: 'ben', by: 'mo' }, 'ben was thrown out of #dev by mo'],
    [{ type: 'left', room: 'dev', name: 'ben', reason: 'bye' }, 'ben left #dev (bye)'],
    [{ type: 'parted', room: 'dev', by: 'mo', reason: 'loud' }, 'mo threw you out of #dev (loud)'],
    [{ type: 'parted', room: 'dev' }, 'you are in #dev no longer'],
    [{ type: 'rank', name: 'ben', role: 'admin', by: 'mo' }, 'ben is an admin on this server now, by mo'],
    [
      { type: 'rules', room: 'dev', by: 'mo', rules: { slow: 10_000, restrict: ['links', 'rate'] } },
      'mo set the rules of #dev: slow (10 s between two messages), no links, few messages at once',
    ],
    [{ type: 'rules', room: 'dev', by: 'mo', rules: {} }, 'mo took the rules of #dev away'],
    [{ type: 'away', name: 'ben', text: 'lunch' }, 'ben is away (lunch)'],
    [{ type: 'away', name: 'ben', text: ' ' }, 'ben is away'],
    [{ type: 'back', name: 'ben' }, 'ben is back'],
    [{ type: 'unmuted', room: 'dev', by: 'mo' }, 'mo lets you speak again in #dev'],
    [
      { type: 'muted', by: 'mo', ms: 1_800_000, reason: 'loud' },
      'mo muted you for 30 min (loud): nothing that you say is taken',
    ],
    [
      { type: 'muted', room: 'dev', by: 'mo' },
      'mo muted you for good: nothing that you say in #dev is taken',
    ],
    [
      {
        type: 'room',
        conversation: { room: 'dev', last: 0, read: 0, unread: 0, mentions: 0, rules: { locked: true } },
      },
      'you are in #dev; its rules: locked (only those who lead it say something)',
    ],
  ];
  for (const [event, words] of cases) t.equal(eventWords(event), words);
});

t.test('whoever is thrown out reads why, once: where the session ends', async (t) => {
  for (const code of ['kicked', 'banned'] as const) {
    const message = 'mo threw you out: loud.';
    t.equal(eventWords({ type: 'closing', code, message }), undefined);
    t.equal(endWords({ why: 'refused', code, message }), message);
  }
});

t.test('the end that one asked for is told in the words of the server, and drives no terminal', async (t) => {
  t.equal(endWords({ why: 'logged-out', message: 'You logged out\u001b[2J' }), 'You logged out[2J.');
});

t.test(
  'a changed key is told with the two pins below each other, also where it ends a session',
  async (t) => {
    const error = new Error('It has changed.\n  known here  one\n  the server  two\u001b[2J\nForget it.');
    t.equal(
      endWords({ why: 'distrusted', error }),
      'It has changed.\n  known here  one\n  the server  two[2J\nForget it.',
    );
  },
);

t.test('a program without a terminal is told how to do without a second factor', async (t) => {
  t.match(refusalWords({ code: 'second-factor-needed', message: 'A code is needed.' }), /--token-file/);
});

t.test('who is away stands so in the list of people', async (t) => {
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

t.test('nothing of it can drive a terminal', async (t) => {
  for (const { text } of hostileText) {
    const events: Event[] = [
      { type: 'left', room: text, name: text, by: text, reason: text },
      { type: 'parted', room: text, by: text, reason: text },
      { type: 'rank', name: text, role: 'member', by: text },
      { type: 'muted', room: text, by: text, reason: text },
      { type: 'unmuted', room: text, by: text },
      { type: 'rules', room: text, by: text, rules: { locked: true } },
      { type: 'away', name: text, text },
      { type: 'back', name: text },
    ];
    t.notMatch([...events.map(eventWords), ...motdLines(text)].join(''), unsafe);
    t.notMatch(peopleWords([{ name: text, role: 'member', terminals: 1, away: text }], { me: '' }), unsafe);
  }
});
