/**
 * Members who cost less than the server. What the server sends to all of them is the same bytes: the first to get them parses
 * them, the others compare theirs with it. Knows the two protocols, no loads.
 */
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { alpn } from '../../lib/protocol/events.js';
import { encodeFrame, type RawFrame } from '../../lib/protocol/frame.js';
import type { ChatServer } from './chat-servers.js';

export interface Room extends Omit<ChatServer, 'process' | 'port'> {
  /** One for each server of the chat, among which the members are spread. */
  readonly ports: readonly number[];
  readonly room: string;
  /** Each member parses its own bytes: for finding out whether that changes the figures. */
  readonly parseAll?: boolean;
}

export interface Message {
  /** A member's number. */
  readonly sender: number;
  /** 1 for the first one of this sender. */
  readonly number: number;
}

/** Stays until its process ends. */
export interface Member {
  say(message: Message): void;
}

/** What one TLS record brought. */
type OnRecord = (messages: readonly Message[], bytes: number) => void;

interface Parsed<Answer> {
  readonly messages: readonly Message[];
  readonly answers: readonly Answer[];
  /** The beginning of what the next bytes complete. */
  readonly rest: Buffer;
}

/** @param before the `rest` of the bytes before */
type Parse<Answer> = (chunk: Buffer, before: Buffer) => Parsed<Answer>;

/** About as long as people write. */
const padding = 'and so on, as people write them in a room of this kind';
const nothing = Buffer.alloc(0);
/** Of all sockets: each reads it before the next one writes to it. */
const shared = Buffer.allocUnsafeSlow(65_536);
const remembered = 16;
const pingMs = 30_000;

const frames = { parse: remembering(parseFrames), parseAll: parseFrames };
const lines = { parse: remembering(parseLines), parseAll: parseLines };

/** @param onRecord for each TLS record, which is one write of the server as long as that is below 16 KiB */
export function joinRoom({ ports, ...room }: Room, index: number, onRecord: OnRecord): Promise<Member> {
  const at = { ...room, port: ports[index % ports.length] ?? 0 };
  return room.protocol === 'frames' ? joinByFrames(at, index, onRecord) : joinByIrc(at, index, onRecord);
}

type RoomAt = Omit<Room, 'ports'> & { readonly port: number };

async function joinByFrames(
  { port, tokens, room, parseAll }: RoomAt,
  index: number,
  onRecord: OnRecord,
): Promise<Member> {
  let id = 0;
  let answered = (_: RawFrame) => {};
  const socket = await open(
    port,
    { parse: parseAll ? frames.parseAll : frames.parse, onRecord, alpn },
    (frame) => {
      if (frame.type === 'error' || frame.type === 'closing') throw new Error(JSON.stringify(frame));
      if (frame.re !== undefined) answered(frame);
    },
  );
  const ask = (request: RawFrame) =>
    new Promise<RawFrame>((resolve) => {
      answered = resolve;
      socket.write(encodeFrame({ ...request, id: ++id }));
    });
  await ask({ type: 'resume', token: tokens[index] ?? '' });
  await ask({ type: 'sync' });
  if (room !== 'lobby') await ask({ type: 'join', room });
  // A server closes a connection from which nothing comes.
  setInterval(() => void ask({ type: 'ping' }), pingMs).unref();
  return memberOf(socket, (text) => {
    const key = `${index}-${++id}`;
    return encodeFrame({ type: 'say', id, room, text, key });
  });
}

/** RFC 2812, as much as one room needs. */
async function joinByIrc(
  { port, room, parseAll }: RoomAt,
  index: number,
  onRecord: OnRecord,
): Promise<Member> {
  let joined = () => {};
  const parse = parseAll ? lines.parseAll : lines.parse;
  const socket = await open(port, { parse, onRecord }, (line) => {
    if (line.startsWith('PING')) socket.write(`PONG${line.slice(4)}\r\n`);
    else if (line.startsWith('ERROR')) throw new Error(line);
    else if (/^:\S+ 001 /.test(line)) socket.write(`JOIN #${room}\r\n`);
    else if (/^:\S+ 366 /.test(line)) joined();
  });
  await new Promise<void>((resolve) => {
    joined = resolve;
    socket.write(`NICK m${index}\r\nUSER m${index} 0 * :m${index}\r\n`);
  });
  return memberOf(socket, (text) => `PRIVMSG #${room} :${text}\r\n`);
}

function memberOf(socket: TLSSocket, encode: (text: string) => Buffer | string): Member {
  return { say: ({ sender, number }) => void socket.write(encode(`${sender} ${number} ${padding}`)) };
}

function messageOf(text: string): Message {
  const [sender, number] = text.split(' ', 2).map(Number);
  return { sender: sender ?? Number.NaN, number: number ?? Number.NaN };
}

interface Receiver<Answer> {
  readonly parse: Parse<Answer>;
  readonly onRecord: OnRecord;
  readonly alpn?: string;
}

async function open<Answer>(
  port: number,
  { parse, onRecord, alpn }: Receiver<Answer>,
  onAnswer: (answer: Answer) => void,
): Promise<TLSSocket> {
  let before: Buffer = nothing;
  const take = (size: number): boolean => {
    const { messages, answers, rest } = parse(shared.subarray(0, size), before);
    before = rest;
    onRecord(messages, size);
    for (const answer of answers) onAnswer(answer);
    return true;
  };
  // The types do not know `onread`.
  const options = {
    host: '127.0.0.1',
    port,
    minVersion: 'TLSv1.3' as const,
    ciphers: 'TLS_AES_128_GCM_SHA256',
    rejectUnauthorized: false,
    onread: { buffer: shared, callback: take },
    ...(alpn !== undefined && { ALPNProtocols: [alpn] }),
  };
  const socket = connect(options);
  await once(socket, 'secureConnect');
  socket.on('close', () => {
    throw new Error('The server closed a connection.');
  });
  return socket;
}

/** `rest` is one and the same buffer for all whose bytes were the same. */
function remembering<Answer>(parse: Parse<Answer>): Parse<Answer> {
  const known: { readonly chunk: Buffer; readonly before: Buffer; readonly parsed: Parsed<Answer> }[] = [];
  let next = 0;
  return (chunk, before) => {
    for (const entry of known) {
      if (entry.before === before && entry.chunk.equals(chunk)) return entry.parsed;
    }
    const parsed = parse(chunk, before);
    known[next++ % remembered] = { chunk: Buffer.from(chunk), before, parsed };
    return parsed;
  };
}

function parseFrames(chunk: Buffer, before: Buffer): Parsed<RawFrame> {
  const messages: Message[] = [];
  const answers: RawFrame[] = [];
  let rest = Buffer.concat([before, chunk]);
  while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
    const end = 4 + rest.readUInt32BE(0);
    const frame = JSON.parse(rest.toString('utf8', 4, end)) as RawFrame;
    if (frame.type === 'message') messages.push(messageOf(String(frame.text)));
    else answers.push(frame);
    rest = rest.subarray(end);
  }
  return { messages, answers, rest: rest.length === 0 ? nothing : rest };
}

function parseLines(chunk: Buffer, before: Buffer): Parsed<string> {
  const whole = Buffer.concat([before, chunk]);
  const end = whole.lastIndexOf('\n') + 1;
  const rest = whole.subarray(end);
  const messages: Message[] = [];
  const answers: string[] = [];
  for (const line of whole.toString('utf8', 0, end).split('\r\n').slice(0, -1)) {
    const text = / PRIVMSG #\w+ :(.*)$/.exec(line)?.[1];
    if (text === undefined) answers.push(line);
    else messages.push(messageOf(text));
  }
  return { messages, answers, rest: rest.length === 0 ? nothing : rest };
}
