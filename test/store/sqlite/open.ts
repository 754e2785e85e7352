import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from '@photostructure/sqlite';
import t, { type Test } from 'tap';
import { loadSqliteThread } from '../../../lib/store/sqlite/thread.js';
import { StoreError, StoreInUse } from '../../../lib/store/store.js';
import { openStore, scene, temporaryFile } from '../../support/sqlite-store.js';
import { lobbyOf, newAccount, newEntry, register } from '../../support/store-subject.js';

const program = fileURLToPath(new URL('../../support/store-process.js', import.meta.url));

/** Another process that opens the file, and what it printed first. */
async function otherProcess(t: Test, file: string): Promise<{ said: string; kill(): Promise<void> }> {
  const child = spawn(process.execPath, [program, file, 'hold'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  t.teardown(kill);
  const [said] = await once(createInterface(child.stdout), 'line');
  return { said, kill };
}

const mode = async (file: string) => (await stat(file)).mode & 0o777;

t.test('every file is private to its owner, regardless of the umask', async (t) => {
  const before = process.umask(0);
  t.teardown(() => process.umask(before));
  const file = await temporaryFile(t);
  const store = await openStore(t, file);
  await register(store, 'ada');
  for (const name of [file, `${file}-wal`, `${file}-shm`, `${file}-lock`])
    t.equal(await mode(name), 0o600, name);
});

t.test('close leaves everything in one file', async (t) => {
  const file = await temporaryFile(t);
  const store = await openStore(t, file);
  await register(store, 'ada');
  await store.close();
  await t.rejects(stat(`${file}-wal`), { code: 'ENOENT' });
  const db = new DatabaseSync(file, { readOnly: true });
  t.teardown(() => db.close());
  t.match(db.prepare('SELECT name FROM accounts').all(), [{ name: 'ada' }]);
});

t.test('other programs can read while it is open', async (t) => {
  const file = await temporaryFile(t);
  const store = await openStore(t, file);
  const { id } = await register(store, 'ada');
  const db = new DatabaseSync(file, { readOnly: true });
  t.teardown(() => db.close());
  await store.append(newEntry(id, await lobbyOf(store), 'k'));
  t.match(db.prepare('SELECT key FROM log').all(), [{ key: 'k' }]);
});

t.test('the file is sound, and commits go to a write-ahead log', async (t) => {
  const file = await temporaryFile(t);
  const store = await openStore(t, file);
  await store.close();
  const db = new DatabaseSync(file, { readOnly: true });
  t.teardown(() => db.close());
  t.match(db.prepare('PRAGMA journal_mode').get(), { journal_mode: 'wal' });
  t.match(db.prepare('PRAGMA integrity_check').all(), [{ integrity_check: 'ok' }]);
});

t.test('a file that cannot be opened is refused by name', async (t) => {
  const file = await temporaryFile(t);
  const refused = (path: string) => t.rejects(openStore(t, path), { name: 'StoreError', message: path });

  await refused(join(dirname(file), 'missing', 'chat.db'));
  await refused(dirname(file));

  await writeFile(file, 'not a database, whatever its name says'.repeat(100));
  await refused(file);
});

t.test('a damaged file is refused, or fails call by call, but never counts as empty', async (t) => {
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

const asRoot = process.getuid?.() === 0 && 'root can write every file';
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

t.test('only one process has the file open, and kill -9 releases it', async (t) => {
  const file = await temporaryFile(t);
  const other = await otherProcess(t, file);
  t.equal(other.said, 'open');
  const error = await openStore(t, file).catch((error: unknown) => error);
  t.ok(error instanceof StoreInUse && error instanceof StoreError);
  await other.kill();
  const store = await openStore(t, file);
  t.equal(await store.countAccounts(), 0);
  t.equal((await otherProcess(t, file)).said, 'StoreInUse');
});

t.test('a second store in the same process is refused and leaves the lock of the first alone', async (t) => {
  const file = await temporaryFile(t);
  const store = await openStore(t, file);
  await t.rejects(openStore(t, file), { name: 'StoreInUse' });
  t.equal((await otherProcess(t, file)).said, 'StoreInUse');
  await store.close();
  t.equal((await otherProcess(t, file)).said, 'open');
});

t.test('of several processes that open it at once, one succeeds', async (t) => {
  const file = await temporaryFile(t);
  const others = await Promise.all([1, 2, 3].map(() => otherProcess(t, file)));
  const here = await openStore(t, file).then(
    () => 'open',
    (error: StoreError) => error.name,
  );
  const said = [here, ...others.map((other) => other.said)].sort();
  t.same(said, ['StoreInUse', 'StoreInUse', 'StoreInUse', 'open']);
});

t.test('a store that could not be opened releases its lock', async (t) => {
  const file = await temporaryFile(t);
  await writeFile(file, 'not a database'.repeat(100));
  await t.rejects(openStore(t, file), { name: 'StoreError' });
  await rm(file);
  t.equal(await (await openStore(t, file)).countAccounts(), 0);
});

t.test('a thread that dies is reported once, and its lock is released', async (t) => {
  const file = await temporaryFile(t);
  const failures: StoreError[] = [];
  const bell = new EventTarget();
  const thread = await loadSqliteThread().open({
    name: 'the database',
    database: { file },
    onOutcomes: () => t.fail('there are no answers'),
    onFailure(failure) {
      failures.push(failure);
      bell.dispatchEvent(new Event('failure'));
    },
  });
  const failed = once(bell, 'failure');
  // Not a batch, which the thread does not expect.
  thread.send(undefined as unknown as []);
  await failed;
  await thread.close();
  t.equal(failures.length, 1);
  t.equal(await (await openStore(t, file)).countAccounts(), 0);
});

t.test('a thread ends that is closed before it has a database', async (t) => {
  await loadSqliteThread().close();
  t.pass();
});

t.test('a thread that is gone before it has a database refuses it', async (t) => {
  const thread = loadSqliteThread();
  await thread.close();
  const database = { file: await temporaryFile(t) };
  const opened = thread.open({
    name: database.file,
    database,
    onOutcomes() {},
    onFailure: (failure) => t.error(failure),
  });
  await t.rejects(opened, { name: 'StoreError', message: database.file });
});

t.test('a reader thread sees what the writer stored, and cannot write', async (t) => {
  const { file, store } = await scene(t);
  const answers: unknown[] = [];
  const bell = new EventTarget();
  const thread = await loadSqliteThread().open({
    name: 'the database',
    database: { file, reader: true },
    onOutcomes(outcomes) {
      answers.push(...outcomes);
      bell.dispatchEvent(new Event('answer'));
    },
    onFailure: (failure) => t.fail(failure.message),
  });
  await register(store, 'bob');
  for (const call of [
    { method: 'register', args: [newAccount('cyd')] },
    { method: 'countAccounts', args: [] },
  ] as const) {
    const answered = once(bell, 'answer');
    thread.send([call]);
    await answered;
  }
  t.match(answers, [
    { ok: false, failure: { errcode: 8 } },
    { ok: true, value: 2 },
  ]);
  await thread.close();
});
