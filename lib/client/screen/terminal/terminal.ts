/**
 * The terminal, and the only place that touches it: raw keys in, frames out, and everything restored whenever
 * another program or the shell has it. Knows modes and signals; neither what is drawn nor what keys mean.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../../system/clock.js';
import type { KeyReader } from '../input/key-reader.js';
import type { Key } from '../input/keys.js';
import { beforeEnd, ignoreInterrupts, type Process, stopJob } from './job.js';
import { createOutput, type TerminalOutput } from './output.js';

export interface TerminalDeps {
  readonly stdin: Readable & { setRawMode?(raw: boolean): unknown; ref?(): unknown; unref?(): unknown };
  readonly stdout: Writable & {
    readonly isTTY?: boolean;
    readonly fd?: number;
    readonly columns?: number;
    readonly rows?: number;
  };
  readonly process: Process;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Turns bytes into keys. */
  readonly keys: (onKey: (key: Key) => void) => KeyReader;
  readonly onKey: (key: Key) => void;
  /** The window has a new size: draw everything. */
  readonly onResize: () => void;
  /** The screen is blank after another program or the shell had it: draw everything. */
  readonly onBlank: () => void;
  /** A frame that was refused can be drawn now. */
  readonly onReady: () => void;
  /** An uncaught error, after the terminal is restored. Must end the process. */
  readonly onCrash: (error: unknown) => void;
}

export interface Terminal {
  /** At least 1 each; 80 and 24 if the terminal does not say. */
  readonly columns: number;
  readonly rows: number;
  /** Writes all of it, or nothing and returns false: the terminal is slow (see `onReady`), lent or closed. */
  draw(text: string): boolean;
  /** Sets the window's title to a printable text. */
  title(text: string): void;
  /** Whether the mouse wheel is reported as a key, and the terminal selects text only with Shift. Off at the start. */
  mouse(on: boolean): void;
  /** Writes sequences that draw nothing, such as the bell; or drops them and returns false: as for `draw`. */
  send(sequences: string): boolean;
  /** Sequences to be written before the terminal is restored, whenever that is; '' for none. */
  leaveWith(sequences: string): void;
  /** Stops this process, as Ctrl-Z does. Resolves once it is continued. */
  suspend(): Promise<void>;
  /** Lends the terminal to a program until the promise settles, and returns its result. */
  run<T>(program: () => Promise<T>): Promise<T>;
  /** Restores the terminal; nothing is read or written afterwards. May be called again. */
  close(): void;
}

// On a busy machine the Ctrl-C that ended another program can be reported after its exit.
const lateSignalMs = 100;

/** Takes over the terminal that stdin and stdout are; it is restored when the process ends. */
export function openTerminal(deps: TerminalDeps): Terminal {
  const { stdout, process: proc, clock } = deps;
  const input = openInput(deps);
  const device = openDevice(stdout);
  const output = createOutput({ ...device, clock, sleep, onReady: deps.onReady, onLost: input.end });
  const screen = createFullScreen(deps, input, output);
  const unwatch = watchEnds(deps, input, close);
  screen.enter();

  function close(): void {
    if (screen.phase === 'closed') return;
    input.close();
    screen.close();
    unwatch();
    device.close();
  }

  return {
    get columns() {
      return stdout.columns || 80;
    },
    get rows() {
      return stdout.rows || 24;
    },
    draw: (text) => screen.phase === 'open' && output.offer(text),
    ...{ title: screen.title, mouse: screen.mouse, leaveWith: screen.leaveWith },
    send: (sequences) => screen.phase === 'open' && output.add(sequences),
    async suspend() {
      if (screen.phase === 'open') await screen.lend(() => stopJob(proc, clock));
    },
    async run(program) {
      if (screen.phase !== 'open') return program();
      return screen.lend(async () => {
        const restoreInterrupts = ignoreInterrupts(proc);
        try {
          return await program();
        } finally {
          await new Promise<void>((resolve) => clock.after(lateSignalMs, resolve));
          restoreInterrupts();
        }
      });
    },
    close,
  };
}

interface FullScreen {
  /** `lent`: another program or the shell has the terminal. */
  readonly phase: 'open' | 'lent' | 'closed';
  enter(): void;
  title(text: string): void;
  mouse(on: boolean): void;
  leaveWith(sequences: string): void;
  /** Restores the terminal until the promise settles. */
  lend<T>(user: () => Promise<T>): Promise<T>;
  close(): void;
}

/** Who has the terminal: this program, with its modes set, or another one. */
function createFullScreen(deps: TerminalDeps, input: Input, output: TerminalOutput): FullScreen {
  const { process: proc } = deps;
  let phase: FullScreen['phase'] = 'lent';
  let title = '';
  let mouse = false;
  let last = '';

  /** @param titleSaved the terminal was not restored since */
  function enter(titleSaved: boolean): void {
    phase = 'open';
    // First, for in the background it stops this process until it is in the foreground.
    input.setRaw(true);
    output.add(enterSequence(titleSaved));
    if (title !== '') output.add(titleSequence(title, deps.env));
    if (mouse) output.add(mouseSequence(true));
    input.start();
    proc.on('SIGTSTP', onStop);
    proc.on('SIGCONT', onContinued);
  }

  function restore(next: 'lent' | 'closed'): void {
    phase = next;
    input.stop();
    proc.off('SIGTSTP', onStop);
    proc.off('SIGCONT', onContinued);
    output.finish(`${stringEnd}${last}${leaveSequence}`);
    input.setRaw(false);
  }

  function takeBack(): void {
    if (phase !== 'lent') return;
    enter(false);
    // A new size meanwhile was not reported: this makes Node ask for it.
    proc.kill(proc.pid, 'SIGWINCH');
    deps.onKey({ kind: 'focus', focused: true });
    deps.onBlank();
  }

  async function lend<T>(user: () => Promise<T>): Promise<T> {
    if (phase === 'open') restore('lent');
    try {
      return await user();
    } finally {
      takeBack();
    }
  }

  function onStop(): void {
    if (phase === 'open') void lend(() => stopJob(proc, deps.clock));
  }

  /** After SIGSTOP, which cannot be caught: the shell has set the terminal to its own modes. */
  function onContinued(): void {
    proc.off('SIGTSTP', onStop);
    proc.off('SIGCONT', onContinued);
    input.stop();
    input.setRaw(false);
    enter(true);
    proc.kill(proc.pid, 'SIGWINCH');
    deps.onBlank();
  }

  return {
    get phase() {
      return phase;
    },
    enter: () => enter(false),
    title(text) {
      if (text === title) return;
      title = text;
      if (phase === 'open') output.add(titleSequence(text, deps.env));
    },
    mouse(on) {
      if (on === mouse) return;
      mouse = on;
      if (phase === 'open') output.add(mouseSequence(on));
    },
    leaveWith(sequences) {
      last = sequences;
    },
    lend,
    close() {
      if (phase === 'open') restore('closed');
      phase = 'closed';
    },
  };
}

interface Input {
  start(): void;
  stop(): void;
  setRaw(raw: boolean): void;
  /** The terminal is gone: reported as a key, once. */
  readonly end: () => void;
  close(): void;
}

function openInput({ stdin, keys: createKeys, onKey }: TerminalDeps): Input {
  const keys = createKeys(onKey);
  let ended = false;

  function onData(bytes: Buffer): void {
    keys.push(bytes);
  }

  function end(): void {
    if (ended) return;
    ended = true;
    // It can happen while the terminal is being opened.
    queueMicrotask(keys.end);
  }

  return {
    start() {
      stdin.ref?.();
      stdin.on('data', onData).resume();
    },
    stop() {
      stdin.off('data', onData).pause();
      stdin.unref?.();
    },
    setRaw(raw) {
      try {
        stdin.setRawMode?.(raw);
      } catch {
        // EIO: the terminal is gone.
        end();
      }
    },
    end,
    close() {
      ended = true;
    },
  };
}

/** Closes the terminal however the process ends. @returns stops watching */
function watchEnds(deps: TerminalDeps, input: Input, close: () => void): () => void {
  const { stdin, stdout, process: proc } = deps;
  const ends = ['end', 'close'] as const;
  for (const event of ends) stdin.on(event, input.end);
  // These two stay: a terminal that disappears later is no error.
  stdin.on('error', input.end);
  stdout.on('error', input.end);
  stdout.on('resize', deps.onResize);
  // Unhandled rejections come here too.
  proc.on('uncaughtException', onCrash);
  proc.on('exit', close);
  const unwatchSignals = beforeEnd(proc, close);

  function onCrash(error: unknown): void {
    close();
    deps.onCrash(error);
  }

  return () => {
    for (const event of ends) stdin.off(event, input.end);
    stdout.off('resize', deps.onResize);
    proc.off('uncaughtException', onCrash);
    proc.off('exit', close);
    unwatchSignals();
  };
}

interface Device {
  readonly write: (bytes: Uint8Array) => number;
  readonly close: () => void;
}

/**
 * Node blocks while it writes to a terminal, and the whole program with it if that is slow. A file description of
 * our own is non-blocking and leaves that of the shell and of other programs alone. Linux only; elsewhere Node's stream.
 */
function openDevice(stdout: TerminalDeps['stdout']): Device {
  const fd = reopened(stdout);
  if (fd === undefined) {
    return {
      write(bytes) {
        stdout.write(bytes);
        return bytes.length;
      },
      close() {},
    };
  }
  let open = true;
  return {
    write(bytes) {
      if (!open) return bytes.length;
      try {
        return writeSync(fd, bytes);
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0;
        throw error;
      }
    },
    close() {
      if (open) closeSync(fd);
      open = false;
    },
  };
}

function reopened({ isTTY, fd }: TerminalDeps['stdout']): number | undefined {
  if (isTTY !== true || fd === undefined) return undefined;
  try {
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    // Another system, or a terminal that belongs to another user, as after su.
    return undefined;
  }
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

// DEC private modes in the order they are set; they are reset in reverse.
const modes = [
  // The alternate screen; saves the cursor.
  { mode: 1049, on: true },
  // No wrapping: a row stays one row even if the terminal takes it for wider than we do.
  { mode: 7, on: false },
  // Bracketed paste.
  { mode: 2004, on: true },
  // Focus reports.
  { mode: 1004, on: true },
] as const;

// Presses of buttons, the wheel among them, in decimal numbers.
const mouseModes = [1000, 1006];

// XTWINOPS 22 and 23.
const saveTitle = '\x1b[22;0t';
const restoreTitle = '\x1b[23;0t';

/** @param titleSaved the title was saved already */
export function enterSequence(titleSaved: boolean): string {
  return `${titleSaved ? '' : saveTitle}${modes.map(({ mode, on }) => setMode(mode, on)).join('')}`;
}

/** ST: ends a string that may be unfinished. */
const stringEnd = '\x1b\\';

/**
 * Correct after any unfinished output: first ends a string, a synchronized update, a style and a link, and shows the
 * cursor.
 */
export const leaveSequence = [
  `${stringEnd}\x1b[?2026l\x1b[0m\x1b]8;;${stringEnd}\x1b[?25h`,
  mouseSequence(false),
  ...modes.toReversed().map(({ mode, on }) => setMode(mode, !on)),
  restoreTitle,
].join('');

/** The title must be printable. The Linux console prints such sequences, so it gets no title. */
export function titleSequence(title: string, env: Readonly<Record<string, string | undefined>>): string {
  return env.TERM === 'linux' ? '' : `\x1b]2;${title}\x07`;
}

function mouseSequence(on: boolean): string {
  return mouseModes.map((mode) => setMode(mode, on)).join('');
}

function setMode(mode: number, on: boolean): string {
  return `\x1b[?${mode}${on ? 'h' : 'l'}`;
}
