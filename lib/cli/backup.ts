/** `secure-chat backup` and `restore`: all of a server's data into one file, and out of it. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { commandOn, dataFolder, dataOption, requireData } from './data-folder.js';
import type { Io } from './io.js';
import { operate } from './operate.js';
import { pack } from './pack.js';
import { watchSignals } from './stop.js';
import { unpack } from './unpack.js';

interface Flags {
  readonly data?: string;
}

export function addBackup(program: Command, io: Io): void {
  program
    .command('backup')
    .argument('<FILE>', 'the backup to be made; must not exist')
    .summary("copy all of a server's data into one file, while it runs")
    .description(
      "Writes a tar archive of the database, the files people sent and the server's own key pair, and reads it\n" +
        'again before it gets its name. Whoever has it has all that was said and can pass for the server: keep it safe.',
    )
    .addOption(dataOption())
    .action((file: string, flags: Flags) => backup(resolve(file), flags, io));
  program
    .command('restore')
    .argument('<FILE>', 'a backup')
    .summary('put the data of a backup into an empty data folder')
    .description(
      'Checks the whole backup first, then puts it into a data folder that is empty or does not exist yet. A server\n' +
        'that is started with the same --data goes on from it.',
    )
    .addOption(dataOption())
    .action((file: string, flags: Flags) => restore(resolve(file), flags, io));
}

async function backup(archive: string, flags: Flags, io: Io): Promise<void> {
  const data = dataFolder(flags.data, io);
  await requireData(data);
  const copy = (file: string) => operate({ data, io }, 'copy', { file });
  const { files } = await untilSignal(io, (signal) => pack({ data, archive, copy, signal }));
  io.stderr.write(`${archive} is whole: the database is sound, and ${counted(files)} in it.\n`);
}

async function restore(archive: string, flags: Flags, io: Io): Promise<void> {
  const data = dataFolder(flags.data, io);
  const { files } = await untilSignal(io, (signal) => unpack({ archive, data, signal }));
  io.stderr.write(
    `${data} holds the data of the backup; ${counted(files)} in it. Start: ${commandOn(flags.data, io, 'server')}\n`,
  );
}

/** A signal ends it in good order: nothing half is left. */
async function untilSignal<Value>(io: Io, work: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
  const stop = watchSignals(io.signals);
  const done = work(stop.signal);
  try {
    return await Promise.race([done, stop.second]);
  } catch (error) {
    // With the code of the signal, whatever it was that the signal broke off.
    if (stop.signal.aborted) await Promise.race([stop.first, stop.second]);
    throw error;
  } finally {
    stop.release();
  }
}

function counted(files: number): string {
  return files === 1 ? '1 file is' : `${files} files are`;
}
