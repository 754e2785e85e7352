/**
 * One file connection's life: opening -> moving -> over. Knows a socket, its one frame and the bytes; whose
 * file it is the desk knows.
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
import type { Log } from '../log.js';
import type { ConnectionLimits } from '../net/connection-limits.js';
import type { Cleanup } from './cleanup.js';
import { badTicket, type FileRequests, noFile, noSpace } from './file-requests.js';
import type { Download, Tickets, Upload } from './tickets.js';

/** From the handshake to a good ticket. */
const openingMs = 10_000;
const openingBytes = 1024;

export interface TransferDeps {
  readonly desk: FileRequests;
  readonly blobs: Blobs;
  readonly cleanup: Cleanup;
  readonly tickets: Tickets<Upload | Download>;
  readonly connectionLimits: ConnectionLimits;
  readonly clock: Clock;
  readonly log: Log;
  /** Takes a place for a transfer. @throws ProtocolError `limit-reached`; @returns gives it back */
  readonly take: (purpose: Upload | Download, socket: TLSSocket) => Promise<() => void>;
}

/** Serves one connection; resolves when it is over, and never rejects. */
export async function serveTransfer(socket: TLSSocket, address: string, deps: TransferDeps): Promise<void> {
  const { clock, log } = deps;
  // Whatever it was, what was waited for rejects.
  socket.on('error', () => {});
  const full = deps.connectionLimits.full(address);
  const admitted = deps.connectionLimits.add(address);
  const cancel = clock.after(openingMs, () => socket.destroy());
  const silence = watchSilence(socket, clock);
  try {
    if (full) throw new ProtocolError('too-many-connections', 'Too many new connections. Try again soon.');
    const frame = await readFrame(socket, openingBytes);
    if (frame === undefined) return;
    const opening = parseFileOpening(frame);
    const purpose = deps.tickets.redeem(opening.ticket);
    if (purpose === undefined || purpose.what !== opening.type) {
      throw badTicket();
    }
    cancel();
    admitted();
    const release = await deps.take(purpose, socket);
    silence.start();
    const name = purpose.account.name;
    try {
      await move(purpose, { opening, socket, deps, moved: silence.moved });
      log.info(`${purpose.what} done`, { name, address, bytes: purpose.file.size });
    } finally {
      release();
    }
  } catch (error) {
    refuse(socket, error, deps.log);
  } finally {
    cancel();
    admitted();
    silence.stop();
    await finish(socket, clock);
  }
}

/** Sends what is left to send, and closes. What still comes is thrown away: unread, it would cost the answer. */
async function finish(socket: TLSSocket, clock: Clock): Promise<void> {
  if (socket.destroyed) return;
  const cancel = clock.after(limits.closingMs, () => socket.destroy());
  socket.resume();
  socket.end();
  await closed(socket);
  cancel();
}

interface Moving {
  readonly opening: FileOpening;
  readonly socket: TLSSocket;
  readonly deps: TransferDeps;
  readonly moved: () => void;
}

function move(purpose: Upload | Download, moving: Moving): Promise<void> {
  if (purpose.what === 'upload') return receive(purpose, moving);
  const { opening } = moving;
  return give(purpose, { ...moving, offset: opening.type === 'download' ? opening.offset : 0 });
}

async function receive(upload: Upload, { socket, deps, moved }: Moving): Promise<void> {
  const { blobs, desk, cleanup } = deps;
  const { id, file } = upload;
  const { bytes: offset, digest } = await blobs.uploaded(id);
  moved();
  try {
    if (offset > file.size) throw damaged();
    send(socket, { type: 'ready', offset, size: file.size });
    await blobs.append(id, digested(bytesOf(socket, { count: file.size - offset, moved }), digest));
    if (digest.digest('base64url') !== file.hash) throw damaged();
  } catch (error) {
    if (isLasting(error)) await desk.discard(upload);
    throw error;
  }
  try {
    // Until it is announced nobody refers to it.
    const { seq } = await cleanup.hold(file.hash, async () => {
      await blobs.keep(id, file.hash);
      return desk.finish(upload);
    });
    send(socket, { type: 'kept', seq });
  } catch (error) {
    cleanup.soon();
    throw error;
  }
}

/** What came is of no use to another try, or is in the way. */
function isLasting(error: unknown): boolean {
  if (error instanceof BlobError) return error.full;
  return error instanceof ProtocolError && error.code === 'file-damaged';
}

async function give(
  download: Download,
  { socket, deps, moved, offset }: Moving & { offset: number },
): Promise<void> {
  const { size, hash } = download.file;
  await deps.desk.admit(download);
  if (offset > size) throw damaged();
  const bytes = await deps.blobs.read(hash, offset);
  if (bytes === undefined) throw noFile();
  send(socket, { type: 'ready', offset, size });
  let left = size - offset;
  async function* counted(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      moved();
      left -= chunk.length;
      yield chunk;
    }
  }
  // The peer's end ends the socket, and a pipeline that has nothing to write at that moment would wait for ever.
  await Promise.race([pipeline(bytes, counted, socket), closed(socket)]).finally(() => bytes.destroy());
  if (left > 0) throw cutOff();
}

function closed(socket: TLSSocket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}

/** Exactly so many bytes off a socket, which stays open; throws where it ends before, or sends more. */
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
    if (left < 0) throw new ProtocolError('file-damaged', 'More bytes came than were announced.');
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

function send(socket: TLSSocket, answer: FileAnswer): void {
  socket.write(encodeFrame(answer));
}

function refuse(socket: TLSSocket, error: unknown, log: Log): void {
  // A peer that is gone needs no answer, and is no defect.
  if (socket.destroyed || socket.errored !== null) return;
  const refusal = refusalOf(error);
  if (refusal.code === 'internal' || refusal.code === 'no-space') log.error('file transfer failed', error);
  send(socket, { type: 'error', code: refusal.code, message: refusal.message });
}

function refusalOf(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  if (error instanceof BlobError && error.full) return noSpace();
  return new ProtocolError('internal', 'The server could not do that. Its operator finds why in the log.');
}

function cutOff(): ProtocolError {
  return new ProtocolError('timed-out', 'The connection ended before the file was there.');
}

function damaged(): ProtocolError {
  return new ProtocolError('file-damaged', 'The bytes are not those that were announced: send it again.');
}

/** Ends a socket on which nothing moves. */
function watchSilence(socket: TLSSocket, clock: Clock) {
  let last = clock.ticks();
  let cancel = (): void => {};
  function look(): void {
    const left = last + limits.transferIdleMs - clock.ticks();
    if (left <= 0) socket.destroy();
    else cancel = clock.after(left, look);
  }
  return {
    start() {
      last = clock.ticks();
      look();
    },
    moved() {
      last = clock.ticks();
    },
    stop: () => cancel(),
  };
}
