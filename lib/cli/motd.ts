/** What the operator says to everybody who comes, in a file. */
import { open } from 'node:fs/promises';
import { limits } from '../protocol/limits.js';
import { printable } from '../protocol/printable.js';
import { errorCode } from '../system/atomic-file.js';
import { diskReason } from '../system/disk-reason.js';
import { Exit, exitCode } from './exit.js';

/** Printable text; undefined for no file. @throws Exit 74 where it cannot be read, 78 where it cannot be shown */
export async function readMotd(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const most = limits.motdBytes;
  const bytes = await firstBytes(path, most + 1).catch((cause: unknown) => {
    throw new Exit(exitCode.io, `Cannot read the --motd file ${path}: ${diskReason(errorCode(cause))}.`, {
      cause,
    });
  });
  if (bytes.length > most) {
    throw new Exit(
      exitCode.configuration,
      `The --motd file ${path} has more than ${most} bytes: shorten it.`,
    );
  }
  return printable(decoded(bytes, path), { newlines: true });
}

function decoded(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Exit(exitCode.configuration, `The --motd file ${path} is not text in UTF-8.`, { cause });
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
