/** Files between clients on pipes: sent, fetched, refused, resumed after a kill. */
import { createHash, randomBytes } from 'node:crypto';
import { on, once } from 'node:events';
import { watch } from 'node:fs';
import { lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { startServerProcess } from '../support/server-process.js';

const online = /in #lobby as /;
const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

t.test('files in a room and between people', async (t) => {
  const server = await startServerProcess('--max-file', '2M');
  t.teardown(() => server.close());
  const { folder } = server.home;
  const guests = await server.invite('--uses', '2');
  const enter = async (link: string, name: string, ...args: string[]) => {
    const one = server.connect(link, name, ...args);
    await one.prints(online, 'stderr');
    return one;
  };
  const downloads = join(folder, 'of-ben');
  const ann = await enter(server.firstLink, 'ann');
  const [ben, cleo] = await Promise.all([
    enter(guests, 'ben', '--downloads', downloads),
    enter(guests, 'cleo'),
  ]);

  await t.test('a file is sent, fetched twice, and overwrites nothing', async (t) => {
    const bytes = randomBytes(1_500_000);
    const path = join(folder, 'two words.bin');
    await writeFile(path, bytes);
    ann.write(`/send "${path}"\n`);
    await ann.prints(/\* ann sent a file: two words\.bin/);
    const [, id = ''] = await ben.prints(/\* ann sent a file: two words\.bin \(1\.4 MiB\), \/get (\d+)\n/);

    for (const name of ['two words.bin', 'two words (2).bin']) {
      ben.write(`/get ${id}\n`);
      const place = join(downloads, name);
      await ben.prints(new RegExp(`Downloaded .* to ${place.replace(/[()]/g, '\\$&')}`), 'stderr');
      t.equal(hash(await readFile(place)), hash(bytes), name);
      t.equal((await lstat(place)).mode & 0o777, 0o600);
    }
    cleo.write(`/get ${id}\n`);
    const usual = join(folder, 'Downloads', 'two words.bin');
    await cleo.prints(new RegExp(`Downloaded .* to ${usual}`), 'stderr');
    t.equal(hash(await readFile(usual)), hash(bytes), 'without an option in ~/Downloads, which is made');
    const precious = join(folder, 'precious.txt');
    await writeFile(precious, 'mine');
    await symlink(precious, join(downloads, 'link.bin'));
    ben.write(`/get ${id} ${join(downloads, 'link.bin')}\n`);
    await ben.prints(/Couldn't download .*: /, 'stderr');
    t.equal(await readFile(precious, 'utf8'), 'mine', 'nothing is written through a link');

    ben.write('/files\n');
    await ben.prints(new RegExp(`${id}  two words\\.bin`));
    ben.write('/get 4711\n');
    await ben.prints(/no such file/i, 'stderr');
    const large = join(folder, 'large.bin');
    await writeFile(large, randomBytes(2 * 1024 * 1024 + 1));
    ann.write(`/send ${large}\n`);
    await ann.prints(/Couldn't send large\.bin: /, 'stderr');
    ann.write(`/send ${folder}\n`);
    await ann.prints(/Couldn't send [^\n]*folder/, 'stderr');

    t.notMatch(ann.stderr(), /Sent /, 'the message has said that it was sent');

    const [stored, ...others] = await filesIn(join(folder, 'data', 'files'));
    t.same(others, []);
    const removed = watchRemoval(stored ?? '');
    ann.write('/delete\n');
    await ben.prints(/ann deleted a message/, 'stderr');
    await removed;
    t.same(await filesIn(join(folder, 'data', 'files')), [], 'nothing is left on the server');
    ben.write(`/get ${id}\n`);
    await ben.prints(/no such file[\s\S]*no such file/i, 'stderr');
  });

  await t.test('a file reaches one person, or the members of a room, and no one else', async (t) => {
    const path = join(folder, 'secret.txt');
    await writeFile(path, 'for ben alone');
    ann.write(`/send ${path} to ben\n`);
    const [, id = ''] = await ben.prints(
      /ann -> ben: \* ann sent a file: secret\.txt \(13 bytes\), \/get (\d+)\n/,
    );
    cleo.write(`/get ${id}\n`);
    await cleo.prints(/no such file/i, 'stderr');
    ben.write(`/get ${id}\n`);
    await ben.prints(/Downloaded secret\.txt to /, 'stderr');
    t.equal(await readFile(join(downloads, 'secret.txt'), 'utf8'), 'for ben alone');

    ann.write('/join #den private\n');
    await ann.prints(/in #den/, 'stderr');
    ann.write(`/send ${path}\n`);
    const [, second = ''] = await ann.prints(
      /#den \* ann sent a file: secret\.txt \(13 bytes\), \/get (\d+)\n/,
    );
    ben.write(`/get ${second}\n`);
    await ben.prints(/(no such file[\s\S]*){3}/i, 'stderr');
    cleo.write(`/get ${second}\n`);
    await cleo.prints(/no such file[\s\S]*no such file/i, 'stderr');
    t.notMatch(cleo.stdout(), 'secret.txt');
  });
});

t.test('transfers resume after the server was killed', async (t) => {
  const server = await startServerProcess();
  t.teardown(() => server.close());
  const downloads = join(server.home.folder, 'fetched');
  await mkdir(downloads);
  const ann = server.connect(server.firstLink, 'ann', '--downloads', downloads);
  await ann.prints(online, 'stderr');
  const bytes = randomBytes(40 * 1024 * 1024);
  const path = join(server.home.folder, 'big.bin');
  await writeFile(path, bytes);
  const kill = async () => {
    await server.killAndRestart();
  };
  ann.write(`/send ${path}\n`);
  await ann.prints(/sending big\.bin, 40 MiB/, 'stderr');
  await kill();
  const [, id = ''] = await ann.prints(/sent a file: big\.bin \(40 MiB\), \/get (\d+)\n/);
  const begun = watchFirstEntry(downloads);
  ann.write(`/get ${id}\n`);
  await begun;
  await kill();
  await ann.prints(/Downloaded big\.bin to /, 'stderr');
  t.equal(hash(await readFile(join(downloads, 'big.bin'))), hash(bytes));
  t.same(await readdir(downloads), ['big.bin'], 'and no partial file is left');
  ann.end();
  t.equal(await ann.ended, 0);
});

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

/** Resolves when this file, which exists, is removed. */
async function watchRemoval(path: string): Promise<void> {
  const watcher = watch(path);
  for await (const [event] of on(watcher, 'change')) if (event === 'rename') break;
  watcher.close();
}

/** Resolves when the folder, which exists, has an entry. */
async function watchFirstEntry(folder: string): Promise<void> {
  const watcher = watch(folder);
  await once(watcher, 'change');
  watcher.close();
}
