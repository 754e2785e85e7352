/** Where files are: a person's XDG folders and a server's data folder. Knows paths, not what the files hold. */
import { chown, mkdir, readdir, readlink, rm, stat, symlink } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { errorCode } from '../system/disk-errors.js';
import { shellWord } from '../system/shell-words.js';
import { Exit, type Io } from './command.js';

const application = 'secure-chat';

export interface Folders {
  readonly config: string;
  readonly data: string;
  readonly state: string;
}

/**
 * A person's folders, by the XDG Base Directory specification; none is created. A variable with a relative path
 * counts as unset, as the specification says.
 * @throws Exit 78 where HOME is needed and is missing
 */
export function folders(env: Readonly<Record<string, string | undefined>>): Folders {
  const place = (variable: string, ...below: string[]): string => {
    const set = env[variable];
    if (set !== undefined && isAbsolute(set)) return join(set, application);
    const home = env.HOME ?? env.USERPROFILE;
    if (home === undefined || !isAbsolute(home)) {
      throw new Exit('configuration', `HOME is not set. Set HOME or ${variable} to an absolute path.`);
    }
    return join(home, ...below, application);
  };
  return {
    config: place('XDG_CONFIG_HOME', '.config'),
    data: place('XDG_DATA_HOME', '.local', 'share'),
    state: place('XDG_STATE_HOME', '.local', 'state'),
  };
}

/**
 * Creates the folder, readable by its owner alone. An existing one keeps its mode.
 * @throws Exit 74 where it cannot be created or is not a folder
 */
export async function makeFolder(path: string): Promise<string> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    if (!(await stat(path)).isDirectory()) throw new Error('it is not a folder');
    return path;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Exit('io', `Cannot create the folder ${path}: ${why}`, { cause });
  }
}

/** Beside it are FILE-wal, FILE-shm and FILE-lock while it is open. */
export const databaseFile = (data: string): string => join(data, 'secure-chat.db');
export const filesFolder = (data: string): string => join(data, 'files');
export const controlSocket = (data: string): string => join(data, 'control.sock');

export const configVariable = 'SECURE_CHAT_CONFIG';

export function configOption(): Option {
  return new Option('--config <FILE>', 'TOML file with options by their names: port = 6697')
    .env(configVariable)
    .argParser((text) => {
      if (text === '') throw new InvalidArgumentError('Give the name of a file.');
      return text;
    });
}

export function dataOption(): Option {
  return new Option('--data <DIR>', 'data folder; default: ~/.local/share/secure-chat/server')
    .env('SECURE_CHAT_DATA')
    .argParser((text) => {
      // Otherwise it would be the current folder.
      if (text === '') throw new InvalidArgumentError('Give the name of a folder.');
      return text;
    });
}

export const databaseVariable = 'SECURE_CHAT_DATABASE';

/** Of commands that work on a server's data. */
export function databaseOption({ env }: Pick<Io, 'env'>): Option {
  return new Option(
    '--database <URL>',
    'PostgreSQL database: postgres://USER@HOST/NAME; default: a file in the data folder',
  )
    .env(databaseVariable)
    .argParser((text) => {
      // Not commander's error, which would print the whole address.
      if (!isDatabaseAddress(text))
        throw new Exit('usage', 'The address of a database begins with postgres://.');
      if (text !== env[databaseVariable]) refusePassword(text);
      return text;
    });
}

export const isDatabaseAddress = (text: string): boolean => /^postgres(ql)?:\/\//.test(text);

export const holdsPassword = (address: string): boolean => /^\w+:\/\/[^@/]*:[^@/]*@/.test(address);

/** Everyone on this machine can read a program's arguments. @throws Exit */
export function refusePassword(address: string): void {
  if (!holdsPassword(address)) return;
  const way = `put it into ~/.pgpass, or the whole address into ${databaseVariable} or a --config file`;
  throw new Exit('usage', `Keep the database's password out of the command line: ${way}.`);
}

/** An absolute path. @throws Exit 78 where neither the option nor HOME says where it is */
export function dataFolder(given: string | undefined, { env }: Io): string {
  return given === undefined ? join(folders(env).data, 'server') : resolve(given);
}

/** A command on the same data, to copy. @param given by --data or its variable */
export function commandOn(given: string | undefined, { called }: Io, command: string): string {
  return given === undefined
    ? `${called} ${command}`
    : `${called} ${command} --data ${shellWord(resolve(given))}`;
}

/** @throws Exit 78 where the folder holds no server data, 74 where this user may not read it or the database is lost */
export async function requireData({
  data,
  database,
}: {
  readonly data: string;
  readonly database?: string | undefined;
}): Promise<void> {
  if (database !== undefined) return;
  const { size } = await stat(databaseFile(data)).catch(async (cause: unknown) => {
    if (errorCode(cause) === 'EACCES') {
      const message = `${data} belongs to another user. Run this as the server's user, or as root.`;
      throw new Exit('io', message, { cause });
    }
    await refuseLost(data);
    const message = `No server data in ${data}. Start the server once (secure-chat server), or give its --data or --database.`;
    throw new Exit('configuration', message, { cause });
  });
  if (size === 0) await refuseLost(data);
}

/**
 * For a folder whose database is missing, is empty or has no accounts.
 * @throws Exit 74 where something else there shows that it had some
 */
export async function refuseLost(data: string): Promise<void> {
  const { afterLoss, refuseRemains } = await import('../store/sqlite/last-entry.js');
  try {
    refuseRemains(databaseFile(data));
  } catch (cause) {
    throw new Exit('io', `${databaseFile(data)}: ${(cause as Error).message}`, { cause });
  }
  const [sent] = await sentFiles(data);
  if (sent === undefined) return;
  const message = `${data} has sent files, such as ${sent}, but a database without accounts.`;
  throw new Exit('io', `${message} ${afterLoss}`);
}

/** Paths in the data folder of all complete files. */
export async function sentFiles(data: string): Promise<string[]> {
  const shelves = await readdir(filesFolder(data)).catch(() => []);
  const found = shelves
    .filter((name) => /^[0-9a-f]{2}$/.test(name))
    .map(async (shelf) =>
      (await readdir(join(filesFolder(data), shelf))).map((name) => `files/${shelf}/${name}`),
    );
  return (await Promise.all(found)).flat();
}

/**
 * Keeps sent files in a shared folder from now on: the one in the data folder becomes a link, so that every command finds them.
 * @throws Exit 78 where there are files already, or the shared folder is not what it was; 74 where it can't be made
 */
export async function shareFiles(data: string, folder: string): Promise<void> {
  // Or else the link would be read from where it is.
  const shared = resolve(folder);
  const { uploadsIn } = await import('../store/folder/blobs.js');
  const own = filesFolder(data);
  const there = await readlink(own).catch((error: unknown) => errorCode(error));
  if (there === shared) {
    // What is sent to a folder under a mount point would be there for this server alone, and gone once it is mounted.
    if (await isFolder(uploadsIn(shared))) return;
    const message = `${shared} is empty, but it was in use. Mount it, or remove ${own} to begin without sent files.`;
    throw new Exit('configuration', message);
  }
  await makeFolder(uploadsIn(shared));
  if (there === 'EINVAL' && (await sentFiles(data)).length > 0) {
    const message = `There are sent files in ${own}. Move its contents to ${shared}, then start again.`;
    throw new Exit('configuration', message);
  }
  try {
    await rm(own, { recursive: true, force: true });
    await symlink(shared, own, 'junction');
  } catch (cause) {
    throw new Exit('io', `Cannot link ${own} to ${shared}: ${(cause as Error).message}`, { cause });
  }
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (about) => about.isDirectory(),
    () => false,
  );

/** @throws Exit 78 where others can write into it: they could replace the database and the key */
export async function refuseOpenFolder(data: string): Promise<void> {
  // Windows has no mode bits: every folder appears as 0777.
  if (process.platform === 'win32') return;
  const { mode } = await stat(data);
  if ((mode & 0o002) === 0) return;
  const bits = (mode & 0o7777).toString(8).padStart(4, '0');
  const message = `Everyone on this machine can write into ${data} (mode ${bits}). Run: chmod 700 ${shellWord(data)}`;
  throw new Exit('configuration', message);
}

/** A server must be able to use what root creates in its folder. */
export async function giveToOwnerOf(folder: string, paths: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(folder);
  for (const path of paths) await chown(path, uid, gid);
}
