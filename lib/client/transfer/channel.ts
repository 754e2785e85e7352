/** A file connection from its first frame on. Knows frames and silence, not files. */
import type { Duplex } from 'node:stream';
import { type FileAnswer, type FileOpening, parseFileAnswer } from '../../protocol/file-frames.js';
import { encodeFrame, readFrame } from '../../protocol/frame.js';
import { limits } from '../../protocol/limits.js';
import type { Errand } from './errand.js';
import { broken, Interruption, refusal } from './trouble.js';

export interface Channel {
  readonly socket: Duplex;
  /**
   * The server's next frame. To be asked for once at a time.
   * @throws Refusal or Interruption where the server says `error`, or nothing any more
   */
  answer(): Promise<Exclude<FileAnswer, { type: 'error' }>>;
  /** To be called whenever bytes came or went: a connection in which nothing moves is closed. */
  moved(): void;
}

// Longer than the server's own patience, so that it is the one to say what is wrong.
const silenceMs = limits.transferIdleMs + 15_000;

/**
 * Opens a connection, says `opening`, and closes it when `use` has settled, or the errand is cancelled.
 * @throws what `use` does; Refusal, Interruption, the signal's reason
 */
export async function withChannel<T>(
  { session, clock, signal }: Errand,
  opening: FileOpening,
  use: (channel: Channel) => Promise<T>,
): Promise<T> {
  const socket = await session.openFileConnection(signal).catch((error) => {
    throw signal.aborted ? signal.reason : broken(error);
  });
  // What goes wrong is told by those who read and write.
  socket.on('error', () => {});
  const close = () => void socket.destroy();
  let movedAt = clock.ticks();
  let cancelWatch = clock.after(silenceMs, watch);
  function watch() {
    const left = movedAt + silenceMs - clock.ticks();
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
  if (frame === undefined) throw new Interruption('the connection was lost');
  moved();
  if (frame.type === 'error') throw refusal(frame);
  return frame;
}
