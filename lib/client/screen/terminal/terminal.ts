/**
 * The terminal, the one place that touches it: raw keys in, pictures out, and everything as it was before
 * whenever another program or the shell has it. Knows modes and signals; neither what is drawn nor what keys
 * mean.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../../system/clock.js';
import type { Key } from '../input/key.js';
import type { KeyReader } from '../input/key-reader.js';
import { beforeEnd, ignoreInterrupts, type Process, stopJob } from './job.js';
import { enterSequence, leaveSequence, titleSequence } from './modes.js';
import { createOutput } from './output.js';

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
  /** What makes keys of the bytes that are typed. */
  readonly keys: (onKey: (key: Key) => void) => KeyReader;
  readonly onKey: (key: Key) => void;
  /** The window has another size; everything is to be drawn. */
  readonly onResize: () => void;
  /** The screen is empty, after another program or the shell had it; everything is to be drawn. */
  readonly onBlank: () => void;
  /** A picture that was not taken can be drawn now. */
  readonly onReady: () => void;
  /** An error that nobody caught, told after the terminal was restored. Has to end the process. */
  readonly onCrash: (error: unknown) => void;
}

export interface Terminal {
  /** At least 1 each; 80 and 24 where the terminal does not say. */
  readonly columns: number;
  readonly rows: number;
  /** Writes all of it, or nothing and returns false: the terminal is slow (see `onReady`), away or left. */
  draw(text: string): boolean;
  /** Printable text for the window's title. */
  title(text: string): void;
  bell(): void;
  /** Sequences that draw nothing, such as notifications; nothing is sent while the terminal is away or left. */
  send(sequences: string): void;
  /** Gives the terminal back to the shell, as Ctrl-Z does. Resolves once this process is continued. */
  suspend(): Promise<void>;
  /** Gives the terminal to a program until the promise is settled, and passes that on. */
  run<T>(program: () => Promise<T>): Promise<T>;
  /** The terminal is as it was before. Nothing is read or written any more; may be called again. */
  leave(): void;
}

/** Takes the terminal, to be called where stdin and stdout are terminals. It is restored when the process ends. */
export function openTerminal(deps: TerminalDeps): Terminal {
  const { stdin, stdout, process: proc, clock } = deps;
  let phase: 'here' | 'away' | 'left' = 'away';
  let titled = '';
  let ended = false;
  const keys = deps.keys(deps.onKey);
  const way = openWay(stdout);
  const output = createOutput({ ...way, clock, sleep, onReady: deps.onReady, onLost: end });
  const unwatch = watch();
  enter(false);

  /** @param kept the title is kept already, so nothing was restored since */
  function enter(kept: boolean): void {
    phase = 'here';
    // First, for in the background it stops this process until it is in front.
    setRaw(true);
    output.add(enterSequence(kept));
    if (titled !== '') output.add(titleSequence(titled, deps.env));
    stdin.ref?.();
    stdin.on('data', onData).resume();
    proc.on('SIGTSTP', onStop);
    proc.on('SIGCONT', onContinued);
  }

  function restore(next: 'away' | 'left'): void {
    phase = next;
    stdin.off('data', onData).pause();
    stdin.unref?.();
    proc.off('SIGTSTP', onStop);
    proc.off('SIGCONT', onContinued);
    output.finish(leaveSequence);
    setRaw(false);
  }

  function back(): void {
    if (phase !== 'away') return;
    enter(false);
    // Who was away did not hear of a new size; this makes Node look.
    proc.kill(proc.pid, 'SIGWINCH');
    deps.onKey({ kind: 'focus', focused: true });
    deps.onBlank();
  }

  async function suspend(): Promise<void> {
    if (phase !== 'here') return;
    restore('away');
    await stopJob(proc, clock);
    back();
  }

  function leave(): void {
    if (phase === 'left') return;
    if (phase === 'here') restore('left');
    phase = 'left';
    unwatch();
    way.close();
  }

  function onData(bytes: Buffer): void {
    keys.push(bytes);
  }

  function onStop(): void {
    void suspend();
  }

  /** After a stop that could not be seen coming, SIGSTOP: whoever was in front set the terminal to their liking. */
  function onContinued(): void {
    proc.off('SIGTSTP', onStop);
    proc.off('SIGCONT', onContinued);
    stdin.off('data', onData);
    setRaw(false);
    enter(true);
    proc.kill(proc.pid, 'SIGWINCH');
    deps.onBlank();
  }

  function onResize(): void {
    if (phase === 'here') deps.onResize();
  }

  function onCrash(error: unknown): void {
    leave();
    deps.onCrash(error);
  }

  function end(): void {
    if (ended || phase === 'left') return;
    ended = true;
    // It can come to this while the terminal is being opened.
    queueMicrotask(keys.end);
  }

  function setRaw(raw: boolean): void {
    try {
      stdin.setRawMode?.(raw);
    } catch {
      // EIO: there is no terminal any more.
      end();
    }
  }

  function watch(): () => void {
    const ends = ['end', 'close'] as const;
    for (const event of ends) stdin.on(event, end);
    // These two stay: a terminal that goes away later is nobody's error.
    stdin.on('error', end);
    stdout.on('error', end);
    stdout.on('resize', onResize);
    // Rejections that nobody handles come here, too.
    proc.on('uncaughtException', onCrash);
    proc.on('exit', leave);
    const unwatchSignals = beforeEnd(proc, leave);
    return () => {
      for (const event of ends) stdin.off(event, end);
      stdout.off('resize', onResize);
      proc.off('uncaughtException', onCrash);
      proc.off('exit', leave);
      unwatchSignals();
    };
  }

  const send = (text: string): void => {
    if (phase === 'here') output.add(text);
  };

  return {
    get columns() {
      return stdout.columns || 80;
    },
    get rows() {
      return stdout.rows || 24;
    },
    draw: (text) => phase === 'here' && output.offer(text),
    title(text) {
      if (text === titled) return;
      titled = text;
      send(titleSequence(text, deps.env));
    },
    bell: () => send('\x07'),
    send,
    suspend,
    async run(program) {
      if (phase === 'here') restore('away');
      const heed = ignoreInterrupts(proc);
      try {
        return await program();
      } finally {
        heed();
        back();
      }
    },
    leave,
  };
}

interface Way {
  readonly write: (bytes: Uint8Array) => number;
  readonly close: () => void;
}

/**
 * Node waits when it writes to a terminal, and everything with it where that is slow. A description of our
 * own that does not wait leaves that of the shell and of other programs as it is. Linux only; elsewhere Node's
 * stream it is.
 */
function openWay(stdout: TerminalDeps['stdout']): Way {
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
