/** The built program as a process of its own, and people who are in it without any password's work. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { alpn } from '../../lib/protocol/events.js';
import { createFrameReader, encodeFrame, type FrameReader, type RawFrame } from '../../lib/protocol/frame.js';
import { limits } from '../../lib/protocol/limits.js';
import { skeleton } from '../../lib/protocol/names.js';
import { newToken } from '../../lib/server/auth/tokens.js';
import type { openSqliteStore } from '../../lib/store/sqlite/open.js';
import type { Store } from '../../lib/store/store.js';

/**
 * The folder of another build of this program, to be measured in its place: a checkout in which `npm install` has run. It
 * must know the requests that a benchmark makes.
 */
export const otherBuild = process.env.SECURE_CHAT_BUILD;

/** @param path in dist. @param folder of the build */
function builtFile(path: string, folder: string | undefined): string {
  return folder === undefined
    ? fileURLToPath(new URL(`../../${path}`, import.meta.url))
    : join(folder, 'dist', path);
}

export const programFile = (build = otherBuild): string => builtFile('bin/secure-chat.js', build);

/** The store in this data folder, as the build that is measured keeps it. */
export async function openStore(folder: string, build = otherBuild): Promise<Store> {
  const { href } = pathToFileURL(builtFile('lib/store/sqlite/open.js', build));
  const opener: { openSqliteStore: typeof openSqliteStore } = await import(href);
  const onFailure = (error: Error) => {
    throw error;
  };
  return opener.openSqliteStore({ file: join(folder, 'secure-chat.db'), onFailure });
}

/**
 * Makes accounts and gives each a session, so that no password has to be hashed.
 * @param password of all of them, as PHC string. @param build as for `openStore`
 * @returns their tokens
 */
export async function seed(
  folder: string,
  count: number,
  { password = 'none', build }: { password?: string; build?: string | undefined } = {},
): Promise<string[]> {
  return seedStore(await openStore(folder, build), count, password);
}

/** The same in this store, which it closes. */
export async function seedStore(store: Store, count: number, password = 'none'): Promise<string[]> {
  const at = Date.now();
  const tokens = Array.from({ length: count }, async (_, i) => {
    const name = seededName(i);
    const made = await store.register({ name, skeleton: `${skeleton(name)}-${i}`, password, at });
    if (made.outcome !== 'created') throw new Error(`${name}: ${made.outcome}`);
    const { text, hash } = newToken();
    const expires = at + 3_600_000;
    await store.openSession({ account: made.account.id, token: hash, expires, at, remember: false });
    return text;
  });
  const all = await Promise.all(tokens);
  await store.close();
  return all;
}

export function seededName(index: number): string {
  return `member-${index.toString(36)}-x${index}`;
}

/**
 * @param how.node options of Node. @param how.log a file descriptor for its stderr. @param how.ipc opens a channel to it
 * @param how.build as for `openStore`
 */
export async function startProgram(
  folder: string,
  options: readonly string[],
  {
    node = [],
    log,
    ipc = false,
    build,
  }: { node?: readonly string[]; log?: number; ipc?: boolean; build?: string | undefined } = {},
): Promise<{ server: ChildProcess; port: number }> {
  const program = programFile(build);
  const listening = ['--host', '127.0.0.1', '--port', '0', '--data', folder];
  const wide = ['--rate', '10000', '--per-address', '100000'];
  const server = spawn(process.execPath, [...node, program, 'server', ...listening, ...wide, ...options], {
    stdio: ['ignore', 'pipe', log ?? 'ignore', ...(ipc ? (['ipc'] as const) : [])],
  });
  for await (const line of createInterface({ input: server.stdout as Readable })) {
    const port = /^join link: .*:(\d+)\//.exec(line)?.[1];
    if (port !== undefined) return { server, port: Number(port) };
  }
  throw new Error('The server did not start.');
}

/** Someone who has signed in, with what came until then. */
export interface Entered {
  readonly socket: TLSSocket;
  /** Resumes the session next time. */
  readonly token: string;
  /** All frames, the two replies included. */
  readonly frames: readonly RawFrame[];
}

/** A connection of the account with this token, in the room and up to date. @param from its address on this machine */
export async function enter(port: number, token: string, from?: string): Promise<TLSSocket> {
  return (await comeBack(port, token, {}, from)).socket;
}

/** @param rooms the newest seq that it has of each room */
export async function comeBack(
  port: number,
  token: string,
  rooms: Readonly<Record<string, number>> = {},
  from?: string,
): Promise<Entered> {
  const socket = await shakeHands(port, from);
  const reader = createFrameReader(() => limits.frameFromServerBytes);
  const frames = [
    ...(await ask(socket, { type: 'resume', id: 1, token }, reader)),
    ...(await ask(socket, { type: 'sync', id: 2, rooms }, reader)),
  ];
  const next = frames.find(({ re }) => re === 1)?.token;
  return { socket, token: String(next), frames };
}

export async function shakeHands(port: number, from = '127.0.0.1'): Promise<TLSSocket> {
  const local = { host: '127.0.0.1', port, localAddress: from };
  const socket = connect({ ...local, ALPNProtocols: [alpn], rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  return socket;
}

/** What comes up to the reply to this request. Nothing but presence may come after it in the same chunk. */
async function ask(socket: TLSSocket, request: RawFrame, reader: FrameReader) {
  socket.write(encodeFrame(request));
  const frames: RawFrame[] = [];
  for (;;) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    frames.push(...reader.push(chunk));
    const reply = frames.find(({ re }) => re === request.id);
    if (reply?.type === 'ok') return frames;
    if (reply !== undefined) throw new Error(JSON.stringify(reply));
  }
}

/** Says things in the lobby; each resolves with the milliseconds until its own copy has come, whose seq is noted. */
export function createPoster(socket: TLSSocket): {
  say(): Promise<number>;
  readonly seqs: readonly number[];
} {
  const reader = createFrameReader(() => limits.frameFromServerBytes);
  const waiting = new Map<unknown, () => void>();
  const seqs: number[] = [];
  let said = 0;
  socket.on('data', (chunk: Buffer) => {
    for (const frame of reader.push(chunk)) {
      if (waiting.has(frame.key)) seqs.push(Number(frame.seq));
      waiting.get(frame.key)?.();
      waiting.delete(frame.key);
    }
  });
  return {
    seqs,
    say() {
      const key = `${socket.localPort}-${++said}`;
      const start = performance.now();
      socket.write(encodeFrame({ type: 'say', id: said + 2, room: 'lobby', text: 'hello', key }));
      return new Promise((resolve) => waiting.set(key, () => resolve(performance.now() - start)));
    },
  };
}

/** Microseconds of CPU that the process has used: user and system time, in hundredths of a second. */
export function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}
