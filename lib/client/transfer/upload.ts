/** Uploads one file: hash, offer, bytes. Knows the protocol and holds the file open, so that it stays the same one. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import type { Recipient } from '../../protocol/names.js';
import { byteCount } from '../../protocol/quantities.js';
import type { RequestBody } from '../wire/connection.js';
import { type FileConnection, requestTicket, withFileConnection } from './file-connection.js';
import type { TransferContext } from './transfer.js';
import { diskFailure, retryInterrupted, TransferFailed, TransferInterrupted } from './transfer.js';

interface UploadRequest {
  readonly path: string;
  readonly name: string;
  /** The same for every try: by it the server knows which bytes it has. */
  readonly key: string;
  readonly to: Recipient;
}

/** Resolves when the file is in its conversation. @throws TransferFailed, the signal's reason */
export async function upload(
  context: TransferContext,
  { path, name, key, to }: UploadRequest,
): Promise<void> {
  const { session, signal, update } = context;
  update({ progress: { state: 'hashing' } });
  const file = await openFile(path);
  let offered = false;
  try {
    const { size } = file;
    requireSize(size, session.hello.limits.fileBytes);
    update({ size });
    const hash = await file.hash((done) => update({ done }), signal);
    offered = true;
    await offerUntilKept(context, file, { type: 'offer', ...to, name, size, hash, key });
    offered = false;
    update({ done: size });
  } finally {
    // Without waiting for the reply: a server that does not learn of it forgets the offer after a day.
    if (offered) session.ask({ type: 'withdraw', key }).catch(() => {});
    await file.close();
  }
}

function requireSize(size: number, most: number): void {
  if (size <= most) return;
  throw new TransferFailed(`it is ${byteCount(size)}; this server accepts files up to ${byteCount(most)}`);
}

function offerUntilKept(context: TransferContext, file: SourceFile, offer: RequestBody): Promise<void> {
  const { update } = context;
  // What the server has confirmed; bytes written since may not have arrived.
  let arrived = -1;
  async function attempt() {
    const { ticket } = await requestTicket(context, offer);
    // The last try succeeded after all.
    if (ticket === undefined) return;
    await withFileConnection(context, { type: 'upload', ticket }, async (connection) => {
      const ready = await connection.answer();
      if (ready.type === 'kept') return;
      if (ready.size !== file.size || ready.offset > file.size) {
        throw new TransferFailed('the server expects a different file; send it again');
      }
      arrived = Math.max(arrived, ready.offset);
      update({ progress: { state: 'moving' }, done: ready.offset });
      await sendBytes(connection, file, { offset: ready.offset, update });
    });
  }
  return retryInterrupted(context, () => arrived, attempt);
}

async function sendBytes(
  connection: FileConnection,
  file: SourceFile,
  { offset, update }: Pick<TransferContext, 'update'> & { offset: number },
): Promise<void> {
  const { socket, moved } = connection;
  async function pour() {
    let [at, written] = [offset, Promise.resolve()];
    for await (const piece of file.pieces(offset)) {
      // Reading is one piece ahead of writing.
      await written;
      at += piece.length;
      const reached = at;
      written = write(socket, piece).then(() => {
        moved();
        update({ done: reached });
      });
      written.catch(() => {});
    }
    await written;
  }
  // The server may refuse at any time; its reason says more than a closed connection.
  const answered = connection.answer();
  const poured = pour().catch((error) => {
    if (!(error instanceof TransferInterrupted)) throw error;
  });
  try {
    await Promise.race([poured, answered]);
    const { type } = await answered;
    if (type !== 'kept') throw new TransferInterrupted('the server sent an unexpected reply');
  } finally {
    answered.catch(() => {});
    socket.destroy();
    await poured.catch(() => {});
  }
}

/** Resolves when the stream has passed the bytes on. @throws TransferInterrupted */
function write(socket: Duplex, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(bytes, (error) => {
      if (error) reject(new TransferInterrupted('the connection was lost'));
      else resolve();
    });
  });
}

interface SourceFile {
  readonly size: number;
  /**
   * Reads from `offset` to the end; a piece is valid until the one after the next is asked for.
   * @throws TransferFailed where the file has changed since it was opened
   */
  pieces(offset: number): AsyncGenerator<Buffer, void>;
  /** SHA-256, base64url. @param progress gets the bytes so far @throws as `pieces`; the signal's reason */
  hash(progress: (bytes: number) => void, signal: AbortSignal): Promise<string>;
  close(): Promise<void>;
}

const pieceBytes = 256 * 1024;

/** @throws TransferFailed for anything but a readable, regular file */
async function openFile(path: string): Promise<SourceFile> {
  let file: FileHandle | undefined;
  try {
    // Devices are not even opened, and a pipe that takes the place meanwhile must not block.
    requireFile(await stat(path));
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const first = await file.stat({ bigint: true });
    requireFile(first);
    return createSource({ file, size: Number(first.size), modified: first.mtimeNs });
  } catch (error) {
    await file?.close();
    throw diskFailure(error);
  }
}

interface FileKind {
  isFile(): boolean;
  isDirectory(): boolean;
}

function requireFile(kind: FileKind): void {
  if (kind.isFile()) return;
  throw new TransferFailed(
    kind.isDirectory() ? 'it is a folder; make a zip or tar file of it first' : 'it is not a regular file',
  );
}

interface OpenedFile {
  readonly file: FileHandle;
  readonly size: number;
  readonly modified: bigint;
}

function createSource({ file, size, modified }: OpenedFile): SourceFile {
  const changed = () => new TransferFailed('the file changed while it was being sent; send it again');

  async function* pieces(offset: number): AsyncGenerator<Buffer, void> {
    let [next, other] = [Buffer.allocUnsafe(pieceBytes), Buffer.allocUnsafe(pieceBytes)];
    try {
      for (let at = offset; at < size; [next, other] = [other, next]) {
        const { bytesRead } = await file.read(next, 0, Math.min(pieceBytes, size - at), at);
        if (bytesRead === 0) throw changed();
        at += bytesRead;
        // Before the last piece: without it, the server keeps nothing.
        if (at === size) await requireSame();
        yield next.subarray(0, bytesRead);
      }
    } catch (error) {
      throw diskFailure(error);
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
