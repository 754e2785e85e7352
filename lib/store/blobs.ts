/**
 * The bytes of files, as one interface for every driver. Knows uploads by id and complete files by hash; neither
 * names nor people.
 *
 * Methods reject with a BlobError when the storage itself fails.
 */
import type { Hash } from 'node:crypto';
import type { Readable } from 'node:stream';

/** Storage failed. `full`: no space left. */
export class BlobError extends Error {
  readonly full: boolean;

  constructor(message: string, options: { full: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.name = 'BlobError';
    this.full = options.full;
  }
}

export interface PartialUpload {
  readonly bytes: number;
  readonly digest: Hash;
}

export interface Blobs {
  /** Space left, in bytes. */
  freeBytes(): Promise<number>;
  /**
   * What has arrived of an upload: how many bytes (0 for an unknown one) and their SHA-256, to be continued.
   * @param id `[a-z0-9]{1,64}`, made by the server
   */
  uploaded(id: string): Promise<PartialUpload>;
  /**
   * Adds bytes to an upload; one call at a time for each. When it resolves they are on disk. Where it rejects or
   * `bytes` throws, most of what had arrived stays.
   */
  append(id: string, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** Makes an upload the file of this hash, on disk; replaces an existing one. */
  finish(id: string, hash: string): Promise<void>;
  /** Removes an upload, if there is one. */
  discard(id: string): Promise<void>;
  /** Removes uploads to which nothing was added since this time (milliseconds since the epoch). */
  discardBefore(at: number): Promise<void>;
  /** The bytes of a file from an offset on; undefined where there is none. */
  read(hash: string, offset: number): Promise<Readable | undefined>;
  /** Removes a file, if there is one. */
  remove(hash: string): Promise<void>;
  /** Hashes of all files, or of those that were there before a time, in batches of bounded size. */
  list(before?: number): AsyncIterable<readonly string[]>;
}
