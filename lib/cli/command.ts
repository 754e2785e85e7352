/** What every command is given, how it ends, and the end of its help. Knows codes (sysexits.h), not who causes them. */
import type { EventEmitter } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { Command } from 'commander';
import type { Installation } from './installation.js';

type InputStream = Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };
export type OutputStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

export interface Io extends Installation {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Changed only by `--no-color`, which sets NO_COLOR for the libraries that read it. */
  readonly env: Record<string, string | undefined>;
  /** Emits SIGINT, SIGTERM, SIGHUP and `uncaughtException`, as `process` does. */
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

/** Why a command ends. */
export type ExitName = keyof typeof exitCode;
/** As in sysexits.h; the `--help` of each command lists its own. */
export type ExitCode = (typeof exitCode)[ExitName];

/** Ends the command with an exit code and one line on stderr, or none if `message` is empty. */
export class Exit extends Error {
  readonly how: ExitName;
  readonly code: ExitCode;

  constructor(how: ExitName, message = '', options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'Exit';
    this.how = how;
    this.code = exitCode[how];
  }
}

/** For the help of each command. */
const exitMeanings: Readonly<Record<ExitName, string>> = {
  ok: 'success',
  usage: 'invalid option or argument',
  data: 'a message or command was refused',
  unavailable: 'server unreachable or connection lost',
  internal: 'internal error',
  io: 'a file or stream cannot be read or written',
  untrusted: "the server's key has changed or was not confirmed",
  refused: 'refused by the server',
  configuration: 'invalid configuration',
  hangup: 'SIGHUP',
  interrupted: 'interrupted (Ctrl-C)',
  terminated: 'SIGTERM',
};

export interface CommandHelp {
  /** Only of a subcommand: those of the commands are in main.ts, so that the program's help loads none of them. */
  readonly summary?: string;
  readonly description: string;
  /** Between the options and the examples; at most 80 columns. */
  readonly text?: string;
  /** Commands to copy; one line each. */
  readonly examples: readonly string[];
  /** Besides success, usage and internal error; with a meaning where the usual one does not fit. */
  readonly exits: readonly (ExitName | readonly [name: ExitName, meaning: string])[];
}

const helps = new WeakMap<Command, CommandHelp>();

/** Of a command added by `addCommand`; undefined for the program itself. */
export function helpOf(command: Command): CommandHelp | undefined {
  return helps.get(command);
}

/** Adds a command whose help ends with examples and its own exit codes. */
export function addCommand(parent: Command, name: string, help: CommandHelp): Command {
  const { summary, description, text, examples } = help;
  const lines = [
    ...(text === undefined ? [] : ['', text]),
    '',
    examples.length === 1 ? 'Example:' : 'Examples:',
    ...examples.map((example) => `  ${example}`),
    '',
    'Exit codes:',
    ...exitsOf(help).map(([code, meaning]) => `  ${String(code).padEnd(4)} ${meaning}`),
  ];
  const command = parent
    .command(name)
    .summary(summary ?? '')
    .description(description)
    .addHelpText('after', lines.join('\n'));
  helps.set(command, help);
  return command;
}

/** By code, each with its meaning. */
export function exitsOf({ exits }: CommandHelp): [code: ExitCode, meaning: string][] {
  const meanings = new Map<ExitCode, string>();
  for (const exit of ['ok', 'usage', 'internal', ...exits] as const) {
    const [code, meaning] = typeof exit === 'string' ? [exit, exitMeanings[exit]] : exit;
    meanings.set(exitCode[code], meaning);
  }
  return [...meanings].sort(([a], [b]) => a - b);
}
