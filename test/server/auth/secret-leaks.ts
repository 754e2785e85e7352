/** Secrets appear in no log line and in no file of the data folder. Those of the built program: test/faults/secrets. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import t from 'tap';
import { runServer } from '../../support/running-server.js';
import { secretsIn, useSecrets } from '../../support/secret-scene.js';

t.test('passwords, tokens and codes are neither logged nor stored in plain text', async (t) => {
  const lines: string[] = [];
  const write = (...line: unknown[]) => void lines.push(inspect(line, { depth: 10 }));
  const server = await runServer(t, { log: { info: write, warn: write, error: write } });
  const firstLink = server.running.firstLink ?? '';
  const { secrets, factor, otp, audit } = await useSecrets(t, { dial: server.dial, firstLink });
  t.same(
    audit.map(({ by, action }) => `${by} ${action}`).toReversed(),
    [
      'ada invite',
      'ben password',
      'ben recover',
      'ada reset-link',
      'ben recover',
      'ben recovery-code',
      'ben second-factor-on',
      'ben logout',
    ],
    'every change has an entry, and no refusal',
  );
  await server.close();

  const log = lines.join('\n');
  t.match(log, /account recovered/);
  t.match(log, /sign-in refused/);
  const places: [string, string][] = [
    ['the log', log],
    ['the audit log', JSON.stringify(audit)],
  ];
  for (const file of await readdir(server.data)) {
    if (!file.includes('secure-chat.db')) continue;
    places.push([file, (await readFile(join(server.data, file))).toString('latin1')]);
  }
  t.ok(places.length > 2, 'the database is searched');
  for (const [place, text] of places) t.same(secretsIn(text, secrets), [], `no secret is in ${place}`);
  for (const [what, value] of [
    ['secret of the factor', factor],
    ['code of the factor', otp],
  ] as const) {
    // Word boundaries, because a time or a port can contain the same six digits.
    const there = new RegExp(`(?<![\\w.])${value}(?![\\w.])`);
    t.notOk(there.test(log) || there.test(JSON.stringify(audit)), `the ${what} is in neither`);
  }
});
