/**
 * Canaries: every kind of secret is used at the built program, then looked for where none may be. A program that a person
 * starts has the arguments and the environment that this person gave it; the processes that it starts have none of them.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Running } from '../support/program.js';
import { codeIn, secretsIn, type UsedSecrets, useSecrets } from '../support/secret-scene.js';
import { type ServerProcess, startServerProcess } from '../support/server-process.js';
import { dial, type WireClient } from '../support/wire-client.js';

const ownPassword = 'the 0perators own';
const ownToken = 'a-token-0f-another-server';
const cleosPassword = 'Cle0s-clarinet';

/** All secrets that were used. */
const everything = new Map<string, string>();
const printed: string[] = [];
const write = process.stdout.write.bind(process.stdout) as (...args: unknown[]) => boolean;
process.stdout.write = (...args: unknown[]) => {
  printed.push(String(args[0]));
  return write(...args);
};

/** Arguments and environment of what this process started, as `/proc` has them. Empty where there is no /proc. */
function startedBy(pid: number): { pid: number; text: string }[] {
  const read = (path: string) => {
    try {
      return readFileSync(`/proc/${path}`, 'latin1');
    } catch {
      // Not Linux, or it has ended.
      return '';
    }
  };
  const children = tasksOf(pid).flatMap((task) =>
    read(`${pid}/task/${task}/children`).split(' ').filter(Boolean),
  );
  return children.map((child) => ({
    pid: Number(child),
    text: read(`${child}/cmdline`) + read(`${child}/environ`),
  }));
}

function tasksOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** The built client registers and saves its session; then another one resumes it. Secrets go to the map. */
async function useClient(t: Test, server: ServerProcess, secrets: Map<string, string>): Promise<Running[]> {
  const link = (await server.operate(['invite'])).out.trim();
  secrets.set("the operator's invite", codeIn([link]));
  secrets.set('password in a file', cleosPassword);
  const file = join(server.home.folder, 'password');
  await writeFile(file, `${cleosPassword}\n`);
  await chmod(file, 0o600);
  const first = server.home.run(
    ['connect', '--name', 'cleo', '--password-file', file, '--json', '--remember', '--create'],
    { SECURE_CHAT_LINK: link },
  );
  server.adopt(first);
  await first.prints(/"state":"online"/);
  first.end();
  t.equal(await first.ended, 0);
  await rm(file);
  const again = server.home.run(['connect', server.link, '--name', 'cleo', '--json']);
  server.adopt(again);
  await again.prints(/"state":"online"/);
  again.end();
  t.equal(await again.ended, 0, 'the saved session is resumed');

  t.match(await server.operate(['user', 'add', 'robot', '--role', 'bot']), { code: 0 });
  const token = await server.operate(['user', 'token', 'robot']);
  secrets.set("a bot's token", token.out.trim());
  return [first, again];
}

async function searchFolder(t: Test, folder: string, secrets: ReadonlyMap<string, string>): Promise<void> {
  const files = await contentsOf(folder);
  t.ok(files.some(([name]) => name === 'secure-chat.db'));
  for (const [name, text] of files) t.same(secretsIn(text, secrets), [], name);
}

async function contentsOf(folder: string): Promise<[file: string, text: string][]> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  return Promise.all(
    files
      .filter((entry) => entry.isFile())
      .map(async ({ name, parentPath }) => [name, await readFile(join(parentPath, name), 'latin1')]),
  );
}

/** A core file of this process; empty if there is none to have. */
function coreOf(pid: number, folder: string): Buffer {
  const { status } = spawnSync('gcore', ['-o', join(folder, 'core'), String(pid)], { stdio: 'ignore' });
  return status === 0 ? readFileSync(join(folder, `core.${pid}`)) : Buffer.of();
}

t.test('no secret is where it should not be', async (t) => {
  const server = await startServerProcess();
  t.teardown(() => server.close());
  // As in the shell of an operator who also chats.
  Object.assign(server.home.env, { SECURE_CHAT_PASSWORD: ownPassword, SECURE_CHAT_TOKEN: ownToken });
  server.process().kill('SIGTERM');
  await server.process().ended;
  await server.restart();
  for (const name of ['SECURE_CHAT_PASSWORD', 'SECURE_CHAT_TOKEN']) delete server.home.env[name];
  const { pid = 0 } = server.process().process;

  const wires: WireClient[] = [];
  const hangUp = () => wires.forEach((wire) => void wire.destroy());
  t.teardown(hangUp);
  const used: UsedSecrets = await useSecrets(t, {
    firstLink: /secure-chat:\S+/.exec(server.process().stdout())?.[0] ?? '',
    async dial() {
      const wire = await dial(server.port);
      wires.push(wire);
      return wire;
    },
  });
  const secrets = new Map(used.secrets);
  secrets.set("the operator's own password", ownPassword).set("the operator's own token", ownToken);
  const clients = await useClient(t, server, secrets);
  const withFactor = new Map(secrets).set('secret of the factor', used.factor);
  withFactor.forEach((value, what) => void everything.set(what, value));

  const started = startedBy(pid);
  const noProc = started.length === 0 && 'there is no /proc';
  await t.test('not in the arguments and environment of child processes', { skip: noProc }, async (t) => {
    for (const { text } of started) {
      t.match(text, 'hasher-child.js');
      t.same(secretsIn(text, withFactor), []);
    }
  });

  const cores = noProc
    ? []
    : [pid, ...started.map((child) => child.pid)].map((each) => coreOf(each, server.home.folder));
  const noCores =
    (noProc || cores.some(({ length }) => length === 0)) &&
    'gcore is not installed, or may not trace processes here';
  await t.test('not in core files', { skip: noCores }, async (t) => {
    for (const core of cores) {
      t.equal(core.toString('latin1', 0, 4), '\x7fELF');
      t.same(secretsIn(core, withFactor), []);
    }
  });

  const data = join(server.home.folder, 'data');
  await t.test('not in the data folder of the running server', (t) => searchFolder(t, data, secrets));
  hangUp();
  server.process().kill('SIGTERM');
  t.equal(await server.process().ended, 0);

  await t.test('not in logs and what clients print', async (t) => {
    const log = server.process().stderr();
    t.match(log, /sign-in refused/);
    t.same(secretsIn(log, withFactor), []);
    t.notMatch(log, new RegExp(`(?<![\\w.])${used.otp}(?![\\w.])`), 'nor a code of the factor');
    for (const client of clients) {
      t.same(secretsIn(client.stderr(), withFactor), []);
      t.same(secretsIn(client.stdout(), withFactor), []);
    }
    // Its first line of output is a join link, which is there to be given away.
  });

  await t.test('not in the data folder', (t) => searchFolder(t, data, secrets));
});

t.test('nor in what this test prints', async (t) => {
  t.match(printed.join(''), 'not in the data folder');
  t.same(secretsIn(printed.join(''), everything), []);
});
