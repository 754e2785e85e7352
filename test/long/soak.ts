/** A soak of one minute: does the script itself work, and does anything unexpected happen so soon? */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

t.setTimeout(300_000);

const script = fileURLToPath(new URL('../../scripts/soak.js', import.meta.url));
const skip = process.platform === 'linux' ? false : 'a soak reads /proc of Linux';

t.test('people come and go for a minute, and nothing unexpected happens', { skip }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const out = join(folder, 'soak.json');
  const settings = ['--minutes', '1', '--clients', '40', '--pause', '4', '--out', out];
  const soak = spawn(process.execPath, [script, ...settings], { stdio: 'ignore' });
  t.equal((await once(soak, 'exit'))[0], 0);
  const { samples, crowd, exitCode, warnings } = JSON.parse(await readFile(out, 'utf8'));
  t.equal(exitCode, 0, 'the server stops when asked to');
  t.same(warnings, [], 'and logged no warning');
  t.same(crowd.unexpected, {}, 'no refusal or lost connection that was not meant');
  t.ok(crowd.done.messages > 0 && crowd.done.resumed > 40, 'people talked, went and came back');
  t.ok(samples.length >= 2 && samples.every(({ rssMiB }: { rssMiB: number }) => rssMiB > 0));
  t.match(await readFile(join(folder, 'soak.svg'), 'utf8'), '<polyline');
});
