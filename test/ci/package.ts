/** The file that `npm pack` makes: what is in it, and that it is all a person with Node needs. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { manPages } from '../../scripts/man.js';
import { needs } from '../support/other-program.js';
import { makePackageFile, needsRegistry } from '../support/package-file.js';
import { startServerProcess } from '../support/server-process.js';

const exec = promisify(execFile);
const file = await makePackageFile(t);

t.test('it has the program, its documentation and packaging, and nothing of its developers', async (t) => {
  const allowed = [
    /^dist\/(bin|lib)\/[\w/-]+\.(js|d\.ts)$/,
    /^dist\/man\/secure-chat[\w-]*\.1$/,
    /^docs\/[\w-]+\.(md|svg)$/,
    /^examples\/[\w-]+\.mjs$/,
    /^packaging\/[\w.-]+$/,
    /^(package\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
  ];
  t.same(
    file.contents.filter((path) => !allowed.some((pattern) => pattern.test(path))),
    [],
  );
  for (const path of ['dist/bin/secure-chat.js', 'dist/lib/index.d.ts', 'LICENSE'])
    t.ok(file.contents.includes(path));
  t.ok(file.size < 1024 ** 2, `small enough to send: ${file.size} bytes`);
});

t.test('package.json names the manual page of every command', async (t) => {
  const manifest = await readFile(new URL('../../../package.json', import.meta.url), 'utf8');
  const { man } = JSON.parse(manifest) as { man: string[] };
  t.same(man.toSorted(), [...(await manPages()).keys()].map((name) => `./dist/man/${name}`).toSorted());
  for (const path of man) t.ok(file.contents.includes(path.slice(2)), path);
});

t.test('a guest with an empty home joins by npx and the file', needsRegistry(), async (t) => {
  const server = await startServerProcess();
  t.teardown(server.close);
  const link = await server.invite('--uses', '2');
  const calls = [
    ['--package', `./${file.name}`, 'secure-chat'],
    ['-y', `./${file.name}`],
  ];
  for (const [index, call] of calls.entries()) {
    const name = `guest${index}`;
    const guest = await file.person(name);
    const said = `hello from ${name}`;
    const { code, out, err } = await guest.run(
      ['npx', ...call, 'connect', link, '--name', name],
      `${said}\n`,
    );
    t.equal(code, 0, err);
    t.match(out, `${name}: ${said}\n`);
  }
});

for (const [title, options] of [
  // npm 11 asks before it runs them, npm 10 does not.
  ['with install scripts, where there is no compiler', ['--allow-scripts=@photostructure/sqlite,argon2']],
  ['without install scripts', ['--ignore-scripts']],
] as const) {
  t.test(`npm install -g ${title}`, { ...needs('man'), ...needsRegistry() }, async (t) => {
    const host = await file.person(options.join().slice(2, 7));
    const prefix = join(String(host.env.HOME), 'prefix');
    const installing = ['npm', 'install', '-g', '--prefix', prefix, ...options, `./${file.name}`];
    const { code, err } = await host.run(installing);
    t.equal(code, 0, err);
    t.same(await readdir(join(prefix, 'lib/node_modules')), ['secure-chat'], 'in one folder');

    const program = join(prefix, 'bin/secure-chat');
    const data = ['--data', join(prefix, 'data')];
    const server = host.start([program, 'server', ...data, '--host', '127.0.0.1', '--port', '0']);
    t.teardown(() => server.kill('SIGKILL'));
    const [, link = ''] = await server.prints(/^join link: (\S+)$/m);
    const client = await host.run([program, 'connect', link, '--name', 'ana'], 'hello\n');
    t.match(client, { code: 0, out: /ana: hello\n/ });
    server.kill('SIGTERM');
    t.equal(await server.ended, 0);

    const env = { ...process.env, MANPATH: join(prefix, 'share/man'), LANG: 'C.UTF-8', MANWIDTH: '80' };
    for (const page of (await manPages()).keys()) {
      const name = page.slice(0, -'.1'.length);
      const shown = await exec('man', ['--warnings=w', name], { env });
      t.equal(shown.stderr, '', name);
      t.match(shown.stdout, `${name} - `);
    }
  });
}
