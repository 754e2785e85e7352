import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { exitCode } from '../../lib/cli/exit.js';
import { readPasswordFile } from '../../lib/cli/password-file.js';

let folder = '';
t.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'secure-chat-'));
});
t.teardown(() => rm(folder, { recursive: true }));

async function file(text: string, mode = 0o600): Promise<string> {
  const path = join(folder, 'password');
  await rm(path, { force: true });
  await writeFile(path, text, { mode });
  await chmod(path, mode);
  return path;
}

t.test('the first line is the password, spaces and all', async (t) => {
  t.equal(await readPasswordFile(await file(' pass word \n')), ' pass word ');
  t.equal(await readPasswordFile(await file('pass\r\nnot this\n')), 'pass');
  t.equal(await readPasswordFile(await file('pass', 0o400)), 'pass');
  t.equal(await readPasswordFile(await file(`${'\u00e4'.repeat(256)}\n`)), '\u00e4'.repeat(256));
});

t.test('a file that others can read is refused', async (t) => {
  for (const mode of [0o640, 0o604, 0o620, 0o601]) {
    await t.rejects(readPasswordFile(await file('secret\n', mode)), { code: exitCode.configuration });
  }
});

t.test('no password, or one too long, is refused without being shown', async (t) => {
  for (const text of ['', '\nsecond', '\r\n', 'x'.repeat(513), 'secret'.repeat(100)]) {
    const rejected = readPasswordFile(await file(text)).then(
      () => 'read',
      (error) => `${error.code} ${error.message}`,
    );
    t.match(await rejected, `${exitCode.configuration} `);
    t.notMatch(await rejected, 'secret');
  }
});

t.test('what cannot be read is told so', async (t) => {
  await t.rejects(readPasswordFile(join(folder, 'missing')), { code: exitCode.io });
  await chmod(folder, 0o700);
  await t.rejects(readPasswordFile(folder), { code: exitCode.io });
  await t.rejects(readPasswordFile('-'), { code: exitCode.usage });
});
