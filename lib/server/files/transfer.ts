/**
 * One file connection: opening frame, then the bytes of one file. Knows a socket and the bytes, not who may have
 * the file.
 */
import type { Hash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import type { TLSSocket } from 'node:tls';
import { ProtocolError } from '../../protocol/errors.js';
import { type FileAnswer, type FileOpening, parseFileOpening } from '../../protocol/file-frames.js';
import { encodeFrame, readFrame } from '../../protocol/frame.js';
import { limits } from '../../protocol/limits.js';
import { BlobError, type Blobs } from '../../store/blobs.js';
import type { Clock } from '../../system/clock.js';
import type { Receipt } from '../chat/frames.js';
import type { Log } from '../log.js';
import type { ConnectionLimits } from '../net/connection-limits.js';
import { createIdleTimer } from '../net/idle-timer.js';
import { refusalOf } from '../refusal.js';
import type { Cleanup } from './cleanup.js';
import type { Offers } from './offers.js';
import { type Download, noSuchFile, type Tickets, ticketInvalid, type Upload } from './tickets.js';

/** From the handshake to a valid ticket. */
const openingMs = 10_000;
const openingBytes = 1024;

interface FileConnectionDeps {
  readonly requests: {
    post(upload: Upload): Promise<Receipt>;
    checkAccess(download: Download): Promise<void>;
  };
  readonly offers: Pick<Offers, 'discard'>;
  readonly blobs: Blobs;
  readonly cleanup: Cleanup;
  readonly tickets: Tickets<Upload | Download>;
  readonly connectionLimits: ConnectionLimits;
  readonly clock: Clock;
  readonly log: Log;
  /** @returns ends the transfer. @throws ProtocolError `ticket-invalid`, `limit-reached` */
  readonly begin: (purpose: Upload | Download, socket: TLSSocket) => Promise<() => void>;
}

/** Serves one connection; resolves when it is closed, and never rejects. */
export async function serveTransfer(
  socket: TLSSocket,
  address: string,
  deps: FileConnectionDeps,
): Promise<void> {
  const { clock, log } = deps;
  // An error also rejects whatever is being awaited.
  socket.on('error', () => {});
  let crowdedOut = false;
  const admitted = deps.connectionLimits.unauthenticated.take(address, () => {
    crowdedOut = true;
    refuse(
      socket,
      new ProtocolError('too-many-connections', 'Too many new connections. Try again soon.'),
      log,
    );
    socket.end();
  });
  const cancel = clock.after(openingMs, () => socket.destroy());
  const idle = createIdleTimer(clock, { paused: false, onIdle: () => socket.destroy() });
  try {
    const frame = await readFrame(socket, openingBytes);
    if (frame === undefined || crowdedOut) return;
    const opening = parseFileOpening(frame);
    const purpose = deps.tickets.redeem(opening.ticket);
    if (purpose === undefined || purpose.what !== opening.type) throw ticketInvalid();
    cancel();
    admitted();
    const end = await deps.begin(purpose, socket);
    idle.reset();
    idle.watch(limits.transferIdleMs);
    const name = purpose.account.name;
    try {
      await transfer(purpose, { opening, socket, deps, moved: () => idle.reset() });
      log.info(`${purpose.what} done`, { name, address, bytes: purpose.file.size });
    } finally {
      end();
    }
  } catch (error) {
    refuse(socket, error, deps.log);
  } finally {
    cancel();
    admitted();
    idle.stop();
    await finish(socket, clock);
  }
}

/** Answers a connection that may not open with the reason, and closes it; never rejects. */
export async function refuseTransfer(
  socket: TLSSocket,
  reason: ProtocolError,
  { clock, log }: Pick<FileConnectionDeps, 'clock' | 'log'>,
): Promise<void> {
  // Also one after the answer, which the peer may not wait for.
  socket.on('error', () => {});
  refuse(socket, reason, log);
  await finish(socket, clock);
}

/** Sends what is left and closes. Received bytes are dropped; unread, they would lose the answer. */
async function finish(socket: TLSSocket, clock: Clock): Promise<void> {
  if (socket.destroyed) return;
  const cancel = clock.after(limits.closingMs, () => socket.destroy());
  socket.resume();
  socket.end();
  await closed(socket);
  cancel();
}

interface Transfer {
  readonly opening: FileOpening;
  readonly socket: TLSSocket;
  readonly deps: FileConnectionDeps;
  readonly moved: () => void;
}

function transfer(purpose: Upload | Download, context: Transfer): Promise<void> {
  if (purpose.what === 'upload') return receive(purpose, context);
  const { opening } = context;
  return send(purpose, { ...context, offset: opening.type === 'download' ? opening.offset : 0 });
}

async function receive(upload: Upload, { socket, deps, moved }: Transfer): Promise<void> {
  const { blobs, requests, offers, cleanup } = deps;
  const { id, file } = upload;
  const { bytes: offset, digest } = await blobs.uploaded(id);
  moved();
  try {
    if (offset > file.size) throw damaged();
    answer(socket, { type: 'ready', offset, size: file.size });
    await blobs.append(id, digested(bytesOf(socket, { count: file.size - offset, moved }), digest));
    if (digest.digest('base64url') !== file.hash) throw damaged();
  } catch (error) {
    if (isUseless(error)) await offers.discard(upload);
    throw error;
  }
  try {
    // Held, because nothing refers to it before it is posted.
    const { seq } = await cleanup.hold(file.hash, async () => {
      await blobs.finish(id, file.hash);
      return requests.post(upload);
    });
    answer(socket, { type: 'kept', seq });
  } catch (error) {
    cleanup.soon();
    throw error;
  }
}

/** Whether the received bytes cannot be resumed, or fill the disk. */
function isUseless(error: unknown): boolean {
  if (error instanceof BlobError) return error.full;
  return error instanceof ProtocolError && error.code === 'file-damaged';
}

async function send(
  download: Download,
  { socket, deps, moved, offset }: Transfer & { offset: number },
): Promise<void> {
  const { size, hash } = download.file;
  await deps.requests.checkAccess(download);
  if (offset > size) throw damaged();
  const bytes = await deps.blobs.read(hash, offset);
  if (bytes === undefined) throw noSuchFile();
  answer(socket, { type: 'ready', offset, size });
  let left = size - offset;
  async function* counted(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      moved();
      left -= chunk.length;
      yield chunk;
    }
  }
  // If the peer ends the connection while nothing is being written, the pipeline would wait forever.
  await Promise.race([pipeline(bytes, counted, socket), closed(socket)]).finally(() => bytes.destroy());
  if (left > 0) throw cutOff();
}

function closed(socket: TLSSocket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}

/** Exactly `count` bytes from a socket, which stays open. Throws if there are fewer or more. */
async function* bytesOf(
  socket: TLSSocket,
  { count, moved }: { count: number; moved: () => void },
): AsyncGenerator<Buffer> {
  let left = count;
  if (left === 0) return;
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    const bytes: Buffer = chunk;
    moved();
    left -= bytes.length;
    if (left < 0) throw new ProtocolError('file-damaged', 'The file is larger than offered. Send it again.');
    yield bytes;
    if (left === 0) return;
  }
  throw cutOff();
}

async function* digested(bytes: AsyncIterable<Buffer>, digest: Hash): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    digest.update(chunk);
    yield chunk;
  }
}

function answer(socket: TLSSocket, frame: FileAnswer): void {
  socket.write(encodeFrame(frame));
}

function refuse(socket: TLSSocket, error: unknown, log: Log): void {
  // A peer that is gone needs no answer, and that is not our error.
  if (socket.destroyed || socket.errored !== null) return;
  const refusal = refusalOf(error);
  if (refusal.code === 'internal' || refusal.code === 'no-space') log.error('file transfer failed', error);
  answer(socket, { type: 'error', code: refusal.code, message: refusal.message });
}

function cutOff(): ProtocolError {
  return new ProtocolError('timed-out', 'The connection ended before the file was complete.');
}

function damaged(): ProtocolError {
  return new ProtocolError('file-damaged', 'Checksum mismatch. Send the file again.');
}
