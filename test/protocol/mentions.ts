import t from 'tap';
import { findMentions, mentions } from '../../lib/protocol/mentions.js';

t.test('a name counts as a separate word in any case', async (t) => {
  for (const text of [
    ...['alice', 'Alice: hi', 'hi ALICE!', '@alice', "alice's tea", 'alice’s tea', '(alice)', 'alice, bob'],
    ...[
      'thanks alice.',
      'alice...',
      'bob/alice',
      'alice-',
      '"alice"',
      '给alice看',
      'hi\nalice\n',
      'alice…',
      '«alice»',
    ],
  ]) {
    t.equal(mentions(text, 'alice'), true, text);
  }
});

t.test('a part of a word or of another name does not count', async (t) => {
  for (const text of [
    ...[
      'malice',
      'alices',
      'alice2',
      'alice_',
      'alice.b',
      'alice-bob',
      'bob-alice',
      'über-alice',
      'x.alice',
      'alicé',
      'alice\u0301',
    ],
    ...['al ice', '', 'bob'],
  ]) {
    t.equal(mentions(text, 'alice'), false, text);
  }
});

t.test('links and e-mail addresses do not count', async (t) => {
  for (const text of [
    ...['https://example.org/alice', 'https://alice@example.org/', 'see http://x.example/?to=alice&x'],
    ...['alice@example.org', 'mail bob@alice.example', 'bob+alice@example.org'],
  ]) {
    t.equal(mentions(text, 'alice'), false, text);
  }
  t.equal(mentions('alice: https://example.org/alice', 'alice'), true);
});

t.test('names can contain dots, digits and dashes', async (t) => {
  t.equal(mentions('hi a.b-c_1', 'a.b-c_1'), true);
  t.equal(mentions('hi aXb-c_1', 'a.b-c_1'), false);
  t.equal(mentions('anything', ''), false);
});

t.test('all mentions are found', async (t) => {
  t.same(findMentions('bob, Bob and bobby', 'bob'), [
    { start: 0, end: 3 },
    { start: 5, end: 8 },
  ]);
});

t.test('long texts are fast', async (t) => {
  const start = process.cpuUsage();
  for (const text of [
    `${'a'.repeat(4090)} bob`,
    `${'a@'.repeat(2000)}bob`,
    'bob.'.repeat(1000),
    'bob '.repeat(1000),
  ])
    mentions(text, 'bob');
  t.ok(process.cpuUsage(start).user < 500_000);
});
