/** A password or a token that a file holds. Knows files and who may read them, not what the secret opens. */
import { type FileHandle, open } from 'node:fs/promises';
import { limits } from '../protocol/limits.js';
import { Exit, exitCode } from './exit.js';

type SecretKind = 'password' | 'token';

/**
 * The first line of the file; whatever follows it is ignored. A pipe, as the shell's `<(command)` makes it,
 * will do.
 * @throws Exit 78 for a file that others can read or that holds no password, 74 for one that cannot be read,
 *   64 for `-`, as standard input is what is typed into the chat
 */
export async function readPasswordFile(path: string, what: SecretKind = 'password'): Promise<string> {
  if (path === '-') {
    throw new Exit(exitCode.usage, `The ${what} cannot come from standard input: name a file.`);
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
  throw new Exit(
    exitCode.configuration,
    `Others can read the ${what} file ${path}: chmod 600 ${path}, and change the ${what} if they did.`,
  );
}

function firstLine(text: string, path: string, what: SecretKind): string {
  const [line = ''] = text.split(/\r?\n/, 1);
  if (line === '')
    throw new Exit(exitCode.configuration, `The ${what} file ${path} begins with an empty line.`);
  if (Buffer.byteLength(line) > limits.passwordMaxBytes) {
    throw new Exit(
      exitCode.configuration,
      `The ${what} file ${path} has a first line of more than ${limits.passwordMaxBytes} bytes.`,
    );
  }
  return line;
}

function unreadable(path: string, what: SecretKind, cause: unknown): Exit {
  const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason';
  return new Exit(exitCode.io, `Cannot read the ${what} file ${path} (${why}).`, { cause });
}
