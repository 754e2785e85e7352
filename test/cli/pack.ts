import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { blobPath, readArchive } from '../../lib/cli/archive.js';
import { lockOf } from '../../lib/cli/leftovers.js';
import { pack } from '../../lib/cli/pack.js';
import { openReadOnly } from '../../lib/store/sqlite/database.js';
import { makeData, type TestData } from '../support/data-folder.js';

const never = new AbortController().signal;

/** As the server's command does it. */
const copying = (data: string) => async (file: string) => {
  const still = openReadOnly(join(data, 'secure-chat.db'));
  still.copy(file);
  still.close();
};

async function nothingLeft(t: Test, { home, data }: TestData): Promise<void> {
  t.same(
    (await readdir(data)).filter((name) => name.startsWith('.')),
    [],
    'in the data folder',
  );
  t.same(
    (await readdir(home)).filter((name) => name.includes('.part')),
    [],
    'beside the archive',
  );
}

t.test('an archive is complete, has mode 0600, and leaves no other files', async (t) => {
  const made = await makeData(t);
  const archive = join(made.home, 'chat.tar');
  t.same(await pack({ data: made.data, archive, copy: copying(made.data), signal: never }), { files: 1 });
  t.equal((await stat(archive)).mode & 0o777, 0o600);
  const contents = await readArchive({ archive, signal: never });
  t.same([...contents.keys()].sort(), [
    'SHA256SUMS',
    blobPath(made.hash),
    'secure-chat.db',
    'server-key.pem',
    'server.pem',
  ]);
  await nothingLeft(t, made);
  t.equal((await stat(join(made.data, blobPath(made.hash)))).nlink, 1);
});

t.test('a file that is deleted meanwhile does not fail a backup', async (t) => {
  const made = await makeData(t);
  const { data } = made;
  const second = await made.send('what to take back');
  let times = 0;
  const copy = async (file: string) => {
    await copying(data)(file);
    if (++times > 1) return;
    await made.stored(async (store) => {
      const ana = await store.account('ana');
      await store.remove({ of: second.seq, account: ana?.id ?? 0, at: Date.now() });
    });
    await rm(join(data, blobPath(second.hash)));
  };
  const archive = join(made.home, 'chat.tar');
  t.same(await pack({ data, archive, copy, signal: never }), { files: 1 });
  const contents = await readArchive({ archive, signal: never });
  t.notOk(contents.has(blobPath(second.hash)));
  t.equal(times, 2);
});

t.test('a missing file is named, and no backup is created', async (t) => {
  const made = await makeData(t);
  const path = blobPath(made.hash);
  await rm(join(made.data, path));
  const archive = join(made.home, 'chat.tar');
  const packed = pack({ data: made.data, archive, copy: copying(made.data), signal: never });
  await t.rejects(packed, { code: 74, message: path });
  await t.rejects(stat(archive), { code: 'ENOENT' });
  await nothingLeft(t, made);
});

t.test('a damaged file fails a backup', async (t) => {
  const made = await makeData(t);
  await writeFile(join(made.data, blobPath(made.hash)), 'what was kept?');
  const archive = join(made.home, 'chat.tar');
  const packed = pack({ data: made.data, archive, copy: copying(made.data), signal: never });
  await t.rejects(packed, { code: 74, message: /damaged/ });
  await t.rejects(stat(archive), { code: 'ENOENT' });
  await nothingLeft(t, made);
});

t.test('nothing is overwritten, not even a file created meanwhile', async (t) => {
  const made = await makeData(t);
  const { data } = made;
  const archive = join(made.home, 'chat.tar');
  const copy = async (file: string) => {
    await copying(data)(file);
    await writeFile(archive, 'an older backup');
  };
  await t.rejects(pack({ data, archive, copy, signal: never }), { code: 74, message: /already exists/ });
  await t.rejects(pack({ data, archive, copy, signal: never }), { code: 74, message: /already exists/ });
  t.equal(await readFile(archive, 'utf8'), 'an older backup');
  await nothingLeft(t, made);
});

t.test('a damaged copy of the database fails a backup', async (t) => {
  const made = await makeData(t);
  const { data } = made;
  const copy = async (file: string) => {
    await copying(data)(file);
    const bytes = await readFile(file);
    bytes.fill(0xff, 8192, 16384);
    await writeFile(file, bytes);
  };
  const archive = join(made.home, 'chat.tar');
  await t.rejects(pack({ data, archive, copy, signal: never }), { code: 74 });
  await t.rejects(stat(archive), { code: 'ENOENT' });
  await nothingLeft(t, made);
});

t.test('a signal ends a backup at any point, and nothing is left', async (t) => {
  const made = await makeData(t);
  const { data } = made;
  const archive = join(made.home, 'chat.tar');
  const stop = new AbortController();
  const hanging = () => {
    stop.abort('SIGINT');
    return new Promise(() => {});
  };
  await t.rejects(pack({ data, archive, copy: hanging, signal: stop.signal }));
  const late = new AbortController();
  const copy = async (file: string) => {
    await copying(data)(file);
    late.abort('SIGINT');
  };
  await t.rejects(pack({ data, archive, copy, signal: late.signal }));
  await t.rejects(stat(archive), { code: 'ENOENT' });
  await nothingLeft(t, made);
});

t.test('leftovers of a killed backup are removed, a running one is not', async (t) => {
  const made = await makeData(t);
  const { data } = made;
  for (const name of ['.backup-killed', '.backup-running', '.restore-killed', '.restore-running']) {
    await mkdir(join(data, name));
  }
  for (const name of ['.backup-running', '.restore-running'])
    t.teardown((await lockOf(join(data, name))).release);
  await pack({ data, archive: join(made.home, 'chat.tar'), copy: copying(data), signal: never });
  t.same(
    (await readdir(data)).filter((name) => name.startsWith('.')),
    ['.backup-running', '.restore-running'],
  );
});
