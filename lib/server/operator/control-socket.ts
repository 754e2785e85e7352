/**
 * The operator's door: a socket in the data folder, for commands that act on the running server. Knows
 * commands by name, not what they do. The folder (0700) and the socket (0600) are its access control.
 */
import { rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { ProtocolError } from '../../protocol/errors.js';
import { createFrameReader, encodeFrame, type FrameReader, type RawFrame } from '../../protocol/frame.js';
import { errorCode } from '../../system/atomic-file.js';

/** Takes a command's arguments, answers with fields. A ControlError is told to the operator. */
export type ControlCommand = (args: RawFrame) => Promise<object>;

/** What the operator can mend. */
export class ControlError extends Error {
  /**
   * `not-running`: nobody listens there. `closed`: not for this user. `unanswered`: something listens and says nothing;
   * what was asked may be done. `refused`: the server said no. `failed`: it wanted to and could not.
   */
  readonly code: 'not-running' | 'closed' | 'unanswered' | 'refused' | 'failed';

  constructor(code: ControlError['code'], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ControlError';
    this.code = code;
  }
}

const frameBytes = 64 * 1024;
/** An answer lists what there is: accounts, files. */
const answerBytes = 64 * 1024 * 1024;
/** A server that is this late will not answer; one that ends hangs up. */
const answerMs = 30_000;
const whatNow = ' What was asked may be done all the same: look, then ask again.';
/** sockaddr_un's room for a path on Linux; macOS has four bytes less. */
export const socketPathBytes = 103;

/**
 * Opens the socket, over one that a killed server left. Only for the process that holds the store's lock.
 * @throws ControlError `refused` where the path does not fit into a socket's address
 */
export async function openControl(
  path: string,
  commands: ReadonlyMap<string, ControlCommand>,
): Promise<{ close(): Promise<void> }> {
  if (Buffer.byteLength(path) > socketPathBytes) {
    const message = `${path} is too long for a socket (${socketPathBytes} bytes). Choose a data folder with a shorter path.`;
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
    // Nobody else can connect between its making and a chmod, since there is no such time.
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
      if (run === undefined) throw new ControlError('refused', 'This server does not know that command.');
      socket.write(encodeFrame({ ok: await run(args) }));
    } catch (error) {
      const failed = !(error instanceof ControlError || error instanceof ProtocolError);
      socket.write(encodeFrame({ error: error instanceof Error ? error.message : String(error), failed }));
    }
  }
}

/** What cannot be read of an answer is told as one. */
function firstFrame(reader: FrameReader, chunk: Buffer): RawFrame | undefined {
  try {
    return reader.push(chunk)[0];
  } catch {
    return { error: 'What listens there does not answer like a server of this program.' };
  }
}

/**
 * Has a running server do something.
 * @param patienceMs how long it may take; 0 for as long as the server runs
 * @returns the fields of its answer
 * @throws ControlError
 */
export async function callControl(
  path: string,
  command: string,
  args: object,
  patienceMs = answerMs,
): Promise<RawFrame> {
  const socket = connect(path);
  const reader = createFrameReader(() => answerBytes);
  try {
    return await new Promise<RawFrame>((resolve, reject) => {
      const unanswered = (why: string) => reject(new ControlError('unanswered', `${why}${whatNow}`));
      socket.on('error', reject);
      // From here on somebody listens there.
      socket.on('connect', () => socket.off('error', reject).on('error', () => {}));
      socket.setTimeout(patienceMs, () => unanswered('The server runs and does not answer.'));
      socket.on('close', () => unanswered('The server ended before it answered.'));
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
      const message = `${path} is for another user: run this as the user of the server, or as root.`;
      throw new ControlError('closed', message, { cause: error });
    }
    throw new ControlError('not-running', `No server is running on ${path}.`, { cause: error });
  } finally {
    socket.destroy();
  }
}
