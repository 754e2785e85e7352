import { chmod, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import t from 'tap';
import { openStore, temporaryFile } from '../../support/sqlite-store.js';
import { lobbyOf, newEntry, register } from '../../support/store-subject.js';

const mode = async (file: string) => (await stat(file)).mode & 0o777;

t.test('every file is made for its owner alone, whatever the umask', async (t) => {
  const before = process.umask(0);
  t.teardown(() => process.umask(before));
  const file = await temporaryFile(t);
  const store = await openStore(t, file);
  await register(store, 'ada');
  for (const name of [file, `${file}-wal`, `${file}-shm`, `${file}-lock`])
    t.equal(await mode(name), 0o600, name);
});

t.test('close leaves everything in the one file', async (t) => {
  const file = await temporaryFile(t);
  const store = await openStore(t, file);
  await register(store, 'ada');
  await store.close();
  await t.rejects(stat(`${file}-wal`), { code: 'ENOENT' });
  const db = new DatabaseSync(file, { readOnly: true });
  t.teardown(() => db.close());
  t.match(db.prepare('SELECT name FROM accounts').all(), [{ name: 'ada' }]);
});

t.test('others can read while it is open', async (t) => {
  const file = await temporaryFile(t);
  const store = await openStore(t, file);
  const { id } = await register(store, 'ada');
  const db = new DatabaseSync(file, { readOnly: true });
  t.teardown(() => db.close());
  await store.append(newEntry(id, await lobbyOf(store), 'k'));
  t.match(db.prepare('SELECT key FROM log').all(), [{ key: 'k' }]);
});

t.test('the file is sound, and commits go to a log beside it', async (t) => {
  const file = await temporaryFile(t);
  const store = await openStore(t, file);
  await store.close();
  const db = new DatabaseSync(file, { readOnly: true });
  t.teardown(() => db.close());
  t.match(db.prepare('PRAGMA journal_mode').get(), { journal_mode: 'wal' });
  t.match(db.prepare('PRAGMA integrity_check').all(), [{ integrity_check: 'ok' }]);
});

t.test('a file that cannot be opened is refused, and says so', async (t) => {
  const file = await temporaryFile(t);
  const refused = (path: string) => t.rejects(openStore(t, path), { name: 'StoreError', message: path });

  await refused(join(dirname(file), 'missing', 'chat.db'));
  await refused(dirname(file));

  await writeFile(file, 'not a database, whatever its name says'.repeat(100));
  await refused(file);
});

t.test('a damaged file is refused, or fails call by call, but is never taken for an empty one', async (t) => {
  const file = await temporaryFile(t);
  const store = await openStore(t, file);
  await register(store, 'ada');
  await store.close();
  await truncate(file, 4096 * 3);
  const opened = openStore(t, file).then((damaged) => damaged.account('ada'));
  await t.rejects(opened, { name: 'StoreError', cause: { errcode: 11 } });
});

t.test('a file of another program is refused and stays as it was', async (t) => {
  const file = await temporaryFile(t);
  const db = new DatabaseSync(file);
  db.exec('CREATE TABLE recipes (name TEXT)');
  db.close();
  await t.rejects(openStore(t, file), { name: 'StoreError' });
  const again = new DatabaseSync(file, { readOnly: true });
  t.teardown(() => again.close());
  t.match(again.prepare('SELECT name FROM sqlite_schema').all(), [{ name: 'recipes' }]);
  t.match(again.prepare('PRAGMA journal_mode').get(), { journal_mode: 'delete' });
});

const asRoot = process.getuid?.() === 0 && 'root may write everything';
t.test('a file or folder that this user cannot write is refused', { skip: asRoot }, async (t) => {
  const file = await temporaryFile(t);
  await (await openStore(t, file)).close();
  await chmod(file, 0o400);
  await t.rejects(openStore(t, file), { name: 'StoreError', cause: { errcode: 8 } });
  await chmod(file, 0o600);
  await chmod(`${file}-lock`, 0o400);
  await t.rejects(openStore(t, file), { name: 'StoreError', cause: { errcode: 8 } });
  await chmod(dirname(file), 0o500);
  t.teardown(() => chmod(dirname(file), 0o700));
  await t.rejects(openStore(t, join(dirname(file), 'other.db')), { name: 'StoreError' });
});
