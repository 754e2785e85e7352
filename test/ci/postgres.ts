/** A server on PostgreSQL: the built program, operator commands, a database that goes and comes back, and the way there and back. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { parseDatabaseAddress } from '../../lib/store/postgres/address.js';
import { openCurrent } from '../../lib/store/postgres/connection.js';
import { postgresMigrations } from '../../lib/store/postgres/migrations.js';
import { get, scrape } from '../support/monitoring.js';
import { ownPort } from '../support/own-port.js';
import { startCluster, withoutPostgres } from '../support/postgres.js';
import { makeHome } from '../support/program.js';
import { password, startServerProcess } from '../support/server-process.js';

t.test('with --database', { skip: withoutPostgres }, async (t) => {
  const cluster = await startCluster(t);
  const database = cluster.database({ empty: true });
  const metrics = { host: '127.0.0.1', port: await ownPort() };
  const options = ['--rate', '1000', '--metrics', String(metrics.port)];
  const server = await startServerProcess('--database', database, ...options);
  t.teardown(() => server.close());
  const on = ['--database', database];
  const ana = server.connect(server.firstLink, 'ana', '--json');
  await ana.prints(/"type":"synced"/);
  const ben = server.connect(await server.invite(), 'ben', '--plain');
  await ben.prints(/in #lobby as ben/, 'stderr');

  await t.test('messages outlast kill -9 of the server', async (t) => {
    ana.write('{"type":"say","room":"lobby","text":"first","id":1}\n');
    await ana.prints(/"re":1,"key":"[^"]+","state":"sent"/);
    await server.killAndRestart();
    await ben.prints(/connected again/, 'stderr');
    ben.write('second\n');
    await ana.prints(/"text":"second"/);
    ben.write('/search first\n');
    await ben.prints(/#lobby {2}ana:\n.*\[first\]/);
    t.equal(cluster.sql(database, 'SELECT count(*) FROM log'), '2');
  });

  await t.test('a newer version changes no tables while an older one runs', async (t) => {
    const newer = [...postgresMigrations, 'CREATE TABLE later (id INTEGER)'];
    const open = () => openCurrent(parseDatabaseAddress(database), undefined, newer);
    t.throws(open, { message: /Stop all of them first/, inUse: true });
    t.equal(cluster.sql(database, 'SELECT version FROM secure_chat'), `${postgresMigrations.length}`);
  });

  await t.test('while the database is gone, messages wait; afterwards each is there once', async (t) => {
    const waits = () => ana.stdout().split('"state":"waiting"').length;
    const before = waits();
    await cluster.crash();
    ana.write('{"type":"say","room":"lobby","text":"into the gap","id":2}\n');
    await ana.prints(/"re":2,"key":"[^"]+","state":"sending"[^\n]*"waitMs"/);
    ben.write('/history 3\n');
    await ben.prints(/can't reach its database/, 'stderr');
    await ben.prints(/what you send waits until it is back/, 'stderr');
    t.match(await get(metrics, '/readyz'), { status: 503, text: 'the database does not answer\n' });
    t.match(await get(metrics, '/healthz'), { status: 200 });
    t.equal((await scrape(metrics)).get('secure_chat_database_reached'), 0);
    const check = await server.operate(['check', '--running', ...on]);
    t.match(check, { code: 0, out: /warning.*no one can sign in now/ });
    await cluster.restart();
    await ben.prints(/the server reaches its database again/, 'stderr');
    t.match(await get(metrics, '/readyz'), { status: 200 });
    t.equal((await scrape(metrics)).get('secure_chat_database_reached'), 1);
    await ana.prints(/"re":2,"key":"[^"]+","state":"sent"/);
    await ben.prints(/ana: into the gap\n/);
    ben.write('all well?\n');
    await ana.prints(/"text":"all well\?"/);
    t.equal(cluster.sql(database, "SELECT count(*) FROM log WHERE text = 'into the gap'"), '1');
    t.equal(waits(), before, 'connected all the while');
  });

  await t.test('operator commands, with the server and without it', async (t) => {
    t.match(await server.operate(['user', 'list', ...on]), { code: 0, out: /ana +admin/ });
    const archive = join(server.home.folder, 'chat.tar');
    t.match(await server.operate(['backup', archive, ...on]), { code: 0, err: /database verified/ });
    for (const client of [ana, ben]) {
      client.end();
      await client.ended;
    }
    server.process().kill('SIGTERM');
    t.equal(await server.process().ended, 0);
    t.match(await server.operate(['user', 'list']), { code: 78, err: /--database/ });
    t.match(await server.operate(['user', 'role', 'ben', 'moderator', ...on]), { code: 0 });
    t.match(await server.operate(['audit', ...on]), { code: 0, out: /operator.*ben/ });
    t.match(await server.operate(['check', ...on]), { code: 0, out: /database: ok/ });
    const restored = join(server.home.folder, 'restored');
    const command = server.home.run(['restore', archive, '--data', restored]);
    t.equal(await command.ended, 0, command.stderr());
  });

  await t.test('a backup goes back into a database', async (t) => {
    const archive = join(server.home.folder, 'chat.tar');
    const [data, other] = ['again', 'refused'].map((name) => join(server.home.folder, name)) as [
      string,
      string,
    ];
    const empty = cluster.database({ empty: true });
    const restore = async (to: string, into: string) => {
      const command = server.home.run(['restore', archive, '--data', to, '--database', into]);
      return { code: await command.ended, err: command.stderr() };
    };
    t.match(await restore(data, empty), { code: 0, err: /both are equal[\s\S]*Restored/ });
    const all = `SELECT count(*) || string_agg(text, '|' ORDER BY seq) FROM log`;
    t.equal(cluster.sql(empty, all), cluster.sql(database, all));
    t.same(
      (await readdir(data)).filter((name) => name.includes('.db')),
      [],
      'nothing is left of the file',
    );
    t.match(await restore(other, empty), { code: 78, err: /Choose an empty one[\s\S]*|To go on:/ });
  });

  await t.test('migrate goes there and back, and nothing is different', async (t) => {
    const folder = join(server.home.folder, 'back');
    const empty = cluster.database({ empty: true });
    const run = async (...args: string[]) => {
      const command = server.home.run(['migrate', ...args]);
      return { code: await command.ended, err: command.stderr() };
    };
    const ben = "FROM accounts, conversations WHERE accounts.name = 'ben' AND everybody";
    cluster.sql(
      database,
      `INSERT INTO webhooks SELECT accounts.id, conversations.id, accounts.id, '\\x0102', 5 ${ben}`,
    );
    cluster.sql(database, `INSERT INTO pushes SELECT accounts.id, 'https://ntfy.sh/x', TRUE, FALSE ${ben}`);
    t.match(await run('--from', database, '--to', folder), {
      code: 0,
      err: /2 accounts and 4 history entries.*both are equal/,
    });
    t.match(await run('--from', folder, '--to', database), { code: 78, err: /Choose an empty one/ });
    t.match(await run('--from', folder, '--to', empty), { code: 0, err: /both are equal/ });
    t.match(await run('--from', folder), { code: 64, err: /Give --from and --to/ });
    const secret = 'postgres://chat:secret@localhost/chat';
    const refused = await run('--from', folder, '--to', secret);
    t.match(refused, { code: 64, err: /Keep the database's password out of the command line/ });
    t.notMatch(refused.err, 'secret');
    const own = `SELECT count(*) || ' ' || max(seq) || string_agg(text, '|' ORDER BY seq) FROM log`;
    t.equal(cluster.sql(empty, own), cluster.sql(database, own));
    const hooks = "SELECT webhooks.*, '|', pushes.* FROM webhooks JOIN pushes USING (account)";
    t.match(cluster.sql(empty, hooks), /x0102/);
    t.equal(cluster.sql(empty, hooks), cluster.sql(database, hooks));

    const args = ['server', '--data', folder, '--host', '127.0.0.1', '--port', String(server.port)];
    const file = server.home.run([...args]);
    t.teardown(() => file.kill('SIGKILL'));
    const [, link = ''] = await file.prints(/^join link: (\S+)/m);
    const other = await makeHome();
    t.teardown(() => other.remove());
    const again = other.run(['connect', link, '--name', 'ben', '--plain'], {
      SECURE_CHAT_PASSWORD: password,
    });
    t.teardown(() => again.kill('SIGKILL'));
    again.write('/history 4\n');
    await again.prints(/into the gap[\s\S]*all well\?/);
  });
});

t.test(
  'an address that leads nowhere ends with what to do, and without the password',
  { skip: withoutPostgres },
  async (t) => {
    const home = await makeHome();
    t.teardown(() => home.remove());
    const run = async (address: string) => {
      const command = home.run(['server', '--port', '0'], { SECURE_CHAT_DATABASE: address });
      return { code: await command.ended, err: command.stderr() };
    };
    const nowhere = await run('postgres://chat:secret@127.0.0.1:1/chat');
    t.match(nowhere, { code: 74, err: /postgres:\/\/127\.0\.0\.1:1\/chat: The database can't be reached/ });
    t.notMatch(nowhere.err, 'secret');
    t.match(await run('mysql://me:secret@here'), { code: 64, err: /begins with postgres:\/\// });
    t.match(await run('postgres://a/b?sslmode=maybe'), {
      code: 78,
      err: /sslmode is disable, require or verify-full/,
    });
  },
);
