/** Two programs with one database: what each hears of the other, and where people are signed in. */
import { randomUUID } from 'node:crypto';
import t, { type Test } from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import { type DatabaseAddress, parseDatabaseAddress } from '../../../lib/store/postgres/address.js';
import type { PostgresDatabase } from '../../../lib/store/postgres/blocking.js';
import {
  createDatabasePeers,
  createPostgresOperations,
  openCurrent,
  postgresDialect,
  postgresDriver,
} from '../../../lib/store/postgres/connection.js';
import { openPostgresStore } from '../../../lib/store/postgres/open.js';
import { type BatchResult, createBatchRunner } from '../../../lib/store/sql/group-commit.js';
import { startInlineOn } from '../../support/inline-store.js';
import { type Cluster, startCluster, withoutPostgres } from '../../support/postgres.js';

type OpenStore = Awaited<ReturnType<typeof openServer>>;

/** A server with what it has heard, as texts of entries and news. */
async function openServer(t: Test, address: string, { attends = true } = {}) {
  const store = await openPostgresStore({
    address: parseDatabaseAddress(address),
    start: startInlineOn(postgresDriver),
    onFailure: (error) => t.error(error),
  });
  t.teardown(() => store.close());
  const heard: string[] = [];
  let hints = 0;
  const attend = () =>
    store.peering.attend({
      onChanges(changes) {
        for (const change of changes) {
          if (change.kind === 'too-much') heard.push(change.kind);
          else
            heard.push(change.kind === 'entry' ? change.entry.text : `news ${JSON.stringify(change.news)}`);
        }
      },
      onHint() {
        hints++;
      },
    });
  if (attends) attend();
  await store.peering.beat();
  return { store, peering: store.peering, heard, attend, hints: () => hints };
}

/** What runs batches for one program, and is told of each commit. */
function openProgram(t: Test, address: DatabaseAddress) {
  const server = randomUUID();
  const db = openCurrent(address, server);
  t.teardown(() => db.close());
  const program = {
    onCommit() {},
    /** Of a transaction that only reads. */
    onBegin() {},
    run: (_: Parameters<ReturnType<typeof createBatchRunner>>[0]): BatchResult[] => [],
  };
  const watched: PostgresDatabase = {
    exec: db.exec,
    close: db.close,
    get isTransaction() {
      return db.isTransaction;
    },
    get epoch() {
      return db.epoch;
    },
    prepare(sql) {
      const statement = db.prepare(sql);
      if (sql === postgresDialect.begin.read) {
        return {
          ...statement,
          get() {
            program.onBegin();
            return statement.get();
          },
        };
      }
      if (sql !== 'COMMIT') return statement;
      return {
        ...statement,
        get() {
          const done = statement.get();
          program.onCommit();
          return done;
        },
      };
    },
  };
  const { operations, follower } = createDatabasePeers(watched, server);
  const all = createPostgresOperations(watched, address, operations);
  program.run = createBatchRunner(watched, postgresDialect, all, follower);
  return program;
}

async function person({ store }: OpenStore, name: string): Promise<number> {
  const made = await store.register({ name, skeleton: name, password: 'none', at: 1 });
  if (made.outcome !== 'created') throw new Error(made.outcome);
  return made.account.id;
}

async function say({ store }: OpenStore, account: number, text: string) {
  const [lobby] = await store.rooms();
  return store.append({
    ...{ target: { room: lobby?.id ?? 0 }, account, text },
    ...{ key: randomUUID(), action: false, at: 1 },
  });
}

t.test('two servers on one database', { skip: withoutPostgres }, async (t) => {
  const cluster = await startCluster(t);
  await follow(t, cluster);
  await signIn(t, cluster);
  await life(t, cluster);
});

async function follow(t: Test, cluster: Cluster): Promise<void> {
  await t.test('each hears what the other commits, in order, before its own next answer', async (t) => {
    const address = cluster.database();
    const [one, two] = [await openServer(t, address), await openServer(t, address)];
    const ana = await person(one, 'ana');
    for (const text of ['a', 'b']) await say(one, ana, text);
    await one.peering.tell({ news: [{ type: 'x' }], left: [] });
    await say(one, ana, 'c');
    t.same(two.heard, []);
    const said = say(two, ana, 'own').then(() => void two.heard.push('answer'));
    await said;
    t.same(two.heard, ['a', 'b', 'news {"type":"x"}', 'c', 'answer']);
    t.same(one.heard, []);
    await one.peering.look();
    t.same(one.heard, ['own']);
    await two.peering.look();
    t.same(two.heard.length, 5, 'nothing twice, nothing of its own');
    // The first when it listens.
    while (two.hints() < 1) await new Promise(setImmediate);
    const before = two.hints();
    await say(one, ana, 'd');
    while (two.hints() === before) await new Promise(setImmediate);
  });

  await t.test('a name that was taken on one server is a mention on the other', async (t) => {
    const address = cluster.database();
    const [one, two] = [await openServer(t, address), await openServer(t, address)];
    const ana = await person(one, 'ana');
    await say(one, ana, 'ben?');
    const ben = await person(two, 'ben');
    await say(one, ana, 'ben!');
    t.match(await two.store.conversations(ben), [{ mentions: 1 }]);
  });

  await t.test('what they do while it loads reaches it once it attends', async (t) => {
    const address = cluster.database();
    const one = await openServer(t, address);
    const two = await openServer(t, address, { attends: false });
    await one.peering.tell({ news: [{ type: 'x' }], left: [] });
    await two.store.rooms();
    await two.peering.look();
    await one.peering.tell({ news: [{ type: 'y' }], left: [] });
    two.attend();
    t.same(two.heard, ['news {"type":"x"}']);
    await two.peering.look();
    t.same(two.heard, ['news {"type":"x"}', 'news {"type":"y"}']);
  });

  await t.test('of more than it reads at a time it misses nothing', async (t) => {
    const address = cluster.database();
    const [one, two] = [await openServer(t, address), await openServer(t, address)];
    const ana = await person(one, 'ana');
    const texts = Array.from({ length: 2_500 }, (_, n) => `${n}`);
    await Promise.all(texts.map((text) => say(one, ana, text)));
    await one.peering.tell({ news: Array.from({ length: 1_200 }, (_, n) => n), left: [] });
    await say(one, ana, 'last');
    await two.peering.look();
    t.same(two.heard, [...texts, ...Array.from({ length: 1_200 }, (_, n) => `news ${n}`), 'last']);
  });

  await t.test('where that is far too much, it says so and goes on after it', async (t) => {
    const address = cluster.database();
    const [one, two] = [await openServer(t, address), await openServer(t, address)];
    const ana = await person(one, 'ana');
    await say(one, ana, 'before');
    cluster.sql(address, "INSERT INTO news (server, news) SELECT '', n FROM generate_series(1, 30000) AS n");
    await two.peering.look();
    await say(one, ana, 'after');
    await say(two, ana, 'own');
    t.same(two.heard, ['too-much', 'after']);
    t.same((await one.peering.look()).length, 2);
    t.same(one.heard, ['too-much', 'own']);
  });

  await t.test(
    'what others commit between two transactions of a batch comes between their answers',
    async (t) => {
      const address = parseDatabaseAddress(cluster.database());
      const [own, other] = [openProgram(t, address), openProgram(t, address)];
      other.run([{ method: 'register', args: [{ name: 'ana', skeleton: 'ana', password: 'none', at: 1 }] }]);
      const notes = { target: { direct: [1, 1] }, account: 1, action: false, at: 1 } as const;
      const append = (text: string) => ({ method: 'append', args: [{ ...notes, text, key: text }] }) as const;
      let interrupted = false;
      own.onCommit = () => {
        if (!interrupted) other.run([append('between')]);
        interrupted = true;
      };
      // The one in the middle fails, so each of them is done alone.
      const bad = { method: 'block', args: [98, 99] } as const;
      t.match(own.run([append('first'), bad, append('last')]), [
        { outcomes: [{ ok: true }], changes: undefined },
        { outcomes: [{ ok: false }], changes: [{ entry: { text: 'between' } }] },
        { outcomes: [{ ok: true }], changes: undefined },
      ]);
    },
  );

  await t.test('a look after a batch whose calls had to run alone finds what there is', async (t) => {
    const address = parseDatabaseAddress(cluster.database());
    const [own, other] = [openProgram(t, address), openProgram(t, address)];
    other.run([{ method: 'register', args: [{ name: 'ana', skeleton: 'ana', password: 'none', at: 1 }] }]);
    own.run([{ method: 'look', args: [] }]);
    const notes = {
      target: { direct: [1, 1] },
      account: 1,
      action: false,
      at: 1,
      text: 'new',
      key: 'new',
    } as const;
    own.onBegin = () => void other.run([{ method: 'append', args: [notes] }]);
    const bad = { method: 'block', args: [98, 99] } as const;
    // It is committed once the batch of both was undone, before the look alone.
    t.match(own.run([{ method: 'look', args: [] }, bad]), [
      { outcomes: [{ ok: true }], changes: [{ entry: { text: 'new' } }] },
      { outcomes: [{ ok: false }] },
    ]);
  });

  await t.test('entries of all kinds come as their readers get them', async (t) => {
    const address = cluster.database();
    const [one, two] = [await openServer(t, address), await openServer(t, address)];
    const [ana, ben] = [await person(one, 'ana'), await person(one, 'ben')];
    const said = await say(one, ana, 'tee');
    const of = said.outcome === 'kept' ? said.seq : 0;
    await one.store.react({ of, account: ben, at: 2, emoji: '👍' });
    await one.store.edit({ of, account: ana, at: 3, text: 'tea' });
    await one.store.pin({ of, account: ana, at: 4 });
    const direct = {
      target: { direct: [ana, ben] },
      account: ben,
      text: 'hi',
      key: 'k',
      action: false,
      at: 5,
    } as const;
    await one.store.append(direct);
    const seen: unknown[] = [];
    two.peering.attend({ onChanges: (changes) => void seen.push(...changes), onHint() {} });
    await two.peering.look();
    t.match(seen, [
      { kind: 'entry', entry: { kind: 'text', text: 'tea', from: 'ana', edited: 3 }, to: undefined },
      { entry: { kind: 'reaction', text: '👍', from: 'ben', of, reactions: [{ emoji: '👍', count: 1 }] } },
      { entry: { kind: 'edit', text: 'tea', of } },
      { entry: { kind: 'pin', of, quoted: { from: 'ana', text: 'tea' } } },
      { entry: { kind: 'text', text: 'hi', from: 'ben' }, target: { direct: [ana, ben] }, to: 'ana' },
    ]);
    await one.store.remove({ of, account: ana, at: 6 });
    await two.peering.look();
    t.match(seen.at(-1), { entry: { kind: 'removal', of, from: 'ana' } });
  });
}

async function signIn(t: Test, cluster: Cluster): Promise<void> {
  await t.test('a name is held on one server, unless both say so', async (t) => {
    const address = cluster.database();
    const [one, two] = [await openServer(t, address), await openServer(t, address)];
    const account = await person(one, 'ana');
    const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()] as const;
    t.same(await one.peering.enter({ id: first, account }), { outcome: 'entered', replaced: [] });
    t.same(await two.peering.enter({ id: second, account }), { outcome: 'in-use' });
    t.same(await two.peering.enter({ id: second, account, mode: 'attach' }), {
      outcome: 'entered',
      replaced: [],
    });
    await one.peering.setAway(account, 'lunch');
    t.match(await two.peering.signedIn(), [
      { account: { name: 'ana', role: 'member' }, away: 'lunch' },
      { account: { name: 'ana' } },
    ]);
    t.same(await two.peering.enter({ id: third, account, mode: 'take-over' }), {
      outcome: 'entered',
      replaced: [first],
    });
    await two.peering.tell({ news: [], left: [second] });
    t.match(await one.peering.signedIn(), [{ server: two.peering.server, terminals: [third] }]);
    await two.peering.tell({ news: [], left: [third] });
    t.same(await one.peering.signedIn(), []);
    t.match(await one.peering.enter({ id: first, account }), { outcome: 'entered' });
  });

  await t.test('two that sign in at the same moment: one of them is in', async (t) => {
    const address = cluster.database();
    const [one, two] = [await openServer(t, address), await openServer(t, address)];
    const account = await person(one, 'ana');
    const both = await Promise.all(
      [one, two].map(({ peering }) => peering.enter({ id: randomUUID(), account })),
    );
    t.same(both.map(({ outcome }) => outcome).sort(), ['entered', 'in-use']);
  });

  await t.test(
    'terminals are limited on all servers together; a continued session always fits',
    async (t) => {
      const address = cluster.database();
      const [one, two] = [await openServer(t, address), await openServer(t, address)];
      const account = await person(one, 'ana');
      for (let n = 0; n < limits.terminalsPerName; n++) {
        const { peering } = n % 2 === 0 ? one : two;
        t.match(await peering.enter({ id: randomUUID(), account, mode: 'attach' }), { outcome: 'entered' });
      }
      const next = { id: randomUUID(), account };
      t.same(await one.peering.enter({ ...next, mode: 'attach' }), { outcome: 'too-many' });
      t.match(await one.peering.enter({ ...next, mode: 'continue' }), { outcome: 'entered' });
    },
  );
}

async function life(t: Test, cluster: Cluster): Promise<void> {
  await t.test('a server taken for dead has no one signed in, and learns of it', async (t) => {
    const address = cluster.database();
    const [one, two] = [await openServer(t, address), await openServer(t, address)];
    const account = await person(one, 'ana');
    await one.peering.enter({ id: randomUUID(), account });
    const seen = (await two.peering.look()).find(({ server }) => server === one.peering.server);
    if (seen === undefined) throw new Error('not listed');
    t.equal(await one.peering.beat(), true);
    t.equal(await two.peering.bury(seen), false, 'it has moved');
    t.equal(await two.peering.bury({ ...seen, beat: seen.beat + 1 }), true);
    t.same(await two.peering.signedIn(), []);
    t.equal(await one.peering.beat(), false);
    t.equal(await one.peering.beat(), true);
  });

  await t.test('news is kept until all servers have seen it', async (t) => {
    const address = cluster.database();
    const [one, two] = [await openServer(t, address), await openServer(t, address)];
    const kept = () => cluster.sql(address, 'SELECT count(*) FROM news');
    await one.peering.tell({ news: [1, 2, 3], left: [] });
    await one.peering.beat();
    t.equal(kept(), '3');
    await two.peering.look();
    t.equal(two.heard.length, 3);
    await two.peering.beat();
    await one.peering.beat();
    t.equal(kept(), '0');
  });

  await t.test('a server that closes is gone from the list, and one alone tells no one', async (t) => {
    const address = cluster.database();
    const one = await openServer(t, address);
    await one.peering.tell({ news: [1], left: [] });
    t.equal(cluster.sql(address, 'SELECT count(*) FROM news'), '0');
    const two = await openServer(t, address);
    t.equal((await one.peering.look()).length, 2);
    await two.store.close();
    t.same(
      (await one.peering.look()).map(({ server }) => server),
      [one.peering.server],
    );
  });
}
