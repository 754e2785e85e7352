/** The command line: its commands, and the exit code of each run. Knows no process. */
import { Command, CommanderError } from 'commander';
import { printable } from '../protocol/printable.js';
import { errorCode } from '../system/disk-errors.js';
import { Exit, type ExitCode, exitCode, type Io } from './command.js';

/**
 * Runs one command.
 * @param argv without the program and the script
 * @param version what `--version` prints
 * @returns the exit code; a failure was printed on stderr
 */
export async function main(argv: readonly string[], io: Io, version: string): Promise<ExitCode> {
  const program = createProgram(io, version);
  try {
    for (const add of await commandsOf(argv)) add(program, io);
    await program.parseAsync(argv, { from: 'user' });
    return exitCode.ok;
  } catch (error) {
    return report(error, io);
  }
}

type Add = (program: Command, io: Io) => void;

/** In the order of the help. One module adds both `backup` and `restore`. */
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
  // Without a name, so that it is loaded together with all the others, which it describes.
  [[], async () => (await import('./completion.js')).addCompletion],
];

/** Only the command that is called, because each takes time to load; all if that is not clear. */
async function commandsOf(argv: readonly string[]): Promise<Add[]> {
  const called = modules.filter(([names]) => names.includes(argv[0] ?? ''));
  return Promise.all((called.length > 0 ? called : modules).map(([, load]) => load()));
}

function createProgram(io: Io, version: string): Command {
  const program = new Command('secure-chat');
  program
    .description('Private group chat in the terminal. Host it yourself in a minute.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [COMMAND]', 'print the help of a command')
    .addHelpText('after', programHelp)
    .configureHelp({ subcommandTerm: (command) => command.name() })
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

const programHelp = `
Examples:
  secure-chat server            start a server, which prints a join link
  secure-chat connect LINK      join a chat

The --help of each command lists its options, examples and exit codes.`;

function width(columns: number | undefined): number {
  return Math.min(columns ?? 80, 100);
}

// Node says ERR_MODULE_NOT_FOUND also for a module that it may not open.
const cannotLoad =
  'This program may open too few files (allow more: ulimit -n 1024, or LimitNOFILE=), or is not installed completely';

/** Prints an error. @returns its exit code */
function report(error: unknown, io: Io): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
  if (error instanceof Exit) {
    if (error.message !== '')
      io.stderr.write(`secure-chat: ${printable(error.message, { newlines: true })}\n`);
    return error.code;
  }
  const code = errorCode(error);
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'EMFILE' || code === 'ENFILE') {
    const [what] = String(error instanceof Error ? error.message : error).split('\n');
    io.stderr.write(`secure-chat: ${cannotLoad} (${printable(what ?? '')}).\n`);
    return exitCode.io;
  }
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
  io.stderr.write(
    `secure-chat: internal error (please report it): ${printable(words, { newlines: true })}\n`,
  );
  return exitCode.internal;
}
