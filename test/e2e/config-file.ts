/** The `--config` file, as an operator uses it: a server, what it prints of its settings, and the commands beside it. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Home, makeHome } from '../support/program.js';

async function homeOf(t: Test): Promise<Home> {
  const home = await makeHome();
  t.teardown(() => home.remove());
  await mkdir(join(home.folder, 'etc'));
  return home;
}

async function configIn({ folder }: Home, text: string, mode = 0o600): Promise<string> {
  const path = join(folder, 'etc', 'chat.toml');
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

async function output({ run }: Home, args: readonly string[], env: Record<string, string> = {}) {
  const command = run(args, env);
  command.end();
  const code = await command.ended;
  return { code, out: command.stdout(), err: command.stderr() };
}

/** Each setting as `toml # from`. */
function lines(out: string): string[] {
  return out.split('\n').map((line) => line.replace(/ +# /, ' # '));
}

const listening = 'host = "127.0.0.1"\nport = 0\n';

t.test('a server runs as its file says, and operator commands find it by the same file', async (t) => {
  const home = await homeOf(t);
  const path = await configIn(home, `${listening}data = "data"\nname = "Friday"\nmotd = "motd.txt"\n`);
  await writeFile(join(home.folder, 'etc', 'motd.txt'), 'Be kind.\n');
  const server = home.run(['server', '--config', path]);
  t.teardown(() => server.kill('SIGKILL'));
  const [, link = ''] = await server.prints(/^join link: (.*)$/m);
  t.match(server.stderr(), `"data":"${join(home.folder, 'etc', 'data')}"`);
  const client = home.run(['connect', link, '--name', 'ada', '--json'], {
    SECURE_CHAT_PASSWORD: 'correct horse battery',
  });
  await client.prints(/"motd":"Be kind\.\\n"/);
  t.match(client.stdout(), '"Friday"');
  client.end();
  await client.ended;
  t.match(await output(home, ['user', 'list', '--config', path]), { code: 0, out: /^ada /m });
  t.match(await output(home, ['check', '--running'], { SECURE_CHAT_CONFIG: path }), { code: 0 });
  server.kill('SIGTERM');
  t.equal(await server.ended, 0);

  t.match(await output(home, ['invite', '--config', path]), { code: 78, err: /the port is chosen at start/ });
  await configIn(home, 'port = 7000\npublic-host = "chat.example"\ndata = "data"\n');
  const invite = await output(home, ['invite'], { SECURE_CHAT_CONFIG: path });
  t.match(invite, { code: 0, out: /^secure-chat:\/\/chat\.example:7000\// });
  const moved = { SECURE_CHAT_CONFIG: path, SECURE_CHAT_PUBLIC_HOST: 'b.example' };
  t.match(await output(home, ['invite'], moved), { out: /^secure-chat:\/\/b\.example:7000\// });
});

t.test('host uses the file, too, and leaves alone what only a server has', async (t) => {
  const home = await homeOf(t);
  const path = await configIn(home, `${listening}data = "data"\nlog-level = "warn"\n`);
  const host = home.run(['host', '--config', path, '--as', 'ada'], {
    SECURE_CHAT_PASSWORD: 'correct horse battery',
  });
  t.teardown(() => host.kill('SIGKILL'));
  await host.prints(/in #lobby as /, 'stderr');
  t.match(await output(home, ['user', 'list', '--config', path]), { code: 0, out: /^ada +admin /m });
  host.end();
  t.equal(await host.ended, 0);
  t.match(await output(home, ['host', '--log-level', 'warn']), { code: 64, err: /unknown option/ });
});

t.test('--print-config says what is in force and from where, and can be used again', async (t) => {
  const home = await homeOf(t);
  const { folder } = home;
  const path = await configIn(
    home,
    'port = 7000\nhost = "127.0.0.1"\nrooms = "admins"\nmotd = "motd.txt"\nrate = 2.5\n' +
      'peer-hosts = ["b.example", "c.example:443"]\nname = "a\\u202e\\U000e0041\\u001b[31m"\n',
  );
  const env = { SECURE_CHAT_CONFIG: path, SECURE_CHAT_HOST: '::1', SECURE_CHAT_PORT: '7001' };
  const { code, out, err } = await output(
    home,
    ['server', '--print-config', '-p', '7002', '--keep', '90d'],
    env,
  );
  t.same([code, err], [0, '']);
  for (const line of [
    'port = 7002 # --port',
    'keep = "90d" # --keep',
    'host = "::1" # SECURE_CHAT_HOST',
    `rooms = "admins" # ${path}`,
    `rate = 2.5 # ${path}`,
    `motd = "${join(folder, 'etc', 'motd.txt')}" # ${path}`,
    `peer-hosts = [ "b.example", "c.example:443" ] # ${path}`,
    `name = "a\\U0000202e\\U000e0041\\u001b[31m" # ${path}`,
    'registration = "invite" # default',
    'max-file = "100M" # default',
    `data = "${join(folder, '.local/share/secure-chat/server')}" # default`,
  ])
    t.ok(lines(out).includes(line), `${line} in ${out}`);
  t.match(out, /^# Not set: cert, key, /m);

  const again = join(folder, 'again.toml');
  await writeFile(again, out, { mode: 0o600 });
  const second = await output(home, ['server', '--print-config', '--config', again]);
  t.equal(second.code, 0, second.err);
  const settings = (text: string) => text.split('\n').map((line) => line.replace(/ +# .*/, ''));
  t.same(settings(second.out), settings(out));
});

t.test('--print-config does not show the password of a database', async (t) => {
  const home = await homeOf(t);
  const path = await configIn(home, 'database = "postgres://chat:hunter2@db.example/chat"\n');
  const args = ['server', '--print-config'];
  for (const [env, from] of [
    [{ SECURE_CHAT_CONFIG: path }, path],
    [{ SECURE_CHAT_DATABASE: 'postgres://chat:hunter2@db.example/chat' }, 'SECURE_CHAT_DATABASE'],
  ] as const) {
    const { code, out, err } = await output(home, args, env);
    t.equal(code, 0, err);
    const line = `database = "postgres://chat@db.example/chat" # ${from}; its password is not shown`;
    t.ok(lines(out).includes(line), out);
    t.notMatch(out + err, /hunter2/);
  }
  for (const address of ['postgres://chat:hun/ter2@db/chat', 'postgres://db/chat?password=hunter2']) {
    const refused = await output(home, args, { SECURE_CHAT_DATABASE: address });
    t.match(refused, { code: 78, out: '' });
    t.notMatch(refused.err, /ter2/);
  }
  const typed = await output(home, [...args, '--database', 'postgres://chat:hunter2@db/chat']);
  t.match(typed, { code: 64, out: '', err: /into SECURE_CHAT_DATABASE or a --config file/ });
});

t.test('a faulty file starts nothing, and check says so, too', async (t) => {
  const home = await homeOf(t);
  const path = await configIn(home, 'prot = 1\nport = 70000\ndata = "data"\n');
  for (const args of [
    ['server', '--config', path],
    ['server', '--config', path, '--print-config'],
    ['host', '--config', path],
    ['user', 'list', '--config', path],
  ]) {
    const { code, out, err } = await output(home, args);
    t.same([code, out], [78, ''], args.join(' '));
    t.equal(
      err,
      `secure-chat: ${path}: prot: unknown option. Did you mean port?\n${path}: port: Give a port from 0 to 65535.\n`,
    );
  }
  t.match(await output(home, ['server', '--config', '']), { code: 64, err: /name of a file/ });
  t.match(await output(home, ['check', '--config', path]), {
    code: 78,
    out: new RegExp(`^problem +settings: ${path}: prot: .*port\\?\nproblem +settings: ${path}: port: `, 'm'),
  });
  await configIn(home, 'motd = "none.txt"\n', 0o644);
  t.match(await output(home, ['check', '--config', path]), {
    code: 78,
    out: new RegExp(`^problem +settings: ${path}: motd: Cannot read`, 'm'),
  });
  await configIn(home, 'rooms = "admins"\n', 0o666);
  t.match(await output(home, ['check'], { SECURE_CHAT_CONFIG: path }), {
    code: 78,
    out: new RegExp(`chmod go-w ${path}`),
  });
});

t.test('--log-level leaves out what is less important', async (t) => {
  const home = await homeOf(t);
  const path = await configIn(home, `${listening}log-level = "error"\n`);
  const server = home.run(['server', '--config', path], { NOTIFY_SOCKET: '/none', PATH: '/none' });
  t.teardown(() => server.kill('SIGKILL'));
  await server.prints(/systemd not notified/, 'stderr');
  server.kill('SIGTERM');
  t.equal(await server.ended, 0);
  t.notMatch(server.stderr(), /"level":[1-4]0\b/);
  t.match(server.stderr(), /"level":50,/);
  t.match(await output(home, ['server', '--log-level', 'debug']), { code: 64, err: /error, warn, info/ });
});

t.test('SIGHUP reads the file again: what can change is in force, the rest is named', async (t) => {
  const home = await homeOf(t);
  const path = await configIn(home, `${listening}data = "data"\nlog-level = "warn"\nquota = "10M"\n`);
  await writeFile(join(home.folder, 'etc', 'motd.txt'), 'Be kind.\n');
  const server = home.run(['server', '--config', path, '--keep', '90d']);
  t.teardown(() => server.kill('SIGKILL'));
  const [, link = ''] = await server.prints(/^join link: (.*)$/m);
  const changed = 'data = "data"\nlog-level = "info"\nkeep = "1d"\nmax-clients = 9\nmotd = "motd.txt"\n';
  await configIn(home, `host = "127.0.0.1"\nport = 1\nname = "Friday"\n${changed}`);
  server.kill('SIGHUP');
  await server.prints(/settings wait for a restart/, 'stderr');
  t.match(server.stderr(), '"options":"quota, motd, max-clients, log-level","msg":"settings changed"');
  t.match(server.stderr(), /"level":40,.*"options":"port, name","msg":"settings wait for a restart"/);
  const client = home.run(['connect', link, '--name', 'ada', '--json'], {
    SECURE_CHAT_PASSWORD: 'correct horse battery',
  });
  await client.prints(/"motd":"Be kind\.\\n"/);
  await server.prints(/"signed in"/, 'stderr');
  client.end();
  await client.ended;

  await configIn(home, 'prot = 2\nmotd = "none.txt"\n');
  server.kill('SIGHUP');
  await server.prints(/prot: unknown option\. Did you mean port\?.*not reloaded/, 'stderr');
  await configIn(home, `${listening}${changed}motd = "none.txt"`.replace('motd = "motd.txt"\n', ''));
  server.kill('SIGHUP');
  await server.prints(/none\.txt: no such file.*not reloaded/, 'stderr');
  const before = server.stderr().length;
  await configIn(home, `${listening}${changed}`);
  server.kill('SIGHUP');
  await server.prints(/not reloaded[\s\S]*certificate reloaded/, 'stderr');
  server.kill('SIGTERM');
  t.equal(await server.ended, 0);
  t.notMatch(server.stderr().slice(before), /settings/, 'all is in force again, as before the faults');
});

t.test('a file that can be read only once is not taken for an empty one', async (t) => {
  const home = await homeOf(t);
  const path = await configIn(home, `${listening}data = "data"\nregistration = "closed"\n`);
  const shell = ['bash', '-c', `exec "$@" --config <(cat ${path})`, 'bash'];
  const server = home.run(['server', '--data', join(home.folder, 'data')], {}, shell);
  t.teardown(() => server.kill('SIGKILL'));
  await server.prints(/^join link: /m);
  server.kill('SIGHUP');
  await server.prints(/can be read only once\. Restart the server/, 'stderr');
  server.kill('SIGTERM');
  t.equal(await server.ended, 0);
  t.notMatch(server.stderr(), /settings changed/);
});
