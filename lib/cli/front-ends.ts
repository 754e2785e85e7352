/** Which face a session gets. Knows terminals by their look, and what each face needs. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { Option } from 'commander';
import type { FrontEnd, OpenTransfers } from '../client/front-end.js';
import { createJsonFrontEnd } from '../client/json/json.js';
import { createPlainFrontEnd } from '../client/plain/plain.js';
import { openPreferences } from '../client/screen/preferences.js';
import { chooseLook, type Look } from '../client/screen/render/theme.js';
import { createScreen } from '../client/screen/screen.js';
import { createLocalTime } from '../client/text/local-time.js';
import { createTransfers } from '../client/transfer/transfers.js';
import { systemClock } from '../system/clock.js';
import type { Endpoint } from '../trust/endpoint.js';
import { exitCode } from './exit.js';
import { folders } from './folders.js';
import type { Io } from './io.js';

/** What a person chooses. */
export interface FaceFlags {
  readonly plain?: true;
  readonly theme?: Look['theme'];
  readonly ascii?: true;
  readonly downloads?: string;
}

export function faceOptions(): Option[] {
  return [
    new Option('--plain', 'one line a message; the default without a terminal').conflicts('json'),
    new Option('--theme <THEME>', 'for a dark or a light terminal').choices(['dark', 'light']),
    new Option('--ascii', 'no characters beyond ASCII of its own'),
    new Option('--downloads <FOLDER>', 'where fetched files go; default: ~/Downloads').env(
      'SECURE_CHAT_DOWNLOADS',
    ),
  ];
}

export interface FaceChoice extends FaceFlags {
  readonly io: Io;
  readonly stop: AbortSignal;
  readonly server: Endpoint;
  /** Of what was chosen on the screen; in a folder that exists. */
  readonly preferences: string;
  readonly json?: true;
  /** What there is to know of the chat that is hosted here. */
  readonly hosted?: readonly string[];
}

// Long enough for a whole catch-up to be one request.
const readMarkMs = 1_000;

export function chooseFace({ io, stop, plain, json, ...choice }: FaceChoice): FrontEnd {
  const { stdin, stdout, stderr, env } = io;
  const time = createLocalTime(Date.now);
  const later = (callback: () => void): void => void setTimeout(callback, readMarkMs).unref();
  const openTransfers = transfersOf({ env, downloads: choice.downloads });
  if (json) return createJsonFrontEnd({ stdin, stdout, stop });
  const terminal = stdin.isTTY === true && stdout.isTTY === true && env.TERM !== 'dumb';
  const { theme, ascii, hosted } = choice;
  if (plain || !terminal) {
    const typed = stdin.isTTY === true;
    return createPlainFrontEnd({ stdin, stdout, stderr, stop, time, later, openTransfers, typed, hosted });
  }
  return createScreen({
    stdin,
    stdout,
    process,
    env,
    look: chooseLook(env, { theme, ascii, time }),
    clock: systemClock,
    stop,
    openTransfers,
    hosted,
    preferences: openPreferences(choice.preferences, choice.server),
    onCrash(error) {
      const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
      stderr.write(`secure-chat: a defect of this program: ${words}\n`, () =>
        process.exit(exitCode.internal),
      );
    },
  });
}

function transfersOf({ env, downloads }: { env: Io['env']; downloads: string | undefined }): OpenTransfers {
  const home = env.HOME ?? homedir();
  return (session, report) =>
    createTransfers({
      session,
      clock: systemClock,
      makeKey: randomUUID,
      downloads: downloads === undefined ? usualDownloads(env, home) : resolve(downloads),
      home,
      folder: process.cwd(),
      report,
    });
}

/** Where this person's other programs put what they fetch, if there is such a place. */
function usualDownloads(env: Io['env'], home: string): string {
  const set = env.XDG_DOWNLOAD_DIR;
  if (set !== undefined && isAbsolute(set)) return set;
  const usual = join(home, 'Downloads');
  return existsSync(usual) ? usual : join(folders(env).data, 'downloads');
}
