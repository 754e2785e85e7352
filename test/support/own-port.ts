/**
 * A port of 127.0.0.1 for a server that restarts on it, outside the range of ephemeral ports: one of those could be
 * taken by any other connection between two starts, and for a minute after it.
 */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

export async function ownPort(): Promise<number> {
  for (;;) {
    // Linux gives from 32768 up, macOS and Windows from 49152.
    const port = randomInt(10_000, 32_000);
    const probe = createServer().listen(port, '127.0.0.1');
    try {
      await once(probe, 'listening');
    } catch {
      continue;
    }
    probe.close();
    await once(probe, 'close');
    return port;
  }
}
