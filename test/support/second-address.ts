/** A way to a server from another address of the loopback, as from another machine. Knows bytes, not what they mean. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { pipeline } from 'node:stream';

export interface SecondAddress {
  readonly host: string;
  readonly port: number;
  close(): void;
}

/** Listens on 127.0.0.2; the server sees the connections come from there. Undefined where that is no address. */
export async function openSecondAddress(port: number): Promise<SecondAddress | undefined> {
  const host = '127.0.0.2';
  const server = createServer((near) => {
    const far = connect({ host: '127.0.0.1', port, localAddress: host });
    // Whoever cuts the one cuts the other.
    pipeline(near, far, near, () => {});
  }).listen(0, host);
  try {
    await once(server, 'listening');
  } catch {
    return undefined;
  }
  server.unref();
  return { host, port: (server.address() as AddressInfo).port, close: () => void server.close() };
}
