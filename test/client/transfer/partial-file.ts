import fs, { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createPartialFile } from '../../../lib/client/transfer/partial-file.js';
import { hashOf } from '../../support/file-server.js';
import { someBytes } from '../../support/transfer-scene.js';

async function begun(t: Test) {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-part-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return { folder, part: await createPartialFile(folder) };
}

t.test('a partial file has mode 0600 and a random name', async (t) => {
  const { folder, part } = await begun(t);
  const [name = ''] = await readdir(folder);
  t.match(name, /^\.secure-chat-[\w-]{12}\.part$/);
  t.equal((await stat(join(folder, name))).mode & 0o777, 0o600);
  await part.append([Buffer.from('x')]);
  await part.discard();
  t.same(await readdir(folder), []);
});

t.test('short writes are completed', async (t) => {
  const { folder, part } = await begun(t);
  const handle = await fs.open(folder);
  const files = Object.getPrototypeOf(handle);
  await handle.close();
  const { writev } = files;
  files.writev = function (chunks: Buffer[], position: number) {
    const [first = Buffer.alloc(0)] = chunks;
    return writev.call(this, [first.subarray(0, Math.ceil(first.length / 2))], position);
  };
  t.teardown(() => {
    files.writev = writev;
  });
  const bytes = someBytes(1_000);
  await part.append([bytes.subarray(0, 100), bytes.subarray(100, 101), bytes.subarray(101)]);
  t.equal(part.have, 1_000);
  t.equal(part.hash(), hashOf(bytes));
  t.ok((await readFile(await part.place('whole'))).equals(bytes));
});

t.test('nothing is replaced on a file system without hard links either', async (t) => {
  const { link } = fs;
  t.teardown(() => {
    fs.link = link;
    syncBuiltinESMExports();
  });
  fs.link = () => Promise.reject(Object.assign(new Error('no links here'), { code: 'EPERM' }));
  syncBuiltinESMExports();
  const { folder, part } = await begun(t);
  await writeFile(join(folder, 'a.txt'), 'precious');
  await part.append([Buffer.from('new')]);
  const other = await createPartialFile(folder);
  const placed = await Promise.all([part.place('a.txt'), other.place('a.txt')]);
  t.same(placed.sort(), [join(folder, 'a (2).txt'), join(folder, 'a (3).txt')]);
  t.equal(await readFile(join(folder, 'a.txt'), 'utf8'), 'precious');
  await Promise.all([part.discard(), other.discard()]);
  const files = await readdir(folder);
  t.same(files.sort(), ['a (2).txt', 'a (3).txt', 'a.txt']);
  const contents = await Promise.all(placed.map((path) => readFile(path, 'utf8')));
  t.same(contents.sort(), ['', 'new']);
});

t.test('a name that is too long is reported', async (t) => {
  const { folder, part } = await begun(t);
  await t.rejects(part.place('x'.repeat(300)), { message: /too long/ });
  await part.discard();
  t.same(await readdir(folder), []);
  await rm(folder, { recursive: true });
  await t.rejects(createPartialFile(folder), { message: /no such file or folder/ });
});
