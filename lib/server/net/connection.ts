/**
 * One peer's bytes: frames in, buffers out, with the limits on both; one write per turn of the event loop. Knows a stream, not
 * what a frame means nor who sent it.
 */
import type { Duplex } from 'node:stream';
import { ProtocolError } from '../../protocol/errors.js';
import { createFrameReader, type RawFrame } from '../../protocol/frame.js';
import { limits } from '../../protocol/limits.js';
import type { Clock } from '../../system/clock.js';

/** What is written at once to a peer that has fallen behind. */
const pieceBytes = 64 * 1024;

interface ConnectionDeps {
  readonly clock: Clock;
  readonly endOfTurn: EndOfTurn;
  readonly budget: SendBudget;
  /** The longest frame accepted now, in bytes. */
  readonly frameLimit: () => number;
  readonly onFrame: (frame: RawFrame) => void;
  /** The peer broke the framing: nothing more can be read. */
  readonly onBroken: (error: ProtocolError) => void;
  /** The peer does not read. What was queued is dropped, so that a last frame can follow; `end` the connection. */
  readonly onSlow: (error: ProtocolError) => void;
  /** Called once. `error` if the transport failed. */
  readonly onClosed: (error?: Error) => void;
}

export interface ServerConnection {
  /** Queues whole frames; those of a turn leave in one write, unless the peer has yet to read what came before. */
  send(frames: Buffer): void;
  /** Resolves when the peer has taken what was queued, or the connection is closed. */
  drained(): Promise<void>;
  /** Stops and continues reading; what the peer sends meanwhile waits on its side. */
  pause(): void;
  resume(): void;
  /** Sends what is queued, then closes. */
  end(): void;
  destroy(error?: Error): void;
}

export function createConnection(socket: Duplex, deps: ConnectionDeps): ServerConnection {
  const reader = createFrameReader(deps.frameLimit);
  const outgoing = createOutgoing(socket, deps);
  let broken = false;
  let ended = false;
  let failure: Error | undefined;

  socket.on('data', onData);
  socket.on('drain', outgoing.taken);
  socket.on('error', onError);
  socket.on('close', onClose);

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

  function onError(error: Error): void {
    failure ??= error;
  }

  function onClose(): void {
    outgoing.close();
    deps.onClosed(failure);
  }

  return {
    send(frames) {
      if (!ended) outgoing.send(frames);
    },
    drained: outgoing.drained,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    end() {
      if (ended) return;
      ended = true;
      outgoing.end();
    },
    destroy(error) {
      ended = true;
      socket.destroy(error);
    },
  };
}

/** While the peer does not read, frames wait here and not in the socket, where they could no longer be dropped. */
function createOutgoing(socket: Duplex, { clock, endOfTurn, budget, onSlow }: ConnectionDeps) {
  let queue: Buffer[] = [];
  let queued = 0;
  let due = false;
  let waiting: (() => void)[] = [];
  let ended = false;
  let cancelStall: (() => void) | undefined;
  const debtor: Debtor = {
    get unsent() {
      return queued + socket.writableLength;
    },
    drop: () => giveUp('All connections together have too much unsent.'),
  };

  function flush(): void {
    due = false;
    if (ended || socket.destroyed) return;
    while (queued > 0 && !socket.writableNeedDrain) socket.write(takePiece());
    if (!socket.writableNeedDrain) {
      settle();
    } else if (debtor.unsent > limits.queueBytes) {
      giveUp(`You left ${debtor.unsent} bytes unread.`);
    } else {
      cancelStall ??= clock.after(limits.deadMs, () =>
        giveUp(`You read nothing for ${limits.deadMs / 1000} s.`),
      );
      budget.settle(debtor, debtor.unsent);
    }
  }

  /** Whole buffers, as many as make one write; at least one. */
  function takePiece(): Buffer {
    // Nearly always: one buffer per window and member of a room.
    if (queue.length === 1) {
      queued = 0;
      return queue.pop() as Buffer;
    }
    let count = 0;
    let size = 0;
    for (; count < queue.length && (count === 0 || size < pieceBytes); count++)
      size += queue[count]?.length ?? 0;
    queued -= size;
    const piece = queue.splice(0, count);
    return piece.length === 1 ? (piece[0] as Buffer) : Buffer.concat(piece, size);
  }

  /** The peer has taken what was written. */
  function settle(): void {
    cancelStall?.();
    cancelStall = undefined;
    budget.settle(debtor, 0);
    const resolved = waiting;
    waiting = [];
    for (const resolve of resolved) resolve();
  }

  function clear(): void {
    queue = [];
    queued = 0;
    settle();
  }

  function giveUp(message: string): void {
    clear();
    onSlow(new ProtocolError('slow-consumer', message));
  }

  return {
    send(frames: Buffer): void {
      if (socket.destroyed) return;
      queue.push(frames);
      queued += frames.length;
      if (due) return;
      due = true;
      endOfTurn(flush);
    },
    drained(): Promise<void> {
      if (socket.destroyed || (queued === 0 && !socket.writableNeedDrain)) return Promise.resolve();
      return new Promise((resolve) => waiting.push(resolve));
    },
    taken(): void {
      cancelStall?.();
      cancelStall = undefined;
      flush();
    },
    end(): void {
      if (queued > 0 && !socket.destroyed) socket.write(Buffer.concat(queue));
      ended = true;
      clear();
      socket.end();
    },
    close: clear,
  };
}

/** Has `flush` called when the current callback and the promises it settled are done. */
export type EndOfTurn = (flush: () => void) => void;

export function createEndOfTurn(): EndOfTurn {
  let due: (() => void)[] = [];
  function run(): void {
    const flushes = due;
    due = [];
    for (const flush of flushes) flush();
  }
  return (flush) => {
    // One callback for all: thousands of members of one room are written to in one go. A microtask first, because
    // after a callback of the event loop the next tick comes before the promises.
    if (due.push(flush) === 1) queueMicrotask(() => process.nextTick(run));
  };
}

/** Calls back when everything that connections have sent in this turn is written. */
export function afterWrites(done: () => void): void {
  // As above, later in the same two queues.
  queueMicrotask(() => process.nextTick(done));
}

/** A connection in the send budget. */
interface Debtor {
  /** Bytes that the peer has not taken. */
  readonly unsent: number;
  /** Ends the connection at once; it then calls `settle(this, 0)`. */
  drop(): void;
}

/** The unsent bytes of all connections together, against one limit. */
export interface SendBudget {
  /** Notes what a connection has unsent now; over the limit, those with the most are dropped. */
  settle(debtor: Debtor, unsent: number): void;
  readonly total: number;
}

export function createSendBudget(limit: number): SendBudget {
  const debts = new Map<Debtor, number>();
  let total = 0;

  /** What was noted is from the last write; some of it has gone out since. */
  function refresh(): void {
    total = 0;
    for (const debtor of debts.keys()) {
      debts.set(debtor, debtor.unsent);
      total += debtor.unsent;
    }
  }

  return {
    get total() {
      return total;
    },
    settle(debtor, unsent) {
      total += unsent - (debts.get(debtor) ?? 0);
      if (unsent === 0) debts.delete(debtor);
      else debts.set(debtor, unsent);
      if (total > limit) refresh();
      while (total > limit) {
        let worst = debtor;
        for (const [other, owed] of debts) if (owed > (debts.get(worst) ?? 0)) worst = other;
        total -= debts.get(worst) ?? 0;
        debts.delete(worst);
        worst.drop();
      }
    },
  };
}

/** Notices when the peer has sent nothing for too long. */
export interface IdleTimer {
  /** The peer sent something. */
  reset(): void;
  /** Calls back once, when nothing has come for so long. */
  watch(ms: number, onIdle: () => void): void;
  stop(): void;
}

/** @param paused whether the peer is not being read now, so that nothing can come */
export function createIdleTimer(clock: Clock, paused = () => false): IdleTimer {
  let since = clock.ticks();
  let cancel = (): void => {};

  function watch(ms: number, onIdle: () => void): void {
    const idle = paused() ? 0 : clock.ticks() - since;
    if (idle >= ms) onIdle();
    else cancel = clock.after(ms - idle, () => watch(ms, onIdle));
  }

  return {
    reset() {
      since = clock.ticks();
    },
    watch,
    stop: () => cancel(),
  };
}
