import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { createSavedSessions, openRecentServers } from '../../../lib/client/sign-in/saved-sessions.js';

let folder = '';
t.beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'secure-chat-'));
});
t.afterEach(() => rm(folder, { recursive: true }));

const one = { host: 'one.example', port: 6697 };
const two = { host: '::1', port: 7000 };

t.test('servers and the last name on each are remembered, the last server as the last', async (t) => {
  const recent = openRecentServers(join(folder, 'recent.json'));
  t.same(await recent.servers(), []);
  t.equal(await recent.name(one), undefined);
  await recent.remember(one, 'ana');
  await recent.remember(two, 'ben');
  t.same(await recent.servers(), [one, two]);
  await recent.remember(one, 'zoe');
  t.same(await recent.servers(), [two, one]);
  t.equal(await recent.name(one), 'zoe');
  t.equal(await recent.name(two), 'ben');
});

t.test('a declined offer is remembered for its server, also after the next sign-in', async (t) => {
  const recent = openRecentServers(join(folder, 'recent.json'));
  await recent.remember(one, 'ana');
  await recent.remember(two, 'ana');
  await recent.remember(one, 'ana', true);
  await recent.remember(one, 'ben');
  t.equal(await recent.declined(one), true);
  t.equal(await recent.declined(two), false);
});

t.test('a damaged list of recent servers counts as empty, and is replaced', async (t) => {
  const path = join(folder, 'recent.json');
  const recent = openRecentServers(path);
  for (const text of ['', '{', '{}', '[1, null, {"server": 1}]', '[{"server":"a b","name":"../x"}]']) {
    await writeFile(path, text);
    t.same(await recent.servers(), [], text);
    t.equal(await recent.name(one), undefined, text);
  }
  await recent.remember(one, 'ana');
  t.equal(await recent.name(one), 'ana');
});

t.test('at most 100 servers are remembered', async (t) => {
  const recent = openRecentServers(join(folder, 'recent.json'));
  for (let port = 1; port <= 105; port++) await recent.remember({ host: 'a', port }, 'ana');
  t.equal(await recent.name({ host: 'a', port: 1 }), undefined);
  t.equal(await recent.name({ host: 'a', port: 105 }), 'ana');
  t.equal(JSON.parse(await readFile(join(folder, 'recent.json'), 'utf8')).length, 100);
});

interface Program {
  readonly pid?: number;
  readonly running?: (pid: number) => boolean;
  readonly pin?: string | undefined;
}

function savedFor(server: typeof one, { pid = 10, running = () => false, ...key }: Program = {}) {
  const pin = 'pin' in key ? key.pin : 'A';
  return createSavedSessions({ folder: async () => folder, server, pin: () => pin, pid, running });
}

t.test('a saved session is found by its server and name alone', async (t) => {
  const saved = savedFor(one);
  t.equal(await saved.find('ana'), undefined);
  await saved.save('ana', 'token');
  t.equal(await savedFor(one).find('ana'), 'token');
  t.equal(await savedFor(one).find('ben'), undefined);
  t.equal(await savedFor(two).find('ana'), undefined);
  await saved.drop('ana');
  await saved.drop('ana');
  t.equal(await saved.find('ana'), undefined);
});

t.test('a saved session is for the key it was made under alone', async (t) => {
  await savedFor(one, { pin: 'A' }).save('ana', 'token');
  t.equal(await savedFor(one, { pin: 'A' }).find('ana'), 'token');
  t.equal(await savedFor(one, { pin: 'B' }).find('ana'), undefined);
  t.equal(await savedFor(one, { pin: undefined }).find('ana'), 'token', 'before there is a connection');
  await t.rejects(savedFor(one, { pin: undefined }).save('ana', 'token'));
});

t.test('a saved session that a running program uses is not found', async (t) => {
  const running = new Set([10]);
  const isRunning = (pid: number) => running.has(pid);
  const first = savedFor(one, { running: isRunning });
  const second = savedFor(one, { pid: 20, running: isRunning });
  await first.save('ana', 'token');
  t.equal(await first.find('ana'), 'token');
  t.equal(await second.find('ana'), undefined);
  t.equal(await second.exists('ana'), true);
  t.equal(await second.exists('ben'), false);
  await second.release();
  t.equal(await second.find('ana'), undefined);
  await first.release();
  t.equal(await second.find('ana'), 'token');
  await first.save('ana', 'newer');
  running.delete(10);
  t.equal(await second.find('ana'), 'newer');
});

t.test('a saved session is readable by its owner alone, and a damaged one is none', async (t) => {
  const saved = savedFor(one);
  await saved.save('ana', 'token');
  const { readdir } = await import('node:fs/promises');
  const [name = ''] = await readdir(folder);
  t.equal((await stat(join(folder, name))).mode & 0o777, 0o600);
  await chmod(join(folder, name), 0o644);
  await saved.save('ana', 'newer');
  t.equal((await stat(join(folder, name))).mode & 0o777, 0o600, 'also one that was opened to others');
  for (const text of ['', 'null', '{"token":"x"}']) {
    await writeFile(join(folder, name), text);
    t.equal(await saved.find('ana'), undefined);
  }
});
