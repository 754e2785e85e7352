/** `secure-chat migrate`: moves all that a server knows from a file into a PostgreSQL database, or back. */
import { type Command, Option } from 'commander';
import type { CopyEnd, TableSum } from '../store/sql/copy-tables.js';
import type { Failure } from '../store/sql/failure.js';
import { addCommand, Exit, type Io } from './command.js';
import {
  databaseFile,
  databaseVariable,
  isDatabaseAddress,
  makeFolder,
  refusePassword,
  requireData,
} from './folders.js';
import { readAddress } from './server-store.js';

interface Flags {
  readonly from?: string;
  readonly to?: string;
}

export function addMigrate(program: Command, io: Io): void {
  const place = (flags: string, description: string) =>
    new Option(flags, description).argParser((text) => {
      refusePassword(text);
      return text;
    });
  addCommand(program, 'migrate', {
    description:
      'Copies accounts, rooms, messages and everything else except sent files from a data folder into an empty ' +
      'PostgreSQL database, or back, and compares both. Stop the server first. The source is not changed.',
    text: `One of the two is a data folder, the other postgres://USER@HOST/NAME, which
${databaseVariable} can hold instead. Sent files stay in the data folder.`,
    examples: [
      'secure-chat migrate --from /srv/chat --to postgres://chat@db.example/chat',
      'secure-chat migrate --from postgres://chat@db.example/chat --to /srv/chat',
    ],
    exits: [
      ['io', 'one of the two cannot be read or written, or they differ'],
      ['configuration', 'a server is using one of the two, or the target is not empty'],
    ],
  })
    .addOption(place('--from <DIR|URL>', 'the source'))
    .addOption(place('--to <DIR|URL>', 'the target, which must be empty'))
    .action((flags: Flags) => migrate(flags, io));
}

async function migrate(flags: Flags, io: Io): Promise<void> {
  const { from = io.env[databaseVariable], to = io.env[databaseVariable] } = flags;
  if (from === undefined || to === undefined || isDatabaseAddress(from) === isDatabaseAddress(to)) {
    throw new Exit(
      'usage',
      'Give --from and --to: one is a data folder, the other postgres://USER@HOST/NAME.',
    );
  }
  await moveData(from, to, io);
}

/** Copies all but sent files. One of the two is a data folder, the other an address. @throws Exit; nothing is copied then */
export async function moveData(from: string, to: string, io: Pick<Io, 'stderr'>): Promise<void> {
  const source = await open(from, 'from');
  let target: End | undefined;
  try {
    target = await open(to, 'to');
    const sums = await copy(source, target, io);
    const rows = sums.reduce((sum, table) => sum + table.rows, 0);
    const messages = sums.find(({ name }) => name === 'log')?.rows ?? 0;
    const accounts = sums.find(({ name }) => name === 'accounts')?.rows ?? 0;
    io.stderr.write(
      `Copied ${rows} rows, among them ${accounts} accounts and ${messages} history entries; both are equal.\n`,
    );
  } finally {
    source.close();
    target?.close();
  }
}

/** A database that nothing else uses. */
interface End {
  readonly name: string;
  readonly begin: string;
  readonly end: CopyEnd;
  readonly describe: (error: unknown) => Failure;
  close(): void;
}

/** @throws Exit */
async function copy(source: End, target: End, io: Pick<Io, 'stderr'>): Promise<readonly TableSum[]> {
  const { copyTables, sumTables } = await import('../store/sql/copy-tables.js');
  const at = <Value>({ name, describe }: End, work: () => Value): Value => {
    try {
      return work();
    } catch (error) {
      if (error instanceof RangeError)
        throw new Exit('configuration', `${name}: ${error.message}. Choose an empty one.`);
      throw new Exit('io', `${name}: ${describe(error).sentence}`, { cause: error });
    }
  };
  at(source, () => source.end.db.exec(source.begin));
  at(target, () => target.end.db.exec(target.begin));
  at(target, () => copyTables(source.end, target.end, (table) => io.stderr.write(`Copying ${table}\n`)));
  io.stderr.write('Comparing\n');
  const was = at(source, () => sumTables(source.end.db));
  const is = at(target, () => sumTables(target.end.db));
  const different = was.filter(({ rows, sum }, index) => is[index]?.rows !== rows || is[index]?.sum !== sum);
  if (different.length > 0) {
    const names = different.map(({ name }) => name).join(', ');
    throw new Exit('io', `The copy differs in ${names}, so it was discarded. Please report this.`);
  }
  at(target, () => target.end.db.exec('COMMIT'));
  return is;
}

async function open(place: string, side: 'from' | 'to'): Promise<End> {
  return isDatabaseAddress(place) ? openPostgres(place, side) : openFile(place, side);
}

async function openPostgres(place: string, side: 'from' | 'to'): Promise<End> {
  const { addressText } = await import('../store/postgres/address.js');
  const { openUnused, postgresCopyEnd, postgresDialect, postgresDriver } = await import(
    '../store/postgres/connection.js'
  );
  const address = await readAddress(place);
  const [name, { describe }] = [addressText(address), postgresDriver];
  const db = opened(name, describe, () => openUnused(address));
  const { begin } = postgresDialect;
  return {
    ...{ name, describe, end: postgresCopyEnd(db) },
    begin: side === 'from' ? begin.read : begin.write,
    close: () => db.close(),
  };
}

async function openFile(data: string, side: 'from' | 'to'): Promise<End> {
  const { closeDatabase, openDatabase, takeLock } = await import('../store/sqlite/database.js');
  const { sqliteCopyEnd, sqliteDriver } = await import('../store/sqlite/connection.js');
  const { makeFilesPrivate } = await import('../store/sqlite/open.js');
  const [file, { describe }] = [databaseFile(data), sqliteDriver];
  if (side === 'from') await requireData({ data, database: undefined });
  else await makeFolder(data);
  return opened(file, describe, () => {
    makeFilesPrivate(file);
    const lock = takeLock(file);
    try {
      const db = openDatabase({ file });
      return {
        ...{ name: file, describe, end: sqliteCopyEnd(db), begin: 'BEGIN' },
        close() {
          if (db.isTransaction) db.exec('ROLLBACK');
          closeDatabase(db);
          lock.release();
        },
      };
    } catch (error) {
      lock.release();
      throw error;
    }
  });
}

/** @throws Exit with what to do */
function opened<Value>(name: string, describe: End['describe'], work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    const { sentence, inUse } = describe(error);
    throw new Exit(inUse ? 'configuration' : 'io', `${name}: ${sentence}`, { cause: error });
  }
}
