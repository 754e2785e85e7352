/**
 * What the TLS handshakes alone cost: a bare node:tls server with the program's certificate and options, to compare with.
 * Started by other benchmarks with a certificate file and a key file; prints its port.
 */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { alpn } from '../../lib/protocol/events.js';
import { secureOptions } from '../../lib/server/net/listener.js';

const [cert = '', key = ''] = process.argv.slice(2).map((file) => readFileSync(file, 'utf8'));
const server = createServer({ ...secureOptions({ cert, key }), ALPNProtocols: [alpn], noDelay: true });
server.on('secureConnection', (socket) => {
  socket.on('error', () => {});
  socket.on('data', () => {});
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
