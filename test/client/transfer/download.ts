import { mkdir, open, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Transfer } from '../../../lib/client/transfer/transfer.js';
import { fileName } from '../../../lib/protocol/names.js';
import { hostileText } from '../../fixtures/hostile-text.js';
import { someBytes, transferScene } from '../../support/transfer-scene.js';

const bytes = someBytes(600_000);

async function shelved(t: Test, name = 'photo.jpg') {
  const scene = await transferScene(t);
  scene.server.shelf.set(17, { name, bytes });
  return scene;
}

t.test('a download goes to the downloads folder, with mode 0600', async (t) => {
  const { server, transfers, over, downloads } = await shelved(t);
  const first = transfers.get(17);
  t.match(first, { id: 1, direction: 'get', name: 'file 17', path: undefined, size: undefined, done: 0 });
  const path = join(downloads, 'photo.jpg');
  const size = bytes.length;
  t.match(await over(first), { name: 'photo.jpg', path, size, done: size, progress: { state: 'done' } });
  t.ok((await readFile(path)).equals(bytes));
  t.equal((await stat(path)).mode & 0o777, 0o600);
  t.equal((await stat(downloads)).mode & 0o777, 0o700);
  t.same(await readdir(downloads), ['photo.jpg']);
  t.same(server.asked, [{ type: 'fetch', of: 17 }]);
});

t.test('a download never replaces anything, not even a link', async (t) => {
  const { server, transfers, over, downloads, folder } = await shelved(t);
  const elsewhere = join(folder, 'elsewhere');
  await mkdir(downloads, { recursive: true });
  await writeFile(join(downloads, 'photo.jpg'), 'precious');
  await symlink(elsewhere, join(downloads, 'photo (2).jpg'));
  server.shelf.set(18, { name: 'photo.jpg', bytes: Buffer.from('other') });
  const other = await transferScene(t, { session: server.session, downloads });
  const [one, two] = await Promise.all([over(transfers.get(17)), other.over(other.transfers.get(18))]);
  t.same([one.path, two.path].sort(), [join(downloads, 'photo (3).jpg'), join(downloads, 'photo (4).jpg')]);
  t.ok((await readFile(one.path ?? '')).equals(bytes));
  t.equal(await readFile(two.path ?? '', 'utf8'), 'other');
  t.equal(await readFile(join(downloads, 'photo.jpg'), 'utf8'), 'precious');
  t.equal(await readlink(join(downloads, 'photo (2).jpg')), elsewhere);
  await t.rejects(stat(elsewhere), { code: 'ENOENT' });
});

t.test('a second file of one name keeps its extension', async (t) => {
  for (const [name, second] of [
    ['a.tar.gz', 'a (2).tar.gz'],
    ['a.b.txt', 'a.b (2).txt'],
    ['Makefile', 'Makefile (2)'],
    ['v1.2 final', 'v1.2 final (2)'],
  ] as const) {
    const { transfers, over, downloads } = await shelved(t, name);
    await over(transfers.get(17));
    t.equal((await over(transfers.get(17))).path, join(downloads, second));
  }
});

t.test('a file name from the server cannot leave the folder', async (t) => {
  const { server, transfers, over, downloads, folder } = await transferScene(t);
  const names = [
    '../../../evil',
    '/etc/passwd',
    '.bashrc',
    '-rf',
    'CON.txt',
    '',
    '..',
    'a/b\\c',
    'x'.repeat(5_000),
  ];
  for (const name of [...names, ...hostileText.map(({ text }) => text)]) {
    server.shelf.set(1, { name, bytes: Buffer.from('x') });
    const { path, name: shown, progress } = await over(transfers.get(1));
    t.same(progress, { state: 'done' });
    t.equal(shown, fileName(name));
    t.ok(path?.startsWith(`${downloads}/`) && !path.slice(downloads.length + 1).includes('/'), shown);
  }
  t.same(await readdir(folder), ['home']);
});

t.test('a download goes to the given path', async (t) => {
  const { transfers, over, folder, home, downloads } = await shelved(t);
  await mkdir(join(folder, 'real'));
  await symlink(join(folder, 'real'), join(folder, 'link'));
  await writeFile(join(folder, 'taken'), 'precious');
  await symlink(join(folder, 'nowhere'), join(folder, 'dangling'));
  for (const [typed, path] of [
    ['link', 'link/photo.jpg'],
    ['real/', 'real/photo (2).jpg'],
    ['~', 'home/photo.jpg'],
    ['"~/my photo"', 'home/my photo'],
    ['link/.hidden', 'link/.hidden'],
  ] as const) {
    t.equal((await over(transfers.get(17, typed))).path, join(folder, path), typed);
  }
  for (const [typed, why] of [
    ['taken', /already exists/],
    ['dangling', /already exists/],
    ['missing/photo.jpg', /no such folder: .*missing/],
    ['missing/', /no such folder: .*missing/],
    ['taken/photo.jpg', /no such folder: .*taken/],
  ] as const) {
    t.match(await over(transfers.get(17, typed)), { progress: { state: 'failed', why } }, typed);
  }
  t.equal(await readFile(join(folder, 'taken'), 'utf8'), 'precious');
  t.same((await readdir(home)).sort(), ['my photo', 'photo.jpg']);
  await t.rejects(stat(downloads), { code: 'ENOENT' });
});

t.test('a name taken during the download is not overwritten', async (t) => {
  const { server, transfers, reached, clock, over, folder } = await shelved(t);
  server.faults.push({ cut: 1_000 });
  const transfer = transfers.get(17, 'wanted');
  await reached(transfer.id, 'waiting');
  await writeFile(join(folder, 'wanted'), 'precious');
  clock.advance(3_000);
  t.equal((await over(transfer)).path, join(folder, 'wanted (2)'));
  t.equal(await readFile(join(folder, 'wanted'), 'utf8'), 'precious');
});

t.test('a download that was cut anywhere continues from there', async (t) => {
  const { server, transfers, persisted, downloads } = await shelved(t);
  const cuts = [0, 1, 16_384, 262_144, 300_000, 599_999];
  for (const cut of cuts) {
    server.faults.push({ cut });
    const { path, progress } = await persisted(transfers.get(17));
    t.same(progress, { state: 'done' });
    t.ok((await readFile(path ?? '')).equals(bytes), `${cut}`);
    t.equal(server.connections.all.at(-1)?.offset, cut);
  }
  server.faults.push({ cut: 'before ready' });
  t.match(await persisted(transfers.get(17)), { progress: { state: 'done' } });
  t.equal((await readdir(downloads)).length, cuts.length + 1);
});

t.test('an empty file is downloaded', async (t) => {
  const { server, transfers, over } = await shelved(t);
  server.shelf.set(1, { name: 'empty', bytes: Buffer.alloc(0) });
  const { path } = await over(transfers.get(1));
  t.equal((await stat(path ?? '')).size, 0);
});

t.test('a download with a wrong checksum leaves nothing', async (t) => {
  const { server, transfers, over, downloads, persisted, reached, clock } = await shelved(t);
  server.shelf.set(1, { name: 'forged', bytes, hash: 'A'.repeat(43) });
  t.match(await over(transfers.get(1)), {
    progress: { state: 'failed', why: /checksum mismatch/ },
  });
  t.match(await over(transfers.get(2)), { progress: { state: 'failed', why: /no such file/ } });
  for (let tries = 0; tries < 7; tries += 1) server.faults.push({ cut: tries === 0 ? 5 : 0 });
  t.match(await persisted(transfers.get(17)), {
    progress: { state: 'failed', why: /gave up after 5 tries/ },
  });
  server.faults.length = 0;
  server.faults.push({ cut: 5 });
  const transfer = transfers.get(17);
  await reached(transfer.id, 'waiting');
  server.shelf.set(17, { name: 'photo.jpg', bytes: someBytes(10) });
  clock.advance(3_000);
  t.match(await over(transfer), { progress: { state: 'failed', why: /the file has changed/ } });
  t.same(await readdir(downloads), []);
});

t.test('a full disk fails a download, and leaves nothing', async (t) => {
  const { transfers, over, downloads, folder } = await shelved(t);
  const handle = await open(folder);
  const files = Object.getPrototypeOf(handle);
  await handle.close();
  const { writev } = files;
  let room = 300_000;
  files.writev = function (chunks: Buffer[], position: number) {
    const wanted = chunks.reduce((sum, { length }) => sum + length, 0);
    if (room < wanted) return Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }));
    room -= wanted;
    return writev.call(this, chunks, position);
  };
  t.teardown(() => {
    files.writev = writev;
  });
  t.match(await over(transfers.get(17)), {
    progress: { state: 'failed', why: /Downloads.*the disk is full/ },
  });
  t.same(await readdir(downloads), []);
});

t.test('a downloads folder that cannot be created fails a download', async (t) => {
  const { transfers, over, home } = await shelved(t);
  await writeFile(join(home, 'Downloads'), 'a file');
  t.match(await over(transfers.get(17)), { progress: { state: 'failed', why: /Downloads.*no such folder/ } });
});

/** Fetches file 17 into memory; lets each waiting time pass. */
function loadFile(
  { transfers, clock }: Awaited<ReturnType<typeof transferScene>>,
  { most = 1_000_000, signal = new AbortController().signal } = {},
) {
  const seen: Partial<Transfer>[] = [];
  const loaded = transfers.load(17, {
    ...{ most, signal },
    watch(change) {
      seen.push(change);
      if (change.progress?.state === 'waiting') setImmediate(() => clock.advance(30_000));
    },
  });
  return { loaded, seen };
}

t.test('a file is fetched into memory, and nothing is written', async (t) => {
  const scene = await shelved(t);
  scene.server.faults.push({ cut: 1 }, { cut: 300_000 });
  const { loaded, seen } = loadFile(scene);
  const { name, bytes: got } = await loaded;
  t.equal(name, 'photo.jpg');
  t.ok(got.equals(bytes));
  t.match(
    seen.find(({ size }) => size !== undefined),
    { name: 'photo.jpg', size: bytes.length },
  );
  t.equal(seen.at(-1)?.done, bytes.length);
  t.same(scene.reports.all, [], 'it is none of the transfers that are listed');
  t.same(await readdir(scene.home), []);
});

t.test('a file that is too large is not fetched into memory', async (t) => {
  const scene = await shelved(t);
  const { loaded } = loadFile(scene, { most: bytes.length - 1 });
  await t.rejects(loaded, {
    name: 'TransferFailed',
    message: /larger than 586 KiB; download it with \/get 17/,
  });
  t.same(scene.server.connections.all, []);
  t.ok(await loadFile(scene, { most: bytes.length }).loaded);
});

t.test('a file that is longer than was announced, or another one, is not kept in memory', async (t) => {
  const scene = await shelved(t);
  scene.server.shelf.set(17, { name: 'photo.jpg', bytes, hash: 'A'.repeat(43) });
  await t.rejects(loadFile(scene).loaded, { message: /checksum mismatch/ });
  const { session } = scene.server;
  const ask: typeof session.ask = async (request) => {
    const reply = await session.ask(request);
    return reply.type === 'ok' && reply.file ? { ...reply, file: { ...reply.file, size: 10 } } : reply;
  };
  const lying = await transferScene(t, { session: { ...session, hello: session.hello, ask } });
  await t.rejects(loadFile(lying, { most: 10 }).loaded, { message: /different file/ });
});

t.test('fetching into memory ends when it is no longer wanted, or with all transfers', async (t) => {
  const scene = await shelved(t);
  scene.server.faults.push({ stall: true }, { stall: true });
  const stopping = new AbortController();
  const first = loadFile(scene, { signal: stopping.signal });
  await scene.server.connections.next();
  stopping.abort(new Error('stopped'));
  await t.rejects(first.loaded, { message: 'stopped' });
  const second = loadFile(scene);
  await scene.server.connections.next();
  await scene.transfers.close();
  await t.rejects(second.loaded, { name: 'AbortError' });
  t.equal(scene.clock.pending, 0);
});
