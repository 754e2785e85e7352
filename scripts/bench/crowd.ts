/** Members who listen, in a process of their own: they sign in, count what they get, and send what they are told to. Knows one server's port. */
import { once } from 'node:events';
import type { TLSSocket } from 'node:tls';
import { encodeFrame, type RawFrame } from '../../lib/protocol/frame.js';
import { enter } from './program.js';

export type CrowdOrder =
  | {
      readonly type: 'enter';
      readonly port: number;
      readonly tokens: readonly string[];
      /** Their address: each has a limited number of unfinished sign-ins. */
      readonly from: string;
    }
  /** Each sends the request. */
  | { readonly type: 'send'; readonly request: RawFrame }
  | { readonly type: 'count' };

/** Of all members since they entered. */
export interface CrowdCounts {
  readonly bytes: number;
  readonly messages: number;
}

/** Sign-ins under way. */
const atOnce = 12;
const message = Buffer.from('{"type":"message"');
const headerBytes = 4;

const members: TLSSocket[] = [];
const counts = { bytes: 0, messages: 0 };

async function enterAll({ port, tokens, from }: Extract<CrowdOrder, { type: 'enter' }>): Promise<void> {
  const left = tokens.toReversed();
  const work = async () => {
    for (let token = left.pop(); token !== undefined; token = left.pop()) {
      const socket = await enter(port, token, from);
      socket.on('data', createCounter());
      socket.on('close', () => {
        throw new Error('The server closed a connection.');
      });
      members.push(socket);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

/** Looks at the beginnings of frames only: the members must cost less than the server. */
function createCounter(): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  let skip = 0;
  return (chunk) => {
    counts.bytes += chunk.length;
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const skipped = Math.min(skip, bytes.length);
    skip -= skipped;
    bytes = bytes.subarray(skipped);
    while (bytes.length >= headerBytes + message.length) {
      const end = headerBytes + bytes.readUInt32BE(0);
      const start = bytes.subarray(headerBytes, headerBytes + message.length);
      if (start.equals(message)) counts.messages++;
      skip = Math.max(0, end - bytes.length);
      bytes = bytes.subarray(Math.min(end, bytes.length));
    }
    rest = Buffer.from(bytes);
  };
}

process.on('message', async (order: CrowdOrder) => {
  if (order.type === 'enter') await enterAll(order);
  if (order.type === 'send') for (const member of members) member.write(encodeFrame(order.request));
  process.send?.(counts satisfies CrowdCounts);
});
await once(process, 'disconnect');
process.exit();
