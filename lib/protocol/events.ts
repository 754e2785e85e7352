/** What a server says: replies, which answer a request, and events, which do not. Schemas and their types. */
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { errorCodes, ProtocolError } from './errors.js';
import type { RawFrame } from './frame.js';

export const protocolVersion = 1;
/** RFC 7301 protocol name of a chat connection. */
export const alpn = 'secure-chat/1';

// Unlike requests, frames from the server may carry fields that this version does not know: a newer
// server stays readable.
const open = { additionalProperties: true } as const;
const re = Type.Integer({ minimum: 0, description: 'the id of the request; 0 where it had none' });
const seq = Type.Integer({ minimum: 0 });
const name = Type.String();
const at = Type.String({ description: 'ISO 8601, UTC, milliseconds' });
const code = Type.Enum(errorCodes);
const role = Type.Union([Type.Literal('admin'), Type.Literal('member')]);
const registration = Type.Union([Type.Literal('invite'), Type.Literal('open'), Type.Literal('closed')]);
const retryAfter = Type.Optional(Type.Integer({ minimum: 0, description: 'milliseconds' }));

const message = Type.Object(
  {
    type: Type.Literal('message'),
    seq,
    room: Type.Optional(Type.String()),
    to: Type.Optional(name),
    from: name,
    text: Type.String(),
    at,
    key: Type.String({ description: "the sender's; tells the sender which message this acknowledges" }),
    action: Type.Optional(Type.Literal(true)),
  },
  open,
);

const conversation = Type.Object(
  {
    room: Type.Optional(Type.String()),
    with: Type.Optional(name),
    last: Type.Integer({ minimum: 0, description: 'seq of its newest message, 0 for none' }),
    read: Type.Integer({ minimum: 0, description: 'seq up to which this account has read' }),
  },
  open,
);

const person = Type.Object(
  { name, role, terminals: Type.Integer({ minimum: 1, description: 'sessions of this name' }) },
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
      // say, where no message event does it
      seq: Type.Optional(seq),
      at: Type.Optional(at),
      // history
      messages: Type.Optional(Type.Array(message)),
      more: Type.Optional(Type.Boolean({ description: 'there are messages beyond this page' })),
      // who
      people: Type.Optional(Type.Array(person)),
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
  joined: Type.Object({ type: Type.Literal('joined'), room: Type.String(), name }, open),
  left: Type.Object(
    { type: Type.Literal('left'), room: Type.String(), name, reason: Type.Optional(Type.String()) },
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
export type Conversation = Static<typeof conversation>;
export type Person = Static<typeof person>;
export type Role = Static<typeof role>;
export type Registration = Static<typeof registration>;

export const serverFrameTypes = Object.keys(schemas) as ServerFrameType[];
/** JSON Schema of every frame a server sends. */
export const serverFrameSchemas: Readonly<Record<ServerFrameType, object>> = schemas;

const checks = new Map(serverFrameTypes.map((type) => [type as string, Compile(schemas[type])]));

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
