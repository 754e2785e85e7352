/** One file connection: its ticket, its frames, its idle timer. Knows frames, not files. */
import type { Duplex } from 'node:stream';
import type { ServerFrameOf } from '../../protocol/events.js';
import { type FileAnswer, type FileOpening, parseFileAnswer } from '../../protocol/file-frames.js';
import { encodeFrame, readFrame } from '../../protocol/frame.js';
import { limits } from '../../protocol/limits.js';
import { unlessAborted } from '../../system/unless-aborted.js';
import type { RequestBody } from '../wire/connection.js';
import { ConnectionLost } from '../wire/connection.js';
import type { TransferContext } from './transfer.js';
import { connectionFailure, failureOf, TransferFailed, TransferInterrupted } from './transfer.js';

/** Asks for a ticket, by `offer` or `fetch`. @throws TransferFailed, TransferInterrupted, the signal's reason */
export async function requestTicket(
  { session, signal }: TransferContext,
  request: RequestBody,
): Promise<ServerFrameOf<'ok'>> {
  const reply = await unlessAborted(session.ask(request), signal).catch((error) => {
    if (error instanceof ConnectionLost) throw new TransferInterrupted(error.message, { offline: true });
    throw new TransferFailed(error instanceof Error ? error.message : String(error), { cause: error });
  });
  if (reply.type === 'ok') return reply;
  throw failureOf(reply);
}

export interface FileConnection {
  readonly socket: Duplex;
  /**
   * The server's next frame; one call at a time.
   * @throws TransferFailed or TransferInterrupted for an `error` frame or a lost connection
   */
  answer(): Promise<Exclude<FileAnswer, { type: 'error' }>>;
  /** To be called whenever bytes came or went: an idle connection is closed. */
  moved(): void;
}

// Longer than the server's own limit, so that the server is the one to say what is wrong.
const idleMs = limits.transferIdleMs + 15_000;

/**
 * Opens a connection, sends `opening`, and closes it when `use` has settled or the transfer is cancelled.
 * @throws what `use` does; TransferFailed, TransferInterrupted, the signal's reason
 */
export async function withFileConnection<T>(
  { session, clock, signal }: TransferContext,
  opening: FileOpening,
  use: (connection: FileConnection) => Promise<T>,
): Promise<T> {
  const socket = await session.openFileConnection(signal).catch((error) => {
    throw signal.aborted ? signal.reason : connectionFailure(error);
  });
  // Errors reach those who read and write.
  socket.on('error', () => {});
  const close = () => void socket.destroy();
  let movedAt = clock.ticks();
  let cancelWatch = clock.after(idleMs, watch);
  function watch() {
    const left = movedAt + idleMs - clock.ticks();
    if (left > 0) cancelWatch = clock.after(left, watch);
    else close();
  }
  function moved() {
    movedAt = clock.ticks();
  }
  signal.addEventListener('abort', close);
  try {
    signal.throwIfAborted();
    socket.write(encodeFrame(opening));
    return await use({ socket, moved, answer: () => answerFrom(socket, moved) });
  } finally {
    cancelWatch();
    signal.removeEventListener('abort', close);
    close();
  }
}

async function answerFrom(socket: Duplex, moved: () => void) {
  const frame = await readFrame(socket, limits.frameBytes).then(
    (raw) => raw && parseFileAnswer(raw),
    () => undefined,
  );
  if (frame === undefined) throw new TransferInterrupted('the connection was lost');
  moved();
  if (frame.type === 'error') throw failureOf(frame);
  return frame;
}
