/**
 * The control socket: a socket in the data folder for the operator's commands to the running server. Knows command
 * names, not what they do. The modes of the folder (0700) and the socket (0600) are its access control.
 */
import { rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { ProtocolError } from '../../protocol/errors.js';
import { createFrameReader, encodeFrame, type FrameReader, type RawFrame } from '../../protocol/frame.js';
import { errorCode } from '../../system/disk-errors.js';

/** Resolves to the fields of the answer. */
export type ControlCommand = (args: RawFrame) => Promise<object>;

/** An error with a message for the operator. */
export class ControlError extends Error {
  /**
   * `not-running`: nothing listens. `closed`: permission denied. `unanswered`: no answer, but the command may have been
   * carried out. `refused`: the server refused the command. `failed`: an internal error of the server.
   */
  readonly code: 'not-running' | 'closed' | 'unanswered' | 'refused' | 'failed';

  constructor(code: ControlError['code'], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ControlError';
    this.code = code;
  }
}

const frameBytes = 64 * 1024;
/** Answers can list all accounts or files. */
const answerBytes = 64 * 1024 * 1024;
/** After this, a server will not answer; one that exits closes the connection. */
const answerMs = 30_000;
const advice = 'The command may have been carried out. Check before you try again.';
/** Of sockaddr_un on Linux; macOS has four bytes less. */
export const socketPathBytes = 103;

/**
 * Opens the socket and replaces one that a killed server left.
 * @throws ControlError `refused` if the path is too long for a socket, or another server listens there
 */
export async function openControl(
  path: string,
  commands: ReadonlyMap<string, ControlCommand>,
): Promise<{ close(): Promise<void> }> {
  if (Buffer.byteLength(path) > socketPathBytes) {
    const message = `${path} is too long for a socket (${socketPathBytes} bytes). Choose a data folder with a shorter path.`;
    throw new ControlError('refused', message);
  }
  // A database that is shared does not tell that its servers have one folder.
  if (await listens(path)) {
    const message = `Another server is using ${dirname(path)}. Stop it, or give each server a --data of its own.`;
    throw new ControlError('refused', message);
  }
  await rm(path, { force: true });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    serve(socket, commands);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // With a umask instead of a chmod, the socket is never open to others.
    const before = process.umask(0o177);
    server.listen(path, resolve);
    process.umask(before);
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function listens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

function serve(socket: Socket, commands: ReadonlyMap<string, ControlCommand>): void {
  const reader = createFrameReader(() => frameBytes);
  socket.on('data', (chunk) => {
    let frames: RawFrame[];
    try {
      frames = reader.push(chunk);
    } catch {
      socket.destroy();
      return;
    }
    for (const frame of frames) void answer(frame);
  });

  async function answer({ command, ...args }: RawFrame): Promise<void> {
    try {
      const run = typeof command === 'string' ? commands.get(command) : undefined;
      if (run === undefined) throw new ControlError('refused', 'Unknown command.');
      socket.write(encodeFrame({ ok: await run(args) }));
    } catch (error) {
      const failed = !(error instanceof ControlError || error instanceof ProtocolError);
      socket.write(encodeFrame({ error: error instanceof Error ? error.message : String(error), failed }));
    }
  }
}

/** Turns an invalid frame into an error answer. */
function firstFrame(reader: FrameReader, chunk: Buffer): RawFrame | undefined {
  try {
    return reader.push(chunk)[0];
  } catch {
    return { error: 'The program that listens there is not a secure-chat server.' };
  }
}

/**
 * Sends a command to the running server.
 * @param timeoutMs 0 for no timeout
 * @returns the fields of its answer
 * @throws ControlError
 */
export async function callControl(
  path: string,
  command: string,
  args: object,
  timeoutMs = answerMs,
): Promise<RawFrame> {
  const socket = connect(path);
  const reader = createFrameReader(() => answerBytes);
  try {
    return await new Promise<RawFrame>((resolve, reject) => {
      const unanswered = (why: string) => reject(new ControlError('unanswered', `${why} ${advice}`));
      socket.on('error', reject);
      // From here on, an error is not `not-running`.
      socket.on('connect', () => socket.off('error', reject).on('error', () => {}));
      socket.setTimeout(timeoutMs, () => unanswered('The server does not answer.'));
      socket.on('close', () => unanswered('The server exited before it answered.'));
      socket.on('data', (chunk) => {
        const frame = firstFrame(reader, chunk);
        if (frame === undefined) return;
        if (typeof frame.ok === 'object' && frame.ok !== null) resolve(frame.ok as RawFrame);
        else reject(new ControlError(frame.failed === true ? 'failed' : 'refused', String(frame.error)));
      });
      socket.write(encodeFrame({ ...args, command }));
    });
  } catch (error) {
    if (error instanceof ControlError) throw error;
    if (errorCode(error) === 'EACCES') {
      const message = `Permission denied: ${path}. Run this as the user of the server, or as root.`;
      throw new ControlError('closed', message, { cause: error });
    }
    throw new ControlError('not-running', `No server is running on ${path}.`, { cause: error });
  } finally {
    socket.destroy();
  }
}
