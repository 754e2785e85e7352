/** `secure-chat backup` and `restore`: all of a server's data into one file, and out of it. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { pack, unpack } from './archive.js';
import { dataFolder, dataOption } from './data-folder.js';
import type { Io } from './io.js';
import { operate } from './operate.js';

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
      'Checks the whole backup first; then a server that is started with the same --data goes on from it.',
    )
    .addOption(dataOption())
    .action((file: string, flags: Flags) => restore(resolve(file), flags, io));
}

async function backup(archive: string, flags: Flags, io: Io): Promise<void> {
  const data = dataFolder(flags.data, io);
  // Says what is wrong with the folder before anything is made in it.
  await operate({ data, io }, 'bans');
  const copy = (file: string) => operate({ data, io }, 'copy', { file });
  const { files } = await pack({ data, archive, copy });
  io.stderr.write(`${archive} is whole: the database is sound, and ${counted(files)} in it.\n`);
}

async function restore(archive: string, flags: Flags, io: Io): Promise<void> {
  const data = dataFolder(flags.data, io);
  const { files } = await unpack(archive, data);
  io.stderr.write(
    `${data} holds the data of the backup; ${counted(files)} in it. Start: secure-chat server\n`,
  );
}

function counted(files: number): string {
  return files === 1 ? '1 file is' : `${files} files are`;
}
