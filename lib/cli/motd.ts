/** What the operator says to everybody who comes, in a file. */
import { open } from 'node:fs/promises';
import { limits } from '../protocol/limits.js';
import { printable } from '../protocol/printable.js';
import { Exit, exitCode } from './exit.js';

/** Printable text; undefined for no file. @throws Exit 74 where it cannot be read, 78 where it is too long */
export async function readMotd(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const file = await open(path, 'r').catch((cause: unknown) => {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason';
    throw new Exit(exitCode.io, `Cannot read the --motd file ${path} (${why}).`, { cause });
  });
  try {
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(limits.motdBytes + 1),
      0,
      limits.motdBytes + 1,
      0,
    );
    if (bytesRead > limits.motdBytes) {
      throw new Exit(
        exitCode.configuration,
        `The --motd file ${path} has more than ${limits.motdBytes} bytes.`,
      );
    }
    return printable(buffer.subarray(0, bytesRead).toString('utf8'), { newlines: true });
  } finally {
    await file.close();
  }
}
