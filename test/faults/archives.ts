/** Damaged archives, and backups that were killed: nothing of them stays. */
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { lockOf } from '../../lib/cli/leftovers.js';
import { takeLock } from '../../lib/store/sqlite/database.js';
import { makeData } from '../support/data-folder.js';
import { openCommandLine } from '../support/run-main.js';
import { runServer } from '../support/running-server.js';

t.test('a damaged header ends a restore in a sentence and leaves nothing', async (t) => {
  const { home, data } = await makeData(t);
  const commandLine = await openCommandLine(t);
  const archive = join(home, 'chat.tar');
  t.equal((await commandLine.run(['backup', archive, '--data', data])).code, 0);
  const whole = await readFile(archive);
  const damaged = join(home, 'damaged.tar');
  const before = (await readdir(home)).sort();
  // In the first header: the name, the mode, the size, the checksum, the type; then in the second one.
  const second = whole.indexOf('server-key.pem', 512);
  for (const at of [0, 3, 100, 124, 130, 148, 150, 156, 300, second, second + 124, second + 148]) {
    const bytes = Buffer.from(whole);
    bytes[at] = (bytes[at] ?? 0) ^ 0x15;
    await writeFile(damaged, bytes);
    for (const place of ['missing', 'empty']) {
      const into = join(home, `${place}-${at}`);
      if (place === 'empty') await mkdir(into);
      const { code, err } = await commandLine.run(['restore', damaged, '--data', into]);
      t.equal(code, 74, `byte ${at}, ${place} folder: ${err}`);
      t.match(err, /is not a valid backup/);
      if (place === 'empty') t.same(await readdir(into), []);
      else await t.rejects(stat(into), { code: 'ENOENT' });
    }
  }
  t.same(
    (await readdir(home)).filter((name) => !name.startsWith('empty-')).sort(),
    [...before, 'damaged.tar'].sort(),
    'no folder is left beside',
  );
});

t.test('a compressed archive is refused before it is unpacked', async (t) => {
  const { home, data } = await makeData(t);
  const commandLine = await openCommandLine(t);
  const archive = join(home, 'chat.tar');
  await commandLine.run(['backup', archive, '--data', data]);
  const packed = join(home, 'chat.tar.gz');
  await writeFile(packed, gzipSync(await readFile(archive)));
  const into = join(home, 'restored');
  t.match(await commandLine.run(['restore', packed, '--data', into]), {
    code: 74,
    err: /chat\.tar\.gz is not a valid backup: it is not a tar archive/,
  });
  await t.rejects(stat(into), { code: 'ENOENT' });
  t.equal((await commandLine.run(['restore', archive, '--data', into])).code, 0);
});

t.test('a restore that was killed is forgotten at the next one, in the folder and beside it', async (t) => {
  const { home, data } = await makeData(t);
  const archive = join(home, 'chat.tar');
  const commandLine = await openCommandLine(t);
  await commandLine.run(['backup', archive, '--data', data]);
  for (const place of ['missing', 'empty']) {
    const into = join(home, place);
    if (place === 'empty') await mkdir(into);
    const names = async () =>
      (await readdir(place === 'empty' ? into : home)).filter((name) => /restore-/.test(name));
    const [killed = '', running = ''] = ['killed', 'running'].map((name) =>
      place === 'empty' ? join(into, `.restore-${name}`) : join(home, `.missing.restore-${name}`),
    );
    await mkdir(killed);
    await writeFile(join(killed, 'secure-chat.db'), 'a copy');
    await mkdir(running);
    const lock = await lockOf(running);
    const { code } = await commandLine.run(['restore', archive, '--data', into]);
    t.equal(code, place === 'empty' ? 78 : 0, 'another restore into it is running');
    t.same(await names(), [basename(running)], place);
    lock.release();
    const server = await runServer(t, { data: into });
    await server.close();
    t.same(await names(), [], 'nor after a start');
  }
});

t.test('a start removes what a killed backup left, and leaves a running one alone', async (t) => {
  const { data } = await makeData(t);
  for (const name of ['.backup-killed', '.backup-running']) {
    await mkdir(join(data, name));
    await writeFile(join(data, name, 'secure-chat.db'), 'a copy');
  }
  const running = takeLock(join(data, '.backup-running', 'backup'));
  const server = await runServer(t, { data });
  const left = async () => (await readdir(data)).filter((name) => name.startsWith('.'));
  t.same(await left(), ['.backup-running']);
  await server.close();
  running.release();
  await runServer(t, { data });
  t.same(await left(), []);
});
