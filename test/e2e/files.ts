/** Files from hand to hand by the built programs: sent, fetched, resumed after a kill, refused. */
import { createHash, randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import type { Running } from '../support/program.js';
import { startServerProcess } from '../support/server-process.js';

const online = /in #lobby as /;
const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

t.test('a file is sent, fetched as often as one likes, and overwrites nothing', async (t) => {
  const served = await startServerProcess('--max-file', '2M');
  t.teardown(() => served.close());
  const downloads = join(served.home.folder, 'fetched');
  const ann = served.connect(served.firstLink, 'ann');
  await ann.prints(online, 'stderr');
  const ben = served.connect(await served.invite(), 'ben', '--downloads', downloads);
  await ben.prints(online, 'stderr');

  const bytes = randomBytes(1_500_000);
  const path = join(served.home.folder, 'two words.bin');
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
  const precious = join(served.home.folder, 'precious.txt');
  await writeFile(precious, 'mine');
  await symlink(precious, join(downloads, 'link.bin'));
  ben.write(`/get ${id} ${join(downloads, 'link.bin')}\n`);
  await ben.prints(/Couldn't download .*: /, 'stderr');
  t.equal(await readFile(precious, 'utf8'), 'mine', 'nothing is written through a link');

  ben.write('/files\n');
  await ben.prints(new RegExp(`${id}  two words\\.bin`), 'stderr');
  ben.write('/get 4711\n');
  await ben.prints(/no such file/i, 'stderr');
  const large = join(served.home.folder, 'large.bin');
  await writeFile(large, randomBytes(2 * 1024 * 1024 + 1));
  ann.write(`/send ${large}\n`);
  await ann.prints(/Couldn't send large\.bin: /, 'stderr');
  ann.write(`/send ${served.home.folder}\n`);
  await ann.prints(/Couldn't send [^\n]*folder/, 'stderr');

  ann.write('/delete\n');
  await ben.prints(/ann removed a message/, 'stderr');
  await gone(join(served.home.folder, 'data', 'files'));
  t.pass('its bytes are gone from the server');
  ben.write(`/get ${id}\n`);
  await ben.prints(/no such file[\s\S]*no such file/i, 'stderr');
});

t.test('a file reaches one person, or the members of a room, and nobody else', async (t) => {
  const served = await startServerProcess();
  t.teardown(() => served.close());
  const people: Running[] = [];
  const guests = await served.invite('--uses', '2');
  for (const name of ['ann', 'ben', 'cleo']) {
    const link = name === 'ann' ? served.firstLink : guests;
    const downloads = join(served.home.folder, `of-${name}`);
    const one = served.connect(link, name, '--downloads', downloads);
    await one.prints(online, 'stderr');
    people.push(one);
  }
  const [ann, ben, cleo] = people as [Running, Running, Running];
  const path = join(served.home.folder, 'secret.txt');
  await writeFile(path, 'for ben alone');
  ann.write(`/send ${path} to ben\n`);
  const [, id = ''] = await ben.prints(
    /ann -> ben: \* ann sent a file: secret\.txt \(13 bytes\), \/get (\d+)\n/,
  );
  cleo.write(`/get ${id}\n`);
  await cleo.prints(/no such file/i, 'stderr');
  ben.write(`/get ${id}\n`);
  await ben.prints(/Downloaded secret\.txt to /, 'stderr');
  t.equal(await readFile(join(served.home.folder, 'of-ben', 'secret.txt'), 'utf8'), 'for ben alone');

  ann.write('/join #den private\n');
  await ann.prints(/in #den/, 'stderr');
  ann.write(`/send ${path}\n`);
  const [, second = ''] = await ann.prints(
    /#den \* ann sent a file: secret\.txt \(13 bytes\), \/get (\d+)\n/,
  );
  ben.write(`/get ${second}\n`);
  await ben.prints(/no such file/i, 'stderr');
  cleo.write(`/get ${second}\n`);
  await cleo.prints(/no such file[\s\S]*no such file/i, 'stderr');
  t.notMatch(cleo.stdout(), 'secret.txt');
});

t.test('transfers go on after the server was killed', async (t) => {
  const served = await startServerProcess();
  t.teardown(() => served.close());
  const downloads = join(served.home.folder, 'fetched');
  await mkdir(downloads);
  const ann = served.connect(served.firstLink, 'ann', '--downloads', downloads);
  await ann.prints(online, 'stderr');
  const bytes = randomBytes(40 * 1024 * 1024);
  const path = join(served.home.folder, 'big.bin');
  await writeFile(path, bytes);
  const kill = async () => {
    served.server().kill('SIGKILL');
    await served.server().ended;
    await served.restart();
  };
  ann.write(`/send ${path}\n`);
  await ann.prints(/sending big\.bin, 40 MiB/, 'stderr');
  await kill();
  const [, id = ''] = await ann.prints(/sent a file: big\.bin \(40 MiB\), \/get (\d+)\n/);
  ann.write(`/get ${id}\n`);
  while ((await readdir(downloads)).length === 0) await pause(5);
  await kill();
  await ann.prints(/Downloaded big\.bin to /, 'stderr');
  t.equal(hash(await readFile(join(downloads, 'big.bin'))), hash(bytes));
  t.same(await readdir(downloads), ['big.bin'], 'and nothing half is left');
  ann.end();
  t.equal(await ann.ended, 0);
});

/** Resolves when no file is in it any more. */
async function gone(folder: string): Promise<void> {
  for (;;) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    if (!entries.some((entry) => entry.isFile())) return;
    await pause(50);
  }
}
