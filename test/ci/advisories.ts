/** The check for published vulnerabilities, with a registry of the test's in place of npm's. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import t, { type Test } from 'tap';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** An advisory as a registry has it. */
const advisory = (id: number, title: string, versions: string) => ({
  ...{ id, title, url: `https://example.org/${id}`, severity: 'high', vulnerable_versions: versions },
  ...{ cwe: [], cvss: { score: 0, vectorString: null } },
});

/** What the check says and how it ends where the registry answers this; undefined: HTTP status 405. */
async function check(t: Test, advisories: object | undefined) {
  let asked: string[] = [];
  const registry = createServer(async (request, response) => {
    const body = await buffer(request);
    response.statusCode = request.method !== 'POST' ? 404 : advisories === undefined ? 405 : 200;
    if (request.method === 'POST') asked = Object.keys(JSON.parse(String(gunzipSync(body))));
    response.setHeader('content-type', 'application/json').end(JSON.stringify(advisories ?? {}));
  });
  t.teardown(() => registry.close());
  await once(registry.listen(0, '127.0.0.1'), 'listening');
  const { port } = registry.address() as AddressInfo;
  const env = { ...process.env, npm_config_registry: `http://127.0.0.1:${port}/` };
  return await new Promise<{ code: unknown; said: string; asked: string[] }>((resolve) =>
    execFile(process.execPath, ['dist/scripts/advisories.js'], { cwd: root, env }, (error, said) =>
      resolve({ code: error?.code ?? 0, said, asked }),
    ),
  );
}

t.test('packages without an advisory pass', async (t) => {
  const { code, said, asked } = await check(t, { pg: [advisory(1, 'an old one', '<8.0.0')] });
  t.match(said, /^No advisory for the \d\d packages that users install\.\n$/);
  t.equal(code, 0);
  t.ok(asked.includes('pg') && asked.includes('argon2'), 'all were asked for');
});

t.test('an advisory for a package of a package fails, one for developers does not', async (t) => {
  const { code, said } = await check(t, {
    'pg-protocol': [advisory(1, 'reads too far', '<999.0.0')],
    typescript: [advisory(2, 'compiles too much', '*')],
  });
  t.equal(said, 'pg-protocol <999.0.0 (high): reads too far, https://example.org/1\n');
  t.equal(code, 1);
});

t.test('a registry without an answer is neither', async (t) => {
  const { code, said } = await check(t, undefined);
  t.match(said, /^Advisories not checked, the registry gave no answer: 405 /);
  t.equal(code, 69);
});
