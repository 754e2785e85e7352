/** What a command gets of the outside world. Knows shapes, not the process. */
import type { EventEmitter } from 'node:events';
import type { Readable, Writable } from 'node:stream';

export type Input = Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

export interface Io {
  /** How this program was called, for commands that are printed to be copied: `npx secure-chat`. */
  readonly called: string;
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Changed only by `--no-color`, which sets NO_COLOR for the libraries that read it. */
  readonly env: Record<string, string | undefined>;
  /** Emits SIGINT, SIGTERM and SIGHUP, as `process` does. */
  readonly signals: Pick<EventEmitter, 'on' | 'off'>;
}
