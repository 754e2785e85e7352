/** Frames from the server: replies, which answer a request, and events. Schemas and types. */
import { errorCodes, ProtocolError } from './errors.js';
import type { RawFrame } from './frame.js';
import {
  at,
  auditEntry,
  ban,
  conversation,
  entry,
  file,
  found,
  inRoom,
  invite,
  message,
  name,
  open,
  person,
  push,
  quote,
  reached,
  reactions,
  reason,
  registration,
  role,
  room,
  roomRole,
  rules,
  seq,
  sessionInfo,
  webhook,
  whois,
} from './records.js';
import { type Schema, type Static, schemaChecks, Type } from './schema.js';

export const protocolVersion = 1;
/** RFC 7301 protocol name of a chat connection. */
export const alpn = 'secure-chat/1';
/** RFC 7301 protocol name of a file connection. */
export const fileAlpn = 'secure-chat-file/1';

const re = Type.Integer({ minimum: 0, description: 'the id of the request; 0 if it had none' });
const code = Type.Union(errorCodes.map((code) => Type.Literal(code)));
const ms = Type.Optional(Type.Integer({ minimum: 0, description: 'milliseconds; permanent if missing' }));
const retryAfter = Type.Optional(Type.Integer({ minimum: 0, description: 'milliseconds' }));

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
      motd: Type.Optional(Type.String({ description: 'message of the day, from the operator' })),
      // register, recover, make-recovery
      recovery: Type.Optional(Type.String({ description: 'one-time code to set a new password' })),
      // say, if it was already stored
      seq: Type.Optional(seq),
      at: Type.Optional(at),
      // history, files, pins
      messages: Type.Optional(Type.Array(message)),
      // history, files, who, conversations
      more: Type.Optional(Type.Boolean({ description: 'there are more pages' })),
      // who
      people: Type.Optional(Type.Array(person)),
      rooms: Type.Optional(Type.Array(room)),
      whois: Type.Optional(whois),
      bans: Type.Optional(Type.Array(ban)),
      audit: Type.Optional(Type.Array(auditEntry)),
      sessions: Type.Optional(Type.Array(sessionInfo)),
      invites: Type.Optional(Type.Array(invite)),
      // make-invite, make-reset
      links: Type.Optional(Type.Array(Type.String({ description: 'best first' }))),
      expires: Type.Optional(at),
      // make-webhook
      url: Type.Optional(Type.String({ description: 'secret; shown once' })),
      webhooks: Type.Optional(Type.Array(webhook)),
      push: Type.Optional(push),
      // begin-factor
      secret: Type.Optional(Type.String({ description: 'base32, for an authenticator' })),
      uri: Type.Optional(Type.String({ description: 'otpauth:// URI, as in the QR code' })),
      // blocks
      names: Type.Optional(Type.Array(name)),
      // search
      found: Type.Optional(Type.Array(found)),
      reached: Type.Optional(reached),
      // offer, fetch
      ticket: Type.Optional(Type.String({ description: 'opens one file connection' })),
      file: Type.Optional(file),
    },
    open,
  ),
  error: Type.Object({ type: Type.Literal('error'), re, code, message: Type.String(), retryAfter }, open),
  hello: Type.Object(
    {
      type: Type.Literal('hello'),
      version: Type.Integer(),
      server: Type.String({ description: "the server's name" }),
      registration,
      peers: Type.Optional(
        Type.Array(Type.String({ description: 'HOST:PORT' }), {
          description: "the chat's other servers, which have the same key",
        }),
      ),
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
  reaction: Type.Object(
    {
      type: Type.Literal('reaction'),
      ...entry,
      of: quote,
      emoji: Type.Optional(Type.String({ description: 'missing if the reaction was taken back' })),
      reactions,
    },
    open,
  ),
  pinned: Type.Object({ type: Type.Literal('pinned'), ...entry, of: quote }, open),
  unpinned: Type.Object({ type: Type.Literal('unpinned'), ...entry, of: quote }, open),
  topic: Type.Object(
    { type: Type.Literal('topic'), seq, room: Type.String(), from: name, at, topic: Type.String() },
    open,
  ),
  reacted: Type.Object(
    {
      type: Type.Literal('reacted'),
      room: inRoom,
      with: Type.Optional(name),
      reactions: Type.Array(Type.Object({ of: seq, emoji: Type.String() }, open)),
    },
    open,
  ),
  seen: Type.Object({ type: Type.Literal('seen'), room: inRoom, with: Type.Optional(name), seq }, open),
  typing: Type.Object(
    { type: Type.Literal('typing'), room: inRoom, with: Type.Optional(name), names: Type.Array(name) },
    open,
  ),
  receipts: Type.Object(
    {
      type: Type.Literal('receipts'),
      room: inRoom,
      with: Type.Optional(name),
      readers: Type.Array(Type.Object({ name, seq }, open)),
    },
    open,
  ),
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
  muted: Type.Object({ type: Type.Literal('muted'), room: inRoom, by: name, ms, reason }, open),
  unmuted: Type.Object({ type: Type.Literal('unmuted'), room: inRoom, by: name }, open),
  away: Type.Object({ type: Type.Literal('away'), name, text: Type.String() }, open),
  back: Type.Object({ type: Type.Literal('back'), name }, open),
  online: Type.Object({ type: Type.Literal('online'), name }, open),
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
  database: Type.Object({ type: Type.Literal('database'), reached: Type.Boolean() }, open),
  closing: Type.Object({ type: Type.Literal('closing'), code, message: Type.String(), retryAfter }, open),
} as const;

export type ServerFrameType = keyof typeof schemas;
export type ServerFrameOf<T extends ServerFrameType> = Static<(typeof schemas)[T]>;
export type ServerFrame = { [T in ServerFrameType]: ServerFrameOf<T> }[ServerFrameType];
export type Reply = ServerFrameOf<'ok'> | ServerFrameOf<'error'>;

/** What a server refused, as an error. */
export function errorOf({
  code,
  message,
  retryAfter,
}: Pick<ServerFrameOf<'error'>, 'code' | 'message' | 'retryAfter'>): ProtocolError {
  return new ProtocolError(code, message, retryAfter);
}

/** @throws ProtocolError for a refusal */
export function accepted(reply: Reply): ServerFrameOf<'ok'> {
  if (reply.type === 'error') throw errorOf(reply);
  return reply;
}

const entryTypes = ['message', 'edited', 'removed', 'reaction', 'pinned', 'unpinned', 'topic'] as const;
/** An entry of a conversation, delivered exactly once, in `seq` order. */
export type EntryEvent = ServerFrameOf<(typeof entryTypes)[number]>;

export function isEntry(frame: ServerFrame): frame is EntryEvent {
  return (entryTypes as readonly string[]).includes(frame.type);
}

export const serverFrameTypes = Object.keys(schemas) as ServerFrameType[];
/** JSON Schema of every frame from the server. */
export const serverFrameSchemas: Readonly<Record<ServerFrameType, Schema>> = schemas;

const checkOf = schemaChecks(schemas);

/**
 * Validates a frame from a server; undefined for an unknown type, which a client skips.
 * @throws ProtocolError `bad-frame` if a known type does not match its schema
 */
export function parseServerFrame(frame: RawFrame): ServerFrame | undefined {
  const check = typeof frame.type === 'string' ? checkOf(frame.type) : undefined;
  if (check === undefined) return undefined;
  if (!check(frame)) throw new ProtocolError('bad-frame', 'The server sent an invalid frame.');
  return frame as ServerFrame;
}
