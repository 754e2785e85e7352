/** A file that is sent, held open so that it stays the same one. Knows bytes, not where they go. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { printable } from '../../protocol/printable.js';
import { diskTrouble, Refusal } from './trouble.js';

export interface Source {
  readonly size: number;
  /**
   * Reads up to its end, from `offset`; each piece is only good until the one after the next is asked for.
   * @throws Refusal where it is not what it was when it was opened
   */
  pieces(offset: number): AsyncGenerator<Buffer, void>;
  /** SHA-256, base64url. @param progress is told the bytes so far @throws as `pieces`; the signal's reason */
  hash(progress: (bytes: number) => void, signal: AbortSignal): Promise<string>;
  close(): Promise<void>;
}

const pieceBytes = 256 * 1024;

/** @throws Refusal for what cannot be read, and for all but regular files */
export async function openSource(path: string): Promise<Source> {
  const trouble = (error: unknown) => diskTrouble(path, error);
  let file: FileHandle | undefined;
  try {
    // Devices are not even opened; a pipe that comes in between must not be waited for.
    requireFile(path, await stat(path));
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const first = await file.stat({ bigint: true });
    requireFile(path, first);
    return createSource({ path, file, size: Number(first.size), modified: first.mtimeNs });
  } catch (error) {
    await file?.close();
    throw trouble(error);
  }
}

interface Kind {
  isFile(): boolean;
  isDirectory(): boolean;
}

function requireFile(path: string, kind: Kind): void {
  if (kind.isFile()) return;
  const shown = printable(path);
  throw new Refusal(
    kind.isDirectory()
      ? `${shown} is a folder; make one file of it first, with zip or tar`
      : `${shown} is no file but a device or the like; only files can be sent`,
  );
}

interface Opened {
  readonly path: string;
  readonly file: FileHandle;
  readonly size: number;
  readonly modified: bigint;
}

function createSource({ path, file, size, modified }: Opened): Source {
  const changed = () =>
    new Refusal(`${printable(path)} changed while it was being sent; send it again when nobody writes to it`);

  async function* pieces(offset: number): AsyncGenerator<Buffer, void> {
    let [next, other] = [Buffer.allocUnsafe(pieceBytes), Buffer.allocUnsafe(pieceBytes)];
    try {
      for (let at = offset; at < size; [next, other] = [other, next]) {
        const { bytesRead } = await file.read(next, 0, Math.min(pieceBytes, size - at), at);
        if (bytesRead === 0) throw changed();
        at += bytesRead;
        // Before the last piece: a server that never gets it keeps nothing.
        if (at === size) await requireSame();
        yield next.subarray(0, bytesRead);
      }
    } catch (error) {
      throw diskTrouble(path, error);
    }
  }
  async function requireSame() {
    const now = await file.stat({ bigint: true });
    if (Number(now.size) !== size || now.mtimeNs !== modified) throw changed();
  }

  return {
    size,
    pieces,
    async hash(progress, signal) {
      const sum = createHash('sha256');
      let bytes = 0;
      for await (const piece of pieces(0)) {
        signal.throwIfAborted();
        sum.update(piece);
        bytes += piece.length;
        progress(bytes);
      }
      return sum.digest('base64url');
    },
    close: () => file.close(),
  };
}
