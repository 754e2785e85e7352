/** `secure-chat backup` and `restore`: a server's data into one file, and back. */
import { readdir, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { addCommand, type Io } from './command.js';
import { commandOn, databaseFile, databaseOption, dataFolder, dataOption, requireData } from './folders.js';
import { operate, operateExits } from './operate.js';
import { addOperatorCommand, type DataFlags, operatorContext } from './operator-context.js';
import { pack } from './pack.js';
import { signalExits, watchSignals } from './stop.js';
import { unpack } from './unpack.js';

export function addBackup(program: Command, io: Io): void {
  addOperatorCommand(program, io, 'backup', {
    description:
      "Writes a tar archive of the database, all sent files and the server's own key pair, and verifies it. It " +
      "contains every message and the server's key: keep it safe.",
    examples: ['secure-chat backup chat.tar'],
    exits: [
      ...operateExits,
      ['io', 'the backup exists or cannot be written, or the data is damaged'],
      ...signalExits,
    ],
  })
    .argument('<FILE>', 'the backup to create; must not exist')
    .action((file: string, flags: DataFlags) => backup(resolve(file), flags, io));
  addCommand(program, 'restore', {
    description:
      'Verifies the whole backup, then puts its data into a data folder that is empty or does not exist yet. A ' +
      'server started with the same --data continues from there. With --database, everything except keys and sent ' +
      'files goes into an empty PostgreSQL database.',
    examples: [
      'secure-chat restore chat.tar --data /srv/chat',
      'secure-chat restore chat.tar --database postgres://chat@db.example/chat',
    ],
    exits: [
      ['io', 'the backup is damaged, or its data cannot be written'],
      ['configuration', 'the data folder or the database is not empty'],
      ...signalExits,
    ],
  })
    .argument('<FILE>', 'the backup')
    .addOption(dataOption())
    .addOption(databaseOption(io))
    .action((file: string, flags: DataFlags) => restore(resolve(file), flags, io));
}

async function backup(archive: string, flags: DataFlags, io: Io): Promise<void> {
  const where = await operatorContext(flags, io);
  await requireData(where);
  const { data } = where;
  const copy = (file: string) => operate(where, 'copy', { file });
  const { files } = await untilSignal(io, (signal) => pack({ data, archive, copy, signal }));
  io.stderr.write(`Saved ${archive}: database verified, ${counted(files)}.\n`);
}

async function restore(archive: string, flags: DataFlags, io: Io): Promise<void> {
  const data = dataFolder(flags.data, io);
  const { files } = await untilSignal(io, (signal) => unpack({ archive, data, signal }));
  if (flags.database !== undefined) await moveIntoDatabase(data, flags.database, io);
  io.stderr.write(`Restored ${data}: ${counted(files)}. Start: ${commandOn(flags.data, io, 'server')}\n`);
}

/** What was restored to a file, which then goes: a server that is started without --database must not continue from it. */
async function moveIntoDatabase(data: string, database: string, io: Io): Promise<void> {
  const { moveData } = await import('./migrate.js');
  try {
    await moveData(data, database, io);
  } catch (error) {
    io.stderr.write(`The backup is in ${data}. To continue: secure-chat migrate --from ${data}\n`);
    throw error;
  }
  for (const name of await readdir(data)) {
    // SQLite may just have removed one.
    if (name.startsWith(basename(databaseFile(data)))) await rm(join(data, name), { force: true });
  }
}

/** A signal ends it cleanly: nothing unfinished is left. */
async function untilSignal<Value>(io: Io, work: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
  const stop = watchSignals(io.signals);
  const done = work(stop.signal);
  try {
    return await Promise.race([done, stop.second]);
  } catch (error) {
    // With the exit code of the signal, whatever error it caused.
    if (stop.signal.aborted) await Promise.race([stop.first, stop.second]);
    throw error;
  } finally {
    stop.release();
  }
}

function counted(files: number): string {
  return files === 1 ? '1 file' : `${files} files`;
}
