/**
 * One peer's bytes: frames in, buffers out, with the limits on both. Knows a stream, not what a frame means
 * nor who sent it.
 */
import type { Duplex } from 'node:stream';
import { ProtocolError } from '../../protocol/errors.js';
import { createFrameReader, type RawFrame } from '../../protocol/frame.js';
import { limits } from '../../protocol/limits.js';
import type { Debtor, SendBudget } from './send-budget.js';

export interface ConnectionDeps {
  readonly turn: Turn;
  readonly budget: SendBudget;
  /** The longest frame accepted now, in bytes. */
  readonly frameLimit: () => number;
  readonly onFrame: (frame: RawFrame) => void;
  /** The peer broke the framing: nothing more can be read. */
  readonly onBroken: (error: ProtocolError) => void;
  /** Called once. `error` where the transport failed or the peer did not read. */
  readonly onClosed: (error?: Error) => void;
}

export interface Connection {
  /** Queues bytes; all of a turn leave in one write. A peer that does not read is destroyed, not waited for. */
  send(bytes: Buffer): void;
  /** Resolves when the peer has taken what was queued, or the connection is closed. */
  drained(): Promise<void>;
  /** Stops and starts taking bytes from the peer; what it sends meanwhile waits on its side. */
  pause(): void;
  resume(): void;
  /** Sends what is queued, then closes. */
  end(): void;
  destroy(error?: Error): void;
}

export function createConnection(socket: Duplex, deps: ConnectionDeps): Connection {
  const reader = createFrameReader(deps.frameLimit);
  let queue: Buffer[] = [];
  let broken = false;
  let ended = false;
  let waiting: (() => void)[] = [];

  const debtor: Debtor = {
    get unsent() {
      return socket.writableLength;
    },
    sacrifice() {
      socket.destroy(new ProtocolError('slow-consumer', 'All connections together have too much unsent.'));
    },
  };

  socket.on('data', onData);
  socket.on('drain', onDrain);
  socket.on('error', onError);
  socket.on('close', onClose);
  let failure: Error | undefined;

  function onData(chunk: Buffer): void {
    if (broken) return;
    let frames: RawFrame[];
    try {
      frames = reader.push(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      broken = true;
      deps.onBroken(error);
      return;
    }
    for (const frame of frames) deps.onFrame(frame);
  }

  function onDrain(): void {
    deps.budget.settle(debtor, 0);
    release();
  }

  function onError(error: Error): void {
    failure ??= error;
  }

  function onClose(): void {
    queue = [];
    deps.budget.settle(debtor, 0);
    release();
    deps.onClosed(failure);
  }

  function release(): void {
    const resolved = waiting;
    waiting = [];
    for (const resolve of resolved) resolve();
  }

  function flush(): void {
    const [first] = queue;
    if (first === undefined || socket.destroyed) return;
    const bytes = queue.length === 1 ? first : Buffer.concat(queue);
    queue = [];
    if (socket.write(bytes)) {
      if (waiting.length > 0) release();
      return;
    }
    const unsent = socket.writableLength;
    if (unsent > limits.queueBytes) {
      socket.destroy(new ProtocolError('slow-consumer', `The peer left ${unsent} bytes unread.`));
    } else {
      deps.budget.settle(debtor, unsent);
    }
  }

  return {
    send(bytes) {
      if (ended || socket.destroyed) return;
      if (queue.push(bytes) === 1) deps.turn(flush);
    },
    drained() {
      if (socket.destroyed || (queue.length === 0 && !socket.writableNeedDrain)) return Promise.resolve();
      return new Promise((resolve) => waiting.push(resolve));
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    end() {
      if (ended) return;
      ended = true;
      flush();
      socket.end();
    },
    destroy(error) {
      ended = true;
      socket.destroy(error);
    },
  };
}

/** Has `flush` called once the callback that runs now, and the promises it settled, are done. */
export type Turn = (flush: () => void) => void;

export function createTurn(): Turn {
  let due: (() => void)[] = [];
  function run(): void {
    const flushes = due;
    due = [];
    for (const flush of flushes) flush();
  }
  return (flush) => {
    // One callback for all: thousands of members of one room are written to in one go. By way of a microtask,
    // because after a callback of the event loop the next tick comes before the promises.
    if (due.push(flush) === 1) queueMicrotask(() => process.nextTick(run));
  };
}
