/** What a server says: replies, which answer a request, and events, which do not. Schemas and their types. */
import { type Static, Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { errorCodes, ProtocolError } from './errors.js';
import type { RawFrame } from './frame.js';
import { limits } from './limits.js';

export const protocolVersion = 1;
/** RFC 7301 protocol name of a chat connection. */
export const alpn = 'secure-chat/1';
/** RFC 7301 protocol name of a file connection. */
export const fileAlpn = 'secure-chat-file/1';

// Unlike requests, frames from the server may carry fields that this version does not know: a newer
// server stays readable.
const open = { additionalProperties: true } as const;
const re = Type.Integer({ minimum: 0, description: 'the id of the request; 0 where it had none' });
const seq = Type.Integer({ minimum: 0 });
const name = Type.String();
const at = Type.String({ description: 'ISO 8601, UTC, milliseconds' });
const code = Type.Union(errorCodes.map((code) => Type.Literal(code)));
/** What somebody is on the whole server. A bot is a member that signs in with a token alone. */
export const role = Type.Union([
  Type.Literal('admin'),
  Type.Literal('moderator'),
  Type.Literal('member'),
  Type.Literal('bot'),
]);
/** What somebody is in one room. In the room that everybody is in, admins are its owners. */
export const roomRole = Type.Union([
  Type.Literal('owner'),
  Type.Literal('moderator'),
  Type.Literal('member'),
]);
/** Kinds of messages that a room does without; whoever leads it may send them all the same. */
export const restriction = Type.Union([
  Type.Literal('links'),
  Type.Literal('files'),
  Type.Literal('caps'),
  Type.Literal('rate'),
]);
const registration = Type.Union([Type.Literal('invite'), Type.Literal('open'), Type.Literal('closed')]);
const retryAfter = Type.Optional(Type.Integer({ minimum: 0, description: 'milliseconds' }));

// In the log of a conversation: a room, or what two people say to each other.
const inRoom = Type.Optional(Type.String());
const entry = { seq, room: inRoom, to: Type.Optional(name), from: name, at };

const file = Type.Object(
  {
    name: Type.String({ description: 'a file name without folders, printable' }),
    size: Type.Integer({ minimum: 0, description: 'bytes' }),
    hash: Type.String({ description: 'SHA-256, base64url' }),
  },
  open,
);

const message = Type.Object(
  {
    type: Type.Literal('message'),
    ...entry,
    text: Type.String({ description: "'' once removed" }),
    key: Type.String({ description: "the sender's; tells the sender which message this acknowledges" }),
    action: Type.Optional(Type.Literal(true)),
    file: Type.Optional(file),
    edited: Type.Optional(at),
    removed: Type.Optional(Type.String({ description: 'the name of whoever removed it' })),
  },
  open,
);

const found = Type.Object(
  {
    seq,
    room: inRoom,
    with: Type.Optional(name),
    from: name,
    at,
    excerpt: Type.String({ description: 'one line of the text around what was found' }),
    marks: Type.Array(Type.Array(Type.Integer({ minimum: 0 }), { minItems: 2, maxItems: 2 }), {
      description: 'where in the excerpt: [start, end), in UTF-16 code units',
    }),
  },
  open,
);

/** What a room asks of those who do not lead it; without a field, nothing of that kind. */
const rules = Type.Object(
  {
    restrict: Type.Optional(Type.Array(restriction)),
    slow: Type.Optional(
      Type.Integer({ minimum: 1, description: 'milliseconds between two messages of one person' }),
    ),
    locked: Type.Optional(Type.Literal(true, { description: 'only those who lead it say something' })),
  },
  open,
);

const conversation = Type.Object(
  {
    room: inRoom,
    with: Type.Optional(name),
    last: Type.Integer({ minimum: 0, description: 'seq of its newest entry, 0 for none' }),
    read: Type.Integer({ minimum: 0, description: 'seq up to which this account has read' }),
    unread: Type.Integer({
      minimum: 0,
      maximum: limits.unreadCounted,
      description: 'messages of others since',
    }),
    mentions: Type.Integer({ minimum: 0, description: 'of those, the ones that name this person' }),
    // a room's
    role: Type.Optional(roomRole),
    private: Type.Optional(Type.Literal(true)),
    topic: Type.Optional(Type.String()),
    rules: Type.Optional(rules),
  },
  open,
);

const room = Type.Object(
  {
    room: Type.String(),
    topic: Type.Optional(Type.String()),
    members: Type.Integer({ minimum: 0 }),
    private: Type.Optional(Type.Literal(true)),
    role: Type.Optional(roomRole),
    invited: Type.Optional(Type.String({ description: 'the name of whoever invited this person' })),
  },
  open,
);

const person = Type.Object(
  {
    name,
    role,
    terminals: Type.Integer({ minimum: 0, description: 'sessions of this name, 0 for nobody here' }),
    room: Type.Optional(roomRole),
    away: Type.Optional(Type.String({ description: 'what they said when they went away, or nothing' })),
  },
  open,
);

const until = Type.Optional(Type.String({ description: 'ISO 8601, UTC; without it, for good' }));
const reason = Type.Optional(Type.String());

const ban = Type.Object(
  { name: Type.Optional(name), address: Type.Optional(Type.String()), by: name, at, until, reason },
  open,
);

const invite = Type.Object(
  {
    id: Type.Integer({ minimum: 1 }),
    by: Type.Optional(Type.String({ description: 'without it, the operator' })),
    role,
    uses: Type.Integer({ minimum: 1, description: 'that are left' }),
    expires: at,
  },
  open,
);

const sessionInfo = Type.Object(
  {
    id: Type.Integer({ minimum: 1 }),
    at: Type.String({ description: 'of its beginning' }),
    used: Type.String({ description: 'when it was last continued' }),
    address: Type.Optional(Type.String()),
    bot: Type.Optional(Type.Literal(true, { description: 'a token made by the operator' })),
    current: Type.Optional(Type.Literal(true, { description: 'the one that asks' })),
  },
  open,
);

const auditEntry = Type.Object(
  {
    id: Type.Integer({ minimum: 1 }),
    at,
    by: Type.String({ description: 'a name, or `operator`' }),
    action: Type.String(),
    on: Type.Optional(Type.String({ description: 'a name or an address' })),
    room: inRoom,
    detail: Type.Optional(Type.String()),
    reason,
  },
  open,
);

const whois = Type.Object(
  {
    name,
    role,
    since: Type.String({ description: 'when the account was made' }),
    terminals: Type.Integer({ minimum: 0 }),
    away: Type.Optional(Type.String()),
    rooms: Type.Array(Type.String(), { description: 'that both are in' }),
    // for moderators
    addresses: Type.Optional(Type.Array(Type.String())),
    mutedUntil: Type.Optional(Type.String({ description: "'' for good" })),
  },
  open,
);

const schemas = {
  ok: Type.Object(
    {
      type: Type.Literal('ok'),
      re,
      // sign-in, register, resume
      name: Type.Optional(name),
      role: Type.Optional(role),
      token: Type.Optional(Type.String({ description: 'resumes this session, once' })),
      conversations: Type.Optional(Type.Array(conversation)),
      motd: Type.Optional(Type.String({ description: 'lines of the operator for everybody who comes' })),
      // register, recover, make-recovery
      recovery: Type.Optional(Type.String({ description: 'lets a new password be set, once' })),
      // say, where no message event does it
      seq: Type.Optional(seq),
      at: Type.Optional(at),
      // history, files
      messages: Type.Optional(Type.Array(message)),
      more: Type.Optional(Type.Boolean({ description: 'there are messages beyond this page' })),
      // who
      people: Type.Optional(Type.Array(person)),
      rooms: Type.Optional(Type.Array(room)),
      whois: Type.Optional(whois),
      bans: Type.Optional(Type.Array(ban)),
      audit: Type.Optional(Type.Array(auditEntry)),
      sessions: Type.Optional(Type.Array(sessionInfo)),
      invites: Type.Optional(Type.Array(invite)),
      // make-invite, make-reset
      links: Type.Optional(Type.Array(Type.String({ description: 'the best first' }))),
      expires: Type.Optional(at),
      // begin-factor
      secret: Type.Optional(Type.String({ description: 'base32, for an authenticator' })),
      uri: Type.Optional(Type.String({ description: 'otpauth://, the same as a QR code holds it' })),
      // blocks
      names: Type.Optional(Type.Array(name)),
      // search
      found: Type.Optional(Type.Array(found)),
      // offer, fetch
      ticket: Type.Optional(Type.String({ description: 'opens one file connection, once' })),
      file: Type.Optional(file),
    },
    open,
  ),
  error: Type.Object({ type: Type.Literal('error'), re, code, message: Type.String(), retryAfter }, open),
  hello: Type.Object(
    {
      type: Type.Literal('hello'),
      version: Type.Integer(),
      server: Type.String({ description: 'what the operator calls it' }),
      registration,
      limits: Type.Object(
        {
          messageBytes: Type.Integer(),
          messageLines: Type.Integer(),
          frameBytes: Type.Integer(),
          passwordMin: Type.Integer(),
          nameLength: Type.Integer(),
          pingMs: Type.Integer(),
          deadMs: Type.Integer(),
          messageBurst: Type.Integer(),
          messagesPerSecond: Type.Number(),
          fileBytes: Type.Integer(),
        },
        open,
      ),
    },
    open,
  ),
  message,
  gap: Type.Object(
    {
      type: Type.Literal('gap'),
      room: Type.Optional(Type.String()),
      with: Type.Optional(name),
      after: seq,
      before: Type.Integer({
        minimum: 0,
        description: 'messages between after and before were not replayed',
      }),
    },
    open,
  ),
  edited: Type.Object({ type: Type.Literal('edited'), ...entry, of: seq, text: Type.String() }, open),
  removed: Type.Object({ type: Type.Literal('removed'), ...entry, of: seq }, open),
  topic: Type.Object(
    { type: Type.Literal('topic'), seq, room: Type.String(), from: name, at, topic: Type.String() },
    open,
  ),
  seen: Type.Object({ type: Type.Literal('seen'), room: inRoom, with: Type.Optional(name), seq }, open),
  room: Type.Object({ type: Type.Literal('room'), conversation }, open),
  parted: Type.Object(
    {
      type: Type.Literal('parted'),
      room: Type.String(),
      by: Type.Optional(name),
      reason: Type.Optional(Type.String()),
    },
    open,
  ),
  invited: Type.Object(
    { type: Type.Literal('invited'), room: Type.String(), by: name, topic: Type.Optional(Type.String()) },
    open,
  ),
  role: Type.Object(
    { type: Type.Literal('role'), room: Type.String(), name, role: roomRole, by: name },
    open,
  ),
  rank: Type.Object({ type: Type.Literal('rank'), name, role, by: name }, open),
  rules: Type.Object({ type: Type.Literal('rules'), room: Type.String(), by: name, rules }, open),
  muted: Type.Object({ type: Type.Literal('muted'), room: inRoom, by: name, until, reason }, open),
  unmuted: Type.Object({ type: Type.Literal('unmuted'), room: inRoom, by: name }, open),
  away: Type.Object({ type: Type.Literal('away'), name, text: Type.String() }, open),
  back: Type.Object({ type: Type.Literal('back'), name }, open),
  joined: Type.Object({ type: Type.Literal('joined'), room: Type.String(), name }, open),
  left: Type.Object(
    {
      type: Type.Literal('left'),
      room: Type.String(),
      name,
      by: Type.Optional(name),
      reason: Type.Optional(Type.String()),
    },
    open,
  ),
  crowd: Type.Object(
    {
      type: Type.Literal('crowd'),
      room: Type.String(),
      joined: Type.Integer({ minimum: 0 }),
      left: Type.Integer({ minimum: 0 }),
      online: Type.Integer({ minimum: 0 }),
    },
    open,
  ),
  closing: Type.Object({ type: Type.Literal('closing'), code, message: Type.String(), retryAfter }, open),
} as const;

export type ServerFrameType = keyof typeof schemas;
export type ServerFrameOf<T extends ServerFrameType> = Static<(typeof schemas)[T]>;
export type ServerFrame = { [T in ServerFrameType]: ServerFrameOf<T> }[ServerFrameType];
export type Reply = ServerFrameOf<'ok'> | ServerFrameOf<'error'>;
export type Message = Static<typeof message>;
/** An entry of a conversation's log: each has a seq, and each is seen once, in that order. */
export type EntryEvent = ServerFrameOf<'message' | 'edited' | 'removed' | 'topic'>;
export type FileInfo = Static<typeof file>;
export type Found = Static<typeof found>;
export type RoomInfo = Static<typeof room>;
export type RoomRole = Static<typeof roomRole>;
export type Conversation = Static<typeof conversation>;
export type Person = Static<typeof person>;
export type Role = Static<typeof role>;
export type Restriction = Static<typeof restriction>;
export type RoomRules = Static<typeof rules>;
export type Ban = Static<typeof ban>;
export type InviteInfo = Static<typeof invite>;
export type SessionInfo = Static<typeof sessionInfo>;
export type AuditEntry = Static<typeof auditEntry>;
export type Whois = Static<typeof whois>;
export type Registration = Static<typeof registration>;

export const serverFrameTypes = Object.keys(schemas) as ServerFrameType[];
/** JSON Schema of every frame a server sends. */
export const serverFrameSchemas: Readonly<Record<ServerFrameType, object>> = schemas;

const checks = new Map(serverFrameTypes.map((type) => [type as string, TypeCompiler.Compile(schemas[type])]));

/**
 * A frame from a server, checked; undefined for a type this version does not know, which a client skips.
 * @throws ProtocolError `bad-frame` where a known type does not have its shape
 */
export function parseServerFrame(frame: RawFrame): ServerFrame | undefined {
  const check = typeof frame.type === 'string' ? checks.get(frame.type) : undefined;
  if (check === undefined) return undefined;
  if (!check.Check(frame))
    throw new ProtocolError('bad-frame', 'The server sent a frame of the wrong shape.');
  return frame as ServerFrame;
}
