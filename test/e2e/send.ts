import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { startServerProcess } from '../support/server-process.js';

t.test('sending from scripts', async (t) => {
  const server = await startServerProcess();
  t.teardown(server.close);
  const { home, link } = server;
  const ana = server.connect(server.firstLink, 'ana');
  await ana.prints(/in #lobby as/, 'stderr');
  ana.write('/join #ops\n/join #plans private\n/window #lobby\n');
  await ana.prints(/in #lobby\n/, 'stderr');
  const made = await server.operate(['user', 'token', 'robot']);
  const token = made.out.trim();
  const send = async (args: readonly string[], input?: string) => {
    const command = home.run(['send', link, ...args], { SECURE_CHAT_TOKEN: token });
    command.end(input);
    return { code: await command.ended, out: command.stdout(), err: command.stderr() };
  };

  await t.test('`user token` makes the bot once, and prints the token alone', async (t) => {
    t.match(made, { code: 0, out: /^\S+\n$/, err: /Created the bot robot\./ });
    const again = await server.operate(['user', 'token', 'robot']);
    t.match(again, { code: 0, out: /^\S+\n$/, err: '' });
    t.match(await server.operate(['user', 'token', 'r@bot']), { code: 77, out: '' });
  });

  await t.test('one message, to #lobby', async (t) => {
    t.match(await send(['the backup is done']), { code: 0, out: '', err: '' });
    await ana.prints(/robot: the backup is done\n/);
  });

  await t.test('each line of stdin, to a room that is joined first', async (t) => {
    t.match(await send(['--room', '#ops'], 'one\n\ntwo\nthree'), { code: 0, out: '', err: '' });
    await ana.prints(/#ops robot: one\n.*#ops robot: two\n.*#ops robot: three\n/);
  });

  await t.test('all of stdin as one message, to a person', async (t) => {
    t.match(await send(['--to', 'ana', '--whole'], 'first\n  second\n'), { code: 0, out: '', err: '' });
    await ana.prints(/robot -> ana: first\n {10}second\n/);
  });

  await t.test('files, before it exits', async (t) => {
    const [one, two] = [join(home.folder, 'one.txt'), join(home.folder, 'two.txt')];
    await writeFile(one, 'the first file');
    await writeFile(two, 'the second file');
    const sent = await send(['--room', 'ops', '--file', one, '--file', two, 'two files']);
    t.match(sent, { code: 0, out: '', err: '' });
    const found = await ana.prints(/two files\n.*sent a file: one\.txt .*\n.*two\.txt .*, \/get (\d+)\n/);
    ana.write(`/get ${found[1]} ${join(home.folder, 'copy.txt')}\n`);
    await ana.prints(/Downloaded two\.txt/, 'stderr');
    t.equal(await readFile(join(home.folder, 'copy.txt'), 'utf8'), 'the second file');
  });

  await t.test('what is refused is named, the rest is sent, and the exit code is 65', async (t) => {
    const long = await send([], `good\n${'x'.repeat(20_000)}\nbetter\n`);
    t.match(long, { code: 65, err: /not sent: "x+…": .*bytes/ });
    await ana.prints(/robot: good\n.*robot: better\n/);
    for (const [args, told] of [
      [['--room', 'nowhere', 'hello'], /There is no room #nowhere\./],
      [['--room', 'plans', 'hello'], /There is no room #plans\./],
      [['--to', 'zoe', 'hello'], /not sent: "hello": .*no account with that name/i],
      [['--whole'], /not sent: "": The message is empty/],
      [['--file', '/no/such/file'], /no such file\n.*One was refused; see above/],
    ] as const)
      t.match(await send(args, ''), { code: 65, out: '', err: told }, args.join(' '));
  });

  await t.test('wrong usage is reported before anything is sent', async (t) => {
    t.match(await send(['--whole', 'text'], ''), { code: 64, err: /--whole is for stdin/ });
    t.match(await send(['--room', 'ops', '--to', 'ana', 'text'], ''), { code: 64 });
    t.match(await send(['--room', 'not a room', 'text'], ''), { code: 64 });
  });

  await t.test('a wrong token and a server that is down have their own exit codes', async (t) => {
    const file = join(home.folder, 'token');
    await writeFile(file, `${'x'.repeat(43)}\n`);
    await chmod(file, 0o600);
    const command = home.run(['send', link, '--token-file', file, 'hello']);
    command.end();
    t.equal(await command.ended, 77, command.stderr());
    server.process().kill('SIGKILL');
    await server.process().ended;
    t.match(await send(['hello']), { code: 69, err: /connection refused/ });
  });

  await t.test('with --retry it waits for the server, and the message arrives once', async (t) => {
    const waiting = home.run(['send', link, '--retry', '60', 'at last'], { SECURE_CHAT_TOKEN: token });
    waiting.end();
    await waiting.prints(/not connected; trying again/, 'stderr');
    await server.restart();
    t.equal(await waiting.ended, 0, waiting.stderr());
    await ana.prints(/robot: at last\n/);
  });
});
