import { mkdir, mkdtemp, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import t from 'tap';
import { exitCode } from '../../lib/cli/command.js';
import { filesFolder, folders, makeFolder, shareFiles } from '../../lib/cli/folders.js';

t.test('without variables the folders are in HOME', async (t) => {
  t.same(folders({ HOME: '/home/ana' }), {
    config: '/home/ana/.config/secure-chat',
    data: '/home/ana/.local/share/secure-chat',
    state: '/home/ana/.local/state/secure-chat',
  });
});

t.test('each variable moves its folder, unless relative or empty', async (t) => {
  const env = { HOME: '/home/ana', XDG_CONFIG_HOME: '/c', XDG_DATA_HOME: 'relative', XDG_STATE_HOME: '' };
  t.same(folders(env), {
    config: '/c/secure-chat',
    data: '/home/ana/.local/share/secure-chat',
    state: '/home/ana/.local/state/secure-chat',
  });
  const all = { XDG_CONFIG_HOME: '/c', XDG_DATA_HOME: '/d', XDG_STATE_HOME: '/s' };
  t.same(folders(all), { config: '/c/secure-chat', data: '/d/secure-chat', state: '/s/secure-chat' });
});

t.test('without HOME it is an error', async (t) => {
  t.throws(() => folders({}), { code: exitCode.configuration });
  t.throws(() => folders({ HOME: 'relative' }), { code: exitCode.configuration });
});

t.test('a folder is created with mode 0700, and its parents too', async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'secure-chat-'));
  t.teardown(() => rm(home, { recursive: true }));
  const path = join(home, 'a', 'b');
  t.equal(await makeFolder(path), path);
  t.equal(await makeFolder(path), path);
  for (const made of [path, join(home, 'a')]) t.equal((await stat(made)).mode & 0o777, 0o700);
  await writeFile(join(home, 'file'), '');
  await t.rejects(makeFolder(join(home, 'file')), { code: exitCode.io });
  await t.rejects(makeFolder(join(home, 'file', 'below')), { code: exitCode.io });
});

t.test('sent files are kept in a shared folder, unless that is no longer the same', async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'secure-chat-'));
  t.teardown(() => rm(home, { recursive: true }));
  const [data, shared] = [await makeFolder(join(home, 'data')), join(home, 'mount', 'files')];
  await shareFiles(data, relative(process.cwd(), shared));
  t.equal(await readlink(filesFolder(data)), shared);
  await shareFiles(data, shared);
  for (const unmounted of [async () => {}, () => mkdir(shared)]) {
    await rm(shared, { recursive: true, force: true });
    await unmounted();
    const refused = { code: exitCode.configuration, message: /is empty, but it was in use. Mount it/ };
    await t.rejects(shareFiles(data, shared), refused);
  }
  await rm(filesFolder(data));
  await shareFiles(data, shared);
  const full = await makeFolder(join(home, 'full'));
  await mkdir(join(filesFolder(full), 'ab'), { recursive: true });
  await writeFile(join(filesFolder(full), 'ab', 'c'), '');
  await t.rejects(shareFiles(full, shared), { code: exitCode.configuration, message: /Move its contents/ });
});
