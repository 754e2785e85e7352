/**
 * The frames of a file connection: one from each side, then the bytes of one file. Schemas and types; knows no
 * sockets.
 */
import { errorCodes, ProtocolError } from './errors.js';
import type { RawFrame } from './frame.js';
import { type Static, schemaChecks, Type } from './schema.js';

const closed = { additionalProperties: false } as const;
const open = { additionalProperties: true } as const;
const bytes = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const ticket = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' });

/** The client's only frame. */
const opening = Type.Union([
  Type.Object({ type: Type.Literal('upload'), ticket }, closed),
  Type.Object({ type: Type.Literal('download'), ticket, offset: bytes }, closed),
]);

/** The server's: `ready` before the bytes, `kept` once an upload is posted, or `error`. */
const answer = Type.Union([
  Type.Object({ type: Type.Literal('ready'), offset: bytes, size: bytes }, open),
  Type.Object({ type: Type.Literal('kept'), seq: bytes }, open),
  Type.Object(
    {
      type: Type.Literal('error'),
      code: Type.Union(errorCodes.map((code) => Type.Literal(code))),
      message: Type.String(),
    },
    open,
  ),
]);

export type FileOpening = Static<typeof opening>;
export type FileAnswer = Static<typeof answer>;

const checkOf = schemaChecks({ opening, answer });

/** @throws ProtocolError `bad-request` */
export function parseFileOpening(frame: RawFrame): FileOpening {
  if (checkOf('opening')?.(frame)) return frame as FileOpening;
  throw new ProtocolError('bad-request', 'A file connection must start with upload or download.');
}

/** @throws ProtocolError `bad-frame` */
export function parseFileAnswer(frame: RawFrame): FileAnswer {
  if (checkOf('answer')?.(frame)) return frame as FileAnswer;
  throw new ProtocolError('bad-frame', 'The server sent an invalid frame.');
}
