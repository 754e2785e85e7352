/** A server's data without a server: a folder with a database, a key pair and one sent file. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Test } from 'tap';
import { openFolderBlobs } from '../../lib/store/folder/blobs.js';
import type { Store } from '../../lib/store/store.js';
import { ensureKeyPair } from '../../lib/trust/renewal.js';
import { openInlineStore } from './inline-store.js';

export interface TestData {
  /** A folder of the test's own; `data` is in it. */
  readonly home: string;
  readonly data: string;
  /** Of the file. */
  readonly hash: string;
  /** Opens the store, works, closes it. */
  stored<Value>(work: (store: Store) => Promise<Value>): Promise<Value>;
  /** Makes a message that announces such a file, and keeps its bytes. */
  send(text: string): Promise<{ hash: string; seq: number }>;
}

export async function makeData(t: Test): Promise<TestData> {
  const home = await mkdtemp(join(tmpdir(), 'secure-chat-data-'));
  t.teardown(() => rm(home, { recursive: true, force: true }));
  const data = await mkdtemp(join(home, 'data-'));
  await ensureKeyPair({ folder: data, hosts: ['localhost'], now: Date.now() });
  const blobs = await openFolderBlobs(join(data, 'files'));

  async function stored<Value>(work: (store: Store) => Promise<Value>): Promise<Value> {
    const file = join(data, 'secure-chat.db');
    const store = await openInlineStore({ file, onFailure: (error) => t.error(error) });
    return work(store).finally(() => store.close());
  }

  async function send(text: string): Promise<{ hash: string; seq: number }> {
    const hash = createHash('sha256').update(text).digest('base64url');
    await blobs.append('upload', Readable.from([Buffer.from(text)]));
    await blobs.finish('upload', hash);
    const file = { name: 'notes.txt', size: text.length, hash };
    const seq = await stored(async (store) => {
      const ana = await store.account('ana');
      const [lobby] = await store.rooms();
      if (ana === undefined || lobby === undefined) throw new Error('There is no ana, or no lobby.');
      const said = { target: { room: lobby.id }, account: ana.id, key: hash, text: file.name };
      const kept = await store.append({ ...said, action: false, at: Date.now(), file });
      if (kept.outcome !== 'kept') throw new Error('It was not kept.');
      return kept.seq;
    });
    return { hash, seq };
  }

  await stored((store) =>
    store.register({ name: 'ana', skeleton: 'ana', password: 'none', at: 0, role: 'admin' }),
  );
  const { hash } = await send('what to keep');
  return { home, data, hash, stored, send };
}
