/** Puts text on the clipboard of the terminal, also from the other end of ssh (OSC 52). Knows terminals by their environment. */
import { spawn } from 'node:child_process';
import type { Clock } from '../../../system/clock.js';
import { childEnvironment } from '../../../system/process-secrets.js';
import { passedThrough } from './multiplexer.js';

type Env = Readonly<Record<string, string | undefined>>;

/** `sent`: whether the terminal allows it is unknown; it never answers. */
export type CopyOutcome = 'sent' | 'too-long' | 'no-clipboard' | 'busy';

interface ClipboardDeps {
  readonly env: Env;
  readonly clock: Pick<Clock, 'after'>;
  /** Writes sequences to the terminal; false if it takes none now. */
  readonly send: (sequences: string) => boolean;
}

/** Bytes of base64: with them the sequence has 75,000 or so, the most that some terminals take. */
const base64Max = 74_994;
/** The same as text: base64 makes four bytes of three. */
export const copiedBytesMax = Math.floor(base64Max / 4) * 3;

/** @param text printable */
export async function copyText(text: string, { env, clock, send }: ClipboardDeps): Promise<CopyOutcome> {
  if (Buffer.byteLength(text) > copiedBytesMax) return 'too-long';
  // They print what they don't know.
  if (/^(?:linux|vt\d|dumb)/.test(env.TERM ?? '')) return 'no-clipboard';
  if (env.TMUX && (await loadTmuxBuffer(text, env, clock))) return 'sent';
  const sequence = `\x1b]52;c;${Buffer.from(text).toString('base64')}\x07`;
  return send(passedThrough(sequence, env)) ? 'sent' : 'busy';
}

const tmuxMs = 2_000;

/**
 * tmux takes OSC 52 from programs only with `set-clipboard on`, and passes sequences on only with `allow-passthrough on`;
 * by default neither. Its own command works by default. It has -w since 3.2; before, everything was passed on.
 */
function loadTmuxBuffer(text: string, env: Env, clock: Pick<Clock, 'after'>): Promise<boolean> {
  return new Promise((resolve) => {
    // On stdin: other users see the arguments of programs.
    const child = spawn('tmux', ['load-buffer', '-w', '-'], {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: childEnvironment(env),
    });
    const cancel = clock.after(tmuxMs, () => child.kill());
    const end = (done: boolean) => {
      cancel();
      resolve(done);
    };
    child.on('error', () => end(false));
    child.on('exit', (code) => end(code === 0));
    // It may end without reading.
    child.stdin.on('error', () => {});
    child.stdin.end(text);
  });
}
