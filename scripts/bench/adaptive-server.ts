/**
 * What Node can do at best: a chat server with one room and nothing else, no accounts, store, limits or checks. One buffer
 * for all members leaves at once in a quiet room, and no sooner than 10 ms after the last writes in a busy one.
 *
 *     node adaptive-server.js CERTIFICATE KEY     prints its port
 */
import { readFileSync } from 'node:fs';
import { createServer, type TLSSocket } from 'node:tls';
import { createFrameReader, encodeFrame } from '../../lib/protocol/frame.js';
import { limits } from '../../lib/protocol/limits.js';

const restMs = 10;
const [certFile = '', keyFile = ''] = process.argv.slice(2);
const members = new Set<TLSSocket>();
let frames: Buffer[] = [];
let lastEnd = 0;
let scheduled = false;
let seq = 0;

function flush(): void {
  const buffer = Buffer.concat(frames);
  frames = [];
  scheduled = false;
  for (const member of members) member.write(buffer);
  lastEnd = performance.now();
}

function post(message: object): void {
  frames.push(encodeFrame(message));
  if (scheduled) return;
  scheduled = true;
  const wait = lastEnd + restMs - performance.now();
  if (wait > 0) setTimeout(flush, wait);
  else setImmediate(flush);
}

function serve(socket: TLSSocket): void {
  const name = `member-${members.size}`;
  const reader = createFrameReader(() => limits.frameBytes);
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.on('close', () => members.delete(socket));
  socket.on('data', (chunk: Buffer) => {
    for (const { type, id, room, text, key } of reader.push(chunk)) {
      if (type === 'say') post({ type: 'message', seq: ++seq, room, from: name, text, at: Date.now(), key });
      else socket.write(encodeFrame({ type: 'ok', re: id }));
    }
  });
  members.add(socket);
}

const server = createServer(
  {
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    minVersion: 'TLSv1.3',
    ciphers: 'TLS_AES_128_GCM_SHA256',
  },
  serve,
);
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.stdout.write(`${address.port}\n`);
});
