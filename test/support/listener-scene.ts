/** A TLS listener on a port, what it handed on and logged, and connections to it. */
import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import type { Test } from 'tap';
import type { LogFields } from '../../lib/server/log.js';
import { createConnectionLimits } from '../../lib/server/net/connection-limits.js';
import { createTally } from '../../lib/server/net/counts.js';
import {
  type KeyPairPem,
  type Listener,
  type ListenerOptions,
  listen,
} from '../../lib/server/net/listener.js';
import { backgroundClock, type Clock } from '../../lib/system/clock.js';
import { ensureKeyPair } from '../../lib/trust/renewal.js';
import { folder } from './running-server.js';
import { tlsOptions } from './wire-client.js';

export interface ListenerScene {
  readonly listener: Listener;
  readonly port: number;
  /** Every connection that was handed on. */
  readonly accepted: TLSSocket[];
  /** The address of each, by its protocol. */
  readonly origins: { readonly kind: 'chat' | 'file'; readonly address: string }[];
  readonly events: string[];
  readonly fields: LogFields[];
  /** Connections that are over, by the reason. */
  ended(): Record<string, number>;
}

export async function keyPair(t: Test): Promise<KeyPairPem & { readonly pin: string }> {
  return ensureKeyPair({ folder: await folder(t), hosts: ['127.0.0.1'], now: Date.now() });
}

/** Each connection that is handed on is welcomed, and not read. */
export async function openListener(
  t: Test,
  { perAddress = 100, ...options }: Partial<ListenerOptions> & { readonly perAddress?: number } = {},
  clock: Clock = backgroundClock,
): Promise<ListenerScene> {
  const accepted: TLSSocket[] = [];
  const origins: ListenerScene['origins'] = [];
  const events: string[] = [];
  const fields: LogFields[] = [];
  function note(event: string, more?: LogFields): void {
    events.push(event);
    fields.push(more ?? {});
  }
  const log = { info: note, warn: note, error: (event: string) => note(event) };
  const pair = options.keyPair ?? (await keyPair(t));
  const all = { host: '127.0.0.1', port: 0, live: { perAddress }, ...options, keyPair: pair };
  const accept = (kind: 'chat' | 'file') => (socket: TLSSocket, address: string) => {
    accepted.push(socket);
    origins.push({ kind, address });
    socket.on('error', () => {});
    socket.resume();
    socket.write('welcome');
  };
  const connectionLimits = createConnectionLimits({ clock, live: all.live });
  const ended = createTally();
  const handlers = { chat: accept('chat'), file: accept('file') };
  const listener = await listen(all, { log, clock, connectionLimits, ended }, handlers);
  t.teardown(() => {
    listener.close();
    listener.destroy();
  });
  const { port } = listener.address;
  return {
    listener,
    port,
    accepted,
    origins,
    events,
    fields,
    ended: () => Object.fromEntries(ended.entries()),
  };
}

/** Connects, resolves at the first byte, `closed` or the code of an error; leaves the connection open. */
export function attempt(port: number, options: ConnectionOptions = {}) {
  return outcomeOf(connect({ ...tlsOptions(port), ...options }));
}

/** The same through a balancer, which sends this first. */
export async function attemptBehind(port: number, header: Buffer, options: ConnectionOptions = {}) {
  const socket = await plain(port);
  socket.write(header);
  const { host: _, port: __, ...tls } = tlsOptions(port);
  return outcomeOf(connect({ ...tls, ...options, socket }));
}

async function outcomeOf(socket: TLSSocket): Promise<{ socket: TLSSocket; outcome: string }> {
  const outcome = await new Promise<string>((resolve) => {
    socket.once('data', (data) => resolve(data.toString()));
    socket.once('close', () => resolve('closed'));
    socket.once('error', (error) => resolve('code' in error ? String(error.code) : error.message));
  });
  return { socket, outcome };
}

export async function plain(port: number, localAddress?: string): Promise<Socket> {
  const socket = connectPlain({
    port,
    host: '127.0.0.1',
    ...(localAddress !== undefined && { localAddress }),
  });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

export async function closed(socket: Socket): Promise<void> {
  socket.resume();
  // An error comes first where the server did not read all that was sent.
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
}
