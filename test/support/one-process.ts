/**
 * Runs test files one after another in this process. Each is a subtest with the name of its file and must leave the
 * process as it found it, so that no file passes or fails because of an earlier one.
 */
import { relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import t from 'tap';

const tests = fileURLToPath(new URL('..', import.meta.url));

/** What a file calls on the root test; here it means the subtest of that file. */
const forwarded = ['test', 'before', 'beforeEach', 'after', 'afterEach', 'teardown'] as const;

function processState(): unknown {
  return {
    exitCode: process.exitCode,
    folder: process.cwd(),
    umask: process.umask(),
    environment: { ...process.env },
    listeners: Object.fromEntries(process.eventNames().map((name) => [name, process.listenerCount(name)])),
  };
}

const test = t.test.bind(t);
// Its listeners are there from the start.
t.pipe(process.stdout);
for (const file of process.argv.slice(2)) {
  const name = relative(tests, file).replace(/\.js$/, '');
  const before = processState();
  const results = await test(name, async (own) => {
    for (const method of forwarded) Object.assign(t, { [method]: own[method].bind(own) });
    await import(pathToFileURL(file).href);
  });
  t.ok(results !== null && results.count > 0, `${name} tests something`);
  t.same(processState(), before, `${name} leaves the process as it found it`);
}
