/** Commands whose output cannot be written, by real processes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import t from 'tap';
import { makeHome, script } from '../support/program.js';

t.test('a reader that closes the pipe, as in | head, is no error', async (t) => {
  const home = await makeHome();
  t.teardown(() => home.remove());
  const check = home.run(['check']);
  check.process.stdout.destroy();
  t.equal(await check.ended, 78, check.stderr());
  t.notMatch(check.stderr(), /EPIPE/);
});

t.test('output to a full disk is an error', { skip: !existsSync('/dev/full') }, async (t) => {
  const home = await makeHome();
  t.teardown(() => home.remove());
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [script, 'help'], { env: home.env, stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  let printed = '';
  child.stderr?.on('data', (chunk) => {
    printed += String(chunk);
  });
  const [code] = await once(child, 'close');
  t.equal(code, 74);
  t.match(printed, /^secure-chat: Cannot write the output: ENOSPC/);
});
