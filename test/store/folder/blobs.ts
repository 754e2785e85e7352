import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { openFolderBlobs } from '../../../lib/store/folder/blobs.js';
import { blobsContract } from '../../support/blobs-contract.js';
import { folder } from '../../support/running-server.js';

const id = 'b'.repeat(64);
const hash = 'A'.repeat(43);

async function* pieces(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

blobsContract(t, async (t) => {
  const path = join(await folder(t), 'files');
  return { blobs: await openFolderBlobs(path), reopen: () => openFolderBlobs(path) };
});

t.test('folders and files are private to their owner', async (t) => {
  const path = join(await folder(t), 'files');
  const blobs = await openFolderBlobs(path);
  await blobs.append(id, pieces('text'));
  t.equal((await stat(join(path, 'uploads', id))).mode & 0o777, 0o600);
  await blobs.finish(id, hash);
  const modes: number[] = [(await stat(path)).mode & 0o777];
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
    const { mode } = await stat(join(entry.parentPath ?? entry.path, entry.name));
    t.equal(mode & 0o777, entry.isDirectory() ? 0o700 : 0o600, entry.name);
    modes.push(mode & 0o777);
  }
  t.same(modes.sort(), [0o600, 0o700, 0o700, 0o700]);
});

t.test('a link in place of an upload or a file is not followed', async (t) => {
  const home = await folder(t);
  const path = join(home, 'files');
  const blobs = await openFolderBlobs(path);
  const secret = join(home, 'secret');
  await writeFile(secret, 'a secret');
  await symlink(secret, join(path, 'uploads', id));
  await t.rejects(blobs.append(id, pieces('text')), { name: 'BlobError' });
  await t.rejects(blobs.uploaded(id), { name: 'BlobError' });
  t.equal(await readFile(secret, 'utf8'), 'a secret');
  const name = Buffer.from(hash, 'base64url').toString('hex');
  await mkdir(join(path, name.slice(0, 2)));
  await symlink(secret, join(path, name.slice(0, 2), name.slice(2)));
  await t.rejects(blobs.read(hash, 0), { name: 'BlobError' });
});

t.test('other files in the folder are left alone', async (t) => {
  const path = join(await folder(t), 'files');
  const blobs = await openFolderBlobs(path);
  await writeFile(join(path, 'README'), 'mine');
  await mkdir(join(path, 'ab'));
  await writeFile(join(path, 'ab', 'notes.txt'), 'mine');
  const all = [];
  for await (const hashes of blobs.list()) all.push(...hashes);
  t.same(all, []);
});

t.test('a folder that cannot be created is a BlobError', async (t) => {
  const home = await folder(t);
  await writeFile(join(home, 'files'), 'no folder');
  await t.rejects(openFolderBlobs(join(home, 'files')), { name: 'BlobError', full: false });
});
