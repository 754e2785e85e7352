/** Operator commands on a running server and on its data folder. Backups: operator-backup. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { startServerProcess } from '../support/server-process.js';

const online = /"state":"online"/;

t.test('operator commands', async (t) => {
  const server = await startServerProcess();
  t.teardown(() => server.close());
  const data = join(server.home.folder, 'data');
  const run = server.operate;

  await t.test('accounts and bans', async (t) => {
    t.match(await run(['user', 'add', 'ana', '--role', 'admin'], { input: 'pa55word-ana\n' }), { code: 0 });
    t.match(await run(['user', 'add', 'ben'], { input: 'pa55word-ben\n' }), { code: 0, out: '' });
    t.match(await run(['user', 'add', 'leo', '--role', 'bot']), { code: 0 });
    t.match(await run(['user', 'add', '1eo', '--role', 'bot']), { code: 77, err: /looks too much like leo/ });
    t.match(await run(['user', 'add', 'cleo'], { input: 'short\n' }), { code: 77, err: /8 characters/ });
    t.match(await run(['user', 'add', 'cleo']), { code: 64, err: /password/i });
    t.match(await run(['user', 'role', 'ana', 'member']), { code: 77, err: /last admin/ });
    t.match(await run(['user', 'role', 'ben', 'king']), { code: 77, err: /Not a role/ });
    t.match(await run(['user', 'remove', 'ben']), { code: 64, err: /--yes/ });

    const ben = server.home.run(['connect', server.link, '--name', 'ben', '--json'], {
      SECURE_CHAT_PASSWORD: 'pa55word-ben',
    });
    await ben.prints(online);
    t.match(await run(['user', 'role', 'ben', 'moderator']), { code: 0 });
    await ben.prints(/"type":"rank","name":"ben","role":"moderator","by":"operator"/);
    t.match(await run(['user', 'ban', 'ben', '--for', '2h', '--reason', 'spam']), { code: 0 });
    t.equal(await ben.ended, 77);
    t.match(ben.stdout(), /"code":"banned","message":"You are banned for [^"]*: spam"/);
    t.match(await run(['user', 'list']), { out: /^ben +moderator .*banned$/m });
    const [listed] = (await run(['user', 'list', '--json'])).out
      .split('\n')
      .map((line) => JSON.parse(line || '{}'));
    t.match(listed, { name: 'ana', role: 'admin', banned: false, removed: false });
    t.match(await run(['user', 'unban', 'ben']), { code: 0 });
    t.match(await run(['user', 'unban', 'ben']), { code: 77, err: /not banned/ });
    t.match(await run(['user', 'ban', '192.0.2.0/24']), { code: 0 });
    t.match(await run(['user', 'ban', '127.0.0.1/4']), { code: 77, err: /from \/8/ });

    t.match(await run(['user', 'passwd', 'ben'], { input: 'another-ben\n' }), { code: 0 });
    const again = server.home.run(['connect', server.link, '--name', 'ben', '--json'], {
      SECURE_CHAT_PASSWORD: 'another-ben',
    });
    await again.prints(online);
    again.end();
    await again.ended;

    const { out: resetLink } = await run(['user', 'passwd', 'ben', '--link']);
    t.match(resetLink, /^secure-chat:\S+\/r-\S+\n$/);
    const reset = server.home.run(['connect', resetLink.trim(), '--name', 'ben', '--json'], {
      SECURE_CHAT_PASSWORD: 'a third one',
    });
    await reset.prints(online);
    reset.end();
    t.equal(await reset.ended, 0);
    const used = server.home.run(['connect', resetLink.trim(), '--name', 'ben', '--json'], {
      SECURE_CHAT_PASSWORD: 'a fourth one',
    });
    used.end();
    t.equal(await used.ended, 77, 'the link works once');
  });

  await t.test('a bot signs in with its token alone, more than once', async (t) => {
    t.match(await run(['user', 'add', 'robot', '--role', 'bot']), { code: 0 });
    const { out } = await run(['user', 'token', 'robot']);
    const file = join(server.home.folder, 'token');
    await writeFile(file, out, { mode: 0o600 });
    for (const env of [{ SECURE_CHAT_TOKEN: out }, {}]) {
      const args = 'SECURE_CHAT_TOKEN' in env ? [] : ['--token-file', file];
      const bot = server.home.run(['connect', server.link, '--json', ...args], env);
      await bot.prints(online);
      bot.write('{"type":"join","room":"den"}\n');
      await bot.prints(/"code":"not-allowed"/);
      bot.end();
      t.equal(await bot.ended, 0);
    }
    await chmod(file, 0o644);
    const open = server.home.run(['connect', server.link, '--json', '--token-file', file]);
    t.equal(await open.ended, 78);
    t.match(open.stderr(), /Others can read the token file/);
    t.notMatch(open.stderr(), out.trim());
  });

  await t.test('check reports problems, with an exit code by severity', async (t) => {
    t.match(await run(['check']), { code: 0, out: /^ok +database: ok$/m });
    await chmod(data, 0o755);
    t.match(await run(['check']), { code: 78, out: /^problem +modes: .*chmod 700/m });
    await chmod(data, 0o700);
    t.match(await run(['check'], { env: { SECURE_CHAT_PROT: '1' } }), {
      code: 0,
      out: /unknown variable SECURE_CHAT_PROT/,
    });
    const { out } = await run(['check', '--json']);
    t.same(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).state),
      Array(7).fill('ok'),
    );
  });

  await t.test('changes are in the audit log', async (t) => {
    const { out } = await run(['audit', '--json']);
    const actions = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    t.match(
      actions.find(({ action }) => action === 'ban'),
      { by: 'operator', on: 'ben', reason: 'spam' },
    );
    t.match(
      actions.find(({ action }) => action === 'role'),
      { on: 'ben', detail: 'member to moderator' },
    );
    t.match((await run(['audit', '--limit', '1'])).out.split('\n').length, 2);
    t.equal((await run(['audit', '--since', '1h', '--json'])).out, out);
    t.equal((await run(['audit', '--since', '2999-01-01'])).out, '');
    t.match(await run(['audit', '--since', 'soon']), { code: 64 });
    // Both were refused above, as was taking the last admin's role.
    const added = actions.filter(({ action }) => action === 'add').map(({ on }) => on);
    t.same(added, ['ana', 'ben', 'leo', 'robot']);
    t.match(await run(['user', 'ban', 'ana']), { code: 77, err: /last admin/ });
    t.equal((await run(['audit', '--json'])).out, out, 'refused commands change nothing');
    t.notMatch(out, /pa55word|another-ben|a third one/);
  });

  await t.test('accounts, bans and invites are changed after the server stopped', async (t) => {
    server.process().kill('SIGTERM');
    await server.process().ended;
    t.match(await run(['user', 'add', 'dora'], { input: 'pa55word-dora\n' }), { code: 0 });
    t.match(await run(['user', 'ban', 'ben']), { code: 0 });
    t.match(await run(['user', 'list']), { code: 0, out: /^ben .*banned$/m });
    t.match(await run(['user', 'remove', 'dora', '--yes']), { code: 0 });
    t.match(await run(['invite', '--uses', '2']), { code: 0, out: /^secure-chat:/ });
    t.match(await run(['audit', '--limit', '1']), { out: /operator invite/ });
    const { out: before } = await run(['audit', '--json']);
    for (const [name, value] of [
      ['PORT', 'abc'],
      ['PORT', '0'],
      ['PUBLIC_HOST', 'no spaces'],
      ['CERT', '/none.pem'],
    ]) {
      const invite = await run(['invite'], { env: { [`SECURE_CHAT_${name}`]: value ?? '' } });
      t.match(
        invite,
        { code: 78, out: '', err: /^secure-chat: Cannot create a join link: / },
        `${name}=${value}`,
      );
    }
    t.equal((await run(['audit', '--json'])).out, before, 'and no invite is made');
    const elsewhere = { SECURE_CHAT_PUBLIC_HOST: 'chat.example.org:443', SECURE_CHAT_PORT: '7000' };
    t.match(await run(['invite'], { env: elsewhere }), { out: /^secure-chat:\/\/chat\.example\.org:443\// });
    await server.restart();
    const ben = server.home.run(['connect', server.link, '--name', 'ben', '--json'], {
      SECURE_CHAT_PASSWORD: 'a third one',
    });
    ben.end();
    t.equal(await ben.ended, 77);
    t.match(ben.stdout() + ben.stderr(), /banned/);
  });

  await t.test('a folder without data is an error', async (t) => {
    const empty = join(server.home.folder, 'empty');
    await mkdir(empty);
    const list = server.home.run(['user', 'list', '--data', empty]);
    t.equal(await list.ended, 78);
    t.match(list.stderr(), /No server data/);
  });
});
