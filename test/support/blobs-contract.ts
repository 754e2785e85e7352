/** What every Blobs must do, as tests for any driver. Knows the interface only. */
import { createHash, randomBytes } from 'node:crypto';
import type { Test } from 'tap';
import type { Blobs } from '../../lib/store/blobs.js';

/** Creates empty blobs, which the test's end removes. */
export type MakeBlobs = (t: Test) => Promise<{ blobs: Blobs; reopen(): Promise<Blobs> }>;

const id = 'a'.repeat(64);
const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64url');

async function* pieces(...all: Buffer[]): AsyncGenerator<Buffer> {
  yield* all;
}

async function* cutAfter(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
  // Long enough for the bytes to be taken.
  await new Promise(setImmediate);
  throw new Error('cable cut');
}

async function keepAll(blobs: Blobs, bytes: Buffer): Promise<string> {
  await blobs.append(id, pieces(bytes));
  await blobs.finish(id, hashOf(bytes));
  return hashOf(bytes);
}

async function content(blobs: Blobs, hash: string, offset = 0): Promise<Buffer | undefined> {
  const stream = await blobs.read(hash, offset);
  if (stream === undefined) return undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function listed(blobs: Blobs, before?: number): Promise<string[]> {
  const all: string[] = [];
  for await (const hashes of blobs.list(before)) all.push(...hashes);
  return all.sort();
}

export function blobsContract(t: Test, make: MakeBlobs): void {
  t.test('bytes arrive in pieces, over several connections, and are stored under their hash', async (t) => {
    const { blobs } = await make(t);
    const bytes = randomBytes(1_500_000);
    t.match(await blobs.uploaded(id), { bytes: 0 });
    await blobs.append(id, pieces(bytes.subarray(0, 10), bytes.subarray(10, 700_000)));
    const { bytes: come, digest } = await blobs.uploaded(id);
    t.equal(come, 700_000);
    await blobs.append(id, pieces(bytes.subarray(700_000)));
    const hash = digest.update(bytes.subarray(700_000)).digest('base64url');
    t.equal(hash, hashOf(bytes), 'the digest goes on where the upload stopped');
    await blobs.finish(id, hash);
    t.ok((await content(blobs, hash))?.equals(bytes));
    t.match(await blobs.uploaded(id), { bytes: 0 }, 'it is no longer an upload');
  });

  t.test('bytes that arrived before the sender broke off stay, also after a restart', async (t) => {
    const { blobs, reopen } = await make(t);
    const bytes = randomBytes(100_000);
    await t.rejects(blobs.append(id, cutAfter(bytes)), { message: 'cable cut' });
    const { bytes: come, digest } = await (await reopen()).uploaded(id);
    t.equal(digest.digest('base64url'), hashOf(bytes.subarray(0, come)));
    t.ok(come > 0, `${come} bytes`);
  });

  t.test('a file can be empty', async (t) => {
    const { blobs } = await make(t);
    await blobs.append(id, pieces());
    await blobs.finish(id, hashOf(Buffer.alloc(0)));
    t.equal((await content(blobs, hashOf(Buffer.alloc(0))))?.length, 0);
  });

  t.test('a file is read from any offset', async (t) => {
    const { blobs } = await make(t);
    const bytes = randomBytes(200_000);
    const hash = await keepAll(blobs, bytes);
    t.ok((await content(blobs, hash, 123_456))?.equals(bytes.subarray(123_456)));
    t.equal((await content(blobs, hash, bytes.length))?.length, 0);
  });

  t.test('equal files are stored once, and removed together', async (t) => {
    const { blobs, reopen } = await make(t);
    const bytes = randomBytes(1_000);
    const hash = await keepAll(blobs, bytes);
    await keepAll(blobs, bytes);
    const other = await keepAll(blobs, randomBytes(10));
    t.same(await listed(await reopen()), [hash, other].sort());
    t.same(await listed(blobs, 1), [], 'none is so old');
    t.same(await listed(blobs, Date.now() + 60_000), [hash, other].sort());
    await blobs.remove(hash);
    await blobs.remove(hash);
    t.equal(await content(blobs, hash), undefined);
    t.same(await listed(blobs), [other]);
  });

  t.test('a file that is removed while it is read is read to the end', async (t) => {
    const { blobs } = await make(t);
    const bytes = randomBytes(500_000);
    const stream = await blobs.read(await keepAll(blobs, bytes), 0);
    await blobs.remove(hashOf(bytes));
    const chunks: Buffer[] = [];
    for await (const chunk of stream ?? []) chunks.push(chunk);
    t.ok(Buffer.concat(chunks).equals(bytes));
  });

  t.test('a discarded upload begins again', async (t) => {
    const { blobs } = await make(t);
    await blobs.append(id, pieces(randomBytes(10)));
    await blobs.discard(id);
    await blobs.discard(id);
    t.match(await blobs.uploaded(id), { bytes: 0 });
  });

  t.test('old uploads are removed, new ones and files are not', async (t) => {
    const { blobs } = await make(t);
    const hash = await keepAll(blobs, randomBytes(10));
    await blobs.append(id, pieces(randomBytes(10)));
    await blobs.discardBefore(Date.now() - 60_000);
    t.match(await blobs.uploaded(id), { bytes: 10 });
    await blobs.discardBefore(Date.now() + 60_000);
    t.match(await blobs.uploaded(id), { bytes: 0 });
    t.same(await listed(blobs), [hash]);
  });

  t.test('names that are not an id or a hash are refused', async (t) => {
    const { blobs } = await make(t);
    for (const name of ['', '..', '../x', 'a/b', `${'a'.repeat(63)}/`, 'A', '\0']) {
      await t.rejects(blobs.append(name, pieces()), JSON.stringify(name));
      await t.rejects(blobs.uploaded(name), JSON.stringify(name));
      await t.rejects(blobs.discard(name), JSON.stringify(name));
      await t.rejects(blobs.read(name, 0), JSON.stringify(name));
      await t.rejects(blobs.remove(name), JSON.stringify(name));
    }
  });

  t.test('there is some space left', async (t) => {
    const { blobs } = await make(t);
    t.ok((await blobs.freeBytes()) > 0);
  });
}
