import t from 'tap';
import { encodeFrame } from '../../lib/protocol/frame.js';
import { limits } from '../../lib/protocol/limits.js';

// Quotes and backslashes take two bytes in JSON, and nothing that is printable takes more of its own.
const worstText = '"'.repeat(limits.messageBytes);

t.test('every limit is a positive number', (t) => {
  for (const [name, value] of Object.entries(limits)) t.ok(Number.isFinite(value) && value > 0, name);
  t.end();
});

t.test('the longest message fits into a frame', (t) => {
  const key = 'k'.repeat(64);
  const say = { type: 'say', id: Number.MAX_SAFE_INTEGER, to: 'n'.repeat(64), key, action: true };
  const unprintable = '\0'.repeat(limits.messageBytes);
  t.ok(encodeFrame({ ...say, text: unprintable }).length <= limits.frameBytes);
  t.end();
});

t.test('the longest history page fits into a server frame', (t) => {
  const message = {
    type: 'message',
    seq: Number.MAX_SAFE_INTEGER,
    to: 'n'.repeat(limits.nameLength),
    from: 'n'.repeat(limits.nameLength),
    text: worstText,
    at: new Date(0).toISOString(),
    key: '"'.repeat(64),
    action: true,
  };
  const page = {
    type: 'ok',
    re: Number.MAX_SAFE_INTEGER,
    messages: Array(limits.historyPage).fill(message),
    more: true,
  };
  t.ok(encodeFrame(page).length <= limits.frameFromServerBytes);
  t.end();
});

t.test('the longest sign-in fits into a frame before sign-in', (t) => {
  const register = {
    type: 'register',
    id: Number.MAX_SAFE_INTEGER,
    name: '"'.repeat(64),
    password: '\0'.repeat(limits.passwordMaxBytes),
    code: '"'.repeat(64),
    remember: true,
  };
  t.ok(encodeFrame(register).length <= limits.frameUnsignedBytes);
  t.end();
});

t.test('a connection is dead only after two unanswered pings', (t) => {
  t.ok(limits.deadMs > 2 * limits.pingMs);
  t.end();
});
