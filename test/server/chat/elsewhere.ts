/** Two servers of one chat in this process, on one PostgreSQL database: what counts and holds on both. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'node:tls';
import { Secret, TOTP } from 'otpauth';
import t, { type Test } from 'tap';
import { fileAlpn } from '../../../lib/protocol/events.js';
import { encodeFrame, readFrame } from '../../../lib/protocol/frame.js';
import { limits } from '../../../lib/protocol/limits.js';
import { type Cluster, startCluster, withoutPostgres } from '../../support/postgres.js';
import { outcome } from '../../support/requests.js';
import { ok, password, runServer, type TestServer } from '../../support/running-server.js';
import { tlsOptions } from '../../support/wire-client.js';

async function twoServers(t: Test, cluster: Cluster, more: { maxFile?: number; quota?: number } = {}) {
  const database = cluster.database();
  const settings = { database, registration: 'open', ...more } as const;
  const [one, two] = [await runServer(t, settings), await runServer(t, settings)];
  const sql = (text: string) => cluster.sql(database, text);
  return { one, two, sql };
}

/** Someone new, in the lobby. */
async function newcomer(server: TestServer, name: string) {
  const wire = await server.dial();
  const { token = '' } = ok(await wire.ask({ type: 'register', name, password }));
  ok(await wire.ask({ type: 'sync' }));
  return { wire, token };
}

t.test('two servers of one chat', { skip: withoutPostgres }, async (t) => {
  const cluster = await startCluster(t);
  await sessions(t, cluster);
  await outage(t, cluster);
  await interrupted(t, cluster);
  await keys(t, cluster);
  await limitsOfAll(t, cluster);
  await crossing(t, cluster);
});

async function sessions(t: Test, cluster: Cluster): Promise<void> {
  for (const mode of [undefined, 'take-over'] as const) {
    await t.test(
      `a session that goes on at the other server stays valid (${mode ?? 'no mode'})`,
      async (t) => {
        const { one, two } = await twoServers(t, cluster);
        const { wire: ana, token } = await newcomer(one, 'ana');
        const { wire: ben } = await newcomer(one, 'ben');
        const there = await two.dial();
        const resumed = ok(await there.ask({ type: 'resume', token, ...(mode && { mode }) }));
        t.match(await ana.next('closing'), { code: 'taken-over' }, 'for good: it does not come back');
        await ana.closed;
        // By then, the server has done what follows from that.
        ok(await ben.ask({ type: 'whois', name: 'ana' }));
        t.same(ben.all('left'), [], 'she never left');
        there.destroy();
        const again = await one.dial();
        t.equal(await outcome(again, { type: 'resume', token: resumed.token ?? '' }), 'ok');
      },
    );
  }
}

async function outage(t: Test, cluster: Cluster): Promise<void> {
  await t.test('a session outlasts a database that fails while it is resumed', async (t) => {
    const { one, two, sql } = await twoServers(t, cluster);
    const { wire, token } = await newcomer(one, 'ana');
    wire.destroy();
    sql('ALTER TABLE terminals RENAME TO away_for_now');
    const there = await two.dial();
    t.equal(await outcome(there, { type: 'resume', token }), 'internal');
    sql('ALTER TABLE away_for_now RENAME TO terminals');
    t.equal(await outcome(there, { type: 'resume', token }), 'ok');
  });
}

async function interrupted(t: Test, cluster: Cluster): Promise<void> {
  await t.test(
    'what was stored holds, though the database fails before it is in the audit log',
    async (t) => {
      const { one, two, sql } = await twoServers(t, cluster);
      const ana = await one.dial();
      const code = await one.running.invite({ role: 'admin' });
      ok(await ana.ask({ type: 'register', name: 'ana', password, code }));
      const { wire: ben } = await newcomer(two, 'ben');
      ok(await ana.ask({ type: 'set-role', name: 'ben', role: 'moderator' }));
      t.match(await ben.next('rank'), { role: 'moderator' });
      t.equal(await outcome(ben, { type: 'bans' }), 'ok');
      sql('ALTER TABLE audit RENAME TO away_for_now');
      t.equal(await outcome(ana, { type: 'set-role', name: 'ben', role: 'member' }), 'internal');
      t.match(await ben.next('rank'), { role: 'member' });
      t.equal(await outcome(ben, { type: 'bans' }), 'not-allowed');
      t.equal(await outcome(ben, { type: 'logout', all: true }).catch(() => 'closed'), 'closed');
      t.match(ben.all('closing'), [{ code: 'signed-out' }]);
    },
  );
}

async function keys(t: Test, cluster: Cluster): Promise<void> {
  await t.test('servers with different keys say so in their logs, both of them', async (t) => {
    const { one, two } = await twoServers(t, cluster);
    const warned = ({ events }: TestServer) => events.some((event) => /another key/.test(event));
    while (!warned(one) || !warned(two)) await pause(20);
    const database = cluster.database();
    const third = await runServer(t, { database, registration: 'open' });
    const cert = join(third.data, 'server.pem');
    const fourth = await runServer(t, { database, registration: 'open', cert });
    const { wire } = await newcomer(fourth, 'ana');
    await newcomer(third, 'ben');
    ok(await wire.ask({ type: 'whois', name: 'ben' }));
    t.notOk(warned(third) || warned(fourth));
  });
}

async function limitsOfAll(t: Test, cluster: Cluster): Promise<void> {
  await t.test('wrong codes of a second factor count on both', async (t) => {
    const { one, two } = await twoServers(t, cluster);
    const { wire: ana } = await newcomer(one, 'ana');
    const { secret = '' } = ok(await ana.ask({ type: 'begin-factor', password }));
    const totp = new TOTP({ secret: Secret.fromBase32(secret) });
    ok(await ana.ask({ type: 'confirm-factor', otp: totp.generate() }));
    const right = new Set(
      [-2, -1, 0, 1, 2].map((n) => totp.generate({ timestamp: Date.now() + n * 30_000 })),
    );
    const otp = ['111111', '222222', '333333'].find((code) => !right.has(code)) ?? '';
    const outcomes: string[] = [];
    for (let n = 0; n <= limits.factorFailuresPerHour; n++) {
      const wire = await [one, two][n % 2]?.dial();
      if (wire === undefined) continue;
      outcomes.push(await outcome(wire, { type: 'sign-in', name: 'ana', password, otp, mode: 'attach' }));
      // What the one told, the other hears before its own next answer from the database.
      ok(await ana.ask({ type: 'whois', name: 'ana' }));
    }
    t.equal(outcomes.at(-1), 'too-many-attempts', outcomes.join(' '));
  });

  await t.test('what is uploaded to both at once fits into the quota together, or is refused', async (t) => {
    const { one, two } = await twoServers(t, cluster, { maxFile: 100, quota: 150 });
    const { wire: ana } = await newcomer(one, 'ana');
    const there = await two.dial();
    ok(await there.ask({ type: 'sign-in', name: 'ana', password, mode: 'attach' }));
    const uploads = [ana, there].map(async (wire, index) => {
      const bytes = Buffer.alloc(100, `${index}`);
      const hash = createHash('sha256').update(bytes).digest('base64url');
      const file = { room: 'lobby', name: 'x', size: 100, hash, key: `k${index}` };
      const { ticket } = ok(await wire.ask({ type: 'offer', ...file }));
      const port = [one, two][index]?.port ?? 0;
      const socket = connect({ ...tlsOptions(port), ALPNProtocols: [fileAlpn] });
      t.teardown(() => socket.destroy());
      socket.write(encodeFrame({ type: 'upload', ticket }));
      t.match(await readFrame(socket, 4096), { type: 'ready' });
      return { socket, bytes };
    });
    const answers: unknown[] = [];
    for (const { socket, bytes } of await Promise.all(uploads)) {
      socket.write(bytes);
      answers.push(await readFrame(socket, 4096));
    }
    t.match(answers, [{ type: 'kept' }, { type: 'error', code: 'quota-exceeded' }]);
  });

  await t.test('slow mode counts what was posted at the other server', async (t) => {
    const { one, two } = await twoServers(t, cluster);
    const { wire: admin } = await newcomer(one, 'ana');
    ok(await admin.ask({ type: 'join', room: 'slow' }));
    const { wire: ben } = await newcomer(one, 'ben');
    ok(await ben.ask({ type: 'join', room: 'slow' }));
    ok(await admin.ask({ type: 'set-rules', room: 'slow', slow: 60_000 }));
    const there = await two.dial();
    ok(await there.ask({ type: 'sign-in', name: 'ben', password, mode: 'attach' }));
    ok(await there.ask({ type: 'sync' }));
    await ben.ask({ type: 'say', room: 'slow', text: 'one', key: '1' });
    await there.next('message', ({ text }) => text === 'one');
    t.equal(await outcome(there, { type: 'say', room: 'slow', text: 'two', key: '2' }), 'slow-mode');
  });
}

/** Each server does first what it was asked, and hears later of what the other did before that. */
async function crossing(t: Test, cluster: Cluster): Promise<void> {
  await t.test('where two servers changed the same at one moment, what is stored holds', async (t) => {
    const { one, two, sql } = await twoServers(t, cluster);
    await newcomer(one, 'ana');
    const { wire: ben } = await newcomer(two, 'ben');
    ok(await ben.ask({ type: 'join', room: 'den' }));
    const id = (table: string, name: string) => Number(sql(`SELECT id FROM ${table} WHERE name = '${name}'`));
    const [account, den, lobby] = [
      id('accounts', 'ben'),
      id('conversations', 'den'),
      id('conversations', 'lobby'),
    ];
    const late = (type: string, news: object) =>
      sql(`INSERT INTO news (server, news) VALUES ('other', '${JSON.stringify({ type, news })}')`);
    const settled = async () => ok(await ben.ask({ type: 'whois', name: 'ana' }));

    late('rank', { account, role: 'admin', by: 'ana' });
    await ben.next('rank');
    await settled();
    t.equal(await outcome(ben, { type: 'bans' }), 'not-allowed');

    late('muted', { account, mute: {}, event: { type: 'muted', by: 'ana' } });
    await ben.next('muted');
    await settled();
    t.match(await ben.ask({ type: 'say', room: 'lobby', text: 'hello', key: '1' }), { text: 'hello' });

    late('room-rules', { room: lobby, rules: { locked: true }, by: 'ana' });
    await ben.next('rules');
    await settled();
    t.match(await ben.ask({ type: 'say', room: 'lobby', text: 'again', key: '2' }), { text: 'again' });

    late('room-parted', { account, name: 'ben', room: den, details: {} });
    await ben.next('parted');
    t.match(await ben.next('room'), { conversation: { room: 'den', role: 'owner' } });
    t.match(await ben.ask({ type: 'say', room: 'den', text: 'here', key: '3' }), { text: 'here' });
  });
}
