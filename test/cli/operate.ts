/** Operator commands on a data folder, when something is wrong. */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { makeData } from '../support/data-folder.js';
import { openCommandLine } from '../support/run-main.js';
import { unsafe } from '../support/unsafe.js';

t.test('two commands at once on a folder without a server wait for each other', async (t) => {
  const { data } = await makeData(t);
  const commandLine = await openCommandLine(t);
  const invites = Array.from({ length: 2 }, () => commandLine.run(['invite', '--data', data]));
  for (const invite of await Promise.all(invites)) t.match(invite, { code: 0, out: /^secure-chat:/ });
});

t.test('a database that cannot be written is reported, not as an internal error', async (t) => {
  const { data } = await makeData(t);
  const commandLine = await openCommandLine(t);
  const { DatabaseSync } = await import('@photostructure/sqlite');
  const db = new DatabaseSync(join(data, 'secure-chat.db'));
  db.exec("CREATE TRIGGER full BEFORE INSERT ON invites BEGIN SELECT RAISE(ABORT, 'full'); END");
  db.close();
  const { code, err } = await commandLine.run(['invite', '--data', data]);
  t.equal(code, 74, err);
  t.match(err, /secure-chat\.db: /);
  t.notMatch(err, /^secure-chat: internal error/);
});

t.test('an empty --data does not mean the current folder', async (t) => {
  const commandLine = await openCommandLine(t);
  for (const args of [['user', 'list'], ['check'], ['server']])
    t.match(await commandLine.run([...args, '--data', '']), { code: 64, err: /name of a folder/ });
});

t.test('a ban that is too long, or its reason, is refused with the limit', async (t) => {
  const { data } = await makeData(t);
  const commandLine = await openCommandLine(t);
  const ban = await commandLine.run(['user', 'ban', 'ana', '--for', '100000d', '--data', data]);
  t.match(ban, { code: 64, err: /up to ten years/ });
  const wordy = await commandLine.run(['user', 'ban', 'ana', '--reason', 'x'.repeat(5_000), '--data', data]);
  t.match(wordy, { code: 77, err: /at most 4096/ });
});

t.test('refusals mention shell commands, not chat commands', async (t) => {
  const { data, stored } = await makeData(t);
  await stored((store) =>
    store.register({ name: 'robo', skeleton: 'robo', password: '', at: 0, role: 'bot' }),
  );
  const commandLine = await openCommandLine(t);
  const list = 'secure-chat user list';
  const cases: [string[], string][] = [
    [['passwd', 'nobody'], list],
    [['passwd', 'nobody', '--link'], list],
    [['role', 'nobody', 'member'], list],
    [['remove', 'nobody', '--yes'], list],
    [['ban', 'nobody'], list],
    [['unban', 'nobody'], list],
    [['unban', 'ana'], list],
    [['unban', '192.0.2.0/24'], 'secure-chat audit'],
    [['passwd', 'robo', '--link'], 'secure-chat user token robo'],
    [['ban', 'ana'], 'last admin'],
  ];
  for (const [args, told] of cases) {
    const { code, err } = await commandLine.run(['user', ...args, '--data', data], {
      input: 'pa55word-ana\n',
    });
    t.equal(code, 77, args.join(' '));
    t.match(err, told, args.join(' '));
    t.notMatch(err, /(^| )\/[a-z]/, args.join(' '));
  }
});

t.test('an unused password file is wrong usage, and nothing is changed', async (t) => {
  const { data, home } = await makeData(t);
  const commandLine = await openCommandLine(t);
  const file = join(home, 'password');
  await writeFile(file, 'pa55word-ana\n', { mode: 0o600 });
  const run = (...args: string[]) =>
    commandLine.run(['user', ...args, '--password-file', file, '--data', data]);
  t.match(await run('passwd', 'ana', '--link'), { code: 64, out: '', err: /--link.*--password-file/ });
  t.match(await run('add', 'robo', '--role', 'bot'), { code: 64, err: /A bot has no password/ });
  t.notMatch(await commandLine.run(['user', 'list', '--data', data]), { out: /robo/ });
});

t.test('the start command after a restore has the right --data', async (t) => {
  const { data, home } = await makeData(t);
  const commandLine = await openCommandLine(t);
  const archive = join(home, 'chat.tar');
  t.match(await commandLine.run(['backup', archive, '--data', data]), { code: 0 });
  const restored = join(home, 'new data');
  const { err } = await commandLine.run(['restore', archive, '--data', restored]);
  t.match(err, `Start: secure-chat server --data '${restored}'`);
  t.match(await commandLine.run(['restore', archive, '--data', data]), {
    code: 78,
    err: /contains a server's data/,
  });
});

t.test('a file that cannot be read or written is named, with the reason', async (t) => {
  const { data, home } = await makeData(t);
  const commandLine = await openCommandLine(t);
  const archive = join(home, 'chat.tar');
  t.match(await commandLine.run(['backup', archive, '--data', data]), { code: 0 });
  const nowhere = join(home, 'none', 'chat.tar');
  t.match(await commandLine.run(['backup', nowhere, '--data', data]), {
    code: 74,
    err: /none.*: no such file/,
  });
  t.match(await commandLine.run(['restore', home, '--data', join(home, 'new')]), {
    code: 74,
    err: `secure-chat: ${home}: not a file.`,
  });
  await writeFile(join(home, 'file'), '');
  t.match(await commandLine.run(['restore', archive, '--data', join(home, 'file', 'new')]), { code: 74 });
  await t.test('without permission', { skip: process.getuid?.() === 0 && 'root may' }, async (t) => {
    await chmod(data, 0o500);
    t.match(await commandLine.run(['backup', join(home, 'b.tar'), '--data', data]), {
      code: 74,
      err: /permission denied/,
    });
    await chmod(data, 0);
    t.match(await commandLine.run(['user', 'list', '--data', data]), { code: 74, err: /another user/ });
    await chmod(data, 0o700);
  });
  // Not even root can create a folder there.
  t.match(await commandLine.run(['restore', archive, '--data', '/proc/secure-chat']), {
    code: 74,
    err: /^secure-chat: \/proc: /,
  });
});

t.test('nothing that is stored drives a terminal, in JSON neither, which keeps its value', async (t) => {
  const { home, data, stored } = await makeData(t);
  const nasty = 'a\u009b2Jb\u202ec\u{e000}';
  await stored(async (store) => {
    await store.register({ name: nasty, skeleton: 'abc', password: '', at: 0 });
    await store.recordAudit({ at: 0, by: 'ana', action: 'kick', on: nasty, reason: nasty });
  });
  const commandLine = await openCommandLine(t);
  for (const [command, folder] of [
    ['user list', data],
    ['audit', data],
    ['check', join(home, nasty)],
  ] as const) {
    const args = [...command.split(' '), '--data', folder];
    t.notMatch((await commandLine.run(args)).out, unsafe, command);
    const { out } = await commandLine.run([...args, '--json']);
    t.notMatch(out, unsafe, `${command} --json`);
    const lines = out.trimEnd().split('\n');
    t.ok(
      lines.some((line) => Object.values(JSON.parse(line)).some((value) => String(value).includes(nasty))),
      command,
    );
  }
});
