/**
 * What the connections alone cost: a bare node:tls server with the program's certificate and options, to compare with.
 * Started by other benchmarks with a certificate file and a key file; prints its port. With `canned` it also answers a
 * sign-in and a sync, with frames of the usual size that are always the same: what no server on Node can do without.
 */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { alpn } from '../../lib/protocol/events.js';
import { encodeFrame } from '../../lib/protocol/frame.js';
import { secureOptions } from '../../lib/server/net/listener.js';

const [certFile = '', keyFile = '', mode] = process.argv.slice(2);
const keyPair = { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
const [hello, ...answers] = [
  { type: 'hello', text: 'x'.repeat(350) },
  { type: 'ok', re: 1, token: 'x'.repeat(43), text: 'x'.repeat(150) },
  { type: 'ok', re: 2 },
].map(encodeFrame) as [Buffer, Buffer, Buffer];

const server = createServer({ ...secureOptions(keyPair), ALPNProtocols: [alpn], noDelay: true });
server.on('secureConnection', (socket) => {
  socket.on('error', () => {});
  if (mode === 'canned') socket.write(hello);
  let requests = 0;
  socket.on('data', () => void socket.write(answers[requests++] ?? hello));
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
