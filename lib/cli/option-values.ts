/**
 * Option values: as typed, for commander's `argParser`, where InvalidArgumentError becomes exit code 64; and from the files
 * that options name, a password or token and the message of the day. Knows spellings and files, not what they are for.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { InvalidArgumentError } from 'commander';
import { limits } from '../protocol/limits.js';
import { parseName, parseRoomName } from '../protocol/names.js';
import { printable } from '../protocol/printable.js';
import { parseDuration } from '../protocol/quantities.js';
import type { Retention } from '../server/files/cleanup.js';
import { diskReason, errorCode } from '../system/disk-errors.js';
import { othersCanRead } from '../system/file-modes.js';
import { shellWord, splitWords } from '../system/shell-words.js';
import { canonicalHost, type Endpoint, parseEndpoint, parseEndpoints } from '../trust/endpoint.js';
import { Exit } from './command.js';

export function hostArgument(text: string): string {
  const host = canonicalHost(text);
  if (host === undefined) throw new InvalidArgumentError('Give an address or a host name.');
  return host;
}

/** Checked, and left as typed. */
export function endpointArgument(text: string): string {
  const parsed = parseEndpoint(text);
  if (!parsed.ok) throw new InvalidArgumentError(parsed.message);
  return text;
}

/** An address to listen on, with its port. */
export function listenArgument(text: string): Endpoint {
  const [, typed = '', port = ''] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  const host = canonicalHost(typed);
  if (host === undefined || Number(port) > 65535) {
    throw new InvalidArgumentError('Give an address and a port, such as 0.0.0.0:8443 or [::1]:8443.');
  }
  return { host, port: Number(port) };
}

/** Addresses separated by commas. */
export function endpointsArgument(most: number): (text: string) => readonly Endpoint[] {
  return (text) => {
    const parsed = parseEndpoints(text, most);
    if (!parsed.ok) throw new InvalidArgumentError(parsed.message);
    return parsed.value;
  };
}

/** Where only this machine connects to unless told otherwise: HOST:PORT, or a port alone for 127.0.0.1. */
export function localEndpointArgument(text: string): Endpoint {
  const [, host = '', port = ''] = /^(?:(.*):)?(\d+)$/s.exec(text) ?? [];
  return { host: host === '' ? '127.0.0.1' : hostArgument(host), port: portArgument(0)(port) };
}

export function portArgument(least: 0 | 1): (text: string) => number {
  return ranged(/^\d{1,5}$/, [least, 65535], 'Give a port');
}

/** A decimal number in a range. */
export function numberArgument(least: number, most: number): (text: string) => number {
  return ranged(/^\d+(\.\d+)?$/, [least, most], 'Give a number');
}

/** A whole number in a range. */
export function countArgument(least: number, most: number): (text: string) => number {
  return ranged(/^\d{1,9}$/, [least, most], 'Give a whole number');
}

function ranged(
  form: RegExp,
  [least, most]: readonly [least: number, most: number],
  what: string,
): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (form.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`${what} from ${least} to ${most}.`);
  };
}

const sizeUnits: Readonly<Record<string, number>> = {
  '': 1,
  K: 1024,
  M: 1024 ** 2,
  G: 1024 ** 3,
  T: 1024 ** 4,
};

/** `500K`, `100M`, `2G` in bytes; a bare number is bytes. */
export function sizeArgument(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,12}(?:\.\d{1,3})?)([KMGT]?)i?B?$/i.exec(text.trim()) ?? [];
  const bytes = Math.floor(Number(number) * (sizeUnits[unit.toUpperCase()] ?? Number.NaN));
  if (number !== '' && bytes >= 1 && Number.isSafeInteger(bytes)) return bytes;
  throw new InvalidArgumentError('Give a size such as 500K, 100M or 2G.');
}

/** The name of a room, with or without `#`. */
export function roomArgument(text: string): string {
  const parsed = parseRoomName(text);
  if (!parsed.ok) throw new InvalidArgumentError(parsed.message);
  return parsed.name;
}

/** The name of a person, with or without `@`. */
export function personArgument(text: string): string {
  const parsed = parseName(text.replace(/^@/, ''));
  if (!parsed.ok) throw new InvalidArgumentError(parsed.message);
  return parsed.name;
}

/** For an option that can be given several times. */
export function repeated<T>(
  parse: (text: string) => T,
): (text: string, before?: readonly T[]) => readonly T[] {
  return (text, before = []) => [...before, parse(text)];
}

/** An age (`90d`) or a count of messages (`10000`). */
export function keepArgument(text: string): Retention {
  const ms = parseDuration(text);
  if (ms !== undefined) return { ms };
  if (/^\d{1,9}$/.test(text) && Number(text) >= 1) return { messages: Number(text) };
  throw new InvalidArgumentError('Give an age such as 90d or 12h, or a number of messages.');
}

/** By the placeholder in an option's flags. */
export function namesPath(words: string): boolean {
  return /\b(?:FILE|DIR|FOLDER|PATH)\b/.test(words);
}

/** A command as a person types it: the program and its arguments. */
export function commandArgument(text: string): string[] {
  const words = splitWords(text);
  if (words === undefined) throw new InvalidArgumentError('A quote is not closed.');
  if (words[0] === undefined || words[0] === '') throw new InvalidArgumentError('Give a command.');
  return words;
}

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
    throw unreadable(path, what, errorCode(cause), cause);
  }
  try {
    const status = await file.stat();
    // Before its mode: `chmod 600` would close the folder to its owner.
    if (status.isDirectory()) throw unreadable(path, what, 'EISDIR');
    if (othersCanRead(status)) {
      const message = `Others can read the ${what} file ${path}. Run: chmod 600 ${shellWord(path)}`;
      throw new Exit('configuration', message);
    }
    const buffer = Buffer.alloc(limits.passwordMaxBytes + 2);
    let length = 0;
    while (length < buffer.length && !buffer.subarray(0, length).includes(0x0a)) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return firstLine(buffer.subarray(0, length).toString('utf8'), path, what);
  } catch (cause) {
    throw cause instanceof Exit ? cause : unreadable(path, what, errorCode(cause), cause);
  } finally {
    await file.close();
  }
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

function unreadable(path: string, what: SecretKind, code: string, cause?: unknown): Exit {
  return new Exit('io', `Cannot read the ${what} file ${path}: ${diskReason(code)}.`, { cause });
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
