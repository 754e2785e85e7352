/** Files named by options: a password or token, the message of the day. Knows files, not what they are for. */

import { type FileHandle, open } from 'node:fs/promises';
import { limits } from '../protocol/limits.js';
import { printable } from '../protocol/printable.js';
import { diskReason, errorCode } from '../system/disk-errors.js';
import { Exit } from './command.js';

type SecretKind = 'password' | 'token';

/**
 * The first line of the file. A pipe, such as the shell's `<(command)`, works too.
 * @throws Exit 78 for a file that others can read or that holds no password, 74 for one that cannot be read,
 *   64 for `-`, because standard input is what is typed into the chat
 */
export async function readPasswordFile(path: string, what: SecretKind = 'password'): Promise<string> {
  if (path === '-') {
    throw new Exit('usage', `The ${what} cannot come from standard input. Give a file.`);
  }
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (cause) {
    throw unreadable(path, what, cause);
  }
  try {
    await refuseOpenToOthers(file, path, what);
    const buffer = Buffer.alloc(limits.passwordMaxBytes + 2);
    let length = 0;
    while (length < buffer.length && !buffer.subarray(0, length).includes(0x0a)) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return firstLine(buffer.subarray(0, length).toString('utf8'), path, what);
  } catch (cause) {
    throw cause instanceof Exit ? cause : unreadable(path, what, cause);
  } finally {
    await file.close();
  }
}

async function refuseOpenToOthers(file: FileHandle, path: string, what: SecretKind): Promise<void> {
  const { mode } = await file.stat();
  // Windows has no such bits.
  if (process.platform === 'win32' || (mode & 0o077) === 0) return;
  throw new Exit('configuration', `Others can read the ${what} file ${path}. Run: chmod 600 ${path}`);
}

function firstLine(text: string, path: string, what: SecretKind): string {
  const [line = ''] = text.split(/\r?\n/, 1);
  if (line === '') throw new Exit('configuration', `The first line of the ${what} file ${path} is empty.`);
  if (Buffer.byteLength(line) > limits.passwordMaxBytes) {
    throw new Exit(
      'configuration',
      `The first line of the ${what} file ${path} is longer than ${limits.passwordMaxBytes} bytes.`,
    );
  }
  return line;
}

function unreadable(path: string, what: SecretKind, cause: unknown): Exit {
  const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason';
  return new Exit('io', `Cannot read the ${what} file ${path} (${why}).`, { cause });
}

/** The message of the day, as printable text. @throws Exit 74 where it cannot be read, 78 where it cannot be shown */
export async function readMotd(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const most = limits.motdBytes;
  const bytes = await firstBytes(path, most + 1).catch((cause: unknown) => {
    throw new Exit('io', `Cannot read the --motd file ${path}: ${diskReason(errorCode(cause))}.`, {
      cause,
    });
  });
  if (bytes.length > most) {
    throw new Exit('configuration', `The --motd file ${path} is larger than ${most} bytes. Shorten it.`);
  }
  return printable(decoded(bytes, path), { newlines: true });
}

function decoded(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Exit('configuration', `The --motd file ${path} is not UTF-8 text.`, { cause });
  }
}

async function firstBytes(path: string, length: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
