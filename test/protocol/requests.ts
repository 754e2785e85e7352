import t from 'tap';
import { limits } from '../../lib/protocol/limits.js';
import {
  parseRequest,
  type Request,
  type RequestType,
  requestId,
  requestSchemas,
  requestTypes,
} from '../../lib/protocol/requests.js';

type Examples = { readonly [T in RequestType]: readonly Extract<Request, { type: T }>[] };

const examples: Examples = {
  'sign-in': [
    { type: 'sign-in', id: 1, name: 'alice', password: 'correct horse' },
    { type: 'sign-in', id: 1, name: 'alice', password: 'correct horse', mode: 'attach', remember: true },
  ],
  'check-name': [
    { type: 'check-name', id: 1, name: 'alice' },
    { type: 'check-name', id: 1, name: 'alice', code: 'abc' },
  ],
  'set-remember': [{ type: 'set-remember', id: 1, remember: true }],
  recover: [{ type: 'recover', id: 1, name: 'alice', code: 'r-abc', password: 'correct horse' }],
  react: [{ type: 'react', id: 1, of: 1, emoji: '+1' }],
  pin: [{ type: 'pin', id: 1, of: 1 }],
  unpin: [{ type: 'unpin', id: 1, of: 1 }],
  pins: [
    { type: 'pins', id: 1, room: 'lobby' },
    { type: 'pins', id: 1, with: 'bob' },
  ],
  kick: [
    { type: 'kick', id: 1, name: 'bob' },
    { type: 'kick', id: 1, name: 'bob', room: 'dev', reason: 'noise' },
  ],
  ban: [
    { type: 'ban', id: 1, name: 'bob' },
    { type: 'ban', id: 1, address: '192.0.2.0/24', ms: 60_000, reason: 'noise' },
  ],
  unban: [
    { type: 'unban', id: 1, name: 'bob' },
    { type: 'unban', id: 1, address: '192.0.2.0/24' },
  ],
  bans: [{ type: 'bans', id: 1 }],
  mute: [
    { type: 'mute', id: 1, name: 'bob' },
    { type: 'mute', id: 1, name: 'bob', room: 'dev', ms: 60_000, reason: 'noise' },
  ],
  unmute: [{ type: 'unmute', id: 1, name: 'bob', room: 'dev' }],
  'set-role': [{ type: 'set-role', id: 1, name: 'bob', role: 'moderator' }],
  'set-rules': [
    { type: 'set-rules', id: 1, room: 'dev' },
    { type: 'set-rules', id: 1, room: 'dev', restrict: ['links', 'rate'], slow: 0, locked: false },
  ],
  audit: [{ type: 'audit', id: 1, before: 7, limit: 100 }],
  'make-invite': [
    { type: 'make-invite', id: 1 },
    { type: 'make-invite', id: 1, uses: 5, ms: 60_000, role: 'bot' },
  ],
  invites: [{ type: 'invites', id: 1 }],
  uninvite: [{ type: 'uninvite', id: 1, invite: 1 }],
  'make-reset': [{ type: 'make-reset', id: 1, name: 'bob' }],
  'make-webhook': [{ type: 'make-webhook', id: 1, room: 'ops', name: 'ci' }],
  webhooks: [{ type: 'webhooks', id: 1 }],
  'remove-webhook': [{ type: 'remove-webhook', id: 1, name: 'ci' }],
  'set-push': [
    { type: 'set-push', id: 1 },
    { type: 'set-push', id: 1, url: 'https://ntfy.sh/topic', text: true },
  ],
  push: [{ type: 'push', id: 1 }],
  'set-password': [{ type: 'set-password', id: 1, old: 'a', password: 'b' }],
  sessions: [{ type: 'sessions', id: 1 }],
  logout: [
    { type: 'logout', id: 1 },
    { type: 'logout', id: 1, session: 3 },
    { type: 'logout', id: 1, all: true },
  ],
  'make-recovery': [{ type: 'make-recovery', id: 1, password: 'a' }],
  'begin-factor': [{ type: 'begin-factor', id: 1, password: 'a' }],
  'confirm-factor': [{ type: 'confirm-factor', id: 1, otp: '123456' }],
  'end-factor': [{ type: 'end-factor', id: 1, password: 'a' }],
  whois: [{ type: 'whois', id: 1, name: 'bob' }],
  away: [{ type: 'away', id: 1, text: '' }],
  back: [{ type: 'back', id: 1 }],
  share: [
    { type: 'share', id: 1 },
    { type: 'share', id: 1, typing: true, receipts: false },
  ],
  typing: [
    { type: 'typing', id: 1, room: 'lobby' },
    { type: 'typing', id: 1, with: 'bob' },
  ],
  watch: [{ type: 'watch', id: 1, name: 'bob' }],
  unwatch: [{ type: 'unwatch', id: 1, name: 'bob' }],
  register: [
    { type: 'register', id: 1, name: 'alice', password: 'correct horse' },
    { type: 'register', id: 1, name: 'alice', password: 'correct horse', code: 'abc', remember: false },
  ],
  resume: [
    { type: 'resume', id: 1, token: 'abc' },
    { type: 'resume', id: 1, token: 'abc', mode: 'take-over' },
  ],
  sync: [
    { type: 'sync', id: 1 },
    { type: 'sync', id: 1, rooms: { lobby: 7 }, direct: { bob: 0 } },
  ],
  say: [
    { type: 'say', id: 1, room: 'lobby', text: 'hi', key: 'k1' },
    { type: 'say', id: 1, to: 'bob', text: 'waves', key: 'k2', action: true },
  ],
  history: [
    { type: 'history', id: 1, room: 'lobby' },
    { type: 'history', id: 1, with: 'bob', before: 9, after: 2, limit: limits.historyPage },
  ],
  read: [
    { type: 'read', id: 1, room: 'lobby', seq: 3 },
    { type: 'read', id: 1, with: 'bob', seq: 0 },
  ],
  edit: [{ type: 'edit', id: 1, of: 7, text: 'better' }],
  remove: [{ type: 'remove', id: 1, of: 7 }],
  search: [
    { type: 'search', id: 1, words: '' },
    {
      type: 'search',
      id: 1,
      words: '"two words" AND (',
      room: 'lobby',
      from: 'bob',
      since: '2026-11-20T10:00:00Z',
      until: '2026-11-21T10:00:00.000Z',
      before: 9,
      limit: limits.searchPage,
    },
    { type: 'search', id: 1, words: 'x', with: 'bob' },
  ],
  conversations: [{ type: 'conversations', id: 1 }],
  rooms: [{ type: 'rooms', id: 1 }],
  join: [
    { type: 'join', id: 1, room: 'dev' },
    { type: 'join', id: 1, room: 'dev', private: true },
  ],
  leave: [
    { type: 'leave', id: 1, room: 'dev' },
    { type: 'leave', id: 1, room: 'dev', end: true },
  ],
  'set-topic': [{ type: 'set-topic', id: 1, room: 'dev', topic: '' }],
  invite: [{ type: 'invite', id: 1, room: 'dev', name: 'bob' }],
  appoint: [{ type: 'appoint', id: 1, room: 'dev', name: 'bob', role: 'moderator' }],
  who: [
    { type: 'who', id: 1 },
    { type: 'who', id: 1, room: 'dev' },
  ],
  block: [{ type: 'block', id: 1, name: 'bob' }],
  unblock: [{ type: 'unblock', id: 1, name: 'bob' }],
  blocks: [{ type: 'blocks', id: 1 }],
  offer: [
    { type: 'offer', id: 1, room: 'dev', name: 'a.txt', size: 0, hash: 'A'.repeat(43), key: 'k' },
    { type: 'offer', id: 1, to: 'bob', name: 'a.txt', size: 5, hash: 'A'.repeat(43), key: 'k' },
  ],
  withdraw: [{ type: 'withdraw', id: 1, key: 'k' }],
  files: [
    { type: 'files', id: 1, room: 'dev' },
    { type: 'files', id: 1, with: 'bob', before: 5, limit: 1 },
  ],
  fetch: [{ type: 'fetch', id: 1, of: 7 }],
  ping: [{ type: 'ping', id: Number.MAX_SAFE_INTEGER }],
  quit: [
    { type: 'quit', id: 1 },
    { type: 'quit', id: 1, reason: 'bye' },
  ],
};
const everyExample: readonly Request[] = Object.values(examples).flat();
const badRequest = { code: 'bad-request' };

function refusal(frame: Record<string, unknown>): string {
  try {
    parseRequest(frame);
  } catch (error) {
    return error instanceof Error ? error.message : 'thrown, but no error';
  }
  return 'taken';
}

t.test('every request has a schema and examples', (t) => {
  t.same(Object.keys(examples).sort(), [...requestTypes].sort());
  t.same(Object.keys(requestSchemas), requestTypes);
  for (const example of everyExample) t.equal(parseRequest(example), example, JSON.stringify(example));
  t.end();
});

t.test('a missing field is refused by name', (t) => {
  for (const [example] of Object.values(examples)) {
    if (example === undefined) throw new Error('every type has an example');
    const required = (requestSchemas[example.type] as { required: string[] }).required;
    for (const field of required.filter((field) => field !== 'type')) {
      const { [field]: _, ...rest } = example as Record<string, unknown>;
      t.match(refusal(rest), new RegExp(`^Invalid ${example.type} request: .*\\b${field}\\b`));
      t.throws(() => parseRequest(rest), badRequest);
    }
  }
  t.end();
});

t.test('an unexpected field is refused', (t) => {
  for (const example of everyExample) {
    for (const extra of ['extra', '__proto__', 'constructor', 'toString', '']) {
      const frame = JSON.parse(JSON.stringify(example)) as Record<string, unknown>;
      Object.defineProperty(frame, extra, { value: 1, enumerable: true, configurable: true });
      t.throws(() => parseRequest(frame), badRequest, `${example.type} with "${extra}"`);
    }
  }
  t.match(refusal({ type: 'ping', id: 1, extra: 1 }), /\bextra\b/);
  t.end();
});

/** Empty names, rooms and passwords are refused later, with codes of their own. */
const mayBeEmpty = new Set([
  ...['reason', 'text', 'words', 'topic'],
  ...['name', 'room', 'to', 'with', 'from', 'after', 'old', 'password'],
]);

t.test('a field of the wrong type is refused by name', (t) => {
  const values: readonly unknown[] = [null, {}, [], ['a'], -1, 1.5, '', { toString: 'x' }, { length: 'x' }];
  for (const example of everyExample) {
    for (const field of Object.keys(example).filter((field) => field !== 'type')) {
      for (const value of values) {
        if (['rooms', 'direct'].includes(field) && JSON.stringify(value) === '{}') continue;
        if (field === 'restrict' && JSON.stringify(value) === '[]') continue;
        if (value === '' && mayBeEmpty.has(field) && `${example.type} ${field}` !== 'offer name') continue;
        const frame = { ...example, [field]: value };
        t.throws(
          () => parseRequest(frame),
          badRequest,
          `${example.type}: ${field} is ${JSON.stringify(value)}`,
        );
        t.match(refusal(frame), new RegExp(`\\b${field}\\b`));
      }
    }
  }
  t.end();
});

t.test('a room called __proto__ is an ordinary key', (t) => {
  const frame = JSON.parse('{"type":"sync","id":1,"rooms":{"__proto__":3,"constructor":4}}');
  const { rooms } = parseRequest(frame) as Extract<Request, { type: 'sync' }>;
  t.same(Object.entries(rooms ?? {}), [
    ['__proto__', 3],
    ['constructor', 4],
  ]);
  t.throws(() => parseRequest(JSON.parse('{"type":"sync","id":1,"rooms":{"__proto__":"3"}}')), badRequest);
  t.end();
});

t.test('numbers must be integers in range', (t) => {
  for (const id of [0, -1, 1.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, '1', true]) {
    t.throws(() => parseRequest({ type: 'ping', id }), badRequest, String(id));
  }
  for (const limit of [0, limits.historyPage + 1]) {
    t.throws(() => parseRequest({ type: 'history', id: 1, room: 'lobby', limit }), badRequest);
  }
  t.throws(() => parseRequest({ type: 'sync', id: 1, rooms: { lobby: -1 } }), badRequest);
  t.throws(() => parseRequest({ type: 'sync', id: 1, rooms: { 'a\nb': 'c' } }), badRequest);
  t.throws(() => parseRequest({ type: 'sync', id: 1, rooms: [1] }), badRequest);
  t.throws(
    () => parseRequest({ type: 'say', id: 1, room: 'lobby', text: 'a', key: 'k', action: false }),
    badRequest,
  );
  t.end();
});

t.test('text length is measured in bytes', (t) => {
  const short = '\u{1f600}'.repeat(60);
  const frames = [
    { type: 'sign-in', id: 1, name: short, password: 'x' },
    { type: 'register', id: 1, name: 'x', password: 'x', code: short },
    { type: 'resume', id: 1, token: short },
    { type: 'say', id: 1, room: short, text: 'x', key: 'k' },
  ];
  for (const frame of frames) t.match(refusal(frame), /^Invalid .* (name|code|token|room) .*\d+ bytes/);
  const longest = {
    type: 'sign-in',
    id: 1,
    name: 'x'.repeat(64),
    password: '\u00e9'.repeat(limits.passwordMaxBytes / 2 + 1),
  };
  t.equal(refusal(longest), 'taken', 'a password has a code of its own');
  t.end();
});

t.test('a text that people write has a code of its own if it is too long', (t) => {
  const cases = [
    [limits.reasonBytes, (reason: string) => ({ type: 'kick', id: 1, name: 'bob', reason })],
    [limits.reasonBytes, (reason: string) => ({ type: 'ban', id: 1, name: 'bob', reason })],
    [limits.reasonBytes, (reason: string) => ({ type: 'mute', id: 1, name: 'bob', reason })],
    [limits.reasonBytes, (reason: string) => ({ type: 'quit', id: 1, reason })],
    [limits.reasonBytes, (text: string) => ({ type: 'away', id: 1, text })],
    [limits.searchBytes, (words: string) => ({ type: 'search', id: 1, words })],
    [limits.topicBytes, (topic: string) => ({ type: 'set-topic', id: 1, room: 'dev', topic })],
  ] as const;
  for (const [most, frameWith] of cases) {
    const fits = frameWith('\u00e9'.repeat(most / 2));
    t.equal(refusal(fits), 'taken', fits.type);
    const frame = frameWith(`${'\u00e9'.repeat(most / 2)}x`);
    t.throws(() => parseRequest(frame), { code: 'message-too-long' }, frame.type);
    t.match(
      refusal(frame),
      new RegExp(`^[A-Z][a-z ]+ too long: the limit is ${most} bytes, this one has ${most + 1}\\.$`),
    );
  }
  t.end();
});

t.test('an empty message is for the hub to refuse', (t) => {
  t.equal(refusal({ type: 'say', id: 1, room: 'lobby', text: '', key: 'k' }), 'taken');
  t.equal(refusal({ type: 'edit', id: 1, of: 7, text: '' }), 'taken');
  t.end();
});

t.test('a key must be visible ASCII', (t) => {
  const say = (key: string) => refusal({ type: 'say', id: 1, room: 'lobby', text: 'x', key });
  for (const key of ['a', '!~', 'x'.repeat(64), '6f1d-22']) t.equal(say(key), 'taken');
  for (const key of ['', ' ', 'a b', 'a\n', '\u00e9', '\ud800', 'a\u0301', 'x'.repeat(65)])
    t.match(say(key), /\bkey\b/);
  t.end();
});

t.test('other types are unknown', (t) => {
  const names = [
    '',
    'nonsense',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'PING',
    'ping ',
    'ok',
  ];
  const others = [undefined, null, 1, true, {}, [], ['ping'], { toString: 1 }, { toString: () => 'ping' }];
  for (const type of [...names, ...others]) {
    t.throws(() => parseRequest({ type, id: 1 }), { code: 'unknown-type', name: 'ProtocolError' });
  }
  t.throws(() => parseRequest({}), { code: 'unknown-type' });
  let deep: unknown = [];
  for (let level = 0; level < 100_000; level++) deep = [deep];
  t.throws(() => parseRequest({ type: deep, id: 1 }), { code: 'unknown-type' }, 'nested beyond the stack');
  t.end();
});

t.test('a refusal repeats neither values nor odd keys', (t) => {
  const secret = 'hunter2';
  const wrongs: Record<string, unknown>[] = [
    { type: 'sign-in', id: 1, name: 'alice', password: { [secret]: secret } },
    { type: 'sign-in', id: 1, name: 'alice', password: [secret] },
    { type: 'sign-in', id: secret, name: 'alice', password: secret },
    { type: 'sign-in', id: 1, name: [secret], password: secret },
    { type: 'sign-in', id: 1, name: 'alice', password: secret, mode: secret },
    { type: 'sign-in', id: 1, name: 'alice', password: secret, remember: secret },
    { type: 'sign-in', id: 1, name: 'alice', password: secret, [secret]: 1 },
    { type: 'sign-in', id: 1, name: secret },
    { type: 'resume', id: 1, token: secret, mode: secret },
    { type: 'resume', id: 1, token: secret, extra: 1 },
    { type: 'register', id: 1, name: 'alice', password: secret, code: [secret] },
    { type: 'sync', id: 1, rooms: { [secret]: secret } },
    { type: secret, id: 1 },
  ];
  for (const frame of wrongs) {
    t.notMatch(refusal(frame), new RegExp(secret));
    t.not(refusal(frame), 'taken');
  }
  t.match(refusal({ type: 'ping', id: 1, '\x1b[31m': 1 }), /^[\x20-\x7e]+$/, 'and is safe for a log');
  t.match(refusal({ type: 'sync', id: 1, rooms: { '\x1b[31m': 'x' } }), /^[\x20-\x7e]+$/);
  t.end();
});

t.test('requestId is the id of the frame, or 0', (t) => {
  t.equal(requestId({ id: 7 }), 7);
  t.equal(requestId({ id: Number.MAX_SAFE_INTEGER }), Number.MAX_SAFE_INTEGER);
  for (const id of [undefined, null, 0, -1, 1.5, '7', 2 ** 53, Number.NaN, {}, [7]])
    t.equal(requestId({ id }), 0);
  t.end();
});
