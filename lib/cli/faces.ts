/** Which face a session gets. Knows terminals by their look, and what each face needs. */
import { systemClock } from '../client/clock.js';
import type { Face } from '../client/face/face.js';
import { createJsonFace } from '../client/face/json.js';
import { createLocalTime } from '../client/face/local-time.js';
import { createPlainFace } from '../client/face/plain.js';
import { chooseLook, type Look } from '../client/screen/look/theme.js';
import { openPreferences } from '../client/screen/preferences.js';
import { createScreenFace } from '../client/screen/screen.js';
import type { Endpoint } from '../trust/endpoint.js';
import { exitCode } from './exit.js';
import type { Io } from './io.js';

export interface FaceChoice {
  readonly io: Io;
  readonly stop: AbortSignal;
  readonly server: Endpoint;
  /** Of what was chosen on the screen; in a folder that exists. */
  readonly preferences: string;
  readonly plain?: true;
  readonly json?: true;
  readonly theme?: Look['theme'];
  readonly ascii?: true;
}

// Long enough for a whole catch-up to be one request.
const readMarkMs = 1_000;

export function chooseFace({ io, stop, plain, json, ...choice }: FaceChoice): Face {
  const { stdin, stdout, stderr, env } = io;
  const time = createLocalTime(Date.now);
  const later = (callback: () => void): void => void setTimeout(callback, readMarkMs).unref();
  if (json) return createJsonFace({ stdin, stdout, stop });
  const terminal = stdin.isTTY === true && stdout.isTTY === true && env.TERM !== 'dumb';
  if (plain || !terminal) return createPlainFace({ stdin, stdout, stderr, stop, time, later });
  const { theme, ascii } = choice;
  return createScreenFace({
    stdin,
    stdout,
    process,
    env,
    look: chooseLook(env, { theme, ascii, time }),
    clock: systemClock,
    stop,
    preferences: openPreferences(choice.preferences, choice.server),
    onCrash(error) {
      const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
      stderr.write(`secure-chat: a defect of this program: ${words}\n`, () =>
        process.exit(exitCode.internal),
      );
    },
  });
}
