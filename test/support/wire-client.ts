/** A client of the wire protocol for tests: sends any frame, keeps every frame it gets, checks the shape of each. */

import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import type { RequestBody } from '../../lib/client/wire/connection.js';
import {
  alpn,
  parseServerFrame,
  type Reply,
  type ServerFrame,
  type ServerFrameOf,
  type ServerFrameType,
} from '../../lib/protocol/events.js';
import { createFrameReader, encodeFrame } from '../../lib/protocol/frame.js';
import { limits } from '../../lib/protocol/limits.js';
import type { Message } from '../../lib/protocol/records.js';

export interface Wire {
  /** Every frame so far. */
  readonly frames: readonly ServerFrame[];
  /**
   * Sends a request and resolves with its reply; of a `say` that may be the message event with its key.
   * Rejects when the connection closes before.
   */
  ask(request: RequestBody): Promise<Reply | Message>;
  /** Any object as a frame, in this very write; without an id unless it has one. */
  send(...frames: object[]): void;
  raw(bytes: Buffer | string): void;
  /** The next frame of that type (that fits), after the one that the last `next` returned. Waits for it. */
  next<T extends ServerFrameType>(
    type: T,
    fits?: (frame: ServerFrameOf<T>) => boolean,
  ): Promise<ServerFrameOf<T>>;
  /** Frames of that type so far. */
  all<T extends ServerFrameType>(type: T): ServerFrameOf<T>[];
  /** Resolves when the connection is closed by either side. */
  readonly closed: Promise<void>;
  readonly isClosed: boolean;
  /** Application bytes that came. */
  readonly bytes: number;
  /** Reads nothing more until `resume`. */
  pause(): void;
  resume(): void;
  end(): void;
  destroy(): void;
}

export interface WireClient extends Wire {
  readonly hello: ServerFrameOf<'hello'>;
  readonly socket: TLSSocket;
}

export function createWire(socket: Duplex): Wire {
  const reader = createFrameReader(() => limits.frameFromServerBytes);
  const frames: ServerFrame[] = [];
  const unanswered = new Map<number, { key?: string; resolve: (reply: Reply | Message) => void }>();
  let nextId = 1;
  let taken = 0;
  let bytes = 0;
  let isClosed = false;
  // Resolved and made anew at each frame and at the end.
  let news = createNews();

  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    for (const raw of reader.push(chunk)) {
      const frame = parseServerFrame(raw);
      if (frame === undefined) throw new Error(`A frame of an unknown type: ${JSON.stringify(raw)}`);
      frames.push(frame);
      answer(frame);
    }
    notify();
  });
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      isClosed = true;
      notify();
      resolve();
    });
  });

  function notify(): void {
    const previous = news;
    news = createNews();
    previous.resolve();
  }

  function answer(frame: ServerFrame): void {
    if (frame.type === 'ok' || frame.type === 'error') {
      unanswered.get(frame.re)?.resolve(frame);
      unanswered.delete(frame.re);
    } else if (frame.type === 'message') {
      for (const [id, { key, resolve }] of unanswered) {
        if (key !== frame.key) continue;
        unanswered.delete(id);
        resolve(frame);
      }
    }
  }

  function send(...list: object[]): void {
    socket.write(Buffer.concat(list.map(encodeFrame)));
  }

  return {
    frames,
    closed,
    send,
    get isClosed() {
      return isClosed;
    },
    get bytes() {
      return bytes;
    },
    raw: (data) => void socket.write(data),
    ask(request) {
      const id = nextId++;
      const reply = new Promise<Reply | Message>((resolve) => {
        unanswered.set(id, { ...(request.type === 'say' ? { key: request.key } : {}), resolve });
      });
      send({ ...request, id });
      const lost = closed.then(() => {
        throw new Error(`The connection closed before the reply to ${request.type}.`);
      });
      return Promise.race([reply, lost]);
    },
    async next(type, fits = () => true) {
      for (;;) {
        for (; taken < frames.length; ) {
          const frame = frames[taken++];
          if (frame?.type === type && fits(frame as ServerFrameOf<typeof type>)) {
            return frame as ServerFrameOf<typeof type>;
          }
        }
        if (isClosed) throw new Error(`The connection closed before a frame of type ${type}.`);
        await news.promise;
      }
    },
    all: (type) =>
      frames.filter((frame): frame is ServerFrameOf<typeof type> & ServerFrame => frame.type === type),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
}

function createNews(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** The options of a TLS connection to a test server, whose certificate no authority signed. */
export function tlsOptions(port: number): ConnectionOptions {
  return {
    host: '127.0.0.1',
    port,
    ALPNProtocols: [alpn],
    minVersion: 'TLSv1.3',
    rejectUnauthorized: false,
  };
}

/** Connects and waits for the hello. Rejects where the handshake fails. */
export async function dial(
  port: number,
  options: ConnectionOptions & { readonly localAddress?: string } = {},
): Promise<WireClient> {
  const socket = connect({ ...tlsOptions(port), ...options });
  await once(socket, 'secureConnect');
  const wire = createWire(socket);
  const hello = await wire.next('hello');
  // Not a spread, which would freeze the getters.
  return Object.defineProperties(wire, { hello: { value: hello }, socket: { value: socket } }) as WireClient;
}
