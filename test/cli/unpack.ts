import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Header } from 'tar';
import { blobPath, database } from '../../lib/cli/archive.js';
import { pack } from '../../lib/cli/pack.js';
import { unpack } from '../../lib/cli/unpack.js';
import { openReadOnly } from '../../lib/store/sqlite/database.js';
import { makeData } from '../support/data-folder.js';

const never = new AbortController().signal;

async function backup(t: Test) {
  const made = await makeData(t);
  const { data, home } = made;
  const archive = join(home, 'chat.tar');
  const copy = async (file: string) => {
    const still = openReadOnly(join(data, database));
    still.copy(file);
    still.close();
  };
  await pack({ data, archive, copy, signal: never });
  const folder = join(home, 'restored');
  return {
    ...made,
    archive,
    folder,
    restore: (from = archive) => unpack({ archive: from, data: folder, signal: never }),
  };
}

interface Item {
  readonly path: string;
  readonly body?: Buffer | string;
  readonly mode?: number;
  readonly type?: 'File' | 'SymbolicLink' | 'Link' | 'Directory' | 'FIFO' | 'CharacterDevice';
  readonly linkpath?: string;
}

/** An archive that no `backup` writes. */
function tarball(items: readonly Item[]): Buffer {
  const blocks = items.flatMap(({ body = '', mode = 0o600, type = 'File', ...rest }) => {
    const bytes = Buffer.from(body);
    const header = new Header({ ...rest, mode, type, size: bytes.length });
    header.encode();
    const block = header.block ?? Buffer.alloc(0);
    return [block, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** The contents of an archive, to make another of. */
function itemsOf(bytes: Buffer): Item[] {
  const items: Item[] = [];
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0; ) {
    const header = new Header(bytes, at);
    const size = header.size ?? 0;
    const type = header.type === 'Directory' ? 'Directory' : 'File';
    items.push({ path: header.path ?? '', type, body: bytes.subarray(at + 512, at + 512 + size) });
    at += 512 + 512 * Math.ceil(size / 512);
  }
  return items;
}

t.test('everything is restored, for its owner alone, whatever modes the archive has', async (t) => {
  const made = await backup(t);
  const loose = itemsOf(await readFile(made.archive)).map((item) => ({ ...item, mode: 0o777 }));
  const archive = join(made.home, 'loose.tar');
  await writeFile(archive, tarball(loose));
  t.same(await made.restore(archive), { files: 1 });
  for (const [path, mode] of [
    ['.', 0o700],
    ['secure-chat.db', 0o600],
    ['server.pem', 0o600],
    ['server-key.pem', 0o600],
    ['files', 0o700],
    [blobPath(made.hash), 0o600],
  ] as const) {
    t.equal((await stat(join(made.folder, path))).mode & 0o777, mode, path);
  }
  t.equal(await readFile(join(made.folder, blobPath(made.hash)), 'utf8'), 'what to keep');
  for (const name of ['server.pem', 'server-key.pem']) {
    t.same(await readFile(join(made.folder, name)), await readFile(join(made.data, name)), name);
  }
  t.same((await readdir(made.folder)).sort(), ['files', 'secure-chat.db', 'server-key.pem', 'server.pem']);
});

t.test('an empty folder is filled, any other is left as it was', async (t) => {
  const made = await backup(t);
  await mkdir(made.folder, { mode: 0o700 });
  await made.restore();
  const before = await readFile(join(made.folder, 'secure-chat.db'));
  await t.rejects(made.restore(), { code: 78, message: /contains a server's data/ });
  t.same(await readFile(join(made.folder, 'secure-chat.db')), before);
  await rm(made.folder, { recursive: true });
  await mkdir(join(made.folder, 'files'), { recursive: true });
  await t.rejects(made.restore(), { code: 78, message: /not empty \(files\)/ });
  t.same(await readdir(made.folder), ['files']);
});

t.test('anything but a complete backup is refused and leaves nothing', async (t) => {
  const made = await backup(t);
  const whole = await readFile(made.archive);
  const items = itemsOf(whole);
  const item = (path: string): Item => items.find((each) => each.path === path) ?? { path };
  const without = (path: string) => items.filter((each) => each.path !== path);
  const changed = (path: string) => {
    const body = Buffer.from(item(path).body ?? '');
    // Amid the bytes of a page or a line: SQLite itself would not always notice.
    const at = body.length - 20;
    body[at] = (body[at] ?? 0) ^ 1;
    return items.map((each) => (each.path === path ? { path, body } : each));
  };
  const file = blobPath(made.hash);
  const link = (path: string, linkpath: string) => ({ path, linkpath, type: 'SymbolicLink' as const });
  const archives: Record<string, Buffer> = {
    'an empty file': Buffer.alloc(0),
    'no archive': Buffer.from('not an archive at all\n'.repeat(100)),
    'an archive of nothing': tarball([]),
    'another path': tarball([...items, { path: 'evil' }]),
    'a path upwards': tarball([{ path: '../evil' }, ...items]),
    'a path upwards in files': tarball([{ path: 'files/../../evil' }, ...items]),
    'a full path': tarball([{ path: '/tmp/secure-chat-evil' }, ...items]),
    'a link in place of files': tarball([link('files', '/tmp'), ...items]),
    'a link in place of the key': tarball([
      link('server-key.pem', '/etc/passwd'),
      ...without('server-key.pem'),
    ]),
    'a hard link': tarball([
      ...without('server-key.pem'),
      { path: 'server-key.pem', linkpath: '/etc/passwd', type: 'Link' },
    ]),
    'a pipe': tarball([...without(file), { path: file, type: 'FIFO' }]),
    'a device': tarball([...without(file), { path: file, type: 'CharacterDevice' }]),
    'the same path twice': tarball([item('server.pem'), ...items]),
    'a folder in place of the database': tarball([
      ...without(database),
      { path: database, type: 'Directory' },
    ]),
    'no database': tarball(without(database)),
    'no key': tarball(without('server-key.pem')),
    'no hashes': tarball(without('SHA256SUMS')),
    'no file': tarball(without(file)),
    'a database with a bit turned': tarball(changed(database)),
    'a key with a bit turned': tarball(changed('server-key.pem')),
    'a file with other bytes': tarball(
      items.map((each) => (each.path === file ? { path: file, body: 'x' } : each)),
    ),
  };
  for (let cut = 512; cut < whole.length - 1024; cut += 512 * 16) {
    archives[`cut off at ${cut}`] = whole.subarray(0, cut);
  }
  const archive = join(made.home, 'other.tar');
  const before = (await readdir(made.home)).concat('other.tar').sort();
  for (const [name, bytes] of Object.entries(archives)) {
    await writeFile(archive, bytes);
    await t.rejects(made.restore(archive), { name: 'Exit', code: 74 }, name);
    t.same((await readdir(made.home)).sort(), before, name);
  }
  await writeFile(archive, tarball(items));
  t.same(await made.restore(archive), { files: 1 }, 'while the unchanged items are a backup');
});

t.test('a missing archive is named', async (t) => {
  const made = await backup(t);
  await t.rejects(made.restore(join(made.home, 'none.tar')), { code: 74, message: /none\.tar/ });
});

t.test('the database of an older version is restored unchanged', async (t) => {
  const made = await makeData(t);
  const old = await readFile(new URL('../../../test/fixtures/store-v1.db', import.meta.url));
  await rm(join(made.data, 'files'), { recursive: true });
  await mkdir(join(made.data, 'files'));
  const archive = join(made.home, 'old.tar');
  const copy = (file: string) => writeFile(file, old);
  await pack({ data: made.data, archive, copy, signal: never });
  const folder = join(made.home, 'restored');
  await unpack({ archive, data: folder, signal: never });
  t.same(await readFile(join(folder, database)), old);
});

t.test('a signal ends a restore, and the folder is unchanged', async (t) => {
  const made = await backup(t);
  const before = (await readdir(made.home)).sort();
  await t.rejects(unpack({ archive: made.archive, data: made.folder, signal: AbortSignal.abort('SIGINT') }));
  t.same((await readdir(made.home)).sort(), before);
  await mkdir(made.folder);
  await t.rejects(unpack({ archive: made.archive, data: made.folder, signal: AbortSignal.abort('SIGINT') }));
  t.same(await readdir(made.folder), []);
});

t.test('a writable folder in a read-only one is enough', { skip: process.getuid?.() === 0 }, async (t) => {
  const made = await backup(t);
  await mkdir(made.folder);
  await chmod(made.home, 0o500);
  t.teardown(() => chmod(made.home, 0o700));
  t.same(await made.restore(), { files: 1 });
});
