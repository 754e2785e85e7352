import t from 'tap';
import { errorCodes } from '../../lib/protocol/errors.js';
import {
  alpn,
  parseServerFrame,
  protocolVersion,
  type ServerFrame,
  type ServerFrameType,
  serverFrameSchemas,
  serverFrameTypes,
} from '../../lib/protocol/events.js';

type Examples = { readonly [T in ServerFrameType]: readonly Extract<ServerFrame, { type: T }>[] };

const at = '2026-01-02T03:04:05.678Z';
const examples: Examples = {
  ok: [
    { type: 'ok', re: 1 },
    {
      type: 'ok',
      re: 1,
      name: 'alice',
      role: 'admin',
      token: 'abc',
      conversations: [
        { room: 'lobby', last: 5, read: 3, unread: 0, mentions: 0 },
        { with: 'bob', last: 0, read: 0, unread: 0, mentions: 0 },
      ],
    },
    { type: 'ok', re: 1, seq: 5, at },
    {
      type: 'ok',
      re: 1,
      messages: [{ type: 'message', seq: 1, from: 'a', text: 'b', at, key: 'k' }],
      more: true,
    },
    { type: 'ok', re: 1, people: [{ name: 'alice', role: 'member', terminals: 2 }] },
  ],
  error: [
    { type: 'error', re: 0, code: 'bad-request', message: 'Not a valid request.' },
    { type: 'error', re: 2, code: 'rate-limited', message: 'Slow down.', retryAfter: 200 },
  ],
  hello: [
    {
      type: 'hello',
      version: protocolVersion,
      server: 'home',
      registration: 'invite',
      limits: {
        messageBytes: 4096,
        messageLines: 100,
        frameBytes: 65_536,
        passwordMin: 8,
        nameLength: 32,
        pingMs: 30_000,
        deadMs: 75_000,
        messageBurst: 10,
        messagesPerSecond: 0.5,
        fileBytes: 1_000_000,
      },
    },
  ],
  message: [
    { type: 'message', seq: 1, room: 'lobby', from: 'alice', text: 'hi', at, key: 'k1' },
    { type: 'message', seq: 2, to: 'bob', from: 'alice', text: 'waves', at, key: 'k2', action: true },
    {
      ...{ type: 'message', seq: 3, room: 'lobby', from: 'alice', text: 'yes', at, key: 'k3' },
      ...{ of: { seq: 1, from: 'alice', text: 'hi' }, reactions: [{ emoji: '🎉', count: 1, mine: true }] },
    },
  ],
  reaction: [
    {
      ...{ type: 'reaction', seq: 6, room: 'lobby', from: 'alice', at, emoji: '👍' },
      ...{ of: { seq: 1, from: 'alice', text: 'hi' }, reactions: [{ emoji: '👍', count: 2 }] },
    },
    { type: 'reaction', seq: 7, to: 'bob', from: 'alice', at, of: { seq: 2 }, reactions: [] },
  ],
  pinned: [
    { type: 'pinned', seq: 8, room: 'lobby', from: 'alice', at, of: { seq: 1, from: 'a', text: 'hi' } },
  ],
  unpinned: [{ type: 'unpinned', seq: 9, to: 'bob', from: 'alice', at, of: { seq: 2 } }],
  reacted: [
    { type: 'reacted', room: 'lobby', reactions: [{ of: 1, emoji: '👍' }] },
    { type: 'reacted', with: 'bob', reactions: [] },
  ],
  gap: [
    { type: 'gap', room: 'lobby', after: 1, before: 9 },
    { type: 'gap', with: 'bob', after: 0, before: 2 },
  ],
  edited: [{ type: 'edited', seq: 3, of: 1, room: 'lobby', from: 'alice', at, text: 'better' }],
  removed: [{ type: 'removed', seq: 4, of: 1, to: 'bob', from: 'alice', at }],
  topic: [{ type: 'topic', seq: 5, room: 'dev', from: 'alice', at, topic: '' }],
  seen: [
    { type: 'seen', room: 'lobby', seq: 3 },
    { type: 'seen', with: 'bob', seq: 3 },
  ],
  room: [
    {
      type: 'room',
      conversation: {
        room: 'dev',
        last: 0,
        read: 0,
        unread: 0,
        mentions: 0,
        role: 'owner',
        private: true,
        topic: 'work',
      },
    },
  ],
  parted: [
    { type: 'parted', room: 'dev' },
    { type: 'parted', room: 'dev', by: 'bob', reason: 'noise' },
  ],
  invited: [
    { type: 'invited', room: 'dev', by: 'bob' },
    { type: 'invited', room: 'dev', by: 'bob', topic: 'work' },
  ],
  role: [{ type: 'role', room: 'dev', name: 'alice', role: 'moderator', by: 'bob' }],
  rank: [{ type: 'rank', name: 'alice', role: 'moderator', by: 'operator' }],
  rules: [
    { type: 'rules', room: 'dev', by: 'bob', rules: {} },
    {
      type: 'rules',
      room: 'dev',
      by: 'bob',
      rules: { restrict: ['links', 'caps'], slow: 5_000, locked: true },
    },
  ],
  muted: [
    { type: 'muted', by: 'bob' },
    { type: 'muted', room: 'dev', by: 'bob', ms: 60_000, reason: 'noise' },
  ],
  unmuted: [{ type: 'unmuted', by: 'bob' }],
  away: [{ type: 'away', name: 'alice', text: '' }],
  back: [{ type: 'back', name: 'alice' }],
  typing: [
    { type: 'typing', room: 'lobby', names: ['alice', 'bob'] },
    { type: 'typing', with: 'alice', names: ['alice'] },
  ],
  receipts: [
    { type: 'receipts', room: 'lobby', readers: [{ name: 'alice', seq: 3 }] },
    { type: 'receipts', with: 'alice', readers: [{ name: 'alice', seq: 3 }] },
  ],
  online: [{ type: 'online', name: 'alice' }],
  joined: [{ type: 'joined', room: 'lobby', name: 'alice' }],
  left: [
    { type: 'left', room: 'lobby', name: 'alice' },
    { type: 'left', room: 'lobby', name: 'alice', reason: 'bye' },
  ],
  crowd: [{ type: 'crowd', room: 'lobby', joined: 100, left: 0, online: 300 }],
  database: [
    { type: 'database', reached: false },
    { type: 'database', reached: true },
  ],
  closing: [
    { type: 'closing', code: 'shutting-down', message: 'The server stops.' },
    { type: 'closing', code: 'slow-consumer', message: 'Too slow.', retryAfter: 0 },
  ],
};
const everyExample: readonly ServerFrame[] = Object.values(examples).flat();
const badFrame = { code: 'bad-frame', name: 'ProtocolError' };

t.test('every frame has a schema and examples', (t) => {
  t.same(Object.keys(examples).sort(), [...serverFrameTypes].sort());
  t.same(Object.keys(serverFrameSchemas), serverFrameTypes);
  for (const example of everyExample) t.equal(parseServerFrame(example), example, JSON.stringify(example));
  t.end();
});

t.test('unknown fields are allowed', (t) => {
  for (const example of everyExample) {
    const newer = { ...example, mood: { colour: ['blue'] } };
    t.equal(parseServerFrame(newer), newer);
  }
  t.end();
});

t.test('an unknown type is undefined', (t) => {
  const names = ['', 'poke', '__proto__', 'constructor', 'toString', 'OK', 'say'];
  for (const type of [...names, undefined, null, 1, {}, ['ok'], { toString: 1 }]) {
    t.equal(parseServerFrame({ type, re: 1 }), undefined);
  }
  t.equal(parseServerFrame({}), undefined);
  t.end();
});

t.test('a missing field is a bad frame', (t) => {
  for (const [example] of Object.values(examples)) {
    if (example === undefined) throw new Error('every type has an example');
    const required = (serverFrameSchemas[example.type] as { required: string[] }).required;
    for (const field of required.filter((field) => field !== 'type')) {
      const { [field]: _, ...rest } = example as Record<string, unknown>;
      t.throws(() => parseServerFrame(rest), badFrame, `${example.type} without ${field}`);
    }
  }
  t.end();
});

t.test('a field of the wrong type is a bad frame', (t) => {
  for (const example of everyExample) {
    for (const field of Object.keys(example).filter((field) => field !== 'type')) {
      for (const value of [null, { toString: 1 }, [[]], -1.5]) {
        // Rules are an object of which no field has to be there.
        if (field === 'rules' && JSON.stringify(value) === '{"toString":1}') continue;
        const frame = { ...example, [field]: value };
        t.throws(
          () => parseServerFrame(frame),
          badFrame,
          `${example.type}: ${field} is ${JSON.stringify(value)}`,
        );
      }
    }
  }
  t.end();
});

t.test('nested records are validated', (t) => {
  const [hello] = examples.hello;
  const wrongs: Record<string, unknown>[] = [
    { type: 'ok', re: 1, messages: [{ type: 'message', seq: 1 }] },
    { type: 'ok', re: 1, people: [{ name: 'alice', role: 'king', terminals: 1 }] },
    { type: 'ok', re: 1, people: [{ name: 'alice', role: 'admin', terminals: -1 }] },
    { type: 'ok', re: 1, conversations: [{ room: 'lobby', last: 1.5, read: 0, unread: 0, mentions: 0 }] },
    { type: 'error', re: 1, code: 'no-such-code', message: 'x' },
    { type: 'closing', code: 'toString', message: 'x' },
    { ...hello, limits: { ...hello?.limits, pingMs: '30' } },
    { ...hello, registration: 'maybe' },
    { ...examples.message[0], action: false },
    { ...examples.message[0], of: { from: 'alice', text: 'hi' } },
    { ...examples.message[0], reactions: [{ emoji: '👍', count: 0 }] },
    { ...examples.message[0], reactions: [{ emoji: '👍', count: 1, mine: false }] },
    { ...examples.message[0], reactions: Array(21).fill({ emoji: '👍', count: 1 }) },
    { ...examples.reaction[0], of: 1 },
    { ...examples.reacted[0], reactions: [{ of: 1 }] },
  ];
  for (const frame of wrongs) t.throws(() => parseServerFrame(frame), badFrame, JSON.stringify(frame));
  t.end();
});

t.test('an error event can have every code', (t) => {
  for (const code of errorCodes) {
    t.match(parseServerFrame({ type: 'error', re: 1, code, message: 'x' }), { code });
    t.match(parseServerFrame({ type: 'closing', code, message: 'x' }), { code });
  }
  t.end();
});

t.test('the ALPN name contains the protocol version', (t) => {
  t.equal(alpn, `secure-chat/${protocolVersion}`);
  t.end();
});
