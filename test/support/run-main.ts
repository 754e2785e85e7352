/** The command line run inside the test: arguments and input in, exit code and output out. */
import { EventEmitter } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Test } from 'tap';
import { main } from '../../lib/cli/main.js';

export interface Run {
  readonly stdin: PassThrough;
  readonly signals: EventEmitter;
  readonly done: Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
  /** Resolves once stdout has this in it. */
  prints(text: string): Promise<void>;
}

export interface CommandLine {
  /** HOME of every run. */
  readonly home: string;
  start(args: readonly string[], env?: Record<string, string>): Run;
  /** Runs to the end with this input. */
  run(args: readonly string[], given?: { input?: string; env?: Record<string, string> }): Run['done'];
}

/** An empty home that goes with the test. */
export async function openCommandLine(t: Test): Promise<CommandLine> {
  const home = await mkdtemp(join(tmpdir(), 'secure-chat-'));
  t.teardown(() => rm(home, { recursive: true, force: true }));

  function start(args: readonly string[], env: Record<string, string> = {}): Run {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const signals = new EventEmitter();
    let [out, err] = ['', ''];
    const waiting = new Map<string, () => void>();
    stdout.on('data', (chunk) => {
      out += String(chunk);
      for (const [text, found] of waiting) if (out.includes(text)) found();
    });
    stderr.on('data', (chunk) => {
      err += String(chunk);
    });
    const guests = { call: 'secure-chat' };
    const io = { called: 'secure-chat', guests, stdin, stdout, stderr, signals, env: { HOME: home, ...env } };
    const code = main(args, io, '1.2.3');
    return {
      stdin,
      signals,
      done: code.then((code) => ({ code, out, err })),
      async prints(text) {
        if (!out.includes(text)) await new Promise<void>((found) => waiting.set(text, found));
      },
    };
  }

  return {
    home,
    start,
    run(args, { input = '', env = {} } = {}) {
      const { stdin, done } = start(args, env);
      stdin.end(input);
      return done;
    },
  };
}
