/** The command line: which subcommands there are, and how each ends. Knows no process. */
import { Command, CommanderError } from 'commander';
import { printable } from '../protocol/printable.js';
import { Exit, type ExitCode, exitCode, exitHelp } from './exit.js';
import type { Io } from './io.js';

/**
 * Runs one command.
 * @param argv without the program and the script
 * @param version what `--version` prints
 * @returns the exit code, once everything is done; a failure has been told on stderr by then
 */
export async function main(argv: readonly string[], io: Io, version: string): Promise<ExitCode> {
  const program = createProgram(io, version);
  for (const add of await commandsOf(argv)) add(program, io);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode.ok;
  } catch (error) {
    return told(error, io);
  }
}

type Add = (program: Command, io: Io) => void;

/** In the order of the help. A backup's module has two commands. */
const modules: readonly [names: readonly string[], load: () => Promise<Add>][] = [
  [['server'], async () => (await import('./server.js')).addServer],
  [['host'], async () => (await import('./host.js')).addHost],
  [['connect'], async () => (await import('./connect.js')).addConnect],
  [['export'], async () => (await import('./export.js')).addExport],
  [['invite'], async () => (await import('./invite.js')).addInvite],
  [['user'], async () => (await import('./user.js')).addUser],
  [['audit'], async () => (await import('./audit.js')).addAudit],
  [['backup', 'restore'], async () => (await import('./backup.js')).addBackup],
  [['check'], async () => (await import('./check.js')).addCheck],
  [['trust'], async () => (await import('./trust.js')).addTrust],
  // Named by nobody: it is loaded with all the others, which it tells of.
  [[], async () => (await import('./completion.js')).addCompletion],
];

/** The command that is wanted, loaded alone, for each takes its time to load; all where that is not plain. */
async function commandsOf(argv: readonly string[]): Promise<Add[]> {
  const wanted = modules.filter(([names]) => names.includes(argv[0] ?? ''));
  return Promise.all((wanted.length > 0 ? wanted : modules).map(([, load]) => load()));
}

function createProgram(io: Io, version: string): Command {
  const program = new Command('secure-chat');
  program
    .description('Private group chat in the terminal that you host in a minute.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [COMMAND]', 'print the help of a command')
    .addHelpText('afterAll', exitHelp)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => width(io.stdout.columns),
      getErrHelpWidth: () => width(io.stderr.columns),
    });
  return program;
}

function width(columns: number | undefined): number {
  return Math.min(columns ?? 100, 100);
}

/** The code of an error, after it has been told. */
function told(error: unknown, io: Io): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
  if (error instanceof Exit) {
    if (error.message !== '')
      io.stderr.write(`secure-chat: ${printable(error.message, { newlines: true })}\n`);
    return error.code;
  }
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
  io.stderr.write(`secure-chat: a defect of this program: ${printable(words, { newlines: true })}\n`);
  return exitCode.internal;
}
