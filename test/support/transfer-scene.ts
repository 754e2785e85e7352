/** Transfers between a folder of a test and a file server, at times that the test says. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { Transfer } from '../../lib/client/transfer/transfer.js';
import { createTransfers, type TransfersDeps } from '../../lib/client/transfer/transfers.js';
import { makeCertificate } from './certificate.js';
import { createFakeClock } from './fake-clock.js';
import { createFeed } from './feed.js';
import { startFileServer } from './file-server.js';

const certificate = await makeCertificate();

type State = Transfer['progress']['state'];

export async function transferScene(t: Test, wanted: Partial<TransfersDeps> = {}) {
  const server = await startFileServer(certificate);
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-transfer-'));
  const home = join(folder, 'home');
  const downloads = join(home, 'Downloads', 'secure-chat');
  await mkdir(home);
  const clock = createFakeClock();
  const reports = createFeed<Transfer>();
  let keys = 0;
  const transfers = createTransfers({
    session: server.session,
    clock,
    makeKey: () => `key-${++keys}`,
    downloads,
    home,
    folder,
    report: reports.put,
    ...wanted,
  });
  t.teardown(async () => {
    await transfers.close();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });
  /** The next report of that transfer in one of these states. */
  const reached = (id: number, ...states: State[]) =>
    reports.until((transfer) => transfer.id === id && states.includes(transfer.progress.state));
  const over = (transfer: Transfer) => reached(transfer.id, 'done', 'failed', 'cancelled');
  /** Lets each waiting time pass until it is over. */
  const persisted = async ({ id }: Transfer, ms = 30_000): Promise<Transfer> => {
    for (;;) {
      const now = await reached(id, 'waiting', 'done', 'failed', 'cancelled');
      if (now.progress.state !== 'waiting') return now;
      clock.advance(ms);
    }
  };
  const file = async (name: string, content: Buffer | string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, content);
    return path;
  };
  return { server, folder, home, downloads, clock, reports, transfers, reached, over, persisted, file };
}

/** Bytes that repeat nowhere near. */
export function someBytes(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE(Math.imul(at + 1, 2_654_435_761) >>> 0, at);
  return bytes;
}
