/** Which face a session gets. Knows terminals by their look, and what each face needs. */
import type { Face } from '../client/face/face.js';
import { createJsonFace } from '../client/face/json.js';
import { createLinesFace } from '../client/face/lines.js';
import { createLocalTime } from '../client/face/local-time.js';
import { createPen } from '../client/face/pen.js';
import { createPlainFace } from '../client/face/plain.js';
import type { Io } from './io.js';

export interface FaceChoice {
  readonly io: Io;
  readonly stop: AbortSignal;
  readonly plain?: true;
  readonly json?: true;
}

// Long enough for a whole catch-up to be one request.
const readMarkMs = 1_000;

export function chooseFace({ io, stop, plain, json }: FaceChoice): Face {
  const { stdin, stdout, stderr, env } = io;
  const time = createLocalTime(Date.now);
  const later = (callback: () => void): void => void setTimeout(callback, readMarkMs).unref();
  if (json) return createJsonFace({ stdin, stdout, stop });
  const terminal = stdin.isTTY === true && stdout.isTTY === true && env.TERM !== 'dumb';
  if (plain || !terminal) return createPlainFace({ stdin, stdout, stderr, stop, time, later });
  return createLinesFace({ stdin, stdout, stop, time, later, pen: createPen(env, true) });
}
