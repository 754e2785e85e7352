/** What packaging/ has for operators: the service as systemd reads it, the container by the rules that can be read off. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import t from 'tap';
import { needs } from '../support/other-program.js';
import { makeHome, script } from '../support/program.js';

const exec = promisify(execFile);
const packaged = (name: string) => readFile(new URL(`../../../packaging/${name}`, import.meta.url), 'utf8');
const listening = ['--host', '127.0.0.1', '--port', '0'];

t.test(
  'systemd finds nothing wrong with the unit, and little exposed',
  needs('systemd-analyze'),
  async (t) => {
    const home = await makeHome();
    t.teardown(() => home.remove());
    const unit = join(home.folder, 'secure-chat.service');
    const text = await packaged('secure-chat.service');
    // Neither the program nor its pages are installed here.
    const here = text.replace('ExecStart=secure-chat', `ExecStart=${process.execPath} ${script}`);
    t.not(here, text);
    await writeFile(unit, here.replace(/^Documentation=.*\n/m, ''));
    const verified = await exec('systemd-analyze', ['verify', unit]);
    t.equal(verified.stderr, '');
    // Of 100; it exits with 1 above that.
    await exec('systemd-analyze', ['security', '--offline=true', '--threshold=20', unit]);
  },
);

/** Prints each datagram on a line. Node has no such sockets, and every Debian has Perl. */
const receiver = `use IO::Socket::UNIX; $| = 1;
  my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die $!;
  print "open\\n"; while (defined $socket->recv(my $text, 4096)) { $text =~ tr/\\n/ /; print "$text\\n" }`;

t.test('the server tells systemd when it is ready and when it stops', needs('perl'), async (t) => {
  const { skip } = needs('systemd-notify');
  if (skip !== undefined) return t.comment(skip);
  const home = await makeHome();
  const socket = join(home.folder, 'notify');
  const perl = spawn('perl', ['-e', receiver, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface(perl.stdout)[Symbol.asyncIterator]();
  const next = async () => String((await lines.next()).value);
  t.teardown(async () => {
    perl.kill('SIGKILL');
    await once(perl, 'close');
    await home.remove();
  });
  t.equal(await next(), 'open');
  const server = home.run(['server', ...listening], { NOTIFY_SOCKET: socket });
  t.match(await next(), /^READY=1 STATUS=Listening on port \d+/);
  server.kill('SIGTERM');
  for (let line = await next(); !line.startsWith('STOPPING=1'); line = await next())
    t.match(line, 'BARRIER=1');
  t.equal(await server.ended, 0);
});

t.test('a server that cannot tell systemd says what to do, and goes on', async (t) => {
  const home = await makeHome();
  t.teardown(() => home.remove());
  const nothing = join(home.folder, 'nothing');
  await mkdir(nothing);
  const server = home.run(['server', ...listening], { NOTIFY_SOCKET: '/none', PATH: nothing });
  await server.prints(/systemd not notified/, 'stderr');
  t.match(server.stderr(), /systemd-notify is not on the PATH\. Without it, use Type=exec in the unit\./);
  server.kill('SIGTERM');
  t.equal(await server.ended, 0);
});
