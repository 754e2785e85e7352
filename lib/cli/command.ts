/** What every command is given, how it ends, and the end of its help. Knows codes (sysexits.h), not who causes them. */
import type { EventEmitter } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { Command } from 'commander';

export type InputStream = Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };
export type OutputStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

export interface Io {
  /** How this program was called, for commands printed to be copied: `npx secure-chat`. */
  readonly called: string;
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Changed only by `--no-color`, which sets NO_COLOR for the libraries that read it. */
  readonly env: Record<string, string | undefined>;
  /** Emits SIGINT, SIGTERM and SIGHUP, as `process` does. */
  readonly signals: Pick<EventEmitter, 'on' | 'off'>;
}

export const exitCode = {
  ok: 0,
  usage: 64,
  data: 65,
  unavailable: 69,
  internal: 70,
  io: 74,
  untrusted: 76,
  refused: 77,
  configuration: 78,
  hangup: 129,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** Ends the command with a code and one line on stderr, or none if `message` is empty. */
export class Exit extends Error {
  readonly code: ExitCode;

  constructor(code: ExitCode, message = '', options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'Exit';
    this.code = code;
  }
}

/** For a refusal by the server. */
export function refusedExit(error: Error): Exit {
  return new Exit(exitCode.refused, error.message, { cause: error });
}

const exitMeanings: Readonly<Record<ExitCode, string>> = {
  [exitCode.ok]: 'success',
  [exitCode.usage]: 'invalid option or argument',
  [exitCode.data]: 'a message or command was refused',
  [exitCode.unavailable]: 'server unreachable or connection lost',
  [exitCode.internal]: 'internal error',
  [exitCode.io]: 'a file or stream cannot be read or written',
  [exitCode.untrusted]: "the server's key has changed or was not confirmed",
  [exitCode.refused]: 'refused by the server',
  [exitCode.configuration]: 'invalid configuration',
  [exitCode.hangup]: 'SIGHUP',
  [exitCode.interrupted]: 'interrupted (Ctrl-C)',
  [exitCode.terminated]: 'SIGTERM',
};

export interface HelpEnd {
  /** Between the options and the examples; at most 80 columns. */
  readonly text?: string;
  /** Commands to copy; one line each. */
  readonly examples: readonly string[];
  /** Besides success, usage and internal error; with a meaning where the usual one does not fit. */
  readonly exits: readonly (ExitCode | readonly [code: ExitCode, meaning: string])[];
}

/** Adds examples and this command's own exit codes to its help. */
export function addHelpEnd(command: Command, { text, examples, exits }: HelpEnd): Command {
  const rows = new Map<ExitCode, string>();
  for (const row of [exitCode.ok, exitCode.usage, exitCode.internal, ...exits]) {
    const [code, meaning] = typeof row === 'number' ? [row, exitMeanings[row]] : row;
    rows.set(code, meaning);
  }
  const lines = [
    ...(text === undefined ? [] : ['', text]),
    '',
    examples.length === 1 ? 'Example:' : 'Examples:',
    ...examples.map((example) => `  ${example}`),
    '',
    'Exit codes:',
    ...[...rows].sort(([a], [b]) => a - b).map(([code, meaning]) => `  ${String(code).padEnd(4)} ${meaning}`),
  ];
  return command.addHelpText('after', lines.join('\n'));
}
