import { copyFile, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from '@photostructure/sqlite';
import t, { type Test } from 'tap';
import { openDatabase } from '../../../lib/store/sqlite/database.js';
import { applicationId, migrations } from '../../../lib/store/sqlite/migrations.js';
import type { Store } from '../../../lib/store/store.js';
import { openStore, temporaryFile } from '../../support/sqlite-store.js';
import { at, hash, lobbyOf, newEntry, register } from '../../support/store-subject.js';

const fixture = (name: string) =>
  fileURLToPath(new URL(`../../../../test/fixtures/${name}`, import.meta.url));

async function frozen(t: Test): Promise<string> {
  const file = await temporaryFile(t);
  await copyFile(fixture('store-v1.db'), file);
  return file;
}

function open(t: Test, file: string) {
  const db = new DatabaseSync(file, { readOnly: true });
  t.teardown(() => db.close());
  return db;
}

/** Opened twice: the next start must accept what a migration leaves. */
async function migrated(t: Test, file: string): Promise<Store> {
  await (await openStore(t, file)).close();
  return openStore(t, file);
}

t.test('a new database is made in one transaction', async (t) => {
  const file = await temporaryFile(t);
  const db = openDatabase({ file });
  t.teardown(() => db.close());
  // A frame that ends a transaction says how many pages the database has then (https://sqlite.org/fileformat2.html#walformat).
  const wal = await readFile(`${file}-wal`);
  const frame = 24 + wal.readUInt32BE(8);
  let transactions = 0;
  for (let start = 32; start < wal.length; start += frame) {
    if (wal.readUInt32BE(start + 4) > 0) transactions++;
  }
  t.equal(transactions, 1);
});

t.test('a file of version 1 keeps its people, sessions and invites', async (t) => {
  const store = await migrated(t, await frozen(t));
  t.equal(await store.countAccounts(), 2);
  const ada = { id: 1, name: 'ada', role: 'admin', password: '$argon2id$ada' };
  t.same(await store.account('ada'), ada);
  t.match(await store.account('bill'), { id: 2, role: 'member' });
  const { outcome } = await store.register({ name: 'bi11', skeleton: '~bill', password: 'x', at });
  t.equal(outcome, 'name-look-alike');
  t.equal(await store.inviteRole(hash('code'), at), 'member');
  const expires = { remembered: at, passing: at };
  const resumed = await store.resumeSession({ token: hash('next'), next: hash('after'), at, expires });
  t.match(resumed, { session: 7, account: ada, running: true, bot: false });
});

t.test('the audit log is not changed or deleted, not even by SQL', async (t) => {
  const file = await temporaryFile(t);
  const store = await openStore(t, file);
  await store.recordAudit({ at, by: 'ada', action: 'kick', on: 'bill' });
  await store.close();
  const db = new DatabaseSync(file);
  t.teardown(() => db.close());
  t.throws(() => db.exec("UPDATE audit SET by = 'zoe'"), /only grows/);
  t.throws(() => db.exec('DELETE FROM audit'), /only grows/);
  t.equal(db.prepare('SELECT count(*) AS rows FROM audit').get().rows, 1);
});

t.test('a file of version 1 keeps its messages', async (t) => {
  const store = await migrated(t, await frozen(t));
  const lobby = await lobbyOf(store);
  t.match(await store.conversations(1), [
    { kind: 'room', name: 'lobby', target: lobby, last: 5, read: 2, role: 'owner', unread: 0 },
    { kind: 'direct', name: 'bill', target: { direct: [1, 2] }, last: 3, read: 0 },
    { kind: 'direct', name: 'ada', target: { direct: [1, 1] }, last: 4, read: 0 },
  ]);
  t.same(await store.history({ target: lobby, limit: 10, keep: 'oldest' }), [
    { seq: 1, at: 1750000010000, from: 'ada', key: 'k1', text: 'hello', kind: 'text' },
    { seq: 2, at: 1750000011000, from: 'bill', key: 'k1', text: 'waves 🦊', kind: 'action' },
    { seq: 5, at: 1750000014000, from: 'ada', key: 'k4', text: 'two\nlines', kind: 'text' },
  ]);
  t.match(await store.append(newEntry(1, lobby, 'k2')), { seq: 3, repeated: true });
  t.match(await store.append(newEntry(1, lobby, 'new')), { seq: 10 }, 'a seq is never reused');
});

t.test('messages of a file of version 1 can be searched, edited and removed', async (t) => {
  const store = await migrated(t, await frozen(t));
  const lobby = await lobbyOf(store);
  const found = async (account: number, words: string) =>
    (await store.search({ account, words, limit: 9 })).hits.map(({ seq }) => seq);
  t.same(await found(1, 'hello'), [1]);
  t.same(await found(2, '"two lines"'), [5]);
  t.same(await found(1, ''), [5, 4, 3, 2, 1]);
  t.same(await found(2, ''), [5, 3, 2, 1], 'but not the notes of others');
  await store.edit({ of: 1, account: 1, at, text: 'good day' });
  await store.remove({ of: 5, account: 1, at });
  t.same(await found(1, 'hello'), []);
  t.same(await found(1, 'good day'), [1]);
  t.same(await found(2, 'lines'), []);
  t.same(await store.damage(), []);
  t.match(await store.rooms(), [{ name: 'lobby', lobby: true, private: false, topic: '', members: 2 }]);
  const room = 'room' in lobby ? lobby.room : 0;
  t.match(await store.members(room, { after: '', limit: 9 }), [
    { account: { name: 'ada' }, role: 'owner' },
    { account: { name: 'bill' }, role: 'member' },
  ]);
  const cyd = await register(store, 'cyd');
  t.match(await store.conversations(cyd.id), [{ name: 'lobby', role: 'member', unread: 0 }]);
  t.match(await store.createRoom({ name: 'lobby', private: false, owner: 1, at }), { outcome: 'name-taken' });
  t.match(await store.createRoom({ name: 'tea', private: false, owner: 2, at }), { outcome: 'created' });
});

t.test('a file of version 1 is sound after its migration', async (t) => {
  const file = await frozen(t);
  await (await migrated(t, file)).close();
  const db = open(t, file);
  t.match(db.prepare('PRAGMA integrity_check').all(), [{ integrity_check: 'ok' }]);
  t.same(db.prepare('PRAGMA foreign_key_check').all(), []);
  const tables = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'words%' ORDER BY name";
  const fresh = await temporaryFile(t);
  await (await openStore(t, fresh)).close();
  t.same(db.prepare(tables).all(), open(t, fresh).prepare(tables).all(), 'the same as a new one');
});

t.test('rooms of one name get different ones, and a clock’s steps back are found', async (t) => {
  const file = await temporaryFile(t);
  const db = new DatabaseSync(file);
  db.function('spaced', (text: string) => text);
  for (const sql of migrations.slice(0, 3)) db.exec(sql);
  db.exec(`
    INSERT INTO accounts (id, name, skeleton, password, role, created_at) VALUES (1, 'ada', 'ada', '', 'member', 1);
    INSERT INTO conversations (id, kind, name, private) VALUES
      (2, 'room', 'tea', 1), (3, 'room', 'tea', 0), (4, 'room', 'tea', 1), (5, 'room', 'den', 1), (6, 'room', 'den', 1);
    INSERT INTO members (account, conversation, role) SELECT 1, id, 'owner' FROM conversations;
    INSERT INTO log (conversation, at, account, key, kind, text) VALUES
      (1, 1e6, 1, 'a', 'text', ''), (1, 3e6, 1, 'b', 'text', ''), (1, 2e6, 1, 'c', 'text', ''),
      (1, 25e5, 1, 'd', 'text', ''), (1, 24e5, 1, 'e', 'text', '');
    PRAGMA user_version = 3;
  `);
  db.close();
  const store = await migrated(t, file);
  const rooms = (await store.rooms()).map(({ id, name }) => `${id} ${name}`);
  t.match(rooms, [
    '1 lobby',
    /^2 tea-[0-9a-f]{6}$/,
    '3 tea',
    /^4 tea-[0-9a-f]{6}$/,
    '5 den',
    /^6 den-[0-9a-f]{6}$/,
  ]);
  t.equal(await store.seqBefore(15e5, 26e5), 1);
  t.equal(await store.seqBefore(26e5, 26e5), 5, 'the second is from the future');
  await store.close();
  t.same(open(t, file).prepare('SELECT seq FROM clock_steps').all(), [{ seq: 3 }]);
});

t.test('the first migration is frozen', async (t) => {
  const db = new DatabaseSync(':memory:');
  t.teardown(() => db.close());
  db.exec(migrations[0] ?? '');
  const tables = 'SELECT type, name, sql FROM sqlite_schema ORDER BY name';
  const v1 = open(t, await frozen(t));
  t.same(db.prepare(tables).all(), v1.prepare(tables).all());
  db.exec(await readFile(fixture('store-v1.sql'), 'utf8'));
  for (const table of [
    'accounts',
    'invites',
    'sessions',
    'conversations',
    'members',
    'log',
    'sqlite_sequence',
  ]) {
    const rows = `SELECT * FROM ${table} ORDER BY 1, 2`;
    t.same(db.prepare(rows).all(), v1.prepare(rows).all(), table);
  }
});

t.test('a file of a newer version is refused and stays as it was', async (t) => {
  const file = await frozen(t);
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA user_version = ${migrations.length + 1}`);
  db.close();
  const before = await readFile(file);
  await t.rejects(openStore(t, file), { name: 'StoreError' });
  t.ok((await readFile(file)).equals(before));
});

t.test('a new file has the newest version and the application id', async (t) => {
  const file = await temporaryFile(t);
  await (await openStore(t, file)).close();
  const db = open(t, file);
  t.match(db.prepare('PRAGMA user_version').get(), { user_version: migrations.length });
  t.match(db.prepare('PRAGMA application_id').get(), { application_id: applicationId });
  t.same(db.prepare('PRAGMA foreign_key_check').all(), []);
});
