/** The server's data folder, as the commands that share it name it. */
import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { errorCode } from '../system/atomic-file.js';
import { shellWord } from '../system/shell-word.js';
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
  )
    .env('SECURE_CHAT_DATA')
    .argParser((text) => {
      // Else it would be whatever folder one is in.
      if (text === '') throw new InvalidArgumentError('It takes the name of a folder.');
      return text;
    });
}

/** A full path. @throws Exit 78 where neither the option nor HOME says where it is */
export function dataFolder(given: string | undefined, { env }: Io): string {
  return given === undefined ? join(folders(env).data, 'server') : resolve(given);
}

/** A command on the same data, to be copied. @param given what --data or its variable said */
export function commandOn(given: string | undefined, { called }: Io, command: string): string {
  return given === undefined
    ? `${called} ${command}`
    : `${called} ${command} --data ${shellWord(resolve(given))}`;
}

/** @throws Exit 78 where there is no server's data in the folder, 74 where this user may not look */
export async function requireData(data: string): Promise<void> {
  await access(databaseFile(data)).catch((cause: unknown) => {
    if (errorCode(cause) === 'EACCES') {
      const message = `${data} is for another user: run this as the user of the server, or as root.`;
      throw new Exit(exitCode.io, message, { cause });
    }
    const message = `There is no server's data in ${data}. Start it once, secure-chat server, or name its --data.`;
    throw new Exit(exitCode.configuration, message, { cause });
  });
}
