/** What packaging/ has for operators: the service as systemd reads it, the container by the rules that can be read off. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { needs } from '../support/other-program.js';
import { makeHome, runCommand, script } from '../support/program.js';

const exec = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const packaged = (name: string) => readFile(join(root, 'packaging', name), 'utf8');
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

t.test('the image has all that the program needs, from files that are not left out', async (t) => {
  const dockerfile = await packaged('Dockerfile');
  const kept = [...(await packaged('Dockerfile.dockerignore')).matchAll(/^!(.*)$/gm)].map(([, path]) => path);
  const home = await makeHome();
  t.teardown(() => home.remove());
  const image = join(home.folder, 'app');
  await mkdir(image);
  const copies = [...dockerfile.matchAll(/^COPY --from=build (.*) (\S+)$/gm)];
  for (const [, sources = '', to = ''] of copies) {
    for (const source of sources.split(' ')) {
      const path = source.replace('/build/', '');
      if (!/^(node_modules|dist)\b/.test(path)) t.ok(kept.includes(path), `${path} is not left out`);
      const target = to.endsWith('/') ? join(image, to, basename(path)) : join(image, to);
      await mkdir(dirname(target), { recursive: true });
      if (path === 'node_modules') await symlink(join(root, path), target);
      else await cp(join(root, path), target, { recursive: true });
    }
  }
  for (const name of ['bin', 'lib', 'scripts', 'tsconfig.json', 'package-lock.json'])
    t.ok(kept.includes(name), name);

  const [, entry = ''] = /^ENTRYPOINT \["(.*)"\]$/m.exec(dockerfile) ?? [];
  const [, health = ''] = /^HEALTHCHECK .* CMD (\[.*\])$/m.exec(dockerfile) ?? [];
  const [program, ...question] = JSON.parse(health) as string[];
  t.equal(program, entry, 'its health is asked by the program itself');
  const installed = join(image, 'dist/bin/secure-chat.js');
  const env = { ...home.env, SECURE_CHAT_DATA: join(home.folder, 'data') };
  const server = runCommand([process.execPath, installed, 'server', ...listening], { env });
  t.teardown(() => server.kill('SIGKILL'));
  await server.prints(/^join link/m);
  const asked = async () => {
    const check = runCommand([process.execPath, installed, ...question], { env });
    check.end();
    return check.ended;
  };
  t.equal(await asked(), 0);
  server.kill('SIGTERM');
  t.equal(await server.ended, 0);
  t.equal(await asked(), 69);
});

t.test('the container is not root, and its file system is read-only', async (t) => {
  const stage = (await packaged('Dockerfile')).split(/^FROM /m).at(-1) ?? '';
  t.match(stage, /^USER node$/m);
  t.notMatch(stage.split('USER node')[1], /^(RUN|USER)/m);
  const compose = await packaged('compose.yaml');
  for (const line of ['read_only: true', 'cap_drop: [ALL]', "security_opt: ['no-new-privileges:true']"])
    t.match(compose, line);
});
