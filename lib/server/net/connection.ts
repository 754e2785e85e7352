/**
 * One peer's bytes: frames in, buffers out, with the limits on both; one write per turn of the event loop. Knows a stream, not
 * what a frame means nor who sent it.
 */
import type { Duplex } from 'node:stream';
import { ProtocolError } from '../../protocol/errors.js';
import { createFrameReader, type FrameReader, type RawFrame } from '../../protocol/frame.js';
import { limits } from '../../protocol/limits.js';
import type { Clock } from '../../system/clock.js';
import type { EndOfTurn, Flushing } from './end-of-turn.js';
import type { Debtor, SendBudget } from './send-budget.js';

/** What is written at once to a peer that has fallen behind. */
const pieceBytes = 64 * 1024;

/** Who gets what a connection reads. */
export interface ConnectionOwner {
  /** The longest frame accepted now, in bytes. */
  frameLimit(): number;
  onFrame(frame: RawFrame): void;
  /** The peer broke the framing: nothing more can be read. */
  onBroken(error: ProtocolError): void;
  /** The peer does not read. What was queued is dropped, so that a last frame can follow; `end` the connection. */
  onSlow(error: ProtocolError): void;
  /** Called once. `error` if the transport failed. */
  onClosed(error?: Error): void;
}

/** The same for all connections. */
export interface ConnectionDeps {
  readonly clock: Clock;
  readonly endOfTurn: EndOfTurn;
  readonly budget: SendBudget;
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

export function createConnection(
  socket: Duplex,
  owner: ConnectionOwner,
  deps: ConnectionDeps,
): ServerConnection {
  return new Connection(socket, owner, deps);
}

const none: readonly never[] = [];

/**
 * A class, and with no more than it needs while idle: a server holds thousands. While the peer does not read, frames wait
 * here and not in the socket, where they could no longer be dropped.
 */
class Connection implements ServerConnection, Flushing, Debtor {
  readonly #socket: Duplex;
  readonly #owner: ConnectionOwner;
  readonly #deps: ConnectionDeps;
  readonly #reader: FrameReader;
  #queue: Buffer[] = [];
  #queued = 0;
  #flushDue = false;
  #waiting: readonly (() => void)[] = none;
  #ended = false;
  #broken = false;
  #failure: Error | undefined;
  #cancelStall: (() => void) | undefined;

  constructor(socket: Duplex, owner: ConnectionOwner, deps: ConnectionDeps) {
    this.#socket = socket;
    this.#owner = owner;
    this.#deps = deps;
    this.#reader = createFrameReader(() => owner.frameLimit());
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('drain', () => this.#taken());
    socket.on('error', (error: Error) => {
      this.#failure ??= error;
    });
    socket.on('close', () => {
      this.#clear();
      owner.onClosed(this.#failure);
    });
  }

  #read(chunk: Buffer): void {
    if (this.#broken) return;
    let frames: RawFrame[];
    try {
      frames = this.#reader.push(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#broken = true;
      this.#owner.onBroken(error);
      return;
    }
    for (const frame of frames) this.#owner.onFrame(frame);
  }

  send(frames: Buffer): void {
    if (this.#ended || this.#socket.destroyed) return;
    this.#queue.push(frames);
    this.#queued += frames.length;
    if (this.#flushDue) return;
    this.#flushDue = true;
    this.#deps.endOfTurn(this);
  }

  flush(): void {
    this.#flushDue = false;
    const socket = this.#socket;
    if (this.#ended || socket.destroyed) return;
    while (this.#queued > 0 && !socket.writableNeedDrain) socket.write(this.#takePiece());
    if (!socket.writableNeedDrain) {
      this.#settle();
    } else if (this.unsent > limits.queueBytes) {
      this.#giveUp(`You left ${this.unsent} bytes unread.`);
    } else {
      this.#cancelStall ??= this.#deps.clock.after(limits.deadMs, () =>
        this.#giveUp(`You read nothing for ${limits.deadMs / 1000} s.`),
      );
      this.#deps.budget.settle(this, this.unsent);
    }
  }

  /** Whole buffers, as many as make one write; at least one. */
  #takePiece(): Buffer {
    const queue = this.#queue;
    // Nearly always: one buffer per window and member of a room.
    if (queue.length === 1) {
      this.#queued = 0;
      return queue.pop() as Buffer;
    }
    let count = 0;
    let size = 0;
    for (; count < queue.length && (count === 0 || size < pieceBytes); count++)
      size += queue[count]?.length ?? 0;
    this.#queued -= size;
    const piece = queue.splice(0, count);
    return piece.length === 1 ? (piece[0] as Buffer) : Buffer.concat(piece, size);
  }

  get unsent(): number {
    return this.#queued + this.#socket.writableLength;
  }

  drop(): void {
    this.#giveUp('Too much is unsent on all connections, and most of it on yours.');
  }

  /** The peer has taken what was written. */
  #taken(): void {
    this.#cancelStall?.();
    this.#cancelStall = undefined;
    this.flush();
  }

  #settle(): void {
    this.#cancelStall?.();
    this.#cancelStall = undefined;
    this.#deps.budget.settle(this, 0);
    const resolved = this.#waiting;
    this.#waiting = none;
    for (const resolve of resolved) resolve();
  }

  #clear(): void {
    this.#queue = [];
    this.#queued = 0;
    this.#settle();
  }

  #giveUp(message: string): void {
    this.#clear();
    this.#owner.onSlow(new ProtocolError('slow-consumer', message));
  }

  drained(): Promise<void> {
    const socket = this.#socket;
    if (socket.destroyed || (this.#queued === 0 && !socket.writableNeedDrain)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting = [...this.#waiting, resolve];
    });
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    if (this.#ended) return;
    if (this.#queued > 0 && !this.#socket.destroyed) this.#socket.write(Buffer.concat(this.#queue));
    this.#ended = true;
    this.#clear();
    this.#socket.end();
  }

  destroy(error?: Error): void {
    this.#ended = true;
    this.#socket.destroy(error);
  }
}
