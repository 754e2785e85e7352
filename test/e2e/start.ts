/** What the program loads when it starts: each file costs the person who waits. */
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Home, makeHome } from '../support/program.js';

/**
 * Runs the program to its end.
 * @param until what ends it once it is printed
 * @returns the files that each of its threads loaded, as paths in the project
 */
async function threadsOf(home: Home, args: readonly string[], until?: RegExp): Promise<string[][]> {
  const folder = await mkdtemp(join(home.folder, 'coverage-'));
  const password = { SECURE_CHAT_PASSWORD: 'not used' };
  const running = home.run(args, { ...password, NODE_OPTIONS: '', NODE_V8_COVERAGE: folder });
  running.end();
  if (until !== undefined) {
    await running.prints(until);
    running.kill('SIGTERM');
  }
  await running.ended;
  const threads = (await readdir(folder)).map(async (name) => {
    const { result } = JSON.parse(await readFile(join(folder, name), 'utf8')) as {
      result: { url: string }[];
    };
    return result.flatMap(({ url }) => /\/(node_modules\/.*|dist\/(?:bin|lib)\/.*)$/.exec(url)?.[1] ?? []);
  });
  return Promise.all(threads);
}

/** The same of all threads together. */
async function filesOf(home: Home, args: readonly string[], until?: RegExp): Promise<string[]> {
  return [...new Set((await threadsOf(home, args, until)).flat())];
}

async function emptyHome(t: Test): Promise<Home> {
  const home = await makeHome();
  t.teardown(() => home.remove());
  return home;
}

t.test('the version loads nothing, the help no command', async (t) => {
  const home = await emptyHome(t);
  for (const option of ['--version', '-V']) {
    const files = await filesOf(home, [option]);
    t.ok(files.includes('dist/bin/secure-chat.js'));
    t.same(
      files.filter((file) => !/^dist\/(bin|lib\/system|lib\/cli\/command)/.test(file)),
      [],
    );
  }
  const needed =
    /^(dist\/(bin|lib\/(system|protocol|cli\/(command|installation|main)\.))|node_modules\/commander\/)/;
  const files = await filesOf(home, ['--help']);
  t.same(
    files.filter((file) => !needed.test(file)),
    [],
  );
});

t.test('a client loads no server, no database and no front end before it has signed in', async (t) => {
  const args = ['connect', '127.0.0.1:1', '--name', 'ana', '--plain'];
  const files = await filesOf(await emptyHome(t), args);
  t.ok(files.includes('dist/lib/client/wire/connection.js'));
  const later =
    /\/lib\/(server|store)\/|\/client\/(screen\/(?!terminal\/job)|plain|json)|node_modules\/(?!commander)/;
  t.same(
    files.filter((file) => later.test(file)),
    [],
  );
});

t.test('a server loads forge only to make a certificate', async (t) => {
  const home = await emptyHome(t);
  const args = ['server', '--host', '127.0.0.1', '--port', '0'];
  const forge = (files: readonly string[]) => files.filter((file) => file.includes('node-forge'));
  t.not(forge(await filesOf(home, args, /join link/)).length, 0);
  t.same(forge(await filesOf(home, args, /join link/)), []);
});

t.test(
  'the command line of a server loads none of it, so that the database thread can load beside it',
  async (t) => {
    const files = await filesOf(await emptyHome(t), ['server', '--help']);
    t.ok(files.includes('dist/lib/cli/launch-server.js'));
    // But what checks the values of its options, two small files.
    const parsers = /\/lib\/server\/(net\/address|push\/push-hosts)\.js/;
    t.same(
      files.filter(
        (file) =>
          !parsers.test(file) &&
          /\/lib\/(server|cli\/start-server|store\/(?!store|sqlite\/thread|sql\/(thread|failure)))/.test(
            file,
          ),
      ),
      [],
    );
  },
);

t.test('a server loads SQLite on one thread, three more packages of its own and no client', async (t) => {
  const home = await emptyHome(t);
  const args = ['server', '--host', '127.0.0.1', '--port', '0'];
  await filesOf(home, args, /join link/);
  const threads = await threadsOf(home, args, /join link/);
  t.same(
    threads.flat().filter((file) => file.startsWith('dist/lib/client/')),
    [],
  );
  const packages = threads.map((files) => [
    ...new Set(files.flatMap((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? [])),
  ]);
  const database = ['@photostructure/sqlite', 'node-gyp-build'];
  const [main, ...others] = packages.sort(
    (a, b) => Number(a.includes(database[0] ?? '')) - Number(b.includes(database[0] ?? '')),
  );
  // From dist/test/e2e/.
  const manifest = await readFile(join(import.meta.dirname, '../../../package.json'), 'utf8');
  const own = Object.keys((JSON.parse(manifest) as { dependencies: object }).dependencies);
  t.same(main?.filter((name) => own.includes(name)).sort(), ['commander', 'otpauth', 'pino']);
  t.not(others.length, 0);
  for (const other of others) t.same(other.sort(), database);
});
