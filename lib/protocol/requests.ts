/** Requests from the client: the schema of each, and its type. */
import { ProtocolError } from './errors.js';
import type { RawFrame } from './frame.js';
import { limits } from './limits.js';
import { restriction, role, roomRole } from './records.js';
import { type Fields, type Schema, type Static, schemaChecks, Type } from './schema.js';

// parseRequest also enforces maxLength in bytes of UTF-8; JSON Schema counts code points. A text with a title is one that
// people write: if it is too long, the refusal has a code of its own.
const closed = { additionalProperties: false } as const;
const id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'returned as `re`' });
const name = Type.String({ maxLength: 64 });
const room = Type.String({ maxLength: 64, description: 'a room, without #' });
const seq = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
// Without a length here: a wrong password gets `wrong-credentials`, and an unsuitable one its own code.
const password = Type.String({ description: `at most ${limits.passwordMaxBytes} bytes` });
const mode = Type.Union([Type.Literal('take-over'), Type.Literal('attach')], {
  description: 'what to do if this name is already signed in',
});
const remember = Type.Boolean({ description: 'the token stays valid after `quit`' });
const inviteCode = Type.String({ minLength: 1, maxLength: 64, description: 'from a join link' });
const text = Type.String({
  description: `at most ${limits.messageBytes} bytes, ${limits.messageLines} lines`,
});
// Visible ASCII, so that it comes back unchanged from any store.
const key = Type.String({
  pattern: '^[!-~]{1,64}$',
  description: 'made by the client, unique to this message',
});
const of = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'seq of a message' });
const time = Type.String({
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,3})?Z$',
  description: 'ISO 8601, UTC',
});

const reason = Type.String({ title: 'Reason', maxLength: limits.reasonBytes });
const ms = Type.Integer({
  minimum: 1,
  maximum: limits.banMs,
  description: 'milliseconds; permanent if missing',
});
const otp = Type.String({ pattern: '^[0-9]{6}$', description: 'of an authenticator (RFC 6238)' });

function positions(of: string) {
  return Type.Record(seq, { description: `${of} -> last seq seen` });
}

function request<const T extends string, P extends Fields>(type: T, fields: P) {
  return Type.Object({ type: Type.Literal(type), id, ...fields }, closed);
}

const schemas = {
  'sign-in': request('sign-in', {
    name,
    password,
    otp: Type.Optional(otp),
    mode: Type.Optional(mode),
    remember: Type.Optional(remember),
  }),
  'check-name': request('check-name', { name, code: Type.Optional(inviteCode) }),
  recover: request('recover', {
    name,
    code: Type.String({ minLength: 1, maxLength: 64, description: 'a recovery code, or from a reset link' }),
    password,
  }),
  register: request('register', {
    name,
    password,
    code: Type.Optional(inviteCode),
    remember: Type.Optional(remember),
  }),
  resume: request('resume', {
    token: Type.String({ minLength: 1, maxLength: 64 }),
    mode: Type.Optional(mode),
  }),
  sync: request('sync', {
    rooms: Type.Optional(positions('room')),
    direct: Type.Optional(positions('name')),
  }),

  say: request('say', {
    room: Type.Optional(room),
    to: Type.Optional(name),
    text,
    key,
    action: Type.Optional(Type.Literal(true, { description: 'sent with /me' })),
    of: Type.Optional(of),
  }),
  edit: request('edit', { of, text }),
  remove: request('remove', { of }),
  react: request('react', {
    of,
    emoji: Type.String({
      minLength: 1,
      maxLength: 64,
      description: 'one emoji, or a short code such as +1',
    }),
  }),
  pin: request('pin', { of }),
  unpin: request('unpin', { of }),
  pins: request('pins', { room: Type.Optional(room), with: Type.Optional(name) }),
  history: request('history', {
    room: Type.Optional(room),
    with: Type.Optional(name),
    before: Type.Optional(seq),
    after: Type.Optional(seq),
    since: Type.Optional(time),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.historyPage })),
  }),
  search: request('search', {
    words: Type.String({
      title: 'Search',
      maxLength: limits.searchBytes,
      description: 'as typed; "two words" is a phrase',
    }),
    room: Type.Optional(room),
    with: Type.Optional(name),
    from: Type.Optional(name),
    since: Type.Optional(time),
    until: Type.Optional(time),
    before: Type.Optional(seq),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.searchPage })),
  }),
  read: request('read', { room: Type.Optional(room), with: Type.Optional(name), seq }),
  share: request('share', {
    typing: Type.Optional(Type.Boolean()),
    receipts: Type.Optional(Type.Boolean()),
  }),
  typing: request('typing', { room: Type.Optional(room), with: Type.Optional(name) }),

  conversations: request('conversations', { before: Type.Optional(seq) }),
  rooms: request('rooms', {}),
  join: request('join', {
    room,
    private: Type.Optional(
      Type.Literal(true, { description: 'creates a new room, visible to its members only' }),
    ),
  }),
  leave: request('leave', {
    room,
    end: Type.Optional(Type.Literal(true, { description: 'as the last member: deletes the room' })),
  }),
  'set-topic': request('set-topic', {
    room,
    topic: Type.String({ title: 'Topic', maxLength: limits.topicBytes, description: "'' for none" }),
  }),
  invite: request('invite', { room, name }),
  appoint: request('appoint', { room, name, role: roomRole }),
  who: request('who', { room: Type.Optional(room), after: Type.Optional(name) }),

  block: request('block', { name }),
  unblock: request('unblock', { name }),
  blocks: request('blocks', {}),

  offer: request('offer', {
    room: Type.Optional(room),
    to: Type.Optional(name),
    name: Type.String({ minLength: 1, maxLength: limits.fileNameBytes }),
    size: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'bytes' }),
    hash: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$', description: 'SHA-256, base64url' }),
    key,
  }),
  withdraw: request('withdraw', { key }),
  files: request('files', {
    room: Type.Optional(room),
    with: Type.Optional(name),
    before: Type.Optional(seq),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.historyPage })),
  }),
  fetch: request('fetch', { of }),

  kick: request('kick', {
    name,
    room: Type.Optional(room),
    reason: Type.Optional(reason),
  }),
  ban: request('ban', {
    name: Type.Optional(name),
    address: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'IP address or CIDR' })),
    ms: Type.Optional(ms),
    reason: Type.Optional(reason),
  }),
  unban: request('unban', {
    name: Type.Optional(name),
    address: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  }),
  bans: request('bans', {}),
  mute: request('mute', {
    name,
    room: Type.Optional(room),
    ms: Type.Optional(ms),
    reason: Type.Optional(reason),
  }),
  unmute: request('unmute', { name, room: Type.Optional(room) }),
  'set-role': request('set-role', { name, role }),
  'set-rules': request('set-rules', {
    room,
    restrict: Type.Optional(Type.Array(restriction, { maxItems: 8 })),
    slow: Type.Optional(Type.Integer({ minimum: 0, maximum: limits.slowMs, description: 'milliseconds' })),
    locked: Type.Optional(Type.Boolean()),
  }),
  audit: request('audit', {
    before: Type.Optional(seq),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.auditPage })),
  }),

  'make-invite': request('make-invite', {
    uses: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.inviteUses })),
    ms: Type.Optional(Type.Integer({ minimum: 60_000, maximum: limits.inviteMs })),
    role: Type.Optional(role),
  }),
  invites: request('invites', {}),
  uninvite: request('uninvite', { invite: Type.Integer({ minimum: 1 }) }),
  'make-reset': request('make-reset', { name }),

  'make-webhook': request('make-webhook', { room, name }),
  webhooks: request('webhooks', {}),
  'remove-webhook': request('remove-webhook', { name }),
  'set-push': request('set-push', {
    url: Type.Optional(
      Type.String({ minLength: 1, maxLength: limits.pushUrlBytes, description: 'none turns it off' }),
    ),
    text: Type.Optional(Type.Literal(true, { description: 'send the text of messages, too' })),
  }),
  push: request('push', {}),

  'set-password': request('set-password', { old: password, password }),
  sessions: request('sessions', {}),
  logout: request('logout', {
    session: Type.Optional(Type.Integer({ minimum: 1 })),
    all: Type.Optional(Type.Literal(true)),
  }),
  'set-remember': request('set-remember', { remember }),
  'make-recovery': request('make-recovery', { password }),
  'begin-factor': request('begin-factor', { password }),
  'confirm-factor': request('confirm-factor', { otp }),
  'end-factor': request('end-factor', { password }),

  whois: request('whois', { name }),
  away: request('away', { text: Type.String({ title: 'Away message', maxLength: limits.reasonBytes }) }),
  back: request('back', {}),
  watch: request('watch', { name }),
  unwatch: request('unwatch', { name }),

  ping: request('ping', {}),
  quit: request('quit', { reason: Type.Optional(reason) }),
} as const;

export type RequestType = keyof typeof schemas;
export type RequestOf<T extends RequestType> = Static<(typeof schemas)[T]>;
/** What a request asks for, without its type and id. */
export type RequestFields<T extends RequestType> = Omit<RequestOf<T>, 'type' | 'id'>;
export type Request = { [T in RequestType]: RequestOf<T> }[RequestType];
export type SignInMode = Static<typeof mode>;

export const requestTypes = Object.keys(schemas) as RequestType[];
/** JSON Schema of every request, for the documentation and other clients. */
export const requestSchemas: Readonly<Record<RequestType, Schema>> = schemas;

const checkOf = schemaChecks(schemas);

/** The id of a request, 0 if it has no valid one. */
export function requestId(frame: RawFrame): number {
  return Number.isSafeInteger(frame.id) && (frame.id as number) > 0 ? (frame.id as number) : 0;
}

/**
 * Validates a frame from a client.
 * @throws ProtocolError `unknown-type`; `message-too-long` for a text that people write; else `bad-request`, which names the
 *   field but never its value
 */
export function parseRequest(frame: RawFrame): Request {
  // No String(): it throws on an object without toString and overflows the stack on nested arrays.
  const type = typeof frame.type === 'string' ? frame.type : '';
  const check = checkOf(type);
  if (check === undefined) throw new ProtocolError('unknown-type', 'Unknown request type.');
  checkLengths(frame, type);
  if (!check(frame)) throw badRequest(type, mismatch(frame, type as RequestType));
  return frame as Request;
}

function badRequest(type: string, problem: string): ProtocolError {
  return new ProtocolError('bad-request', `Invalid ${type} request: ${problem}.`);
}

// The peer controls the keys as well: the message repeats only what looks like a field name.
function mismatch(frame: RawFrame, type: RequestType): string {
  const fields: Fields = schemas[type].properties;
  const missing = schemas[type].required?.find((field) => frame[field] === undefined);
  if (missing !== undefined) return `${missing} is missing`;
  const unknown = Object.keys(frame).find((field) => !Object.hasOwn(fields, field));
  if (unknown !== undefined) return `unexpected field${/^[a-z]{1,20}$/i.test(unknown) ? ` ${unknown}` : ''}`;
  const checkField = fieldChecks.get(type);
  for (const [field, schema] of Object.entries(fields)) {
    if (frame[field] !== undefined && checkField?.(field)?.(frame[field]) === false)
      return `${field} must be ${words(schema)}`;
  }
  return 'it does not match the schema';
}

/** Looks up the check of a field of a type: kept, because anyone can send wrong requests all day. */
const fieldChecks = new Map<string, ReturnType<typeof schemaChecks>>(
  Object.entries(schemas).map(([type, { properties }]) => [type, schemaChecks(properties)]),
);

/** What a schema allows, as in "of must be an integer from 1 to 9". */
function words({ type, const: value, anyOf, minimum, maximum, minLength, pattern }: Schema): string {
  if (anyOf !== undefined) return anyOf.map(words).join(' or ');
  if (value !== undefined) return JSON.stringify(value);
  if (type === 'integer') return `an integer from ${minimum ?? 0} to ${maximum ?? Number.MAX_SAFE_INTEGER}`;
  if (pattern !== undefined) return `a string that matches ${pattern}`;
  if (minLength !== undefined) return 'a string that is not empty';
  if (type === 'object') return 'an object of positions';
  return type === 'array' ? 'an array of allowed values' : `a ${type}`;
}

/** The fields with a limit in bytes, of each type. */
const limited = new Map(
  Object.entries(schemas).map(([type, { properties }]) => [
    type,
    Object.entries<Schema>(properties).flatMap(([field, { title, maxLength }]) =>
      maxLength === undefined ? [] : { field, title, maxLength },
    ),
  ]),
);

function checkLengths(frame: RawFrame, type: string): void {
  for (const { field, title, maxLength } of limited.get(type) ?? []) {
    const value = frame[field];
    if (typeof value !== 'string') continue;
    const bytes = Buffer.byteLength(value);
    if (bytes <= maxLength) continue;
    if (title === undefined) throw badRequest(type, `${field} is longer than ${maxLength} bytes`);
    const message = `${title} too long: the limit is ${maxLength} bytes, this one has ${bytes}.`;
    throw new ProtocolError('message-too-long', message);
  }
}
