/**
 * A server over real TLS with a fake clock, people, and raw file connections. Timers of less than a second run in
 * real time; the test advances all others.
 */

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import type { Test } from 'tap';
import { liveSettings } from '../../lib/cli/live-settings.js';
import { fileAlpn, type Reply } from '../../lib/protocol/events.js';
import { type FileAnswer, type FileOpening, parseFileAnswer } from '../../lib/protocol/file-frames.js';
import { encodeFrame, readFrame } from '../../lib/protocol/frame.js';
import { limits } from '../../lib/protocol/limits.js';
import type { Message } from '../../lib/protocol/records.js';
import type { LiveSettings } from '../../lib/server/app.js';
import { createHasher } from '../../lib/server/auth/hasher.js';
import { newToken } from '../../lib/server/auth/tokens.js';
import { startChatServer } from '../../lib/server/chat-server.js';
import type { Retention } from '../../lib/server/files/cleanup.js';
import type { Account } from '../../lib/store/account-store.js';
import type { Blobs } from '../../lib/store/blobs.js';
import { openFolderBlobs } from '../../lib/store/folder/blobs.js';
import type { Store } from '../../lib/store/store.js';
import { backgroundClock } from '../../lib/system/clock.js';
import { ensureKeyPair } from '../../lib/trust/renewal.js';
import { createFakeClock, type FakeClock } from './fake-clock.js';
import { openInlineStore } from './inline-store.js';
import { folder, makeAccount, ok } from './running-server.js';
import { dial, tlsOptions, type WireClient } from './wire-client.js';

type Where = { readonly room: string } | { readonly to: string };

export interface FileConnection {
  readonly socket: TLSSocket;
  /** The server's next frame; undefined if it disconnected. */
  answer(): Promise<FileAnswer | undefined>;
  /** All bytes until the server disconnects. */
  rest(): Promise<Buffer>;
  readonly closed: Promise<unknown>;
}

export interface UploadOptions {
  /** False claims of the offer. */
  readonly size?: number;
  readonly hash?: string;
  readonly name?: string;
  readonly key?: string;
  readonly where?: Where;
}

export interface FileScene {
  readonly port: number;
  readonly clock: FakeClock;
  readonly store: Store;
  readonly blobs: Blobs;
  /** Folder of the files. */
  readonly files: string;
  /** Of the server; may be changed. */
  readonly live: { retention: Retention };
  readonly errors: readonly unknown[];
  /** Logged events that are no errors, each with its fields. */
  readonly events: readonly (readonly [event: string, fields?: object])[];
  enter(name: string, mode?: 'attach'): Promise<WireClient>;
  /** A file connection that has sent this frame, or none. */
  open(opening?: object): Promise<FileConnection>;
  offer(client: WireClient, bytes: Buffer, how?: UploadOptions): Promise<Reply | Message>;
  /** Offers and uploads; resolves with the last answer. */
  send(client: WireClient, bytes: Buffer, how?: UploadOptions): Promise<FileAnswer | undefined>;
  /** Like `send`, and must succeed. @returns its seq */
  post(client: WireClient, bytes: Buffer, how?: UploadOptions): Promise<number>;
  /** Downloads a file from an offset. */
  get(client: WireClient, of: number, offset?: number): Promise<{ answer: FileAnswer; bytes: Buffer }>;
  /** Hashes of the stored files. */
  storedHashes(): Promise<string[]>;
  /** Advances the clock and waits for one cleanup. */
  cleanUp(ms: number): Promise<void>;
  /** Bytes of incomplete uploads on disk; waits for at least `least`. */
  partialBytes(least: number): Promise<number>;
  close(): Promise<void>;
}

export interface FileSceneOptions extends Partial<Pick<LiveSettings, 'files' | 'retention'>> {
  readonly people?: readonly string[];
  readonly data?: string;
  /** Replaces the server's blobs. */
  readonly wrap?: (blobs: Blobs) => Blobs;
}

export function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url');
}

export function ticketOf(reply: { readonly type: string }): string {
  return ok(reply).ticket ?? 'none';
}

export async function fileScene(t: Test, options: FileSceneOptions = {}): Promise<FileScene> {
  const { people = ['ada', 'bob'], wrap = (blobs: Blobs) => blobs, retention = {} } = options;
  const data = options.data ?? (await folder(t));
  const files = join(data, 'files');
  const manual = createFakeClock(Date.now());
  const clock = {
    ...manual,
    soon: backgroundClock.soon,
    after: (ms: number, action: () => void) => (ms < 1_000 ? backgroundClock : manual).after(ms, action),
  };
  const onFailure = (error: Error) => t.error(error);
  const store = await openInlineStore({ file: join(data, 'secure-chat.db'), onFailure });
  const accounts = new Map<string, Account>();
  for (const name of people) {
    accounts.set(name, (await store.account(name)) ?? (await makeAccount(store, name, 'none')));
  }
  const wrapped = wrap(await openFolderBlobs(files));
  let cleanups = 0;
  // A cleanup ends with this.
  const blobs: Blobs = {
    ...wrapped,
    async *list() {
      try {
        yield* wrapped.list();
      } finally {
        cleanups++;
      }
    },
  };
  async function cleanedUp(before: number): Promise<void> {
    while (cleanups === before) await new Promise(setImmediate);
  }
  const errors: unknown[] = [];
  const events: [string, object?][] = [];
  const note = (...event: [string, object?]) => void events.push(event);
  const log = { info: note, warn: note, error: (_event: string, error: unknown) => void errors.push(error) };
  const hasher = createHasher();
  const live = {
    ...liveSettings({ registration: 'closed', rate: 10_000 }),
    files: { file: limits.fileBytes, account: limits.filesPerAccountBytes, ...options.files },
    retention,
  };
  const server = await startChatServer(
    {
      live,
      host: '127.0.0.1',
      port: 0,
      keyPair: await ensureKeyPair({ folder: data, hosts: ['127.0.0.1'], now: Date.now() }),
      name: 'files',
      links: () => [],
    },
    { store, blobs, hasher, clock, log },
  );
  const { port } = server.address;
  await cleanedUp(0);
  const sockets = new Set<TLSSocket>();
  let keys = 0;
  let closing: Promise<void> | undefined;

  async function end(): Promise<void> {
    await server.close();
    for (const socket of sockets) socket.destroy();
    await hasher.close();
    await store.close();
  }
  function close(): Promise<void> {
    closing ??= end();
    return closing;
  }
  t.teardown(close);

  async function open(opening?: object): Promise<FileConnection> {
    const socket = connect({ ...tlsOptions(port), ALPNProtocols: [fileAlpn] });
    sockets.add(socket);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    await once(socket, 'secureConnect');
    if (opening !== undefined) socket.write(encodeFrame(opening));
    return {
      socket,
      closed,
      async answer() {
        const frame = await readFrame(socket, limits.frameBytes).catch(() => undefined);
        return frame === undefined ? undefined : parseFileAnswer(frame);
      },
      async rest() {
        const chunks: Buffer[] = [];
        for await (const chunk of socket) chunks.push(chunk);
        return Buffer.concat(chunks);
      },
    };
  }

  function offer(client: WireClient, bytes: Buffer, how: UploadOptions = {}): Promise<Reply | Message> {
    const { size = bytes.length, hash = hashOf(bytes), name = 'file.bin', where = { room: 'lobby' } } = how;
    const { key = `key-${++keys}` } = how;
    return client.ask({ type: 'offer', ...where, name, size, hash, key });
  }

  async function send(
    client: WireClient,
    bytes: Buffer,
    how: UploadOptions = {},
  ): Promise<FileAnswer | undefined> {
    const wire = await open(upload(ticketOf(await offer(client, bytes, how))));
    const ready = await wire.answer();
    if (ready?.type !== 'ready') return ready;
    wire.socket.write(bytes.subarray(ready.offset));
    return wire.answer();
  }

  return {
    port,
    clock: manual,
    store,
    blobs,
    files,
    errors,
    events,
    live,
    open,
    offer,
    send,
    close,
    async enter(name, mode) {
      const account = accounts.get(name)?.id ?? 0;
      const { text: token, hash } = newToken();
      const at = manual.now();
      await store.openSession({ account, token: hash, expires: at + 60_000, at, remember: false });
      const client = await dial(port);
      sockets.add(client.socket);
      ok(await client.ask({ type: 'resume', token, ...(mode === undefined ? {} : { mode }) }));
      ok(await client.ask({ type: 'sync' }));
      return client;
    },
    async post(client, bytes, how) {
      const answer = await send(client, bytes, how);
      if (answer?.type !== 'kept') throw new Error(`Not posted: ${JSON.stringify(answer)}`);
      return answer.seq;
    },
    async get(client, of, offset = 0) {
      const wire = await open(download(ticketOf(await client.ask({ type: 'fetch', of })), offset));
      const answer = await wire.answer();
      if (answer === undefined) throw new Error('The server disconnected.');
      return { answer, bytes: await wire.rest() };
    },
    async storedHashes() {
      const all: string[] = [];
      for await (const hashes of wrapped.list()) all.push(...hashes);
      return all.sort();
    },
    async cleanUp(ms) {
      const before = cleanups;
      manual.advance(ms);
      await cleanedUp(before);
    },
    async partialBytes(least) {
      for (;;) {
        const names = await readdir(join(files, 'uploads'));
        const sizes = names.map(async (name) => (await stat(join(files, 'uploads', name))).size);
        const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
        if (bytes >= least) return bytes;
        await new Promise(setImmediate);
      }
    },
  };
}

export function upload(ticket: string): FileOpening {
  return { type: 'upload', ticket };
}

export function download(ticket: string, offset = 0): FileOpening {
  return { type: 'download', ticket, offset };
}

/** Random bytes. */
export const someBytes = (count: number): Buffer => randomBytes(count);
