/** A data folder that lost its database, or the end of it: nothing more is destroyed, and everyone who must know is notified. */
import { cp, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openDatabase } from '../../lib/store/sqlite/database.js';
import { lossFile, noteFile, readLastEntry } from '../../lib/store/sqlite/last-entry.js';
import { openCommandLine } from '../support/run-main.js';
import { folder, ok, runServer, type TestServer } from '../support/running-server.js';
import type { WireClient } from '../support/wire-client.js';

interface Image {
  readonly data: string;
  readonly file: string;
  /** Runs a command on the image. */
  run(...args: string[]): Promise<{ code: number; out: string; err: string }>;
  /** What must survive: the write-ahead log, the note and the sent files. */
  left(): Promise<Record<string, string>>;
}

/** A copy of what a server that is killed now would leave. */
async function imageOf(t: Test, server: Pick<TestServer, 'data'>): Promise<Image> {
  const data = join(await folder(t), 'image');
  await cp(server.data, data, { recursive: true, filter: (path) => !/control\.sock$/.test(path) });
  const commandLine = await openCommandLine(t);
  const file = join(data, 'secure-chat.db');
  return {
    data,
    file,
    run: (command = '', ...args) => commandLine.run([command, ...args, '--data', data]),
    async left() {
      const names = (await readdir(data, { recursive: true })).filter((name) =>
        /-wal$|-last$|^files\/..\//.test(name),
      );
      // An empty log goes when the last statement of a refused database is collected, which may be now.
      const read = (name: string) =>
        readFile(join(data, name), 'base64').catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT') throw error;
          return '';
        });
      const bytes = names.map(async (name) => [name, await read(name)]);
      return Object.fromEntries((await Promise.all(bytes)).filter(([, text]) => text !== ''));
    },
  };
}

async function say(client: WireClient, text: string): Promise<number> {
  const reply = await client.ask({ type: 'say', room: 'lobby', text, key: text.replaceAll(' ', '-') });
  if (reply.type !== 'ok' && reply.type !== 'message') throw new Error(JSON.stringify(reply));
  return reply.seq ?? 0;
}

async function noted(data: string, seq: number): Promise<void> {
  while ((readLastEntry(join(data, 'secure-chat.db'))?.seq ?? 0) < seq) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A server with an admin, members, messages and a sent file. */
async function busyServer(t: Test): Promise<TestServer & { ada: WireClient; last: number }> {
  const server = await runServer(t, {
    people: ['ada', 'bob'],
    async prepare(store, accounts) {
      await store.setRole(accounts.get('ada')?.id ?? 0, 'admin');
    },
  });
  const ada = await server.enter('ada');
  for (let n = 1; n < 10; n++) await say(ada, `text ${n}`);
  const last = await say(ada, 'text 10');
  // As if it had been uploaded; that a message names it does not matter here.
  await mkdir(join(server.data, 'files', 'ab'));
  await writeFile(join(server.data, 'files', 'ab', 'c'.repeat(62)), 'what was sent');
  await noted(server.data, last);
  return { ...server, ada, last };
}

/** What can tell that a database is lost: its write-ahead log, the note, sent files. */
function remove({ file, data }: Image, ...signs: ('log' | 'note' | 'files')[]) {
  const places = { log: `${file}-wal`, note: noteFile(file), files: join(data, 'files') };
  return Promise.all(signs.map((sign) => rm(places[sign], { recursive: true })));
}

t.test('a folder whose database is missing or empty is left as it is', async (t) => {
  const server = await busyServer(t);
  const losses: Record<string, (image: Image) => Promise<unknown>> = {
    'its write-ahead log': (image) => remove(image, 'note', 'files'),
    'the note': (image) => remove(image, 'log', 'files'),
    'sent files': (image) => remove(image, 'log', 'note'),
  };
  for (const [left, lose] of Object.entries(losses)) {
    for (const [how, spoil] of [
      ['missing', rm],
      ['empty', truncate],
    ] as const) {
      const name = `${how}, with ${left}`;
      const image = await imageOf(t, server);
      t.match(await image.run('check'), { code: 0 }, `${name}: sound before`);
      const again = await imageOf(t, server);
      await Promise.all([spoil(again.file), lose(again)]);
      const before = await again.left();
      await t.rejects(runServer(t, { data: again.data }), { message: /begin anew/ }, `${name}: no start`);
      const { code, out } = await again.run('check');
      t.equal(code, 74, name);
      t.match(out, /^problem +database: .*begin anew/m, name);
      t.not((await again.run('backup', join(again.data, 'backup.tar'))).code, 0, name);
      t.match(await again.run('user', 'list'), { code: 74 }, `${name}: no command`);
      t.same(await again.left(), before, `${name}: nothing more is gone`);
    }
  }
});

t.test('a database without the accounts that it had is refused', async (t) => {
  const server = await busyServer(t);
  const fresh = await runServer(t);
  await fresh.close();
  for (const [sign, message] of [
    ['files', /lost all accounts/],
    ['note', /sent files.*begin anew/],
  ] as const) {
    const image = await imageOf(t, server);
    await Promise.all([rm(image.file), remove(image, 'log', sign)]);
    await cp(join(fresh.data, 'secure-chat.db'), image.file);
    const left = await image.left();
    await t.rejects(runServer(t, { data: image.data }), { message });
    t.match(await image.left(), left, 'nothing more is gone');
  }
});

t.test('a first start goes on after a crash, and with a certificate that was there before', async (t) => {
  const first = await runServer(t);
  const crashed = await folder(t);
  // The key comes first, then an empty database and its lock.
  for (const name of ['server.pem', 'server-key.pem']) await cp(join(first.data, name), join(crashed, name));
  for (const name of ['secure-chat.db', 'secure-chat.db-lock', 'secure-chat.db-last']) {
    await writeFile(join(crashed, name), '', { mode: 0o600 });
  }
  t.ok((await runServer(t, { data: crashed })).running.firstLink);
  const image = await imageOf(t, first);
  t.ok((await runServer(t, { data: image.data })).running.firstLink, 'killed before anyone registered');
});

t.test('the tables of a new database are in its file, not only in the write-ahead log', async (t) => {
  const file = join(await folder(t), 'secure-chat.db');
  const db = openDatabase({ file });
  t.teardown(() => db.close());
  t.ok((await stat(file)).size > 50_000);
});

t.test('a write-ahead log that lost its end is noticed, and its seqs are not given again', async (t) => {
  const server = await busyServer(t);
  const before = await readFile(join(server.data, 'secure-chat.db-wal'));
  for (let n = 11; n < 50; n++) await say(server.ada, `text ${n}`);
  const last = await say(server.ada, 'text 50');
  await noted(server.data, last);
  const image = await imageOf(t, server);
  await writeFile(`${image.file}-wal`, before);
  t.match((await image.run('check')).out, new RegExp(`database: .*message ${server.last} .*message ${last}`));

  const tokens = { ada: server.token('ada'), bob: server.token('bob') };
  const cut = await runServer(t, { data: image.data });
  t.ok(
    cut.errors.some((error) => error instanceof Error && /message 50/.test(error.message)),
    'in the log',
  );
  const enter = async (token: string) => {
    const client = await cut.dial();
    return { client, motd: ok(await client.ask({ type: 'resume', token })).motd };
  };
  const { client: ada, motd } = await enter(tokens.ada);
  t.match(motd, /message 50 .* is lost.*remove .*-loss/);
  t.equal((await enter(tokens.bob)).motd, undefined, 'no notice for members');
  ok(await ada.ask({ type: 'sync' }));
  t.ok((await say(ada, 'after the loss')) > last, 'clients that saw the lost ones take it for new');
  await cut.close();
  t.equal((await readdir(join(image.data, 'files', 'ab'))).length, 1, 'files of lost messages are kept');
  t.match(await image.run('check'), { code: 74, out: /database: .*message 50/ });
  await rm(lossFile(image.file));
  t.match(await image.run('check'), { code: 0 });
});
