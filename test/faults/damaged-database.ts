/** Damage is found, named and told to everyone who must know; a sound database is not called damaged. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import t, { type Test } from 'tap';
import type { NewEntry } from '../../lib/store/message-store.js';
import { StoreError } from '../../lib/store/store.js';
import { outcome, requestOk } from '../support/requests.js';
import { openCommandLine } from '../support/run-main.js';
import { folder, ok, runServer } from '../support/running-server.js';
import { password, sessionScene } from '../support/session-scene.js';
import { scene } from '../support/sqlite-store.js';
import { newEntry } from '../support/store-subject.js';

t.test('checks beside writes find a sound database sound, each time', async (t) => {
  const { store, id, target } = await scene(t);
  let n = 0;
  const words = () => Array.from({ length: 8 }, (_, at) => `word${(n * 7 + at * 13) % 997}`).join(' ');
  const entry = (): NewEntry => ({ ...newEntry(id, target, `key${n++}`), text: words() });
  const write = (count: number) => Promise.all(Array.from({ length: count }, () => store.append(entry())));
  await write(500);
  // The first search and the first check are before the parts of the index are merged.
  await store.search({ account: id, words: 'word1', limit: 1 });
  for (let round = 0; round < 12; round++) {
    const writing = (async () => {
      for (let batch = 0; batch < 20; batch++) await write(15);
    })();
    t.same(await store.damage(), [], `round ${round}`);
    await writing;
  }
  t.same(await store.damage(), [], 'after all writes');
});

/** A data folder with an admin, a member and 400 messages, and a place in the file for damage. */
async function damagedData(t: Test, table: string) {
  const data = await folder(t);
  const server = await runServer(t, {
    data,
    people: ['ada', 'bob'],
    async prepare(store, accounts) {
      const id = accounts.get('ada')?.id ?? 0;
      await store.setRole(id, 'admin');
      const [lobby] = await store.rooms();
      for (let n = 0; n < 400; n++) {
        await store.append(newEntry(id, { room: lobby?.id ?? 0 }, `key${n}`));
      }
    },
  });
  const tokens = { ada: server.token('ada'), bob: server.token('bob') };
  await server.close();
  const file = join(data, 'secure-chat.db');
  const db = new DatabaseSync(file, { readOnly: true });
  const page: { rootpage: number } = db
    .prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?')
    .get(table);
  db.close();
  return {
    data,
    tokens,
    async damage() {
      const bytes = await readFile(file);
      bytes.fill(0x5a, (page.rootpage - 1) * 4096, page.rootpage * 4096);
      await writeFile(file, bytes);
    },
    /** Swaps the first two rows of the table's last page (https://sqlite.org/fileformat2.html#b_tree_pages). */
    async disorder() {
      const bytes = await readFile(file);
      const last = bytes.readUInt32BE((page.rootpage - 1) * 4096 + 8);
      const rows = bytes.subarray((last - 1) * 4096 + 8);
      rows.subarray(0, 4).swap32().swap16();
      await writeFile(file, bytes);
    },
  };
}

t.test('a damaged table is named in log and check, and admins and clients are notified', async (t) => {
  const { data, tokens, damage } = await damagedData(t, 'audit');
  await damage();
  const commandLine = await openCommandLine(t);
  const check = () => commandLine.run(['check', '--data', data]);
  const found = /problem +database: damaged \(table audit .*restore the last backup into a new folder/;
  t.match(await check(), { code: 74, out: found });

  const server = await runServer(t, { data });
  const named = () =>
    server.errors.some((error) => error instanceof Error && /table audit/.test(error.message));
  while (!named()) await new Promise(setImmediate);
  const bob = await server.dial();
  t.equal(ok(await bob.ask({ type: 'resume', token: tokens.bob })).motd, undefined, 'not for members');
  const ada = await server.dial();
  t.match(ok(await ada.ask({ type: 'resume', token: tokens.ada })).motd, /damaged.*secure-chat restore/);
  const refused = { type: 'error', code: 'internal', message: /damaged.*restore a backup/ };
  t.match(await ada.ask({ type: 'audit' }), refused);
  t.match(await check(), { code: 74, out: found }, 'while it runs');
});

t.test('where the log itself is damaged, check still names it', async (t) => {
  const { data, tokens, damage } = await damagedData(t, 'log');
  await damage();
  const { code, out } = await (await openCommandLine(t)).run(['check', '--data', data]);
  t.equal(code, 74);
  t.match(out, /database: damaged \(.*table log/);
  const server = await runServer(t, { data });
  const bob = await server.dial();
  const refused = { type: 'error', code: 'internal', message: /damaged.*restore a backup/ };
  t.match(await bob.ask({ type: 'resume', token: tokens.bob }), refused);
});

t.test('rows in disorder are named by their table', async (t) => {
  const { data, disorder } = await damagedData(t, 'log');
  await disorder();
  const { code, out } = await (await openCommandLine(t)).run(['check', '--data', data]);
  t.equal(code, 74);
  t.match(out, /database: damaged \(table log: page \d+/);
});

t.test('damage that a request meets first is examined, and admins are notified from then on', async (t) => {
  const found: string[][] = [];
  const { store, errors, connect, signIn } = await sessionScene(t, {
    storeOf: (store) => ({
      ...store,
      auditLog: () => Promise.reject(new StoreError('unreadable', { reason: 'damaged' })),
      damage: async () => found.shift() ?? [],
    }),
  });
  await signIn('ada');
  await store.setRole((await store.account('ada'))?.id ?? 0, 'admin');
  const enter = async () => {
    const { wire } = connect();
    const request = { type: 'sign-in', name: 'ada', password, mode: 'attach' } as const;
    return { wire, motd: (await requestOk(wire, request)).motd };
  };
  const { wire, motd } = await enter();
  t.equal(motd, undefined);
  found.push(['table audit cannot be read']);
  t.equal(await outcome(wire, { type: 'audit' }), 'internal');
  t.match((await enter()).motd, /damaged.*secure-chat restore/);
  t.match(errors, [{ message: 'unreadable' }, { message: /table audit/ }]);
});

t.test('damage that keeps a server from starting says so, and what to do', async (t) => {
  const { data, damage } = await damagedData(t, 'accounts');
  await damage();
  await t.rejects(runServer(t, { data }), { reason: 'damaged', message: /damaged\. Restore a backup/ });
  const scrambled = await folder(t);
  await cp(data, scrambled, { recursive: true });
  const file = join(scrambled, 'secure-chat.db');
  const bytes = await readFile(file);
  await writeFile(file, bytes.fill(0x5a, 0, 4096));
  await t.rejects(runServer(t, { data: scrambled }), { reason: 'damaged', message: /Restore a backup/ });
});
