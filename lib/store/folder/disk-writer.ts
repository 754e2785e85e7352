/** Bytes on their way into a file that is there for them. Knows a file handle, not what the bytes are. */
import type { FileHandle } from 'node:fs/promises';
import { Writable } from 'node:stream';

/** Of one write: pieces that come while another is under way go together. */
const writeBytes = 512 * 1024;
/**
 * What the system may hold back before it has to be on disk: a database beside it waits at each commit until
 * all of that is.
 */
const unsyncedBytes = 4 * 1024 * 1024;

/** Writes from `offset` on. Finishes when all of it is on disk; closes the handle, destroyed or not. */
export function createDiskWriter(handle: FileHandle, offset: number): Writable {
  let position = offset;
  let unsynced = 0;

  async function write(bytes: Buffer): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position);
      done += bytesWritten;
      position += bytesWritten;
    }
    unsynced += bytes.length;
    if (unsynced < unsyncedBytes) return;
    unsynced = 0;
    await handle.datasync();
  }

  return new Writable({
    highWaterMark: writeBytes,
    write: (bytes, _encoding, done) => settle(write(bytes), done),
    writev: (pieces, done) => settle(write(Buffer.concat(pieces.map(({ chunk }) => chunk))), done),
    final: (done) => settle(handle.sync(), done),
    // After what is being written.
    destroy: (error, done) => settle(handle.close(), (failure) => done(error ?? failure ?? null)),
  });
}

function settle(work: Promise<void>, done: (error?: Error | null) => void): void {
  work.then(() => done(), done);
}

export function closed(sink: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (sink.closed) resolve();
    else sink.once('close', resolve);
  });
}
