/** Chooses the front end of a session: screen, plain or JSON. Knows terminals, and what each front end needs. */
import { randomUUID } from 'node:crypto';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { Option } from 'commander';
import { createListener, type FrontEnd, type OpenTransfers } from '../client/front-end.js';
import type { Hook, OpenHooks } from '../client/hooks.js';
import type { Appearance } from '../client/screen/render/theme.js';
import { createLocalTime } from '../client/text/local-time.js';
import { systemClock } from '../system/clock.js';
import type { Endpoint } from '../trust/endpoint.js';
import { exitCode, type Io } from './command.js';
import { commandArgument } from './option-values.js';

/** Chosen by options. */
export interface FrontEndFlags {
  readonly plain?: true;
  readonly theme?: Appearance['theme'];
  readonly ascii?: true;
  readonly downloads?: string;
  /** The program and its arguments. */
  readonly onMention?: readonly string[];
  readonly onMessage?: readonly string[];
}

export function frontEndOptions(): Option[] {
  return [
    new Option('--plain', 'print one line per message; the default without a terminal').conflicts('json'),
    new Option('--theme <THEME>', 'colours for a dark or light terminal').choices(['dark', 'light']),
    new Option('--ascii', 'draw with ASCII characters only'),
    new Option('--downloads <FOLDER>', 'where downloads go; default: ~/Downloads').env(
      'SECURE_CHAT_DOWNLOADS',
    ),
    new Option('--on-mention <CMD>', 'run CMD for each mention and direct message').argParser(
      commandArgument,
    ),
    new Option('--on-message <CMD>', 'run CMD for each message from others').argParser(commandArgument),
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
  /** After an unexpected exception, once the terminal is restored; by default the process ends. */
  readonly onCrash?: () => void;
}

// Long enough for a whole catch-up to be one request.
const readMarkMs = 1_000;

export function chooseFrontEnd(choice: FrontEndChoice): FrontEnd {
  const { stdin, stdout, env } = choice.io;
  const terminal = stdin.isTTY === true && stdout.isTTY === true && env.TERM !== 'dumb';
  if (choice.json) return loadedAtRun(() => json(choice));
  if (choice.plain || !terminal) return loadedAtRun(() => plain(choice));
  return { ...loadedAtRun(() => screen(choice)), fullScreen: true };
}

/** Loads a front end when it runs: until then a person is asked for a name and a password, and should not wait for it. */
function loadedAtRun(load: () => Promise<FrontEnd>): FrontEnd {
  const { listener, open } = createListener();
  return {
    listener,
    async run(...given) {
      const frontEnd = await load();
      open(frontEnd.listener);
      return frontEnd.run(...given);
    },
  };
}

async function json({ io, stop, ...choice }: FrontEndChoice): Promise<FrontEnd> {
  const { createJsonFrontEnd } = await import('../client/json/json.js');
  const { stdin, stdout, stderr, env } = io;
  return createJsonFrontEnd({ stdin, stdout, stderr, stop, openHooks: await hooksOf(env, choice) });
}

async function plain({ io, stop, hosted, downloads, ...choice }: FrontEndChoice): Promise<FrontEnd> {
  const { createPlainFrontEnd } = await import('../client/plain/plain.js');
  const { stdin, stdout, stderr, env } = io;
  return createPlainFrontEnd({
    stdin,
    stdout,
    stderr,
    stop,
    time: createLocalTime(Date.now),
    later: (callback) => void setTimeout(callback, readMarkMs).unref(),
    openTransfers: await transfersOf({ env, downloads }),
    openHooks: await hooksOf(env, choice),
    typed: stdin.isTTY === true,
    hosted,
  });
}

async function screen({ io, stop, theme, ascii, ...choice }: FrontEndChoice): Promise<FrontEnd> {
  const [{ createScreen }, { chooseAppearance }, { openPreferences }] = await Promise.all([
    import('../client/screen/screen.js'),
    import('../client/screen/render/theme.js'),
    import('../client/screen/preferences.js'),
  ]);
  const { stdin, stdout, stderr, env } = io;
  const { hosted, endsChat, downloads } = choice;
  return createScreen({
    stdin,
    stdout,
    process,
    env,
    appearance: chooseAppearance(env, { theme, ascii, time: createLocalTime(Date.now) }),
    clock: systemClock,
    stop,
    openTransfers: await transfersOf({ env, downloads }),
    openHooks: await hooksOf(env, choice),
    hosted,
    endsChat,
    server: choice.server,
    openPreferences: (server) => openPreferences(choice.preferences, server),
    onCrash(error) {
      if (choice.onCrash !== undefined) return choice.onCrash();
      const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
      stderr.write(`secure-chat: internal error (please report it): ${words}\n`, () =>
        process.exit(exitCode.internal),
      );
    },
  });
}

export async function transfersOf(given: {
  env: Io['env'];
  downloads: string | undefined;
}): Promise<OpenTransfers> {
  const { createTransfers } = await import('../client/transfer/transfers.js');
  const { env, downloads } = given;
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

async function hooksOf(
  env: Io['env'],
  { onMention, onMessage }: FrontEndFlags,
): Promise<OpenHooks | undefined> {
  const hooks: Hook[] = [
    ...(onMention ? [{ option: '--on-mention', on: 'mention', command: onMention } as const] : []),
    ...(onMessage ? [{ option: '--on-message', on: 'message', command: onMessage } as const] : []),
  ];
  if (hooks.length === 0) return undefined;
  const { createHooks } = await import('../client/hooks.js');
  return (session, report) => createHooks({ hooks, env, clock: systemClock }, session, report);
}

/** Created by the first download. */
function defaultDownloads(env: Io['env'], home: string): string {
  const set = env.XDG_DOWNLOAD_DIR;
  if (set !== undefined && isAbsolute(set)) return set;
  return join(home, 'Downloads');
}
