import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { exitCode } from '../../lib/cli/command.js';
import { controlSocket } from '../../lib/cli/folders.js';
import { callControl } from '../../lib/server/operator/control-socket.js';
import { parseJoinLink } from '../../lib/trust/endpoint.js';
import { folder, ok, runServer } from '../support/running-server.js';

function parsed(link: string | undefined) {
  const result = parseJoinLink(link ?? '');
  if (!result.ok) throw new Error(result.message);
  return result.value;
}

t.test('a first start creates everything, for its owner alone', async (t) => {
  const data = join(await folder(t), 'deep', 'data');
  const server = await runServer(t, { data });
  t.equal((await stat(data)).mode & 0o777, 0o700);
  for (const file of ['secure-chat.db', 'server-key.pem', 'control.sock']) {
    t.equal((await stat(join(data, file))).mode & 0o777, 0o600, file);
  }
  const link = parsed(server.running.firstLink);
  t.match(link, {
    host: '127.0.0.1',
    port: server.port,
    pin: server.running.certificate.pin,
    code: /^[\w-]{22}$/,
  });
  t.notOk(parsed(server.running.links()[0]).code, 'a link for those who have an account has no code');
});

t.test('the key survives a restart, so every pin stays valid', async (t) => {
  const first = await runServer(t);
  const { pin } = first.running.certificate;
  await first.close();
  const second = await runServer(t, { data: first.data });
  t.equal(second.running.certificate.pin, pin);
});

t.test('join links have the public host, and so has the certificate', async (t) => {
  const named = await runServer(t, { publicHost: 'chat.example.org' });
  t.match(parsed(named.running.firstLink), { host: 'chat.example.org', port: named.port });
  t.ok(named.running.certificate.hosts.includes('chat.example.org'));
  const ported = await runServer(t, { publicHost: 'chat.example.org:443' });
  t.ok(ported.running.certificate.hosts.includes('chat.example.org'));
  t.match(parsed(ported.running.firstLink), { host: 'chat.example.org', port: 443 });
});

t.test(
  'the chat’s other servers are in hello, and two of them in each link, after its own host',
  async (t) => {
    const peerHosts = ['own', 'b', 'c', 'd'].map((host) => ({ host, port: 6697 }));
    const server = await runServer(t, { publicHost: 'own:6697', peerHosts, people: ['ada'] });
    const own = { host: 'own', port: 6697, others: peerHosts.slice(1, 3) };
    t.match(parsed(server.running.links()[0]), own);
    const { links } = await callControl(controlSocket(server.data), 'invite', {});
    t.match(parsed(String((links as string[])[0])), { ...own, code: /./ });
    t.same((await server.enter('ada')).hello.peers, ['own:6697', 'b:6697', 'c:6697', 'd:6697']);
    const alone = await runServer(t, { people: ['ada'] });
    t.notOk('others' in parsed(alone.running.links()[0]));
    t.notOk('peers' in (await alone.enter('ada')).hello);
  },
);

t.test('a second server on a folder is refused and disturbs nothing', async (t) => {
  const server = await runServer(t, { people: ['ada'] });
  // The clock is noted in the background.
  const names = async () => (await readdir(server.data)).filter((name) => name !== 'clock');
  const before = await names();
  await t.rejects(runServer(t, { data: server.data }), { name: 'StoreInUse' });
  t.same(await names(), before);
  const ada = await server.enter('ada');
  t.match(await ada.ask({ type: 'say', room: 'lobby', text: 'still here', key: 'k' }), { type: 'message' });
  const { links } = await callControl(controlSocket(server.data), 'invite', {});
  t.ok(Array.isArray(links));
});

t.test('a port in use leaves nothing open', async (t) => {
  const server = await runServer(t, { people: ['ada'] });
  const data = await folder(t);
  await t.rejects(runServer(t, { data, port: server.port }), { code: 'EADDRINUSE' });
  const next = await runServer(t, { data });
  t.ok(next.running.firstLink, 'the folder is free, and the next start begins afresh');
});

t.test('a port for metrics that is in use ends the start with what to do', async (t) => {
  const metrics = { host: '127.0.0.1', port: 0 };
  const { running } = await runServer(t, { metrics });
  const start = runServer(t, { metrics: { ...metrics, port: running.metrics?.port ?? 0 } });
  await t.rejects(start, {
    code: exitCode.configuration,
    message:
      /^Cannot serve metrics on 127\.0\.0\.1:\d+: the port is in use\. Choose another address or port with --metrics\.$/,
  });
});

t.test('an invalid range of balancers ends the start', async (t) => {
  await t.rejects(runServer(t, { proxyFrom: ['haproxy'] }), { name: 'RangeError', message: /haproxy/ });
});

t.test('the control socket creates invites while the server runs', async (t) => {
  const server = await runServer(t, { people: ['ada'] });
  const invite = (args: object) => callControl(controlSocket(server.data), 'invite', args);
  const { links } = (await invite({ uses: 1, role: 'admin', expiresMs: 60_000 })) as { links: string[] };
  const client = await server.dial();
  const { code = '' } = parsed(links[0]);
  t.match(await client.ask({ type: 'register', name: 'bob', password: 'a good password', code }), {
    role: 'admin',
  });
  for (const wrong of [{ role: 'owner' }, { uses: 0 }, { uses: 1.5 }, { uses: '3' }, { expiresMs: 1e12 }]) {
    await t.rejects(invite(wrong), { code: 'refused' }, JSON.stringify(wrong));
  }
});

t.test('a reload reads the key pair again without closing connections', async (t) => {
  const server = await runServer(t, { people: ['ada'] });
  const ada = await server.enter('ada');
  await server.running.reload();
  t.match(await ada.ask({ type: 'ping' }), { type: 'ok' });
  ok(await (await server.enter('ada')).ask({ type: 'ping' }));
});

t.test('closing twice closes once, and both calls wait', async (t) => {
  const server = await runServer(t, { people: ['ada'] });
  await server.enter('ada');
  let done = false;
  const first = server.running.close().then(() => {
    done = true;
  });
  await server.running.close();
  t.ok(done);
  await first;
  await server.running.close();
  const again = await runServer(t, { data: server.data });
  t.ok(again.port);
});

t.test('sizes, rooms and retention follow the settings', async (t) => {
  const keep = { ms: 3_600_000 };
  const server = await runServer(t, { people: ['ada'], maxFile: 1_000, quota: 1_500, rooms: 'admins', keep });
  t.same(server.running.keep, keep);
  const ada = await server.enter('ada');
  t.equal(ada.hello.limits.fileBytes, 1_000);
  t.match(await ada.ask({ type: 'join', room: 'den' }), { type: 'error', code: 'not-allowed' });
  const offer = (size: number, key: string) =>
    ada.ask({ type: 'offer', room: 'lobby', name: 'a', size, hash: 'A'.repeat(43), key });
  t.match(await offer(1_001, 'k1'), { code: 'file-too-large' });
  ok(await offer(1_000, 'k2'));
  t.match(await offer(501, 'k3'), { code: 'quota-exceeded' });
});

t.test('files are in a folder of their own, with mode 0700', async (t) => {
  const server = await runServer(t);
  t.equal((await stat(join(server.data, 'files'))).mode & 0o777, 0o700);
});
