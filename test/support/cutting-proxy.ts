/** A way to a server that can be cut, or fall silent. Knows bytes, not what they mean. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface CuttingProxy {
  readonly port: number;
  /** For the next connections, one each: bytes, of both directions, after which it is cut. */
  readonly cuts: number[];
  /** Connections that were cut. */
  readonly done: number;
  /** A cut takes all other connections with it; false by default. */
  together: boolean;
  /**
   * The network is gone without a word: nothing passes on the connections of now and on those made meanwhile, and none is
   * closed. `heal` lets new ones pass; `deliver` also what the stuck ones hold, as TCP does when it tries again.
   */
  partition(): { heal(): void; deliver(): void };
  close(): Promise<void>;
}

/** Listens on 127.0.0.1, and connects to `port` there. */
export async function startCuttingProxy(port: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  const stuck = new Set<Socket>();
  let gone = false;
  const cutAll = () => sockets.forEach((socket) => void socket.destroy());
  const cuts: number[] = [];
  let done = 0;
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    if (gone) for (const socket of [near, far]) stuck.add(socket.pause());
    let left = cuts.shift() ?? Number.POSITIVE_INFINITY;
    const both = [near, far];
    const end = () => both.forEach((socket) => void socket.destroy());
    const pass = (from: Socket, to: Socket) => {
      sockets.add(from);
      from.on('error', () => {});
      from.on('close', () => {
        sockets.delete(from);
        // The other side does not learn of it.
        if (stuck.delete(from)) return;
        end();
      });
      from.on('data', (chunk: Buffer) => {
        left -= chunk.length;
        if (left < 0) {
          done += 1;
          return proxy.together ? cutAll() : end();
        }
        if (!to.write(chunk)) {
          from.pause();
          to.once('drain', () => stuck.has(from) || from.resume());
        }
      });
    };
    pass(near, far);
    pass(far, near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: CuttingProxy = {
    port: (server.address() as AddressInfo).port,
    cuts,
    get done() {
      return done;
    },
    together: false,
    partition() {
      gone = true;
      for (const socket of sockets) stuck.add(socket.pause());
      return {
        heal() {
          gone = false;
        },
        deliver() {
          gone = false;
          const waiting = [...stuck];
          stuck.clear();
          for (const socket of waiting) socket.resume();
        },
      };
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      cutAll();
      await closed;
    },
  };
  return proxy;
}
