/** Backups of running and killed servers, and servers on the restored data. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { makeHome, script } from '../support/program.js';
import { password, startServerProcess } from '../support/server-process.js';

const stuckDisk = new URL('../support/stuck-disk.js', import.meta.url).href;

t.test('backups made while people post, send and delete are complete', async (t) => {
  const server = await startServerProcess('--rate', '1000');
  t.teardown(() => server.close());
  const { folder, run } = server.home;
  const data = join(folder, 'data');
  const ana = server.connect(server.firstLink, 'ana');
  const notes = join(folder, 'notes.txt');
  await writeFile(notes, 'what to keep');
  ana.write(`said before\n/send ${notes}\n`);
  await ana.prints(/sent a file: notes\.txt/);
  const quiet = join(folder, 'quiet.tar');
  t.match(await server.operate(['backup', quiet]), { code: 0, err: /^Saved .*1 file\./ });
  t.match(await server.operate(['backup', quiet]), { code: 74, err: /already exists/ });
  let busy = true;
  const work = (async () => {
    for (let n = 1; busy; n++) {
      await writeFile(join(folder, `passing-${n}.txt`), `file ${n}`);
      ana.write(`line ${n}\n/send ${join(folder, `passing-${n}.txt`)}\n`);
      await ana.prints(new RegExp(`sent a file: passing-${n}\\.txt`));
      ana.write('/delete\n');
    }
  })();
  const archives = ['one.tar', 'two.tar', 'three.tar'].map((name) => join(folder, name));
  for (const archive of archives) {
    const backup = run(['backup', archive, '--data', data]);
    t.equal(await backup.ended, 0, backup.stderr());
    t.equal((await stat(archive)).mode & 0o777, 0o600);
  }
  busy = false;
  await work;
  ana.end();
  t.equal(await ana.ended, 0, ana.stderr());
  t.same(
    (await readdir(data)).filter((name) => name.startsWith('.')),
    [],
  );

  const restored = join(folder, 'restored');
  const restore = run(['restore', archives[2] ?? '', '--data', restored]);
  t.equal(await restore.ended, 0, restore.stderr());
  t.equal(await run(['restore', quiet, '--data', restored]).ended, 78, 'only into an empty folder');
  const half = join(folder, 'half.tar');
  await writeFile(half, (await readFile(quiet)).subarray(0, 40_000));
  t.equal(await run(['restore', half, '--data', join(folder, 'nothing')]).ended, 74);
  await t.rejects(stat(join(folder, 'nothing')), 'no partial restore is left');
  const list = run(['user', 'list', '--data', restored]);
  t.equal(await list.ended, 0);
  t.match(list.stdout(), /^ana +admin/m);
  const check = run(['check', '--data', restored, '--json']);
  t.equal(await check.ended, 0, check.stdout());

  const second = run(['server', '--data', restored, '--host', '127.0.0.1', '--port', '0']);
  const [, link = ''] = await second.prints(/^join link: (\S+)\n/m);
  t.equal(link.split('/')[3], server.link.split('/')[3], 'clients know it by the same key');
  const again = server.connect(link, 'ana', '--downloads', folder);
  again.write('/search "said before"\n/files\n');
  await again.prints(/\[said before\]/);
  const [, id = ''] = await again.prints(/ (\d+) +notes\.txt/);
  await rm(notes);
  again.write(`/get ${id}\n`);
  await again.prints(/Downloaded notes\.txt to/, 'stderr');
  again.end();
  t.equal(await again.ended, 0, again.stderr());
  t.equal(await readFile(notes, 'utf8'), 'what to keep');
  second.kill('SIGTERM');
  t.equal(await second.ended, 0);
});

t.test('Ctrl-C during a backup leaves nothing behind', async (t) => {
  const server = await startServerProcess();
  t.teardown(() => server.close());
  const { folder, run } = server.home;
  const data = join(folder, 'data');
  const ana = server.connect(server.firstLink, 'ana');
  await writeFile(join(folder, 'large'), randomBytes(1024 * 1024));
  ana.write(`/send ${join(folder, 'large')}\n`);
  await ana.prints(/sent a file: large/);
  const args = ['backup', join(folder, 'chat.tar'), '--data', data];
  const backup = run(args, { NODE_OPTIONS: `--import=${stuckDisk}` });
  while (!(await isBegun(join(folder, 'chat.tar.part')))) await pause(5);
  backup.kill('SIGINT');
  t.equal(await backup.ended, 130, backup.stderr());
  t.same(
    (await readdir(data)).filter((name) => name.startsWith('.')),
    [],
  );
  t.same(
    (await readdir(folder)).filter((name) => name.startsWith('chat.tar')),
    [],
  );
});

t.test('the data of a killed server is checked and backed up', async (t) => {
  const server = await startServerProcess();
  t.teardown(() => server.close());
  const { folder, run } = server.home;
  const data = join(folder, 'data');
  const ana = server.connect(server.firstLink, 'ana');
  ana.write('the last words\n');
  await ana.prints(/the last words/);
  server.process().kill('SIGKILL');
  await server.process().ended;
  const check = run(['check', '--data', data]);
  t.equal(await check.ended, 0, check.stdout());
  t.match(check.stdout(), /^ok +server: not running$/m);
  const backup = run(['backup', join(folder, 'chat.tar'), '--data', data]);
  t.equal(await backup.ended, 0, backup.stderr());
  const restored = join(folder, 'restored');
  t.equal(await run(['restore', join(folder, 'chat.tar'), '--data', restored]).ended, 0);
  const second = run(['server', '--data', restored, '--host', '127.0.0.1', '--port', '0']);
  const [, link = ''] = await second.prints(/^join link: (\S+)\n/m);
  const again = server.connect(link, 'ana');
  await again.prints(/the last words/);
  second.kill('SIGTERM');
  await second.ended;
});

/** Whether the file has bytes in it. */
async function isBegun(path: string): Promise<boolean> {
  return stat(path).then(
    ({ size }) => size > 0,
    () => false,
  );
}

const nobody = 65_534;

/** As with the unit of docs/operating.md: a user of its own, and an operator who is root. */
t.test('root runs commands for a server of another user', { skip: process.getuid?.() !== 0 }, async (t) => {
  const { folder: home, env, remove } = await makeHome();
  t.teardown(remove);
  await chmod(home, 0o755);
  async function started(data: string): Promise<() => Promise<void>> {
    const args = [script, 'server', '--data', data, '--host', '127.0.0.1', '--port', '0'];
    const server = spawn(process.execPath, args, { env, uid: nobody, gid: nobody });
    let printed = '';
    server.stderr.on('data', (chunk) => {
      printed += String(chunk);
    });
    const ready = once(server.stdout, 'data').then(() => 'ready');
    t.equal(await Promise.race([ready, once(server, 'close').then(() => printed)]), 'ready');
    return async () => {
      server.kill('SIGTERM');
      await once(server, 'close');
    };
  }
  async function asRoot(args: string[], input = '') {
    const command = spawn(process.execPath, [script, ...args], { env });
    let err = '';
    command.stderr.on('data', (chunk) => {
      err += String(chunk);
    });
    command.stdin.end(input);
    const [code] = await once(command, 'close');
    return { code, err };
  }

  const data = join(home, 'data');
  await mkdir(data, { mode: 0o700 });
  await chown(data, nobody, nobody);
  const stop = await started(data);
  t.match(await asRoot(['user', 'add', 'ana', '--data', data], `${password}\n`), { code: 0 });
  t.match(await asRoot(['backup', join(home, 'chat.tar'), '--data', data]), { code: 0 });
  t.match(await asRoot(['check', '--data', data]), { code: 0 });
  await stop();

  const restored = join(home, 'restored');
  await mkdir(restored, { mode: 0o700 });
  await chown(restored, nobody, nobody);
  t.match(await asRoot(['restore', join(home, 'chat.tar'), '--data', restored]), { code: 0 });
  t.match(await asRoot(['user', 'add', 'ben', '--data', restored], `${password}\n`), { code: 0 });
  for (const path of ['.', ...(await readdir(restored, { recursive: true }))]) {
    t.equal((await stat(join(restored, path))).uid, nobody, path);
  }
  await (await started(restored))();
});
