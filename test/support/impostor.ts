/** A server with a key of its own at another server's address. It greets clients and answers nothing. */
import { once } from 'node:events';
import { createServer, type TLSSocket } from 'node:tls';
import type { Test } from 'tap';
import { createFrameReader, encodeFrame, type RawFrame } from '../../lib/protocol/frame.js';
import { limits } from '../../lib/protocol/limits.js';
import { createCertificate } from '../../lib/trust/certificate.js';
import { exportKey, generateKey, pinOf } from '../../lib/trust/key.js';
import { helloOf } from './hello.js';

export interface Impostor {
  /** Of its key. */
  readonly pin: string;
  readonly port: number;
  /** Application bytes from all clients. */
  readonly received: () => number;
  /** Everything that clients sent it. */
  readonly frames: readonly RawFrame[];
  /** Resolves with the next connection whose handshake is done. */
  connection(): Promise<TLSSocket>;
}

/** A server with a certificate of its own that sends a hello. */
export async function startImpostor(t: Test, port = 0): Promise<Impostor> {
  const key = await generateKey('ec');
  const cert = createCertificate({ key, hosts: ['127.0.0.1'], days: 9, now: Date.now() });
  const frames: RawFrame[] = [];
  let received = 0;
  const server = createServer({
    key: exportKey(key),
    cert,
    ALPNProtocols: ['secure-chat/1'],
    minVersion: 'TLSv1.3',
  });
  const sockets = new Set<TLSSocket>();
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    const reader = createFrameReader(() => limits.frameBytes);
    socket.on('data', (bytes: Buffer) => {
      received += bytes.length;
      frames.push(...reader.push(bytes));
    });
    socket.write(encodeFrame(helloOf()));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const bound = server.address() as { port: number };
  return {
    pin: pinOf(key),
    port: bound.port,
    frames,
    received: () => received,
    connection: async () => (await once(server, 'secureConnection'))[0] as TLSSocket,
  };
}
