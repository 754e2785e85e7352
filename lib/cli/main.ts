/** The command line: which subcommands there are, and how each ends. Knows no process. */
import { Command, CommanderError } from 'commander';
import { printable } from '../protocol/printable.js';
import { addAudit } from './audit.js';
import { addBackup } from './backup.js';
import { addCheck } from './check.js';
import { addConnect } from './connect.js';
import { Exit, type ExitCode, exitCode, exitHelp } from './exit.js';
import { addExport } from './export.js';
import { addHost } from './host.js';
import { addInvite } from './invite.js';
import type { Io } from './io.js';
import { addServer } from './server.js';
import { addTrust } from './trust.js';
import { addUser } from './user.js';

/**
 * Runs one command.
 * @param argv without the program and the script
 * @param version what `--version` prints
 * @returns the exit code, once everything is done; a failure has been told on stderr by then
 */
export async function main(argv: readonly string[], io: Io, version: string): Promise<ExitCode> {
  const program = createProgram(io, version);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode.ok;
  } catch (error) {
    return told(error, io);
  }
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
  addServer(program, io);
  addHost(program, io);
  addConnect(program, io);
  addExport(program, io);
  addInvite(program, io);
  addUser(program, io);
  addAudit(program, io);
  addBackup(program, io);
  addCheck(program, io);
  addTrust(program, io);
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
