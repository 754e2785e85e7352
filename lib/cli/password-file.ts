/** A password that a file holds. Knows files and who may read them, not what the password opens. */
import { type FileHandle, open } from 'node:fs/promises';
import { limits } from '../protocol/limits.js';
import { Exit, exitCode } from './exit.js';

/**
 * The first line of the file; whatever follows it is ignored. A pipe, as the shell's `<(command)` makes it,
 * will do.
 * @throws Exit 78 for a file that others can read or that holds no password, 74 for one that cannot be read,
 *   64 for `-`, as standard input is what is typed into the chat
 */
export async function readPasswordFile(path: string): Promise<string> {
  if (path === '-') {
    throw new Exit(exitCode.usage, 'The password cannot come from standard input: name a file.');
  }
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (cause) {
    throw unreadable(path, cause);
  }
  try {
    await refuseOpenToOthers(file, path);
    const buffer = Buffer.alloc(limits.passwordMaxBytes + 2);
    let length = 0;
    while (length < buffer.length && !buffer.subarray(0, length).includes(0x0a)) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return firstLine(buffer.subarray(0, length).toString('utf8'), path);
  } catch (cause) {
    throw cause instanceof Exit ? cause : unreadable(path, cause);
  } finally {
    await file.close();
  }
}

async function refuseOpenToOthers(file: FileHandle, path: string): Promise<void> {
  const { mode } = await file.stat();
  // Windows has no such bits.
  if (process.platform === 'win32' || (mode & 0o077) === 0) return;
  throw new Exit(
    exitCode.configuration,
    `Others can read the password file ${path}: chmod 600 ${path}, and change the password if they did.`,
  );
}

function firstLine(text: string, path: string): string {
  const [line = ''] = text.split(/\r?\n/, 1);
  if (line === '')
    throw new Exit(exitCode.configuration, `The password file ${path} begins with an empty line.`);
  if (Buffer.byteLength(line) > limits.passwordMaxBytes) {
    throw new Exit(
      exitCode.configuration,
      `The password file ${path} has a first line of more than ${limits.passwordMaxBytes} bytes.`,
    );
  }
  return line;
}

function unreadable(path: string, cause: unknown): Exit {
  const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason';
  return new Exit(exitCode.io, `Cannot read the password file ${path} (${why}).`, { cause });
}
