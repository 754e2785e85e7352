/** The records inside frames: people, rooms, messages, files, bans, sessions. Schemas and types. */
import { limits } from './limits.js';
import { type Static, Type } from './schema.js';

// Unlike requests, frames from the server may have unknown fields, so that an older client can read them.
export const open = { additionalProperties: true } as const;
export const seq = Type.Integer({ minimum: 0 });
export const name = Type.String();
export const at = Type.String({ description: 'ISO 8601, UTC, milliseconds' });
export const role = Type.Union([
  Type.Literal('admin'),
  Type.Literal('moderator'),
  Type.Literal('member'),
  Type.Literal('bot'),
]);
/** A role in one room. In the lobby, admins are owners. */
export const roomRole = Type.Union([
  Type.Literal('owner'),
  Type.Literal('moderator'),
  Type.Literal('member'),
]);
/** Kinds of messages that a room blocks, except from its owners and moderators. */
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

// Fields of every log entry, in a room or a direct conversation.
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

/** The message that another entry is about, as it is now. */
export const quote = Type.Object(
  {
    seq,
    from: Type.Optional(Type.String({ description: 'missing, like `text`, once the message is gone' })),
    text: Type.Optional(
      Type.String({ description: `its start on one line, at most ${limits.quoteLength} UTF-16 code units` }),
    ),
  },
  open,
);

/** The people who reacted to a message with one emoji. */
export const reaction = Type.Object(
  {
    emoji: Type.String(),
    count: Type.Integer({ minimum: 1 }),
    mine: Type.Optional(Type.Literal(true, { description: 'one of them is you; only in replies' })),
  },
  open,
);
export const reactions = Type.Array(reaction, {
  maxItems: limits.reactionKinds,
  description: 'in the order of the first of each kind',
});

export const message = Type.Object(
  {
    type: Type.Literal('message'),
    ...entry,
    text: Type.String({ description: "'' once removed" }),
    key: Type.String({ description: "the sender's; acknowledges the message to the sender" }),
    action: Type.Optional(Type.Literal(true)),
    file: Type.Optional(file),
    edited: Type.Optional(at),
    removed: Type.Optional(Type.String({ description: 'name of the person who removed it' })),
    of: Type.Optional(quote),
    reactions: Type.Optional(reactions),
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
    excerpt: Type.String({ description: 'one line around the match' }),
    marks: Type.Array(Type.Array(Type.Integer({ minimum: 0 }), { minItems: 2, maxItems: 2 }), {
      description: 'matches in the excerpt: [start, end), in UTF-16 code units',
    }),
    of: Type.Optional(quote),
  },
  open,
);

/** How far a search came in its time. */
export const reached = Type.Object({ seq, at }, open);

/** What a room's plain members are held to. */
export const rules = Type.Object(
  {
    restrict: Type.Optional(Type.Array(restriction)),
    slow: Type.Optional(
      Type.Integer({ minimum: 1, description: 'milliseconds between two messages of one person' }),
    ),
    locked: Type.Optional(Type.Literal(true, { description: 'only owners and moderators can post' })),
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
      description: 'messages of others since then',
    }),
    mentions: Type.Integer({ minimum: 0, description: 'of those, the ones that mention this person' }),
    at: Type.Optional(Type.String({ description: 'when its newest entry was posted' })),
    // rooms only
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
    rules: Type.Optional(rules),
    private: Type.Optional(Type.Literal(true)),
    role: Type.Optional(roomRole),
    invited: Type.Optional(Type.String({ description: 'name of the person who sent the invitation' })),
  },
  open,
);

export const person = Type.Object(
  {
    name,
    role,
    terminals: Type.Integer({ minimum: 0, description: 'terminals that are signed in, 0 if offline' }),
    room: Type.Optional(roomRole),
    away: Type.Optional(Type.String({ description: "the away message, '' for none" })),
  },
  open,
);

export const until = Type.Optional(Type.String({ description: 'ISO 8601, UTC; permanent if missing' }));
export const reason = Type.Optional(Type.String());

export const ban = Type.Object(
  { name: Type.Optional(name), address: Type.Optional(Type.String()), by: name, at, until, reason },
  open,
);

export const invite = Type.Object(
  {
    id: Type.Integer({ minimum: 1 }),
    by: Type.Optional(Type.String({ description: 'the operator if missing' })),
    role,
    uses: Type.Integer({ minimum: 1, description: 'remaining uses' }),
    expires: at,
  },
  open,
);

export const sessionInfo = Type.Object(
  {
    id: Type.Integer({ minimum: 1 }),
    at: Type.String({ description: 'when it was opened' }),
    used: Type.String({ description: 'when it was last used' }),
    address: Type.Optional(Type.String()),
    bot: Type.Optional(Type.Literal(true, { description: "a bot's token, made by the operator" })),
    current: Type.Optional(Type.Literal(true, { description: 'the session of this request' })),
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
    since: Type.String({ description: 'when the account was created' }),
    terminals: Type.Integer({ minimum: 0 }),
    away: Type.Optional(Type.String()),
    rooms: Type.Array(Type.String(), { description: 'rooms that you are both in' }),
    // for moderators only
    addresses: Type.Optional(Type.Array(Type.String())),
    mutedUntil: Type.Optional(Type.String({ description: "'' if permanent" })),
  },
  open,
);

export const webhook = Type.Object(
  {
    name: Type.String({ description: 'of the bot that it posts as' }),
    room: Type.String(),
    by: name,
    at,
    stopped: Type.Optional(
      Type.Literal(true, { description: 'answers as if it did not exist: its maker may not make it now' }),
    ),
  },
  open,
);

export const push = Type.Object(
  {
    url: Type.String(),
    text: Type.Boolean({ description: 'the text of messages is sent, too' }),
    paused: Type.Optional(Type.Literal(true, { description: 'the URL failed for a day' })),
  },
  open,
);

/**
 * A message in a room or a direct conversation; `docs/protocol.md` describes its fields.
 * @interface
 */
export type Message = Static<typeof message>;
export type Quote = Static<typeof quote>;
export type Reaction = Static<typeof reaction>;
export type FileInfo = Static<typeof file>;
export type Found = Static<typeof found>;
/**
 * A room as a list of rooms shows it.
 * @interface
 */
export type RoomInfo = Static<typeof room>;
export type RoomRole = Static<typeof roomRole>;
export type Conversation = Static<typeof conversation>;
/**
 * An account as a list of people shows it.
 * @interface
 */
export type Person = Static<typeof person>;
/** A role on the server. A bot is a member that signs in with a token only. */
export type Role = Static<typeof role>;
export type Restriction = Static<typeof restriction>;
export type RoomRules = Static<typeof rules>;
export type BanInfo = Static<typeof ban>;
export type InviteInfo = Static<typeof invite>;
export type SessionInfo = Static<typeof sessionInfo>;
export type WebhookInfo = Static<typeof webhook>;
export type PushInfo = Static<typeof push>;
export type AuditEntry = Static<typeof auditEntry>;
export type Whois = Static<typeof whois>;
export type Registration = Static<typeof registration>;
