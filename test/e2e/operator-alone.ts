/** Operator commands on the data folder, without a running server. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { startServerProcess } from '../support/server-process.js';

t.test('accounts, bans, invites and backups', async (t) => {
  const served = await startServerProcess();
  t.teardown(() => served.close());
  const run = served.operate;

  await t.test('the same commands on the folder, after the server stopped', async (t) => {
    t.match(await run(['user', 'add', 'ana', '--role', 'admin'], { input: 'pa55word-ana\n' }), { code: 0 });
    t.match(await run(['user', 'add', 'ben'], { input: 'pa55word-ben\n' }), { code: 0 });
    served.server().kill('SIGTERM');
    await served.server().ended;
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
    t.equal((await run(['audit', '--json'])).out, before, 'and no invite is kept');
    const elsewhere = { SECURE_CHAT_PUBLIC_HOST: 'chat.example.org:443', SECURE_CHAT_PORT: '7000' };
    t.match(await run(['invite'], { env: elsewhere }), { out: /^secure-chat:\/\/chat\.example\.org:443\// });
    t.match(await run(['check']), { code: 0 });
    t.match(await run(['backup', join(served.home.folder, 'cold.tar')]), { code: 0 });
    await served.restart();
    const ben = served.home.run(['connect', served.link, '--name', 'ben', '--json'], {
      SECURE_CHAT_PASSWORD: 'pa55word-ben',
    });
    ben.end();
    t.equal(await ben.ended, 77);
    t.match(ben.stdout() + ben.stderr(), /banned/);
  });

  await t.test('a folder without data is an error', async (t) => {
    const empty = join(served.home.folder, 'empty');
    await mkdir(empty);
    t.teardown(() => rm(empty, { recursive: true }));
    const list = served.home.run(['user', 'list', '--data', empty]);
    t.equal(await list.ended, 78);
    t.match(list.stderr(), /No server data/);
  });
});
