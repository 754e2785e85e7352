/** The password hasher: stored hashes that ask for too much, a child that is stopped or busy, a parent that is killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { createHasher } from '../../lib/server/auth/hasher.js';
import { ownPort } from '../support/own-port.js';
import { isAlive, makeHome } from '../support/program.js';
import { dial } from '../support/wire-client.js';

const skip = process.platform === 'linux' ? false : 'needs /proc';
const password = 'a good password';
const loading = (name: string) => `--import=${new URL(`../support/${name}.js`, import.meta.url).href}`;

// This file has a process of its own.
process.env.NODE_OPTIONS = loading('quick-passwords');

function children(pid = process.pid): number[] {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return list.split(' ').filter(Boolean).map(Number);
}

/** Waits for a condition of another process, which reports nothing. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setTimeout(20);
}

/** Seconds of processor time; 0 for one that has ended. */
function cpuOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return Number(fields[11]) / 100;
  } catch {
    return 0;
  }
}

function hasherWithLog(t: Test, jobMs?: number) {
  // Those of earlier tests may not have ended yet.
  const before = children();
  const replaced: unknown[] = [];
  const log = {
    info() {},
    error() {},
    warn: (_event: string, fields?: object) => void replaced.push(fields),
  };
  const hasher = createHasher({ log, ...(jobMs !== undefined && { jobMs }) });
  t.teardown(hasher.close);
  return { hasher, replaced, ownChild: () => children().find((pid) => !before.includes(pid)) ?? 0 };
}

t.test('a stored hash with absurd parameters is refused without computing it', async (t) => {
  const { hasher } = hasherWithLog(t);
  const salt = 'c2FsdHNhbHRzYWx0c2FsdA';
  const tag = 'A'.repeat(43);
  const absurd = [
    `$argon2id$v=19$m=4194304,t=3,p=4$${salt}$${tag}`,
    `$argon2id$v=19$m=65536,t=4000000000,p=4$${salt}$${tag}`,
    `$argon2id$v=19$m=65536,t=3,p=16777215$${salt}$${tag}`,
    `$argon2id$v=19$t=4000000000,m=4194304,p=4$${salt}$${tag}`,
    `$argon2id$v=19$m=65536,t=3,p=4$${salt}$${'A'.repeat(100_000)}`,
    `$argon2id$v=19$m=1e9,t=3,p=4$${salt}$${tag}`,
  ];
  for (const phc of absurd) await t.rejects(hasher.verify(password, phc), /refused/, phc.slice(0, 60));
  t.same(await hasher.verify(password, undefined), { right: false }, 'and the hasher goes on');
});

t.test('a stopped child is replaced and its job done by the next one', { skip }, async (t) => {
  const { hasher, replaced, ownChild } = hasherWithLog(t);
  const phc = await hasher.hash(password);
  const child = ownChild();
  process.kill(child, 'SIGSTOP');
  const jobs = [hasher.verify(password, phc), hasher.verify('wrong', phc)];
  t.same(await Promise.all(jobs), [{ right: true }, { right: false }]);
  t.same(replaced, [{ why: 'no answer' }]);
  await until(() => !isAlive(child));
});

t.test('a killed child is replaced and its job done by the next one', { skip }, async (t) => {
  const { hasher, replaced, ownChild } = hasherWithLog(t);
  const phc = await hasher.hash(password);
  const child = ownChild();
  process.kill(child, 'SIGSTOP');
  const job = hasher.verify(password, phc);
  process.kill(child, 'SIGKILL');
  t.same(await job, { right: true });
  t.same(replaced, [{ why: 'it ended' }]);
});

t.test('a hash that takes too long is ended and refused', { skip }, async (t) => {
  process.env.NODE_OPTIONS = loading('endless-passwords');
  t.teardown(() => {
    process.env.NODE_OPTIONS = loading('quick-passwords');
  });
  const before = children();
  const { hasher, replaced } = hasherWithLog(t, 1_500);
  await t.rejects(hasher.hash(password), { code: 'busy' });
  t.same(replaced, [{ why: 'no answer' }, { why: 'no answer' }], 'after a second try');
  await until(() => children().every((pid) => before.includes(pid)));
});

/** A server that is hashing a password for hours. */
async function hashingServer(
  t: Test,
): Promise<{ server: ChildProcess; child: number; ended: Promise<number> }> {
  const home = await makeHome();
  const port = await ownPort();
  const settings = ['--data', join(home.folder, 'data'), '--host', '127.0.0.1', '--port', String(port)];
  const running = home.run(['server', ...settings], { NODE_OPTIONS: loading('endless-passwords') });
  const [, code = ''] = await running.prints(/^join link: secure-chat:\/\/\S+\/(\S+)\n/m);
  const client = await dial(port);
  const request = { type: 'register', name: 'ana', password, code } as const;
  void client.ask(request).catch(() => {});
  const pid = running.process.pid ?? 0;
  let child = 0;
  t.teardown(async () => {
    client.destroy();
    running.kill('SIGKILL');
    if (child !== 0 && isAlive(child)) process.kill(child, 'SIGKILL');
    await home.remove();
  });
  await until(() => {
    // On a slow machine the first one is given up, and replaced.
    child = children(pid)[0] ?? 0;
    // More than a start takes.
    return cpuOf(child) > 1;
  });
  return { server: running.process, child, ended: running.ended };
}

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  t.test(`the child dies with its server in the middle of a hash: ${signal}`, { skip }, async (t) => {
    const { server, child, ended } = await hashingServer(t);
    server.kill(signal);
    t.equal(await ended, signal === 'SIGTERM' ? 0 : -1);
    await until(() => !isAlive(child));
  });
}

t.test('the child dies with a parent that is killed while it starts', { skip }, async (t) => {
  const script = `import { createHasher } from ${JSON.stringify(new URL('../../lib/server/auth/hasher.js', import.meta.url).href)};
    createHasher().hash('a good password');
    setImmediate(() => process.stdout.write('started'));`;
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    env: { ...process.env, NODE_OPTIONS: loading('endless-passwords') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(parent.stdout, 'data');
  const [child = 0] = children(parent.pid);
  t.not(child, 0);
  parent.kill('SIGKILL');
  await until(() => !isAlive(child));
});
