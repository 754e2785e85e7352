import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { parseDatabaseAddress } from '../../../lib/store/postgres/address.js';
import { openBlocking, translate } from '../../../lib/store/postgres/blocking.js';
import { postgresDialect } from '../../../lib/store/postgres/connection.js';
import { startCluster, withoutPostgres } from '../../support/postgres.js';

t.test('SQL for both databases as PostgreSQL has it', async (t) => {
  t.equal(translate('SELECT ? WHERE a = ? AND b = ?'), 'SELECT $1 WHERE a = $2 AND b = $3');
  t.equal(translate('SELECT ?2 WHERE a = ?1 AND b = ?2'), 'SELECT $2 WHERE a = $1 AND b = $2');
  t.equal(translate('FROM log INDEXED BY log_files WHERE'), 'FROM log  WHERE');
  t.equal(translate('FROM a CROSS JOIN b AS c ON c.x = a.x'), 'FROM a JOIN b AS c ON c.x = a.x');
});

t.test('a connection', { skip: withoutPostgres }, async (t) => {
  const cluster = await startCluster(t);
  const database = cluster.database();
  const address = parseDatabaseAddress(database);
  const open = () => {
    const db = openBlocking(address);
    t.teardown(() => db.close());
    return db;
  };

  await t.test('answers each question with its own answer', async (t) => {
    const db = open();
    const ask = db.prepare('SELECT CAST(? AS BIGINT) AS n');
    const wrong = Array.from({ length: 3_000 }, (_, n) => n).filter((n) => ask.get(n).n !== n);
    t.same(wrong, []);
    t.same(db.prepare('SELECT 1 AS one WHERE FALSE').get(), undefined);
    t.same(
      db.prepare('SELECT TRUE AS yes, FALSE AS no, sum(x) AS sum FROM generate_series(1, 3) AS x').get(),
      {
        ...{ yes: 1, no: 0, sum: 6 },
      },
    );
  });

  await t.test('a statement that fails ends its transaction, and the next one works', async (t) => {
    const db = open();
    db.exec(postgresDialect.begin.write);
    t.equal(db.isTransaction, true);
    t.throws(() => db.exec('SELECT nonsense'), { name: 'PostgresError', code: '42703', connected: true });
    t.equal(db.isTransaction, false);
    db.exec(postgresDialect.begin.write);
    db.exec('COMMIT');
    t.equal(db.prepare('SELECT 1 AS one').get().one, 1);
  });

  await t.test(
    'a statement without an answer goes with the next one, which may hear of its failure',
    async (t) => {
      const db = open();
      const begin = () => db.exec(postgresDialect.begin.write);
      const insert = db.prepare('INSERT INTO bans (address, by, at, reason) VALUES (?, ?, 0, ?)');
      const counted = db.prepare('SELECT count(*) AS bans FROM bans');
      const epoch = db.epoch;
      begin();
      t.not(db.epoch, epoch);
      insert.run('192.0.2.1', 'test', '');
      t.equal(counted.get().bans, 1, 'before the next one');
      t.equal(insert.run('192.0.2.2', 'test', '').changes, 1);
      t.equal(db.prepare('DELETE FROM bans WHERE by = ?').run('test').changes, 2);
      insert.run('192.0.2.3', 'test', '');
      db.exec('COMMIT');
      t.equal(counted.get().bans, 1);

      begin();
      insert.run('192.0.2.4', 'test', '');
      insert.run('192.0.2.3', 'test', 'there is one already');
      t.throws(() => db.exec('COMMIT'), { name: 'PostgresError', code: '23505', connected: true });
      t.equal(db.isTransaction, false);
      t.equal(counted.get().bans, 1, 'nothing of it is there');

      begin();
      const late = insert.run('192.0.2.5', 'test', '');
      insert.run('192.0.2.6', 'test', '');
      t.throws(() => late.changes, /asked for at once/);
      db.exec('ROLLBACK');
      t.throws(
        () => insert.run('192.0.2.3', 'test', ''),
        { code: '23505' },
        'outside of a transaction at once',
      );
      db.exec('DELETE FROM bans');
    },
  );

  await t.test(
    'one to a database that takes no more writes is given up, until there is one that does',
    async (t) => {
      const db = open();
      const write = () => {
        db.exec(postgresDialect.begin.write);
        db.exec('COMMIT');
      };
      const set = (setting: string) => {
        cluster.sql(database, `ALTER SYSTEM ${setting}`);
        cluster.sql(database, 'SELECT pg_reload_conf()');
      };
      write();
      set('SET default_transaction_read_only = on');
      const refused = (code: string) => {
        try {
          write();
          return false;
        } catch (error) {
          t.match(error, { connected: false });
          return (error as { code: string }).code === code;
        }
      };
      // It hears of that a little later.
      while (!refused('25006')) await pause(20);
      t.ok(refused('standby'));
      set('RESET default_transaction_read_only');
      while (refused('standby')) await pause(20);
      write();
    },
  );

  for (const noticed of [false, true])
    await t.test('a lost connection is made again, and what was under way is gone', async (t) => {
      const db = open();
      const pid = () => db.prepare('SELECT pg_backend_pid() AS pid').get().pid;
      db.exec(postgresDialect.begin.write);
      db.exec("INSERT INTO bans (address, by, at, reason) VALUES ('192.0.2.1', 'test', 0, '')");
      cluster.sql(cluster.database(), `SELECT pg_terminate_backend(${pid()})`);
      // The end of the connection has arrived, or arrives now.
      if (noticed) await pause(200);
      t.throws(() => db.exec('COMMIT'), { name: 'PostgresError', connected: false });
      t.equal(db.isTransaction, false);
      t.type(pid(), 'number');
      t.equal(db.prepare('SELECT count(*) AS bans FROM bans').get().bans, 0);
    });
});
