/** A server with people on full screens and on pipes. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Test } from 'tap';
import { openPseudoTerminal, type PseudoTerminal } from '../../scripts/screen/pseudo-terminal.js';
import { type Running, script } from './program.js';
import { password, type ServerProcess, startServerProcess } from './server-process.js';

export interface ScreenOptions {
  readonly cols?: number;
  readonly rows?: number;
  readonly env?: NodeJS.ProcessEnv;
  /** What the terminal answers about itself: see `openPseudoTerminal`. */
  readonly attributes?: string;
  /** After `connect LINK --name NAME`. */
  readonly args?: readonly string[];
}

export interface People {
  readonly server: ServerProcess;
  /** A link that makes accounts. */
  readonly link: string;
  /** The folder that is this person's home; it exists. */
  home(name: string): Promise<string>;
  /** A person on a full screen; resolves once the first frame is drawn. */
  screen(name: string, options?: ScreenOptions): Promise<PseudoTerminal>;
  /** The same without waiting. */
  terminal(name: string, options?: ScreenOptions): Promise<PseudoTerminal>;
  /** A person on a pipe, signed in. */
  pipe(name: string, ...args: string[]): Promise<Running>;
  /** The command line that `terminal` runs, and its environment, for a shell. */
  command(name: string, options?: ScreenOptions): Promise<{ words: string[]; env: NodeJS.ProcessEnv }>;
}

/** @param args of the server */
export async function gather(t: Test, ...args: string[]): Promise<People> {
  const server = await startServerProcess('--name', 'The Test', ...args);
  const open: PseudoTerminal[] = [];
  t.teardown(async () => {
    for (const terminal of open) terminal.kill('SIGKILL');
    await Promise.all(open.map(({ ended }) => ended));
    await server.close();
  });
  const link = await server.invite('--uses', '20');

  async function home(name: string): Promise<string> {
    const folder = join(server.home.folder, `home-${name}`);
    await mkdir(folder, { recursive: true });
    return folder;
  }

  async function command(name: string, { env = {}, args: more = [] }: ScreenOptions = {}) {
    const words = [process.execPath, script, 'connect', link, '--name', name, ...more];
    const own: NodeJS.ProcessEnv = {
      ...server.home.env,
      HOME: await home(name),
      TZ: noonZone(),
      SECURE_CHAT_PASSWORD: password,
    };
    return { words, env: { ...own, ...env } };
  }

  async function terminal(name: string, options: ScreenOptions = {}): Promise<PseudoTerminal> {
    const { words, env } = await command(name, options);
    const { cols = 80, rows = 24, attributes } = options;
    // TERM is the emulator's, unless a test wants another.
    const term = env.TERM === undefined ? [] : [`TERM=${env.TERM}`];
    const opened = openPseudoTerminal(['/usr/bin/env', ...term, ...words], {
      ...{ env, cols, rows },
      ...(attributes !== undefined && { attributes }),
    });
    open.push(opened);
    return opened;
  }

  return {
    server,
    link,
    home,
    command,
    terminal,
    async screen(name, options) {
      const opened = await terminal(name, options);
      await opened.until(() => opened.frames > 0 && opened.modes().includes('alternate'), 'a full screen');
      return opened;
    },
    async pipe(name, ...more) {
      const running = server.connect(link, name, ...more);
      await running.prints(/in #lobby as|"type":"synced"/, more.includes('--json') ? 'stdout' : 'stderr');
      return running;
    },
  };
}

/** A time zone where it is about noon, so that the day does not change during a test. */
export function noonZone(): string {
  const ahead = 12 - new Date().getUTCHours();
  return `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;
}

/**
 * Resolves once all keys typed so far have taken effect: types a mark, sees it, and deletes it.
 * Only where text can be typed.
 */
export async function settle(terminal: PseudoTerminal): Promise<void> {
  const before = terminal.frames;
  terminal.type('\x1b[F§');
  await terminal.until(() => terminal.frames > before && terminal.screen().includes('§'), 'a typed mark');
  terminal.type('\x7f');
  await terminal.until(() => !terminal.screen().includes('§'), 'the mark gone');
}

/** The rows of the input, without the prompt, the blank ends, and the row of usage or choices below them. */
export function typed(terminal: PseudoTerminal): string {
  const rows = terminal.rows().map((row) => row.trimEnd());
  const at = rows.findLastIndex((row) => /^[#@]\S+ [›>↕^]|^[›>↕^]/.test(row));
  return rows
    .slice(at)
    .filter((row, i) => i === 0 || !/^ ?\S/.test(row))
    .map((row, i) => (i === 0 ? row.replace(/^(?:[#@]\S+ )?[›>↕^] ?/, '') : row.trim()))
    .join('\n');
}
