/** A proxy that connects to a server from another loopback address, as if from another machine. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { pipeline } from 'node:stream';

export interface SecondAddress {
  readonly host: string;
  readonly port: number;
  close(): void;
}

/** The server sees connections from 127.0.0.2. Undefined if this machine does not have that address. */
export async function openSecondAddress(port: number): Promise<SecondAddress | undefined> {
  const host = '127.0.0.2';
  const server = createServer((near) => {
    const far = connect({ host: '127.0.0.1', port, localAddress: host });
    // Closing one side closes the other.
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
