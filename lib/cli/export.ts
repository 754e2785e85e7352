/** `secure-chat export`: writes the history to stdout or a file. Options in, a session that reads it. */
import { type FileHandle, open } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { createExport, ExportError, type ExportWanted } from '../client/export/export.js';
import { diskReason, errorCode } from '../system/disk-errors.js';
import {
  addClientOptions,
  type ClientOptions,
  clientExits,
  runClient,
  serverArgument,
} from './client-run.js';
import { addCommand, Exit, type Io, type OutputStream } from './command.js';
import { personArgument, repeated, roomArgument } from './option-values.js';
import { sinceOption } from './since-option.js';

interface Options extends ClientOptions {
  readonly room?: readonly string[];
  readonly with?: readonly string[];
  readonly since?: number;
  readonly format: 'text' | 'json';
  readonly output?: string;
}

export function addExport(program: Command, io: Io): void {
  const command = addCommand(program, 'export', {
    description: 'Writes the history of your conversations to stdout: all of them, or those you choose.',
    examples: ['secure-chat export LINK --room dev --since 2w -o dev.txt'],
    exits: [
      ['data', 'no such room or person'],
      ['refused', 'wrong password, name taken, banned, …'],
      ...clientExits,
    ],
  });
  addClientOptions(
    command.argument(`[${serverArgument}]`, 'join link or server address; asked for if missing'),
  )
    .option('--room <ROOM>', 'only this room; can be repeated', repeated(roomArgument))
    .option('--with <NAME>', 'only direct messages with NAME; can be repeated', repeated(personArgument))
    .addOption(sinceOption())
    .addOption(new Option('--format <FORMAT>', 'output format').choices(['text', 'json']).default('text'))
    .option('-o, --output <FILE>', 'write to a new file that only you can read')
    .action((argument: string | undefined, options: Options) => run({ argument, options, io }));
}

async function run(given: { argument: string | undefined; options: Options; io: Io }): Promise<void> {
  const { options, io } = given;
  const file = options.output === undefined ? undefined : await create(options.output);
  const attach = options.takeOver ? {} : { attach: true as const };
  try {
    await runClient({
      ...given,
      options: { ...options, ...attach },
      makeFrontEnd: async ({ stop }) =>
        createExport({
          write: file === undefined ? (text) => written(io.stdout, text) : (text) => file.appendFile(text),
          progress: createProgress(io.stderr),
          stop,
          wanted: wantedOf(options),
          now: Date.now,
        }),
    });
    await file?.sync();
  } catch (error) {
    if (error instanceof ReaderGone) return;
    if (error instanceof ExportError) throw new Exit('data', error.message, { cause: error });
    const code = errorCode(error);
    if (code === '') throw error;
    throw new Exit('io', `Cannot write: ${diskReason(code)}.`, { cause: error });
  } finally {
    await file?.close();
    if (io.stderr.isTTY === true) io.stderr.write('\n');
  }
}

function wantedOf({ room = [], with: names = [], since: from, format }: Options): ExportWanted {
  return { rooms: room, people: names, format, ...(from === undefined ? {} : { since: from }) };
}

async function create(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (cause) {
    const code = errorCode(cause);
    const why = code === 'EEXIST' ? 'it already exists' : diskReason(code);
    throw new Exit('io', `${path}: ${why}.`, { cause });
  }
}

/** The reader of stdout has closed it, as in `| head`. */
class ReaderGone extends Error {}

function written(stdout: OutputStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stdout.write(text, (error) => {
      if (error == null) resolve();
      else reject(errorCode(error) === 'EPIPE' ? new ReaderGone() : error);
    });
  });
}

function createProgress(stderr: OutputStream): (conversation: string, messages: number) => void {
  if (stderr.isTTY !== true) return () => {};
  return (conversation, messages) => void stderr.write(`\r\u001b[K${conversation}: ${messages} messages`);
}
