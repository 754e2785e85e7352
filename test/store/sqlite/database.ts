import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import t from 'tap';
import { openReadOnly } from '../../../lib/store/sqlite/database.js';
import { StoreError } from '../../../lib/store/store.js';
import { makeData } from '../../support/data-folder.js';
import { scene } from '../../support/sqlite-store.js';

const v1 = new URL('../../../../test/fixtures/store-v1.db', import.meta.url);

t.test('an older database is read and not changed', async (t) => {
  const { home } = await makeData(t);
  const file = join(home, 'old.db');
  await writeFile(file, await readFile(v1));
  const database = openReadOnly(file);
  t.equal(database.outdated, true);
  t.same(database.damage(), []);
  t.same(database.fileHashes(), []);
  database.copy(join(home, 'copy.db'));
  database.close();
  t.same(await readFile(file), await readFile(v1));
  const copy = openReadOnly(join(home, 'copy.db'));
  t.equal(copy.outdated, true);
  copy.close();
});

t.test('while a store has it open, it is read up to the last commit', async (t) => {
  const { data, hash, stored } = await makeData(t);
  await stored(async (store) => {
    await store.register({ name: 'ben', skeleton: 'ben', password: 'none', at: 0 });
    const database = openReadOnly(join(data, 'secure-chat.db'));
    t.equal(database.outdated, false);
    t.same(database.fileHashes(), [hash]);
    database.copy(join(data, 'copy.db'));
    database.close();
    await store.register({ name: 'cleo', skeleton: 'cleo', password: 'none', at: 0 });
  });
  const db = new DatabaseSync(join(data, 'copy.db'), { readOnly: true });
  t.same(
    db
      .prepare('SELECT name FROM accounts ORDER BY id')
      .all()
      .map(({ name }: { name: string }) => name),
    ['ana', 'ben'],
  );
  db.close();
});

t.test('a file that cannot be used is a StoreError that says why', async (t) => {
  const { home, data } = await makeData(t);
  const files: [name: string, bytes: Buffer | string, message: RegExp][] = [
    ['text.db', 'no database, but long enough to look at'.repeat(100), /not a database/],
    [
      'newer.db',
      await changed(join(data, 'secure-chat.db'), 'PRAGMA user_version = 9999'),
      /newer secure-chat/,
    ],
    ['other.db', await changed(join(data, 'secure-chat.db'), 'PRAGMA application_id = 7'), /another program/],
  ];
  for (const [name, bytes, message] of files) {
    await writeFile(join(home, name), bytes);
    t.throws(() => openReadOnly(join(home, name)), { name: 'StoreError', message }, name);
  }
  await mkdir(join(home, 'folder.db'));
  for (const name of ['none.db', 'folder.db'])
    t.throws(() => openReadOnly(join(home, name)), StoreError, name);
  await t.rejects(stat(join(home, 'none.db')), { code: 'ENOENT' }, 'and no file is created');
  t.notOk((await readdir(home)).includes('none.db-wal'));
});

async function changed(file: string, sql: string): Promise<Buffer> {
  const copy = `${file}-changed`;
  await writeFile(copy, await readFile(file));
  const db = new DatabaseSync(copy);
  db.exec(`PRAGMA journal_mode = DELETE; ${sql}`);
  db.close();
  return readFile(copy);
}

t.test('damage is reported', async (t) => {
  const { home, data } = await makeData(t);
  const file = join(home, 'damaged.db');
  await writeFile(
    file,
    await changed(join(data, 'secure-chat.db'), 'PRAGMA foreign_keys = OFF; UPDATE files SET account = 77'),
  );
  const database = openReadOnly(file);
  t.match(database.damage(), [/a row of files refers to a missing row of accounts/]);
  database.close();
});

t.test('a check for damage holds up no checkpoint afterwards', async (t) => {
  const { file, store, append } = await scene(t);
  await append(1, 'a')[0];
  t.same(await store.damage(), []);
  await append(1, 'b')[0];
  const db = new DatabaseSync(file);
  t.teardown(() => db.close());
  t.match(db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get(), { busy: 0 });
});
