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
    await addCommands(program, io, calledIn(argv));
    await program.parseAsync(argv, { from: 'user' });
    return exitCode.ok;
  } catch (error) {
    return report(error, io);
  }
}

interface Module {
  /** With what the program's help says about each. */
  readonly commands: Readonly<Record<string, string>>;
  load(): Promise<(program: Command, io: Io) => void>;
}

/** In the order of the help. */
const modules: readonly Module[] = [
  { commands: { server: 'run the server' }, load: async () => (await import('./server.js')).addServer },
  {
    commands: { host: 'run a server and join it, in one terminal' },
    load: async () => (await import('./host.js')).addHost,
  },
  { commands: { connect: 'join a chat' }, load: async () => (await import('./connect.js')).addConnect },
  {
    commands: { send: 'send messages or files from a script' },
    load: async () => (await import('./send.js')).addSend,
  },
  {
    commands: { listen: 'print new messages, or run a command for each' },
    load: async () => (await import('./listen.js')).addListen,
  },
  {
    commands: { export: 'save the history of your conversations' },
    load: async () => (await import('./export.js')).addExport,
  },
  { commands: { invite: 'create a join link' }, load: async () => (await import('./invite.js')).addInvite },
  { commands: { user: 'manage accounts' }, load: async () => (await import('./user.js')).addUser },
  { commands: { audit: 'print the audit log' }, load: async () => (await import('./audit.js')).addAudit },
  {
    commands: {
      backup: "copy a server's data into one file, even while it runs",
      restore: 'restore a backup into an empty data folder',
    },
    load: async () => (await import('./backup.js')).addBackup,
  },
  {
    commands: { migrate: 'move a database from a file to PostgreSQL, or back' },
    load: async () => (await import('./migrate.js')).addMigrate,
  },
  {
    commands: { check: "check a server's data, keys and settings" },
    load: async () => (await import('./check.js')).addCheck,
  },
  {
    commands: { trust: 'list or forget trusted servers' },
    load: async () => (await import('./trust.js')).addTrust,
  },
  {
    commands: { completion: 'print a shell completion script' },
    load: async () => (await import('./completion.js')).addCompletion,
  },
];

/** The program with all of its commands, to be described. */
export async function createWholeProgram(io: Io, version: string): Promise<Command> {
  const program = createProgram(io, version);
  await addCommands(program, io, 'all');
  return program;
}

/** Which commands must be whole: `completion` describes all. */
function calledIn(argv: readonly string[]): Called {
  const [first, second] = argv.filter((word) => !word.startsWith('-'));
  const name = first === 'help' ? second : first;
  return name === 'completion' ? 'all' : { name };
}

type Called = 'all' | { readonly name: string | undefined };

/** Adds what is called, whole, because each takes time to load; of the others only the name and the summary. */
async function addCommands(program: Command, io: Io, called: Called): Promise<void> {
  for (const { commands, load } of modules) {
    const summaries = Object.entries(commands);
    if (called === 'all' || summaries.some(([name]) => name === called.name)) (await load())(program, io);
    else for (const [name] of summaries) program.command(name);
    for (const [name, summary] of summaries) {
      program.commands.find((command) => command.name() === name)?.summary(summary);
    }
  }
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

export const programExamples = [
  'secure-chat server            start a server, which prints a join link',
  'secure-chat connect LINK      join a chat',
];

const programHelp = `
Examples:
${programExamples.map((example) => `  ${example}`).join('\n')}

The --help of each command lists its options, examples and exit codes.`;

function width(columns: number | undefined): number {
  return Math.min(columns ?? 80, 100);
}

// Node says ERR_MODULE_NOT_FOUND also for a module that it may not open.
const cannotLoad =
  'The limit on open files is too low (raise it: ulimit -n 1024, or LimitNOFILE=), or this program is not completely installed';

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
