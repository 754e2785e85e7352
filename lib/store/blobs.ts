/**
 * Where the bytes of files are kept, as one interface that every driver has. Knows uploads by id and whole
 * files by their hash; neither names nor people.
 *
 * Methods reject with a BlobError when the storage itself fails.
 */
import type { Hash } from 'node:crypto';
import type { Readable } from 'node:stream';

/** Storage failed. `full`: there is no room for more bytes. */
export class BlobError extends Error {
  readonly full: boolean;

  constructor(message: string, options: { full: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.name = 'BlobError';
    this.full = options.full;
  }
}

export interface Uploaded {
  readonly bytes: number;
  readonly digest: Hash;
}

export interface Blobs {
  /** Bytes that there is room for. */
  room(): Promise<number>;
  /**
   * What came of an upload: how many bytes, 0 for one that is not known, and their SHA-256, to go on with.
   * @param id `[a-z0-9]{1,64}`, made by the server
   */
  uploaded(id: string): Promise<Uploaded>;
  /**
   * Adds bytes to an upload; one call at a time for each. When it resolves they are on disk. Where it rejects,
   * or `bytes` throws, most of what came until then stays.
   */
  append(id: string, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** Makes an upload the file of this hash, on disk, in place of one that is there already. */
  keep(id: string, hash: string): Promise<void>;
  /** Forgets an upload; without effect where there is none. */
  discard(id: string): Promise<void>;
  /** Forgets uploads that nothing was added to since this time (milliseconds since the epoch). */
  discardBefore(at: number): Promise<void>;
  /** The bytes of a file from an offset on; undefined where it is not there. */
  read(hash: string, offset: number): Promise<Readable | undefined>;
  /** Takes a file away; without effect where it is not there. */
  remove(hash: string): Promise<void>;
  /** Hashes of all files, in pieces of bounded size. */
  list(): AsyncIterable<readonly string[]>;
}
