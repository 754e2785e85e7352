/** People who sign in with a password, as often as the server lets them. */
import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { connect } from 'node:tls';
import argon2 from 'argon2';
import { alpn } from '../../lib/protocol/events.js';
import { createFrameReader, encodeFrame, type RawFrame } from '../../lib/protocol/frame.js';
import { limits } from '../../lib/protocol/limits.js';
import { openStore } from './program.js';

const password = 'a good password';
const patienceMs = 60_000;

/** Accounts that `signIn` knows the password of; before the server starts. */
export async function addAccounts(folder: string, names: readonly string[]): Promise<void> {
  const store = await openStore(folder);
  const phc = await argon2.hash(password, { memoryCost: 65_536, timeCost: 3, parallelism: 4 });
  for (const name of names) await store.register({ name, skeleton: name, password: phc, at: Date.now() });
  await store.close();
}

/** Sends a request; resolves with its reply, or with undefined once the connection has ended. */
export interface Client {
  ask(request: RawFrame): Promise<RawFrame | undefined>;
  destroy(): void;
}

export async function dial(port: number, localAddress: string): Promise<Client | undefined> {
  const plain = connectPlain({ host: '127.0.0.1', port, localAddress });
  const socket = connect({ socket: plain, ALPNProtocols: [alpn], rejectUnauthorized: false });
  const reader = createFrameReader(() => limits.frameFromServerBytes);
  const waiting = new Map<unknown, (reply: RawFrame | undefined) => void>();
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    for (const frame of reader.push(chunk)) {
      waiting.get(frame.re)?.(frame);
      waiting.delete(frame.re);
    }
  });
  const closed = once(socket, 'close').then(() => {
    for (const resolve of waiting.values()) resolve(undefined);
    waiting.clear();
  });
  const open = await Promise.race([once(socket, 'secureConnect').then(() => true), closed.then(() => false)]);
  let id = 0;
  return open
    ? {
        ask(request) {
          if (socket.destroyed) return Promise.resolve(undefined);
          socket.write(encodeFrame({ ...request, id: ++id }));
          return new Promise((resolve) => waiting.set(id, resolve));
        },
        destroy: () => void socket.destroy(),
      }
    : undefined;
}

/** Milliseconds until signed in, with as many tries as it takes; people give up after a minute. */
export async function signIn(port: number, address: string, name: string): Promise<number> {
  const start = performance.now();
  for (;;) {
    const client = await dial(port, address).catch(() => undefined);
    const reply = await client?.ask({ type: 'sign-in', name, password, mode: 'take-over' });
    client?.destroy();
    const ms = performance.now() - start;
    if (reply?.type === 'ok' || ms > patienceMs) return ms;
    await setTimeout(Math.min(Number(reply?.retryAfter ?? 250), 2_000));
  }
}
