/** A disk that is full or read-only, a folder open to everyone, too few open files: plain words, and it goes on. */
import { execFile } from 'node:child_process';
import { chmod, open, readdir } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import type { RequestBody } from '../../lib/client/wire/connection.js';
import { parseJoinLink } from '../../lib/trust/endpoint.js';
import { makeData } from '../support/data-folder.js';
import { type Home, makeHome, type Running } from '../support/program.js';
import { folder, ok, runServer } from '../support/running-server.js';
import { password } from '../support/server-process.js';
import { dial, type WireClient } from '../support/wire-client.js';

const isRoot = process.getuid?.() === 0;
const needsRoot = isRoot ? false : 'only root can mount a small disk';

interface Served {
  readonly server: Running;
  readonly port: number;
  /** The account that the first link made. */
  readonly ada: WireClient;
}

async function homeOf(t: Test): Promise<Home> {
  const home = await makeHome();
  t.teardown(home.remove);
  return home;
}

/** A server under a shell script that ends with `exec "$@"`, with the admin ada. */
async function serve(t: Test, script: string, ...args: string[]): Promise<Served> {
  const home = await homeOf(t);
  const under = ['unshare', '-m', 'sh', '-c', script, 'sh'].slice(isRoot ? 0 : 2);
  const options = ['--data', join(home.folder, 'data'), '--host', '127.0.0.1', '--port', '0'];
  const server = home.run(['server', ...options, '--registration', 'open', ...args], {}, under);
  t.teardown(async () => {
    server.kill('SIGKILL');
    await server.ended;
  });
  const [, link = ''] = await server.prints(/^join link: (\S+)\n/m);
  const parsed = parseJoinLink(link);
  if (!parsed.ok) throw new Error(parsed.message);
  const { port, code = '' } = parsed.value;
  const ada = await dial(port);
  t.teardown(ada.destroy);
  ok(await ada.ask({ type: 'register', name: 'ada', password, code }));
  ok(await ada.ask({ type: 'sync' }));
  return { server, port, ada };
}

let keys = 0;
const said = (text: string): RequestBody => ({ type: 'say', room: 'lobby', text, key: `key-${++keys}` });

async function texts(client: WireClient): Promise<string[]> {
  const { messages = [] } = ok(await client.ask({ type: 'history', room: 'lobby' }));
  return messages.map(({ text }) => text);
}

t.test(
  'on a full disk nothing is acknowledged that is not stored, and it recovers',
  { skip: needsRoot },
  async (t) => {
    const small = 'mkdir "$HOME/data" && mount -t tmpfs -o size=6m,mode=700 none "$HOME/data" && exec "$@"';
    const { server, port, ada } = await serve(t, small, '--rate', '1000');
    const bob = await dial(port);
    t.teardown(bob.destroy);
    let { token = '' } = ok(await bob.ask({ type: 'register', name: 'bob', password }));
    bob.destroy();
    const first = await ada.ask(said('before'));
    t.match(first, { type: 'message' });

    // Into the disk that only this process sees.
    const disk = `/proc/${server.process.pid}/root${join(await dataOf(server), 'filler')}`;
    const filler = await open(disk, 'w');
    const fill = async () => {
      for (let size = 65_536; size >= 1; size >>= 1) {
        while (
          await filler.write(Buffer.alloc(size)).then(
            ({ bytesWritten }) => bytesWritten === size,
            () => false,
          )
        );
      }
    };
    await fill();
    const acknowledged = ['before'];
    let refused = 0;
    for (let n = 0; refused < 20; n++) {
      const reply = await ada.ask(said(`full ${n} ${'x'.repeat(2_000)}`));
      if (reply.type === 'message') acknowledged.push(reply.text);
      else {
        t.match(reply, { type: 'error', code: 'no-space', message: /disk is full.*Tell its operator/ });
        refused += 1;
      }
    }
    const seq = first.type === 'message' ? first.seq : 0;
    // A small change may still fit into the last page.
    await refusedInTheEnd(t, (n) => ada.ask({ type: 'join', room: `den-${n}` }));
    await refusedInTheEnd(t, () => ada.ask({ type: 'edit', of: seq, text: 'before' }));
    await refusedInTheEnd(t, (n) => ada.ask({ type: 'set-topic', room: 'lobby', topic: `topic ${n}` }));
    const file = { name: 'a', size: 1, hash: 'A'.repeat(43) };
    await refusedInTheEnd(t, (n) => ada.ask({ type: 'offer', room: 'lobby', ...file, key: `file-${n}` }));
    const signIns: ((n: number) => RequestBody)[] = [
      (n) => ({ type: 'register', name: `carl${n}`, password }),
      () => ({ type: 'sign-in', name: 'bob', password, mode: 'take-over' }),
      () => ({ type: 'resume', token }),
    ];
    for (const signIn of signIns) {
      await refusedInTheEnd(t, async (n) => {
        const client = await dial(port);
        const reply = await client.ask(signIn(n)).finally(client.destroy);
        if (reply.type === 'ok' && reply.name === 'bob') token = reply.token ?? '';
        return reply;
      });
    }
    t.same(await texts(ada), acknowledged, 'what was acknowledged can be read, and nothing else is there');

    await filler.truncate(0);
    t.match(await ada.ask(said('again')), { type: 'message' });
    const back = await dial(port);
    t.teardown(back.destroy);
    ok(await back.ask({ type: 'resume', token }));
    ok(await back.ask({ type: 'sync' }));
    t.same(await texts(back), [...acknowledged, 'again']);
    await filler.close();
    server.kill('SIGTERM');
    t.equal(await server.ended, 0);
  },
);

/** Asks again as long as it is granted. */
async function refusedInTheEnd(t: Test, ask: (n: number) => Promise<{ type: string }>): Promise<void> {
  for (let n = 0; n < 20; n++) {
    const reply = await ask(n);
    if (reply.type !== 'error') continue;
    return void t.match(reply, { code: 'no-space', message: /disk is full/ });
  }
  t.fail('it was granted 20 times');
}

/** Of a server that says where it is. */
async function dataOf(server: Running): Promise<string> {
  const [, data = ''] = await server.prints(/"data":"([^"]+)"/, 'stderr');
  return data;
}

t.test('a read-only folder is named at start', async (t) => {
  const { data } = await makeData(t);
  const home = await homeOf(t);
  const bind = 'mount --bind "$DATA" "$DATA" && mount -o remount,bind,ro "$DATA" && exec "$@"';
  const under = isRoot ? ['unshare', '-m', 'sh', '-c', bind, 'sh'] : [];
  if (!isRoot) await chmod(data, 0o500);
  const server = home.run(['server', '--data', data, '--port', '0'], { DATA: data }, under);
  t.equal(await server.ended, 74, server.stderr());
  t.match(server.stderr(), /^secure-chat: .*(read-only|Cannot).*\n$/i);
  t.notMatch(server.stderr(), /\n +at /, 'no stack');
  if (!isRoot) await chmod(data, 0o700);
});

t.test('a folder into which everyone can write is refused', async (t) => {
  const data = await folder(t);
  for (const mode of [0o777, 0o1777, 0o707]) {
    await chmod(data, mode);
    await t.rejects(runServer(t, { data }), { code: 78, message: /chmod 700/ }, mode.toString(8));
  }
  t.same(await readdir(data), [], 'nothing is put there');
  await chmod(data, 0o750);
  await runServer(t, { data });
});

t.test('a start with too few open files ends in a sentence', async (t) => {
  const home = await homeOf(t);
  let failed = 0;
  for (let limit = 24; ; limit += 6) {
    const under = ['sh', '-c', `ulimit -n ${limit} && exec "$@"`, 'sh'];
    const server = home.run(['server', '--data', join(home.folder, `${limit}`), '--port', '0'], {}, under);
    const started = server.prints(/^join link/m).then(
      () => server.kill('SIGTERM'),
      () => {},
    );
    const code = await server.ended;
    await started;
    if (code === 0) break;
    failed += 1;
    t.equal(code, 74, `${limit}`);
    t.match(server.stderr(), /^secure-chat: [^\n]*ulimit -n[^\n]*\n$/, `${limit}`);
  }
  t.ok(failed > 1);
});

t.test('a database thread that can open too few files ends in the same way', async (t) => {
  const file = join(await folder(t), 'chat.db');
  const thread = new URL('../../lib/store/sqlite/thread.js', import.meta.url).href;
  const program = `import { loadSqliteThread } from ${JSON.stringify(thread)};
    const options = { name: 'chat.db', database: { file: ${JSON.stringify(file)} }, onOutcomes() {}, onFailure() {} };
    loadSqliteThread().open(options).then(({ close }) => close(), ({ message }) => console.log(message));`;
  const node = [process.execPath, '--input-type=module', '--eval', program];
  let failed = 0;
  for (let limit = 20; ; limit += 4) {
    const under = ['-c', `ulimit -n ${limit} && exec "$@"`, 'sh', ...node];
    // Newer versions of Node need more to begin with, and then their threads need less than SQLite.
    const { stdout } = await promisify(execFile)('sh', under).catch(() => ({ stdout: 'not begun' }));
    if (stdout === '') break;
    if (/could not start .*ulimit -n/.test(stdout)) failed += 1;
    else t.match(stdout, /^not begun$|cannot be opened/, `${limit}`);
  }
  t.ok(failed > 0);
});

t.test('a server without a free file descriptor goes on, and recovers', async (t) => {
  const limited = 'ulimit -n 200 && exec "$@"';
  const { server, port, ada } = await serve(t, limited, '--per-address', '1000');
  const descriptors = async () => (await readdir(`/proc/${server.process.pid}/fd`)).length;
  if ((await descriptors().catch(() => 0)) === 0) return t.comment('there is no /proc here');
  const sockets: Socket[] = [];
  // Without a handshake; the kernel takes more than the server can.
  for (let n = 0; n < 200; n++) sockets.push(connect(port, '127.0.0.1').on('error', () => {}));
  t.teardown(() => sockets.map((socket) => socket.destroy()));
  while ((await descriptors()) < 198) await new Promise((resolve) => setTimeout(resolve, 20));
  t.match(await ada.ask(said('none left')), { type: 'message' });
  t.same(await texts(ada), ['none left']);
  for (const socket of sockets) socket.destroy();
  while ((await descriptors()) > 100) await new Promise((resolve) => setTimeout(resolve, 20));
  const bob = await dial(port);
  t.teardown(bob.destroy);
  ok(await bob.ask({ type: 'register', name: 'bob', password }));
  server.kill('SIGTERM');
  t.equal(await server.ended, 0);
});
