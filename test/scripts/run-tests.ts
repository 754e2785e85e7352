import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { failuresIn, groupTests, runFiles, slowestFirst } from '../../scripts/run-tests.js';

async function folderOf(t: Test, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-tests-'));
  t.teardown(() => rm(folder, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

const empty = (...paths: string[]) => Object.fromEntries(paths.map((path) => [`${path}.ts`, '']));

t.test(
  'each end-to-end file has a process, the others share one by folder, the slowest start first',
  async (t) => {
    const folder = await folderOf(t, {
      ...empty('a/one', 'a/two', 'a/b/three', 'e2e/four', 'e2e/refusals', 'origins/five', 'server/six'),
      ...empty('support/seven', 'fixtures/eight', 'long/nine'),
      'a/readme.md': '',
      'tsconfig.json': '',
    });
    const shared = ['a/b/three', 'a/one', 'a/two'];
    t.same(groupTests(folder), [['server/six'], ['e2e/refusals'], shared, ['e2e/four'], ['origins/five']]);
    t.same(groupTests(folder, { fast: true }), [['server/six'], shared]);
    t.same(groupTests(folder, { paths: ['long', 'a/t'] }), [['a/two'], ['long/nine']]);
    t.same(groupTests(folder, { paths: ['nothing'] }), []);
  },
);

t.test('the slowest paths exist', async (t) => {
  // From dist/test/scripts/.
  const paths = groupTests(join(import.meta.dirname, '../../../test')).flat();
  for (const start of slowestFirst)
    t.ok(
      paths.some((path) => path.startsWith(start)),
      start,
    );
});

t.test('the index of test/support names each file of it, and no other', async (t) => {
  const support = join(import.meta.dirname, '../../../test/support');
  const names = (await readFile(join(support, 'README.md'), 'utf8'))
    .replace(/^[^#]*#[^#]*/, '')
    .matchAll(/`([a-z-]+(?:\.ts|\/))`/g);
  const entries = await readdir(support, { withFileTypes: true });
  t.same(
    [...new Set(Array.from(names, ([, name]) => name))].sort(),
    entries
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .filter((name) => name !== 'README.md')
      .sort(),
  );
});

t.test('a large folder is shared out, and no file is forgotten', async (t) => {
  const paths = Array.from({ length: 21 }, (_, n) => `a/${String.fromCharCode(97 + n)}`);
  const groups = groupTests(await folderOf(t, empty(...paths)));
  t.same(
    groups.map((group) => group.length),
    [7, 7, 7],
  );
  t.same(groups.flat().sort(), paths);
});

const tap = `import t from ${JSON.stringify(import.meta.resolve('tap'))};\n`;
const passes = `${tap}t.test('passes', async (t) => t.ok(true));`;

t.test('a file that fails fails its process and is named', async (t) => {
  const folder = await folderOf(t, {
    'passes.js': passes,
    'also-passes.js': passes,
    'fails.js': `${tap}t.test('outer', (t) => t.test('inner', async (t) => t.equal(1, 2, 'the sum')));`,
    'throws.js': `${tap}t.test('rejects', async () => { throw new Error('no'); });`,
    'late.js': `${tap}t.test('is over', async (t) => { t.ok(true); setTimeout(() => { throw new Error('late'); }); });`,
    'syntax.js': 'const',
    'nothing.js': tap,
    'ends.js': `${tap}t.test('ends', async () => process.exit(0));`,
    'hangs.js': `${tap}t.test('hangs', () => new Promise(() => {}));`,
    'environment.js': `${tap}t.test('sets', async (t) => { process.env.LEFT = '1'; t.ok(true); });`,
    'listener.js': `${tap}t.test('listens', async (t) => { process.on('SIGHUP', () => {}); t.ok(true); });`,
    'exit-code.js': `${tap}t.test('sets', async (t) => { process.exitCode = 0; t.ok(true); });`,
  });
  const run = (...names: string[]) =>
    runFiles(
      names.map((name) => join(folder, `${name}.js`)),
      30,
    );
  const good = await run('passes');
  t.equal(good.ok, true, good.output);
  t.equal((await run('passes', 'also-passes')).ok, true);
  for (const alone of ['fails', 'nothing', 'ends', 'hangs']) t.equal((await run(alone)).ok, false, alone);

  const together = ['fails', 'throws', 'nothing', 'environment', 'listener', 'exit-code'];
  for (const [names, reasons] of [
    [
      together,
      [
        /\S*fails > outer > inner\n *not ok 1 - the sum\n/,
        /\S*throws > rejects\n *not ok 1 - no\n/,
        /not ok \d+ - \S*nothing tests something/,
        /environment leaves the process as it found it\n[\s\S]*LEFT/,
        /listener leaves the process as it found it\n[\s\S]*SIGHUP/,
        /exit-code leaves the process as it found it\n[\s\S]*exitCode/,
      ],
    ],
    [['late'], [/not ok .*late/]],
    [['syntax'], [/\S*syntax\n *not ok 1 - /]],
    [['ends'], [/ended with 0|not ok/]],
    [['hangs'], [/hangs/]],
  ] as const) {
    const { ok, output } = await run(...names, 'passes');
    t.equal(ok, false, names.join());
    for (const reason of reasons) t.match(failuresIn(output), reason);
  }
});
