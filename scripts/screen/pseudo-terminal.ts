/** A program on a terminal of its own: keys in, the screen as an emulator renders it out. */
import { once } from 'node:events';
import type { ReadStream } from 'node:tty';
import { type IPty, spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { type Cell, cellsOf } from './cell.js';

export interface PseudoTerminal {
  /** What one sees, without the blank ends of lines and of the screen. */
  screen(): string;
  /** Everything that scrolled off, too. */
  all(): string;
  /** What one sees, row by row, each as wide as the screen; a wide character is one in the text. */
  rows(): string[];
  /** What one sees, cell by cell. */
  cells(): Cell[][];
  /** From 0, counted from the first row that one sees. */
  readonly cursor: { readonly row: number; readonly column: number; readonly shown: boolean };
  /** What is set that a shell does not want: `alternate`, `paste`, `focus`, `no-wrap`, `mouse`, `no-cursor`. */
  modes(): string[];
  /** The window's title, as set last and not given back. */
  readonly title: string;
  /** All that the program wrote. */
  output(): string;
  /** Synchronized pictures so far. */
  readonly frames: number;
  /** Resolves once the whole output matches; rejects with the screen after 60 s. */
  shows(pattern: RegExp): Promise<RegExpExecArray>;
  /** The same for anything that can be seen here. Never looks at a picture that is half drawn. */
  until(seen: () => boolean, what: string): Promise<void>;
  type(text: string): void;
  enter(text: string): void;
  resize(cols: number, rows: number): void;
  /** Stops reading from the program, as on a line that is stuck, until `resume`. */
  pause(): void;
  resume(): void;
  kill(signal?: string): void;
  readonly pid: number;
  /** The exit code; a signal's number plus 128. */
  readonly ended: Promise<number>;
}

export interface PseudoTerminalOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cols?: number;
  readonly rows?: number;
  readonly cwd?: string;
  /** What it sends when it is asked for its attributes (DA1), in place of the emulator's. */
  readonly attributes?: string;
}

/** As long as other waits of tests: a machine may be slow and busy. */
const patienceMs = 60_000;

export function openPseudoTerminal(
  command: readonly [string, ...string[]],
  { env, cols = 80, rows = 24, cwd = process.cwd(), attributes }: PseudoTerminalOptions,
): PseudoTerminal {
  const emulator = new xterm.Terminal({
    cols,
    rows,
    scrollback: 5_000,
    allowProposedApi: true,
    windowOptions: { pushTitle: true, popTitle: true },
  });
  const [file, ...args] = command;
  const child = spawn(file, args, { cols, rows, cwd, env: { ...env, TERM: 'xterm-256color' } });
  readToTheEnd(child);
  const changed = new EventTarget();
  let output = '';
  let title = '';
  emulator.onTitleChange((text) => {
    title = text;
  });
  child.onData((data) => {
    output += data;
    emulator.write(data, () => changed.dispatchEvent(new Event('changed')));
  });
  // What the program asks the terminal, the emulator answers.
  emulator.onData((data) => child.write(data));
  emulator.parser.registerCsiHandler({ final: 'c' }, () => {
    if (attributes !== undefined) child.write(attributes);
    return attributes !== undefined;
  });
  const { ended, isOver } = watchEnd(child, emulator);
  void ended.then(() => changed.dispatchEvent(new Event('changed')));

  const text = (from: number): string => textOf(emulator, from);
  const all = (): string => text(0);

  async function until(seen: () => boolean, what: string): Promise<void> {
    const deadline = AbortSignal.timeout(patienceMs);
    const isWhole = () => isOver() || !emulator.modes.synchronizedOutputMode;
    while (!isWhole() || !seen()) {
      await once(changed, 'changed', { signal: deadline }).catch(() => {
        throw new Error(`The terminal does not show ${what}:\n${all()}`);
      });
    }
  }

  return {
    screen: () => text(emulator.buffer.active.baseY),
    all,
    rows: () => cellsOf(emulator).map((row) => row.map(({ text }) => text).join('')),
    cells: () => cellsOf(emulator),
    get cursor() {
      const { cursorX, cursorY } = emulator.buffer.active;
      return { row: cursorY, column: Math.min(cursorX, emulator.cols - 1), shown: isCursorShown(output) };
    },
    modes: () => modesOf(emulator, output),
    get title() {
      return title;
    },
    output: () => output,
    get frames() {
      return output.split('\x1b[?2026h').length - 1;
    },
    async shows(pattern) {
      await until(() => pattern.test(all()), String(pattern));
      const match = pattern.exec(all());
      if (match === null) throw new Error(`${pattern} remembers where it matched.`);
      return match;
    },
    until,
    type: (keys) => child.write(keys),
    enter: (line) => child.write(`${line}\r`),
    resize(columns, lines) {
      emulator.resize(columns, lines);
      child.resize(columns, lines);
    },
    pause: () => child.pause(),
    resume: () => child.resume(),
    kill(signal) {
      // Its number may be another process's by then.
      if (!isOver()) child.kill(signal);
    },
    pid: child.pid,
    ended,
  };
}

/**
 * node-pty closes its side 200 ms after the program ended, whether all was read or not: on a busy machine the last
 * picture was missing. On Linux the end of what there is to read comes by itself, as an error.
 */
function readToTheEnd(child: IPty): void {
  const { _socket: socket } = child as unknown as { readonly _socket: ReadStream };
  const destroy = socket.destroy.bind(socket);
  socket.destroy = (error) => (error === undefined && !socket.readableEnded ? socket : destroy(error));
}

function watchEnd(child: IPty, emulator: xterm.Terminal): { ended: Promise<number>; isOver: () => boolean } {
  let over = false;
  const ended = new Promise<number>((resolve) => {
    child.onExit(({ exitCode, signal }) => {
      over = true;
      // With the last of its output on the screen.
      emulator.write('', () => resolve(signal ? 128 + signal : exitCode));
    });
  });
  return { ended, isOver: () => over };
}

function textOf({ buffer: { active } }: xterm.Terminal, from: number): string {
  const lines: string[] = [];
  for (let row = from; row < active.length; row++) {
    const line = active.getLine(row);
    const part = line?.translateToString(true) ?? '';
    if (line?.isWrapped === true) lines.push(`${lines.pop() ?? ''}${part}`);
    else lines.push(part);
  }
  return lines.join('\n').trimEnd();
}

function modesOf({ buffer, modes }: xterm.Terminal, output: string): string[] {
  const set = {
    alternate: buffer.active.type === 'alternate',
    paste: modes.bracketedPasteMode,
    focus: modes.sendFocusMode,
    'no-wrap': !modes.wraparoundMode,
    mouse: modes.mouseTrackingMode !== 'none',
    'no-cursor': !isCursorShown(output),
    unfinished: modes.synchronizedOutputMode,
  };
  return Object.entries(set).flatMap(([name, is]) => (is ? [name] : []));
}

function isCursorShown(output: string): boolean {
  return output.lastIndexOf('\x1b[?25h') >= output.lastIndexOf('\x1b[?25l');
}
