/**
 * Fetches one file: ticket, bytes, checksum; to a folder under its final name, or into memory. Knows the protocol and where
 * files go, not how they are written.
 */
import { createHash } from 'node:crypto';
import { lstat, mkdir, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { fileName } from '../../protocol/names.js';
import { printable } from '../../protocol/printable.js';
import { byteCount } from '../../protocol/quantities.js';
import type { FileInfo } from '../../protocol/records.js';
import { errorCode } from '../../system/disk-errors.js';
import { type PathBase, typedPath } from '../../system/shell-words.js';
import { type FileConnection, requestTicket, withFileConnection } from './file-connection.js';
import { createPartialFile, type PartialFile } from './partial-file.js';
import type { TransferContext } from './transfer.js';
import { diskFailure, retryInterrupted, TransferFailed, TransferInterrupted } from './transfer.js';

interface DownloadRequest {
  /** Of the message that announces it. */
  readonly seq: number;
  /** As typed. */
  readonly path: string | undefined;
  readonly folders: DownloadFolders;
}

/** Resolves when the file is in place. @throws TransferFailed, the signal's reason */
export async function download(
  context: TransferContext,
  { seq, path, folders }: DownloadRequest,
): Promise<void> {
  const { signal, update } = context;
  update({ progress: { state: 'moving' } });
  const destination = await findDestination(path, folders);
  const fetching: Fetching<PartialFile> = { seq, create: () => createPartialFile(destination.folder) };
  try {
    const { sink, file } = await receiveChecked(context, fetching);
    signal.throwIfAborted();
    const placed = await sink.place(destination.name ?? fileName(file.name));
    update({ path: placed, done: file.size, progress: { state: 'done' } });
  } finally {
    await fetching.sink?.discard();
  }
}

/** A file that was fetched into memory. */
export interface LoadedFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Fetches a file of at most `most` bytes; nothing is written. @throws TransferFailed, the signal's reason */
export async function loadFile(
  context: TransferContext,
  { seq, most }: { readonly seq: number; readonly most: number },
): Promise<LoadedFile> {
  context.update({ progress: { state: 'moving' } });
  const fetching: Fetching<MemoryFile> = { seq, most, create: createMemoryFile };
  const { sink, file } = await receiveChecked(context, fetching);
  context.signal.throwIfAborted();
  return { name: fileName(file.name), bytes: sink.bytes() };
}

/** Where the bytes of a file go. */
type FileSink = Pick<PartialFile, 'have' | 'append' | 'hash'>;

interface MemoryFile extends FileSink {
  bytes(): Buffer;
}

function createMemoryFile(): MemoryFile {
  const kept: Buffer[] = [];
  let have = 0;
  return {
    get have() {
      return have;
    },
    async append(chunks) {
      kept.push(...chunks);
      have += chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    },
    hash: () => kept.reduce((sum, chunk) => sum.update(chunk), createHash('sha256')).digest('base64url'),
    bytes: () => Buffer.concat(kept),
  };
}

/** What is known so far. */
interface Fetching<Sink extends FileSink> {
  readonly seq: number;
  /** Bytes. */
  readonly most?: number;
  readonly create: () => Sink | Promise<Sink>;
  file?: FileInfo;
  sink?: Sink;
}

interface Received<Sink> {
  readonly sink: Sink;
  readonly file: FileInfo;
}

/** All of a file, with the right checksum, over as many connections as it takes. */
async function receiveChecked<Sink extends FileSink>(
  context: TransferContext,
  fetching: Fetching<Sink>,
): Promise<Received<Sink>> {
  const progress = () => fetching.sink?.have ?? -1;
  const received = await retryInterrupted(context, progress, () => receiveRest(context, fetching));
  if (received.sink.hash() !== received.file.hash) {
    throw new TransferFailed('checksum mismatch; download it again');
  }
  return received;
}

async function receiveRest<Sink extends FileSink>(
  context: TransferContext,
  fetching: Fetching<Sink>,
): Promise<Received<Sink>> {
  const { update } = context;
  const { seq, most = Number.POSITIVE_INFINITY } = fetching;
  const { ticket, file } = await requestTicket(context, { type: 'fetch', of: seq });
  if (ticket === undefined || file === undefined)
    throw new TransferFailed('the server did not say which file it is');
  fetching.file ??= file;
  if (file.hash !== fetching.file.hash || file.size !== fetching.file.size) {
    throw new TransferFailed('the file has changed; download it again');
  }
  update({ name: fileName(file.name), size: file.size });
  if (file.size > most) {
    throw new TransferFailed(`it is larger than ${byteCount(most)}; download it with /get ${seq}`);
  }
  fetching.sink ??= await fetching.create();
  const { sink } = fetching;
  const offset = sink.have;
  await withFileConnection(context, { type: 'download', ticket, offset }, async (connection) => {
    const ready = await connection.answer();
    if (ready.type !== 'ready' || ready.offset !== offset || ready.size !== file.size) {
      throw new TransferFailed('the server sends a different file; download it again');
    }
    update({ progress: { state: 'moving' }, done: offset });
    if (offset < file.size) await receive(connection, sink, { size: file.size, update });
  });
  return { sink, file };
}

// The stream delivers about 16 KiB at a time; the disk gets larger pieces.
const batchBytes = 256 * 1024;

/** @throws TransferInterrupted where bytes are missing */
async function receive(
  connection: FileConnection,
  sink: FileSink,
  { size, update }: Pick<TransferContext, 'update'> & { size: number },
): Promise<void> {
  let batch: Buffer[] = [];
  let bytes = 0;
  async function flush() {
    const chunks = batch;
    [batch, bytes] = [[], 0];
    if (chunks.length > 0) await sink.append(chunks);
  }
  try {
    for await (const chunk of connection.socket) {
      batch.push(chunk);
      bytes += chunk.length;
      const done = sink.have + bytes;
      if (done > size) throw new TransferFailed('the server sends more than it announced; download it again');
      connection.moved();
      if (bytes >= batchBytes || done === size) await flush();
      update({ done });
      if (done === size) return;
    }
  } catch (error) {
    // Other errors are the connection's.
    if (error instanceof TransferFailed) throw error;
  }
  await flush();
  throw new TransferInterrupted('the connection was lost');
}

interface DownloadFolders extends PathBase {
  /** Where it goes without a path. */
  readonly downloads: string;
}

interface Destination {
  readonly folder: string;
  /** Undefined: the file's own name, made harmless. */
  readonly name: string | undefined;
}

/**
 * An existing folder means a new file in it; folders on the way may be links.
 * @throws TransferFailed where the file exists, or its folder does not
 */
async function findDestination(typed: string | undefined, folders: DownloadFolders): Promise<Destination> {
  if (typed === undefined) {
    const folder = folders.downloads;
    await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error) => {
      throw diskFailure(error, folder);
    });
    return { folder, name: undefined };
  }
  const path = typedPath(typed, folders);
  if (await isFolder(path)) return { folder: path, name: undefined };
  if (await exists(path)) {
    throw new TransferFailed(`${printable(path)} already exists; choose another name`);
  }
  const folder = /[/\\]['"]?\s*$/.test(typed) ? path : dirname(path);
  if (!(await isFolder(folder))) {
    throw new TransferFailed(`no such folder: ${printable(folder)}; create it first`);
  }
  return { folder, name: basename(path) };
}

async function isFolder(path: string): Promise<boolean> {
  return found(path, async () => (await stat(path)).isDirectory());
}

/** Also true for a broken link. */
async function exists(path: string): Promise<boolean> {
  return found(path, async () => (await lstat(path)) !== undefined);
}

async function found(path: string, test: () => Promise<boolean>): Promise<boolean> {
  try {
    return await test();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return false;
    throw diskFailure(error, path);
  }
}
