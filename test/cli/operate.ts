/** Commands of the operator on a data folder, on a bad day. */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { makeData } from '../support/data-folder.js';
import { openDesk } from '../support/run-main.js';

t.test('two commands at once on a folder without a server wait for each other', async (t) => {
  const { data } = await makeData(t);
  const desk = await openDesk(t);
  const invites = Array.from({ length: 2 }, () => desk.run(['invite', '--data', data]));
  for (const invite of await Promise.all(invites)) t.match(invite, { code: 0, out: /^secure-chat:/ });
});

t.test('a database that takes nothing more is told, and is no defect of the program', async (t) => {
  const { data } = await makeData(t);
  const desk = await openDesk(t);
  const { DatabaseSync } = await import('@photostructure/sqlite');
  const db = new DatabaseSync(join(data, 'secure-chat.db'));
  db.exec("CREATE TRIGGER full BEFORE INSERT ON invites BEGIN SELECT RAISE(ABORT, 'full'); END");
  db.close();
  const { code, err } = await desk.run(['invite', '--data', data]);
  t.equal(code, 74, err);
  t.match(err, /secure-chat\.db: /);
  t.notMatch(err, /defect/);
});

t.test('an empty --data is not the folder one happens to be in', async (t) => {
  const desk = await openDesk(t);
  for (const args of [['user', 'list'], ['check'], ['server']])
    t.match(await desk.run([...args, '--data', '']), { code: 64, err: /name of a folder/ });
});

t.test('a ban for too long, or with too long a reason, says how long it can be', async (t) => {
  const { data } = await makeData(t);
  const desk = await openDesk(t);
  const ban = await desk.run(['user', 'ban', 'ana', '--for', '100000d', '--data', data]);
  t.match(ban, { code: 64, err: /up to ten years/ });
  const wordy = await desk.run(['user', 'ban', 'ana', '--reason', 'x'.repeat(5_000), '--data', data]);
  t.match(wordy, { code: 77, err: /at most 4096/ });
});

t.test('whom it refuses it tells what can be typed on a shell, nothing of the chat', async (t) => {
  const { data, stored } = await makeData(t);
  await stored((store) =>
    store.register({ name: 'robo', skeleton: 'robo', password: '', at: 0, role: 'bot' }),
  );
  const desk = await openDesk(t);
  const list = 'secure-chat user list';
  const cases: [string[], string][] = [
    [['passwd', 'nobody'], list],
    [['passwd', 'nobody', '--link'], list],
    [['role', 'nobody', 'member'], list],
    [['token', 'nobody'], list],
    [['remove', 'nobody', '--yes'], list],
    [['ban', 'nobody'], list],
    [['unban', 'nobody'], list],
    [['unban', 'ana'], list],
    [['unban', '192.0.2.0/24'], 'secure-chat audit'],
    [['passwd', 'robo', '--link'], 'secure-chat user token robo'],
    [['ban', 'ana'], 'last admin'],
  ];
  for (const [args, told] of cases) {
    const { code, err } = await desk.run(['user', ...args, '--data', data], { input: 'pa55word-ana\n' });
    t.equal(code, 77, args.join(' '));
    t.match(err, told, args.join(' '));
    t.notMatch(err, /(^| )\/[a-z]/, args.join(' '));
  }
});

t.test('a password file that would not be read is wrong usage, and nothing is done', async (t) => {
  const { data, home } = await makeData(t);
  const desk = await openDesk(t);
  const file = join(home, 'password');
  await writeFile(file, 'pa55word-ana\n', { mode: 0o600 });
  const run = (...args: string[]) => desk.run(['user', ...args, '--password-file', file, '--data', data]);
  t.match(await run('passwd', 'ana', '--link'), { code: 64, out: '', err: /--link.*--password-file/ });
  t.match(await run('add', 'robo', '--role', 'bot'), { code: 64, err: /A bot has no password/ });
  t.notMatch(await desk.run(['user', 'list', '--data', data]), { out: /robo/ });
});

t.test('a restored folder is started with its own --data', async (t) => {
  const { data, home } = await makeData(t);
  const desk = await openDesk(t);
  const archive = join(home, 'chat.tar');
  t.match(await desk.run(['backup', archive, '--data', data]), { code: 0 });
  const restored = join(home, 'new data');
  const { err } = await desk.run(['restore', archive, '--data', restored]);
  t.match(err, `Start: secure-chat server --data '${restored}'`);
  t.match(await desk.run(['restore', archive, '--data', data]), { code: 78, err: /holds a server's data/ });
});

t.test('what cannot be written or read is named, with its reason', async (t) => {
  const { data, home } = await makeData(t);
  const desk = await openDesk(t);
  const archive = join(home, 'chat.tar');
  t.match(await desk.run(['backup', archive, '--data', data]), { code: 0 });
  const nowhere = join(home, 'none', 'chat.tar');
  t.match(await desk.run(['backup', nowhere, '--data', data]), {
    code: 74,
    err: /none.*: no such file/,
  });
  t.match(await desk.run(['restore', home, '--data', join(home, 'new')]), {
    code: 74,
    err: `secure-chat: ${home}: not a file.`,
  });
  await writeFile(join(home, 'file'), '');
  t.match(await desk.run(['restore', archive, '--data', join(home, 'file', 'new')]), { code: 74 });
  await t.test('by a user who may not', { skip: process.getuid?.() === 0 && 'root may' }, async (t) => {
    await chmod(data, 0o500);
    t.match(await desk.run(['backup', join(home, 'b.tar'), '--data', data]), {
      code: 74,
      err: /permission denied/,
    });
    await chmod(data, 0);
    t.match(await desk.run(['user', 'list', '--data', data]), { code: 74, err: /another user/ });
    await chmod(data, 0o700);
  });
  // Of nobody: not even root may make a folder there.
  t.match(await desk.run(['restore', archive, '--data', '/proc/secure-chat']), {
    code: 74,
    err: /^secure-chat: \/proc: /,
  });
});
