import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { openRecent } from '../../../lib/client/sign-in/recent.js';
import { openSavedSession } from '../../../lib/client/sign-in/saved-sessions.js';

let folder = '';
t.beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'secure-chat-'));
});
t.afterEach(() => rm(folder, { recursive: true }));

const one = { host: 'one.example', port: 6697 };
const two = { host: '::1', port: 7000 };

t.test('the last server and the last name on each are known', async (t) => {
  const recent = openRecent(join(folder, 'recent.json'));
  t.equal(await recent.server(), undefined);
  t.equal(await recent.name(one), undefined);
  await recent.remember(one, 'ana');
  await recent.remember(two, 'ben');
  t.same(await recent.server(), two);
  await recent.remember(one, 'zoe');
  t.same(await recent.server(), one);
  t.equal(await recent.name(one), 'zoe');
  t.equal(await recent.name(two), 'ben');
});

t.test('a damaged file holds nothing, and is mended by the next use', async (t) => {
  const path = join(folder, 'recent.json');
  const recent = openRecent(path);
  for (const text of ['', '{', '{}', '[1, null, {"server": 1}]', '[{"server":"a b","name":"../x"}]']) {
    await writeFile(path, text);
    t.equal(await recent.server(), undefined, text);
    t.equal(await recent.name(one), undefined, text);
  }
  await recent.remember(one, 'ana');
  t.equal(await recent.name(one), 'ana');
});

t.test('only so many servers are kept', async (t) => {
  const recent = openRecent(join(folder, 'recent.json'));
  for (let port = 1; port <= 105; port++) await recent.remember({ host: 'a', port }, 'ana');
  t.equal(await recent.name({ host: 'a', port: 1 }), undefined);
  t.equal(await recent.name({ host: 'a', port: 105 }), 'ana');
  t.equal(JSON.parse(await readFile(join(folder, 'recent.json'), 'utf8')).length, 100);
});

t.test('a kept session is found by its server and name alone', async (t) => {
  const deps = { folder, pid: 10, running: () => false };
  const kept = openSavedSession(deps, one, 'ana');
  t.equal(await kept.find(), undefined);
  await kept.keep('token');
  t.equal(await openSavedSession(deps, one, 'ana').find(), 'token');
  t.equal(await openSavedSession(deps, one, 'ben').find(), undefined);
  t.equal(await openSavedSession(deps, two, 'ana').find(), undefined);
  await kept.drop();
  await kept.drop();
  t.equal(await kept.find(), undefined);
});

t.test('a session that a running program uses is left to it', async (t) => {
  const running = new Set([10]);
  const first = openSavedSession({ folder, pid: 10, running: (pid) => running.has(pid) }, one, 'ana');
  const second = openSavedSession({ folder, pid: 20, running: (pid) => running.has(pid) }, one, 'ana');
  await first.keep('token');
  t.equal(await first.find(), 'token');
  t.equal(await second.find(), undefined);
  await second.release();
  t.equal(await second.find(), undefined);
  await first.release();
  t.equal(await second.find(), 'token');
  await first.keep('newer');
  running.delete(10);
  t.equal(await second.find(), 'newer');
});

t.test('nobody else can read it, and a damaged one is none', async (t) => {
  const kept = openSavedSession({ folder, pid: 10, running: () => false }, one, 'ana');
  await kept.keep('token');
  const { readdir } = await import('node:fs/promises');
  const [name = ''] = await readdir(folder);
  t.equal((await stat(join(folder, name))).mode & 0o777, 0o600);
  for (const text of ['', 'null', '{"token":"x"}']) {
    await writeFile(join(folder, name), text);
    t.equal(await kept.find(), undefined);
  }
});
