/** docs/architecture.md against the code: its folders exist, each step of the walks is where it says, names are unique. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import t from 'tap';

const root = new URL('../../../', import.meta.url);
const page = readFileSync(new URL('docs/architecture.md', root), 'utf8');

t.test('each step of the walks names a file and functions in it', async (t) => {
  const steps = [...page.matchAll(/^\| \d+ \| ([\w/-]+) \| (.+?) \|/gm)];
  t.ok(steps.length > 15);
  for (const [, file = '', functions = ''] of steps) {
    const source = readFileSync(new URL(`lib/${file}.ts`, root), 'utf8');
    for (const [, name = ''] of functions.matchAll(/`(\w+)`/g))
      t.match(source, new RegExp(`\\b${name}\\b`), `${file}: ${name}`);
  }
});

t.test('each folder of the tree exists', async (t) => {
  const [, tree = ''] = page.split('## The tree');
  let top = '';
  for (const [, indent = '', names = ''] of tree.matchAll(/^( {4}|\s{6})((?:[\w/-]+\/ )*[\w/-]+\/) {2,}/gm)) {
    for (const name of names.split(' ')) {
      if (indent.length === 4) top = name;
      t.ok(existsSync(new URL(indent.length === 4 ? name : top + name, root)), top + name);
    }
  }
  t.equal(top, 'test/');
});

t.test('no exported name of lib has two meanings', async (t) => {
  const lib = new URL('lib/', root);
  const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
  const names = files.flatMap((path) =>
    Array.from(
      readFileSync(new URL(path, lib), 'utf8').matchAll(
        /^export (?:async )?(?:function\*?|const|class|interface|type) (\w+)/gm,
      ),
      ([, name]) => name,
    ),
  );
  t.ok(names.length > 900);
  t.same(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  );
});
