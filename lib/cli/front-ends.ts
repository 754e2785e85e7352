/** Chooses the front end of a session: screen, plain or JSON. Knows terminals, and what each front end needs. */
import { randomUUID } from 'node:crypto';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { Option } from 'commander';
import type { FrontEnd, OpenTransfers } from '../client/front-end.js';
import { createJsonFrontEnd } from '../client/json/json.js';
import { createPlainFrontEnd } from '../client/plain/plain.js';
import { openPreferences } from '../client/screen/preferences.js';
import { type Appearance, chooseAppearance } from '../client/screen/render/theme.js';
import { createScreen } from '../client/screen/screen.js';
import { createLocalTime } from '../client/text/local-time.js';
import { createTransfers } from '../client/transfer/transfers.js';
import { systemClock } from '../system/clock.js';
import type { Endpoint } from '../trust/endpoint.js';
import { exitCode, type Io } from './command.js';

/** Chosen by options. */
export interface FrontEndFlags {
  readonly plain?: true;
  readonly theme?: Appearance['theme'];
  readonly ascii?: true;
  readonly downloads?: string;
}

export function frontEndOptions(): Option[] {
  return [
    new Option('--plain', 'print one line per message; the default without a terminal').conflicts('json'),
    new Option('--theme <THEME>', 'colours for a dark or light terminal').choices(['dark', 'light']),
    new Option('--ascii', 'draw with ASCII characters only'),
    new Option('--downloads <FOLDER>', 'where downloads go; default: ~/Downloads').env(
      'SECURE_CHAT_DOWNLOADS',
    ),
  ];
}

interface FrontEndChoice extends FrontEndFlags {
  readonly io: Io;
  readonly stop: AbortSignal;
  readonly server: Endpoint;
  /** File for choices made on the screen, in an existing folder. */
  readonly preferences: string;
  readonly json?: true;
  /** Shown first, in a chat hosted here. */
  readonly hosted?: readonly string[];
  /** The chat ends for everyone when this person quits. */
  readonly endsChat?: boolean;
}

// Long enough for a whole catch-up to be one request.
const readMarkMs = 1_000;

export function chooseFrontEnd({ io, stop, plain, json, ...choice }: FrontEndChoice): FrontEnd {
  const { stdin, stdout, stderr, env } = io;
  const time = createLocalTime(Date.now);
  const later = (callback: () => void): void => void setTimeout(callback, readMarkMs).unref();
  const openTransfers = transfersOf({ env, downloads: choice.downloads });
  if (json) return createJsonFrontEnd({ stdin, stdout, stop });
  const terminal = stdin.isTTY === true && stdout.isTTY === true && env.TERM !== 'dumb';
  const { theme, ascii, hosted, endsChat } = choice;
  if (plain || !terminal) {
    const typed = stdin.isTTY === true;
    return createPlainFrontEnd({ stdin, stdout, stderr, stop, time, later, openTransfers, typed, hosted });
  }
  return createScreen({
    stdin,
    stdout,
    process,
    env,
    appearance: chooseAppearance(env, { theme, ascii, time }),
    clock: systemClock,
    stop,
    openTransfers: openTransfers,
    hosted,
    endsChat,
    preferences: openPreferences(choice.preferences, choice.server),
    onCrash(error) {
      const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
      stderr.write(`secure-chat: internal error (please report it): ${words}\n`, () =>
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
      downloads: downloads === undefined ? defaultDownloads(env, home) : resolve(downloads),
      home,
      folder: process.cwd(),
      report,
    });
}

/** Created by the first download. */
function defaultDownloads(env: Io['env'], home: string): string {
  const set = env.XDG_DOWNLOAD_DIR;
  if (set !== undefined && isAbsolute(set)) return set;
  return join(home, 'Downloads');
}
