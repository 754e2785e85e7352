import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { exitCode } from '../../lib/cli/exit.js';
import { readMotd } from '../../lib/cli/motd.js';
import { limits } from '../../lib/protocol/limits.js';
import { ok, runServer } from '../support/running-server.js';

let folder = '';
t.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'secure-chat-'));
});
t.teardown(() => rm(folder, { recursive: true }));

async function file(content: string | Buffer): Promise<string> {
  const path = join(folder, 'motd.txt');
  await writeFile(path, content);
  return path;
}

t.test('what it says is text that drives no terminal', async (t) => {
  t.equal(await readMotd(undefined), undefined);
  t.equal(await readMotd(await file('Welcome!\r\nBe kind.\n')), 'Welcome!\nBe kind.\n');
  t.equal(await readMotd(await file('\x1b[31mred\x07\n')), '[31mred\n');
  const most = 'ä'.repeat(limits.motdBytes / 2);
  t.equal(await readMotd(await file(most)), most);
});

t.test('a file that cannot be shown is refused, and says which and why', async (t) => {
  const missing = join(folder, 'nowhere.txt');
  await t.rejects(readMotd(missing), { code: exitCode.io, message: /nowhere\.txt: no such file/ });
  await t.rejects(readMotd(folder), { code: exitCode.io, message: /not a file/ });
  const long = await file('x'.repeat(limits.motdBytes + 1));
  await t.rejects(readMotd(long), { code: exitCode.configuration, message: /more than 4096 bytes/ });
  const image = await file(Buffer.of(0x89, 0x50, 0xff));
  await t.rejects(readMotd(image), { code: exitCode.configuration, message: /not text in UTF-8/ });
});

t.test('everybody who comes is told; a reload reads it again, a bad file leaves the old one', async (t) => {
  const motd = await file('first\n');
  const server = await runServer(t, { people: ['ada'], motd });
  const told = async () => {
    const client = await server.dial();
    return ok(await client.ask({ type: 'resume', token: server.token('ada'), mode: 'attach' })).motd;
  };
  t.equal(await told(), 'first\n');
  await file('second\n');
  t.equal(await told(), 'first\n', 'until it is reloaded');
  await server.running.reload();
  t.equal(await told(), 'second\n');
  await rm(motd);
  await t.rejects(server.running.reload(), { code: exitCode.io });
  t.equal(await told(), 'second\n');
});
