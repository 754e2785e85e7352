/** What frames tell of: people, rooms, messages, files, and what is held against whom. Schemas and their types. */
import { type Static, Type } from '@sinclair/typebox';
import { limits } from './limits.js';

// Unlike requests, frames from the server may carry fields that this version does not know: a newer
// server stays readable.
export const open = { additionalProperties: true } as const;
export const seq = Type.Integer({ minimum: 0 });
export const name = Type.String();
export const at = Type.String({ description: 'ISO 8601, UTC, milliseconds' });
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
export const registration = Type.Union([
  Type.Literal('invite'),
  Type.Literal('open'),
  Type.Literal('closed'),
]);

// In the log of a conversation: a room, or what two people say to each other.
export const inRoom = Type.Optional(Type.String());
export const entry = { seq, room: inRoom, to: Type.Optional(name), from: name, at };

export const file = Type.Object(
  {
    name: Type.String({ description: 'a file name without folders, printable' }),
    size: Type.Integer({ minimum: 0, description: 'bytes' }),
    hash: Type.String({ description: 'SHA-256, base64url' }),
  },
  open,
);

export const message = Type.Object(
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

export const found = Type.Object(
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
export const rules = Type.Object(
  {
    restrict: Type.Optional(Type.Array(restriction)),
    slow: Type.Optional(
      Type.Integer({ minimum: 1, description: 'milliseconds between two messages of one person' }),
    ),
    locked: Type.Optional(Type.Literal(true, { description: 'only those who lead it say something' })),
  },
  open,
);

export const conversation = Type.Object(
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

export const room = Type.Object(
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

export const person = Type.Object(
  {
    name,
    role,
    terminals: Type.Integer({ minimum: 0, description: 'sessions of this name, 0 for nobody here' }),
    room: Type.Optional(roomRole),
    away: Type.Optional(Type.String({ description: 'what they said when they went away, or nothing' })),
  },
  open,
);

export const until = Type.Optional(Type.String({ description: 'ISO 8601, UTC; without it, for good' }));
export const reason = Type.Optional(Type.String());

export const ban = Type.Object(
  { name: Type.Optional(name), address: Type.Optional(Type.String()), by: name, at, until, reason },
  open,
);

export const invite = Type.Object(
  {
    id: Type.Integer({ minimum: 1 }),
    by: Type.Optional(Type.String({ description: 'without it, the operator' })),
    role,
    uses: Type.Integer({ minimum: 1, description: 'that are left' }),
    expires: at,
  },
  open,
);

export const sessionInfo = Type.Object(
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

export const auditEntry = Type.Object(
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

export const whois = Type.Object(
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

export type Message = Static<typeof message>;
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
