import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { exitCode } from '../../lib/cli/command.js';
import { knownHostsOf } from '../../lib/cli/trust.js';
import { openCommandLine } from '../support/run-main.js';

const pin = 'A'.repeat(43);
const otherPin = 'B'.repeat(43);

t.test('trusted servers are listed, one per line', async (t) => {
  const { home, run } = await openCommandLine(t);
  const none = await run(['trust', 'list']);
  t.same([none.code, none.out], [exitCode.ok, '']);
  const known = knownHostsOf({ HOME: home });
  await known.remember({ host: 'chat.example', port: 6697 }, pin);
  await known.remember({ host: '::1', port: 7000 }, otherPin);
  const { code, out, err } = await run(['trust', 'list']);
  t.same([code, out, err], [exitCode.ok, `chat.example:6697 ${pin}\n[::1]:7000 ${otherPin}\n`, '']);
});

t.test('the other servers of a chat are listed with it, and forgotten with it', async (t) => {
  const { home, run } = await openCommandLine(t);
  const known = knownHostsOf({ HOME: home });
  const server = { host: 'chat.example', port: 6697 };
  await known.remember(server, pin);
  await known.keepPeers(server, pin, [{ host: '::1', port: 7000 }]);
  t.equal((await run(['trust', 'list'])).out, `chat.example:6697 ${pin} also [::1]:7000\n`);
  const { code, out, err } = await run(['trust', 'forget', '[::1]:7000']);
  t.same([code, out], [exitCode.data, '']);
  t.match(err, /another address of chat\.example:6697.*trust forget chat\.example:6697/);
  t.equal((await run(['trust', 'forget', 'chat.example'])).code, exitCode.ok);
  t.equal((await run(['trust', 'list'])).out, '');
});

t.test('a server is forgotten once, and its key is printed', async (t) => {
  const { home, run } = await openCommandLine(t);
  const known = knownHostsOf({ HOME: home });
  await known.remember({ host: 'chat.example', port: 6697 }, pin);
  await known.remember({ host: 'chat.example', port: 7000 }, otherPin);
  const first = await run(['trust', 'forget', 'chat.example']);
  t.same([first.code, first.out], [exitCode.ok, `Forgot chat.example:6697 ${pin}\n`]);
  const again = await run(['trust', 'forget', 'chat.example:6697']);
  t.same([again.code, again.out], [exitCode.data, '']);
  t.match((await run(['trust', 'list'])).out, 'chat.example:7000');
});

t.test('malformed lines are reported, an unreadable file is an error', async (t) => {
  const { home, run } = await openCommandLine(t);
  const { path } = knownHostsOf({ HOME: home });
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `# mine\nchat.example:6697 ${pin}\nnonsense \u001b[31m\n`);
  const { code, out, err } = await run(['trust', 'list']);
  t.same([code, out], [exitCode.ok, `chat.example:6697 ${pin}\n`]);
  t.match(err, 'line 3');
  t.notMatch(err, '\u001b');
  const elsewhere = await openCommandLine(t);
  await mkdir(knownHostsOf({ HOME: elsewhere.home }).path, { recursive: true });
  t.equal((await elsewhere.run(['trust', 'list'])).code, exitCode.io);
});
