/** The server's data folder, as the commands that share it name it. */
import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Option } from 'commander';
import { Exit, exitCode } from './exit.js';
import { folders } from './folders.js';
import type { Io } from './io.js';

/** Whose command it is, and on which data. */
export interface Where {
  /** The data folder. */
  readonly data: string;
  readonly io: Io;
}

/** Beside it are FILE-wal, FILE-shm and FILE-lock while it is open. */
export const databaseFile = (data: string): string => join(data, 'secure-chat.db');
export const filesFolder = (data: string): string => join(data, 'files');
export const controlSocket = (data: string): string => join(data, 'control.sock');

export function dataOption(): Option {
  return new Option(
    '--data <DIR>',
    'folder of accounts, history and the control socket; default: ~/.local/share/secure-chat/server',
  ).env('SECURE_CHAT_DATA');
}

/** A full path. @throws Exit 78 where neither the option nor HOME says where it is */
export function dataFolder(given: string | undefined, { env }: Io): string {
  return given === undefined ? join(folders(env).data, 'server') : resolve(given);
}

/** @throws Exit 78 where there is no server's data in the folder */
export async function requireData(data: string): Promise<void> {
  await access(databaseFile(data)).catch((cause: unknown) => {
    const message = `There is no server's data in ${data}. Start it once, secure-chat server, or name its --data.`;
    throw new Exit(exitCode.configuration, message, { cause });
  });
}
