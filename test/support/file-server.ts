/** The file side of a server, over real TLS: keeps what is sent in memory and breaks where a test says so. */

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer, type TLSSocket } from 'node:tls';
import type { TransfersDeps } from '../../lib/client/transfer/transfers.js';
import { ConnectionLost, type RequestBody } from '../../lib/client/wire/connection.js';
import { openFileConnection } from '../../lib/client/wire/open-connection.js';
import type { ErrorCode } from '../../lib/protocol/errors.js';
import { fileAlpn, type Reply } from '../../lib/protocol/events.js';
import { parseFileOpening } from '../../lib/protocol/file-frames.js';
import { encodeFrame, readFrame } from '../../lib/protocol/frame.js';
import type { RequestOf } from '../../lib/protocol/requests.js';
import type { Certificate } from './certificate.js';
import { createFeed, type Feed } from './feed.js';
import { helloOf } from './hello.js';

/** What a connection does instead of coming to its end. */
export type Fault =
  /** Hangs up after so many bytes of the file. */
  | { readonly cut: number }
  | { readonly cut: 'before ready' | 'before kept' }
  | { readonly refuse: ErrorCode; readonly after?: number }
  /** Says `ready` and nothing more. */
  | { readonly stall: true };

export interface FileServer {
  /** As transfers see it. */
  readonly session: TransfersDeps['session'];
  readonly asked: readonly RequestBody[];
  /** A file that can be fetched. */
  readonly shelf: Map<number, { name: string; bytes: Buffer; hash?: string }>;
  /** Files that came whole, by their names. */
  readonly kept: Map<string, Buffer>;
  /** Of the next connections, one each. */
  readonly faults: Fault[];
  /** Of the next offers and fetches, one each. */
  readonly refusals: (ErrorCode | undefined)[];
  /** Each file connection once it has said what it wants. */
  readonly connections: Feed<{ type: string; offset: number; socket: Duplex }>;
  online: boolean;
  fileBytes: number;
  close(): Promise<void>;
}

interface Upload {
  readonly offer: RequestOf<'offer'>;
  bytes: Buffer;
  seq?: number;
}

export function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url');
}

export async function startFileServer({ key, cert }: Certificate): Promise<FileServer> {
  const uploads = new Map<string, Upload>();
  const tickets = new Map<string, { key: string } | { of: number }>();
  const asked: RequestBody[] = [];
  const sockets = new Set<TLSSocket>();
  let seq = 100;

  const server = createServer({ key, cert, minVersion: 'TLSv1.3', ALPNProtocols: [fileAlpn] }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket).catch((error) => socket.destroy(error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };

  function ticketFor(what: { key: string } | { of: number }): string {
    const ticket = randomBytes(32).toString('base64url');
    tickets.set(ticket, what);
    return ticket;
  }
  function answer(request: RequestBody): Reply {
    const ok = { type: 'ok', re: 1 } as const;
    const refused = ['offer', 'fetch'].includes(request.type) ? files.refusals.shift() : undefined;
    if (refused !== undefined)
      return { type: 'error', re: 1, code: refused, message: `because of ${refused}` };
    if (request.type === 'offer') {
      const upload = uploads.get(request.key) ?? { offer: { ...request, id: 1 }, bytes: Buffer.alloc(0) };
      uploads.set(request.key, upload);
      if (upload.seq !== undefined) return { ...ok, seq: upload.seq, at: '2030-01-01T00:00:00.000Z' };
      return { ...ok, ticket: ticketFor({ key: request.key }) };
    }
    if (request.type === 'withdraw') uploads.delete(request.key);
    if (request.type !== 'fetch') return ok;
    const file = files.shelf.get(request.of);
    if (file === undefined) return { type: 'error', re: 1, code: 'no-such-file', message: 'No such file.' };
    const { name, bytes, hash = hashOf(bytes) } = file;
    return { ...ok, ticket: ticketFor({ of: request.of }), file: { name, size: bytes.length, hash } };
  }
  async function serve(socket: TLSSocket) {
    const opening = parseFileOpening((await readFrame(socket, 4096)) ?? {});
    const fault = files.faults.shift();
    const what = tickets.get(opening.ticket);
    tickets.delete(opening.ticket);
    const upload = what !== undefined && 'key' in what ? uploads.get(what.key) : undefined;
    const file = what !== undefined && 'of' in what ? files.shelf.get(what.of) : undefined;
    const offset = opening.type === 'download' ? opening.offset : (upload?.bytes.length ?? 0);
    files.connections.put({ type: opening.type, offset, socket });
    if (fault !== undefined && 'cut' in fault && fault.cut === 'before ready') return socket.destroy();
    if (fault !== undefined && 'refuse' in fault && fault.after === undefined)
      return refuse(socket, fault.refuse);
    const size = upload?.offer.size ?? file?.bytes.length;
    if (size === undefined) return refuse(socket, 'ticket-invalid');
    socket.write(encodeFrame({ type: 'ready', offset, size }));
    if (fault !== undefined && 'stall' in fault) return;
    if (upload !== undefined) await receive(socket, upload, fault);
    else if (file !== undefined) deliver(socket, file.bytes.subarray(offset), fault);
  }
  async function receive(socket: TLSSocket, upload: Upload, fault: Fault | undefined) {
    const { size, hash, name } = upload.offer;
    const at =
      fault === undefined || 'stall' in fault ? Infinity : 'refuse' in fault ? fault.after : fault.cut;
    let left = typeof at === 'number' ? at : Infinity;
    const give = (chunk: Buffer) => {
      const taken = chunk.subarray(0, Math.min(left, chunk.length));
      left -= taken.length;
      upload.bytes = Buffer.concat([upload.bytes, taken]);
      if (left > 0) return;
      if (fault !== undefined && 'refuse' in fault) refuse(socket, fault.refuse);
      else socket.destroy();
    };
    if (left === 0) return give(Buffer.alloc(0));
    while (upload.bytes.length < size && !socket.destroyed && left > 0) {
      const chunk = socket.read() as Buffer | null;
      if (chunk !== null) give(chunk);
      else if (socket.readableEnded || (await ended(socket))) return;
    }
    if (upload.bytes.length < size) return;
    if (hashOf(upload.bytes) !== hash) return refuse(socket, 'file-damaged');
    upload.seq = ++seq;
    files.kept.set(name, upload.bytes);
    if (at === 'before kept') socket.destroy();
    else if (left > 0) socket.end(encodeFrame({ type: 'kept', seq }));
  }
  function deliver(socket: TLSSocket, bytes: Buffer, fault: Fault | undefined) {
    const cut =
      fault !== undefined && 'cut' in fault && typeof fault.cut === 'number' ? fault.cut : undefined;
    if (cut === undefined) socket.end(bytes);
    else socket.write(bytes.subarray(0, cut), () => socket.end());
  }
  function refuse(socket: TLSSocket, code: ErrorCode) {
    socket.end(encodeFrame({ type: 'error', code, message: `because of ${code}` }));
  }

  const files: FileServer = {
    session: {
      get hello() {
        const hello = helloOf();
        return { ...hello, limits: { ...hello.limits, fileBytes: files.fileBytes } };
      },
      async ask(request) {
        asked.push(request);
        if (!files.online) throw new ConnectionLost('there is no connection at the moment');
        return answer(request);
      },
      openFileConnection: (signal) => openFileConnection({ endpoint, verify: async () => {}, signal }),
    },
    asked,
    shelf: new Map(),
    kept: new Map(),
    faults: [],
    refusals: [],
    connections: createFeed(),
    online: true,
    fileBytes: helloOf().limits.fileBytes,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  return files;
}

/** Waits until there is something to read; true where nothing will be. */
async function ended(socket: TLSSocket): Promise<boolean> {
  const signals = new AbortController();
  const { signal } = signals;
  const over = await Promise.race([
    once(socket, 'readable', { signal }).then(() => false),
    once(socket, 'end', { signal }).then(() => true),
    once(socket, 'close', { signal }).then(() => true),
  ]).catch(() => true);
  signals.abort();
  return over;
}
