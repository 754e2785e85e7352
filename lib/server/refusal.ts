/** What a peer hears of an error that a request ended with. Knows kinds of errors, not requests. */
import { ProtocolError } from '../protocol/errors.js';
import { BlobError } from '../store/blobs.js';
import { StoreError } from '../store/store.js';

/** Anything that the peer can do nothing about is `internal`. */
export function refusalOf(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  if (error instanceof BlobError && error.full) return noSpace();
  if (error instanceof StoreError && error.reason === 'full') return noSpace();
  if (error instanceof StoreError && error.reason === 'unreachable') {
    return new ProtocolError(
      'database-unavailable',
      "The server can't reach its database now. It keeps trying; messages wait until then.",
    );
  }
  if (error instanceof StoreError && error.reason === 'damaged') {
    return new ProtocolError(
      'internal',
      "The server's database is damaged. Its operator must restore a backup.",
    );
  }
  return new ProtocolError('internal', "Internal server error. The reason is in the server's log.");
}

export function noSpace(): ProtocolError {
  return new ProtocolError(
    'no-space',
    "The server's disk is full, so nothing can be saved. Tell its operator.",
  );
}
