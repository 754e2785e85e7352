import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { openLink } from '../../../lib/client/screen/open-link.js';
import { createFakeClock } from '../../support/fake-clock.js';

t.test('a link is opened with BROWSER, without a shell and without secrets', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const browser = join(folder, 'browser');
  await writeFile(browser, `#!/bin/sh\nprintf '%s\\n' "$@" "secret=$SECURE_CHAT_PASSWORD" >"$0.got"\n`);
  await chmod(browser, 0o755);
  const env = { PATH: process.env.PATH, BROWSER: `${browser} --new`, SECURE_CHAT_PASSWORD: 'hidden' };
  const href = "https://a.example/$(touch x)?a=1&b=';'";
  t.equal(await openLink(href, { env, platform: 'linux', clock: createFakeClock() }), true);
  t.equal(await readFile(`${browser}.got`, 'utf8'), `--new\n${href}\nsecret=\n`);
});

t.test('without a browser, or if it fails, that is said', async (t) => {
  const clock = createFakeClock();
  const opens = (env: Record<string, string>) =>
    openLink('https://a.example/', { env: { PATH: process.env.PATH, ...env }, platform: 'linux', clock });
  t.equal(await opens({}), false, 'no desktop');
  t.equal(await opens({ BROWSER: '/nonexistent/browser' }), false);
  t.equal(await opens({ BROWSER: 'false' }), false);
  t.equal(await opens({ BROWSER: 'true' }), true);
});

t.test('a browser that goes on running has opened it', async (t) => {
  const clock = createFakeClock();
  const opened = openLink('1', {
    env: { PATH: process.env.PATH, BROWSER: 'sleep' },
    platform: 'linux',
    clock,
  });
  clock.advance(2_000);
  t.equal(await opened, true);
});
