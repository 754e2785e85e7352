/**
 * Where the bytes of files are kept, as one interface that every driver has. Knows uploads by id and whole
 * files by their hash; neither names nor people.
 *
 * Methods reject with a BlobError when the storage itself fails.
 */
import type { Readable } from 'node:stream';

/** Storage failed. `full`: there is no room for more bytes; what came before stays. */
export class BlobError extends Error {
  readonly full: boolean;

  constructor(message: string, options: { full: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.name = 'BlobError';
    this.full = options.full;
  }
}

export interface Blobs {
  /** Bytes that came of an upload, 0 for one that is not known. @param id `[a-z0-9]{1,64}`, made by the server */
  uploaded(id: string): Promise<number>;
  /** Adds bytes to an upload. What came until it rejects, or until `bytes` ends or throws, stays. */
  append(id: string, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** SHA-256 of what came, base64url. */
  hash(id: string): Promise<string>;
  /** Makes an upload the file of this hash, on disk; one that is there already stays, and is as good as new. */
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
