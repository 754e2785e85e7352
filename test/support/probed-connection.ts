/**
 * A connection to a server session that takes any bytes, and knows from them alone, by a decoder of its own, what the
 * server owes: one reply for each frame, and an end for bytes that are no frame.
 */
import type { Duplex } from 'node:stream';
import { parseServerFrame, type ServerFrame } from '../../lib/protocol/events.js';
import { createFrameReader } from '../../lib/protocol/frame.js';
import { limits } from '../../lib/protocol/limits.js';

export interface ProbedConnection {
  write(bytes: Buffer): void;
  /** The server owes nothing any longer: every reply is there, or it has closed the connection. */
  readonly settled: boolean;
  readonly isClosed: boolean;
  /** Bytes of an incomplete frame were sent, which will swallow what comes next. */
  readonly isPartial: boolean;
  /** Complete frames that were sent. */
  readonly frames: number;
  /** What the server still owes, in words. */
  owed(): string;
  /** Closes it from this side. */
  leave(how: 'end' | 'destroy'): void;
}

/** What frames with one id have asked for and got. */
interface Account {
  asked: number;
  /** Keys of the messages among them, which may be acknowledged by the message itself. */
  readonly keys: string[];
  replies: number;
}

/** @param onFrame gets every frame of the server. @param fail is told what a server must not do */
export function probe(
  peer: Duplex,
  onFrame: (frame: ServerFrame) => void,
  fail: (why: string) => void,
): ProbedConnection {
  const accounts = new Map<number, Account>();
  const ownKeys = new Set<string>();
  const reader = createFrameReader(() => limits.frameFromServerBytes);
  const sent = createDecoder((frame) => {
    const account = accountOf(replyTo(frame));
    account.asked++;
    if (frame.type === 'say' && typeof frame.key === 'string') account.keys.push(frame.key);
  });
  let closing: string | undefined;
  let left = false;
  let isClosed = false;

  function accountOf(id: number): Account {
    const account = accounts.get(id) ?? { asked: 0, keys: [], replies: 0 };
    accounts.set(id, account);
    return account;
  }

  function receive(frame: ServerFrame): void {
    if (closing !== undefined) fail(`${frame.type} after closing`);
    if (frame.type === 'closing') closing = frame.code;
    if (frame.type === 'message') ownKeys.add(frame.key);
    if (frame.type === 'ok' || frame.type === 'error') {
      const account = accountOf(frame.re);
      if (++account.replies > account.asked)
        fail(`a reply too many to ${frame.re}: ${JSON.stringify(frame)}`);
    }
    if (frame.type === 'error' && frame.code === 'internal') fail('internal');
    onFrame(frame);
  }

  peer.on('data', (chunk: Buffer) => {
    try {
      for (const raw of reader.push(chunk)) {
        const frame = parseServerFrame(raw);
        if (frame === undefined) fail(`a frame of no known type: ${JSON.stringify(raw)}`);
        else receive(frame);
      }
    } catch (error) {
      fail(`an invalid frame: ${error}`);
    }
  });
  peer.on('error', () => {});
  peer.on('close', () => {
    isClosed = true;
    if (!left) checkEnd(closing, sent, fail);
  });

  const isOwed = ({ asked, keys, replies }: Account) =>
    replies < asked && asked - replies > keys.filter((key) => ownKeys.has(key)).length;
  const owing = () => [...accounts].filter(([, account]) => isOwed(account));

  return {
    write(bytes) {
      sent.push(bytes);
      if (peer.writable) peer.write(bytes);
    },
    get settled() {
      return isClosed || left || (sent.broken === undefined && owing().length === 0);
    },
    get isClosed() {
      return isClosed;
    },
    get isPartial() {
      return sent.isPartial;
    },
    get frames() {
      return sent.frames;
    },
    owed: () => `replies to ${JSON.stringify(owing())}, an end because of ${sent.broken}`,
    leave(how) {
      left = true;
      if (how === 'end') peer.end();
      else peer.destroy();
    },
  };
}

/** Ends by the server that need nothing of this connection: others, time and the account's other terminals cause them. */
const ends = new Set(['signed-out', 'taken-over', 'kicked', 'banned', 'timed-out', 'too-many-attempts']);

function checkEnd(code: string | undefined, { broken, isLong }: Decoder, fail: (why: string) => void): void {
  if (code === undefined) fail('an end without a closing frame');
  else if (
    code === 'frame-too-large' ? !(isLong || broken === code) : code === 'bad-frame' && broken !== code
  )
    fail(`${code} for correct bytes`);
  else if (!ends.has(code) && code !== 'bad-frame' && code !== 'frame-too-large') fail(`an end by ${code}`);
}

function replyTo({ id }: Record<string, unknown>): number {
  return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? id : 0;
}

type Decoder = ReturnType<typeof createDecoder>;

/** The frames in some bytes, decoded without any thought of speed or memory. */
function createDecoder(onFrame: (frame: Record<string, unknown>) => void) {
  let rest = Buffer.alloc(0);
  let broken: 'bad-frame' | 'frame-too-large' | undefined;
  let isLong = false;
  let frames = 0;

  function take(): boolean {
    if (broken !== undefined || rest.length < 4) return false;
    const length = rest.readUInt32BE(0);
    // How long it may be depends on whether the server has let this client in yet.
    if (length > limits.frameUnsignedBytes) isLong = true;
    if (length > limits.frameBytes) broken = 'frame-too-large';
    if (broken !== undefined || rest.length < 4 + length) return false;
    const frame = objectIn(rest.subarray(4, 4 + length));
    rest = rest.subarray(4 + length);
    if (frame === undefined) broken = 'bad-frame';
    else onFrame(frame);
    frames++;
    return true;
  }

  return {
    push(bytes: Buffer): void {
      rest = Buffer.concat([rest, bytes]);
      while (take());
    },
    get broken() {
      return broken;
    },
    get isLong() {
      return isLong;
    },
    get isPartial() {
      return rest.length > 0;
    },
    get frames() {
      return frames;
    },
  };
}

function objectIn(body: Buffer): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject && depth(value) <= limits.frameDepth ? value : undefined;
  } catch {
    return undefined;
  }
}

function depth(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depth));
}
