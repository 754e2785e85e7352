/** Several servers on one PostgreSQL database are one chat: what is done on one holds on all of them. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { RequestBody } from '../../lib/client/wire/connection.js';
import { limits } from '../../lib/protocol/limits.js';
import { httpsPost } from '../support/https-post.js';
import { type JsonClient, jsonClient } from '../support/json-client.js';
import { ownPort } from '../support/own-port.js';
import { startCluster, withoutPostgres } from '../support/postgres.js';
import { startPushReceiver } from '../support/push-receiver.js';
import { type ServerProcess, startServerProcess } from '../support/server-process.js';

t.test('two servers with one database', { skip: withoutPostgres }, async (t) => {
  const cluster = await startCluster(t);
  const database = cluster.database();
  const files = t.testdir();
  const phone = await startPushReceiver(t);
  const start = async () => {
    const webhooks = `127.0.0.1:${await ownPort()}`;
    const server = await startServerProcess(
      ...['--database', database, '--files', files, '--rate', '1000'],
      ...['--webhooks', webhooks, '--push-hosts', phone.origin],
    );
    t.teardown(() => server.close());
    return server;
  };
  const one = await start();
  const ana = await jsonClient(one, one.firstLink, 'ana');
  const two = await start();
  const ben = await jsonClient(two, await two.invite(), 'ben');
  const cleo = await jsonClient(one, await one.invite(), 'cleo');

  await t.test('see each other come, and have all messages in one order', async (t) => {
    t.match(await ana.event('joined', { name: 'ben' }), { room: 'lobby' });
    await Promise.all([talk(ana, 'a'), talk(ben, 'b'), talk(cleo, 'c')]);
    await ana.say({ room: 'lobby' }, 'all said');
    for (const client of [ana, ben, cleo]) await client.event('message', { text: 'all said' });
    const [first, ...others] = [ana, ben, cleo].map(texts);
    t.equal(first?.length, 151);
    for (const other of others) t.same(other, first);
    t.match(await ben.ok({ type: 'who' }), {
      people: [{ name: 'ana', role: 'admin' }, { name: 'ben' }, { name: 'cleo' }],
    });
  });

  await t.test('edits, removals, replies, reactions, pins and topics', async (t) => {
    const seq = await ana.say({ room: 'lobby' }, 'tee at four');
    await ben.event('message', { seq });
    await ben.ok({ type: 'react', of: seq, emoji: '👍' });
    t.match(await ana.event('reaction'), { of: { seq }, from: 'ben', emoji: '👍' });
    await ana.ok({ type: 'edit', of: seq, text: 'tea at four' });
    t.match(await ben.event('edited'), { of: seq, text: 'tea at four' });
    await ana.ok({ type: 'pin', of: seq });
    t.match(await ben.event('pinned'), { of: { seq, text: 'tea at four' } });
    await ana.ok({ type: 'set-topic', room: 'lobby', topic: 'tea' });
    t.match(await ben.event('topic'), { topic: 'tea' });
    await ana.ok({ type: 'remove', of: seq });
    t.match(await ben.event('removed'), { of: seq });
  });

  await t.test('direct messages, and what was read', async (t) => {
    const seq = await ben.say({ to: 'ana' }, 'between us');
    t.match(await ana.event('message', { text: 'between us' }), { from: 'ben', to: 'ana' });
    const phone = await jsonClient(two, two.link, 'ana');
    await ana.ok({ type: 'read', with: 'ben', seq });
    t.match(await phone.event('seen', { with: 'ben' }), { seq });
    t.notOk(cleo.lines().some(({ text }) => text === 'between us'));
    await phone.leave();
  });

  await t.test('a webhook of one works on the other; a notification is sent once', async (t) => {
    const { url = '' } = await ana.ok({ type: 'make-webhook', room: 'lobby', name: 'ci' });
    const [, origin = ''] = await two.process().prints(/"webhooks":"(https:[^"]+)"/, 'stderr');
    const there = `${origin}${new URL(url).pathname}`;
    t.not(there, url);
    t.match(await httpsPost(there, 'from the other server'), { status: 204 });
    for (const client of [ana, ben])
      t.match(await client.event('message', { from: 'ci' }), { room: 'lobby' });

    await cleo.ok({ type: 'set-push', url: `${phone.origin}/cleo` });
    t.match(await phone.received.next(), { text: 'Notifications are on.' });
    await ana.event('message', { seq: await ben.say({ room: 'lobby' }, 'cleo is here: nothing is sent') });
    await cleo.ok({ type: 'away', text: '' });
    for (const client of [ana, ben]) await client.event('away', { name: 'cleo' });
    await ben.say({ to: 'cleo' }, 'one');
    await ana.say({ to: 'cleo' }, 'two');
    const sent = [await phone.received.next(), await phone.received.next()].map(({ text }) => text);
    t.same(sent.toSorted(), ['ana sent you a message.', 'ben sent you a message.']);
    await cleo.ok({ type: 'back' });
    for (const client of [ana, ben]) await client.event('back', { name: 'cleo' });
    await cleo.ok({ type: 'set-push', url: `${phone.origin}/last` });
    t.match(await phone.received.next(), { path: '/last' }, 'no second one came');

    await ana.ok({ type: 'remove-webhook', name: 'ci' });
    t.match(await httpsPost(there, 'late'), { status: 404 });
  });

  await t.test('files in a shared folder', async (t) => {
    const path = join(one.home.folder, 'picture.bin');
    await writeFile(path, 'its bytes');
    const sent = one.home.run(
      ['send', one.link, '--room', 'lobby', '--file', path, '--name', 'cleo', '--attach'],
      passwordOf,
    );
    sent.end();
    t.equal(await sent.ended, 0, sent.stderr());
    const { seq } = await ben.event('message', { from: 'cleo' });
    const got = two.connect(two.link, 'ben', '--plain', '--attach');
    await got.prints(/in #lobby as ben/, 'stderr');
    const place = join(two.home.folder, 'got.bin');
    got.write(`/get ${seq} ${place}\n`);
    await got.prints(/Downloaded /, 'stderr');
    t.equal(await readFile(place, 'utf8'), 'its bytes');
    got.end();
    await got.ended;
    t.match(await two.operate(['check', '--database', database]), { out: /files: ok|all 1 present/ });
  });

  await t.test('rooms: made, entered, private, with roles and rules, ended', async (t) => {
    for (const room of ['one', 'two', 'three']) {
      await Promise.all([ana, ben].map((client) => client.ok({ type: 'join', room })));
      const seq = await ben.say({ room }, `both in ${room}`);
      await ana.event('message', { seq });
    }
    await ana.ok({ type: 'join', room: 'den', private: true });
    await ana.ok({ type: 'invite', room: 'den', name: 'ben' });
    t.match(await ben.event('invited'), { room: 'den', by: 'ana' });
    await ben.ok({ type: 'join', room: 'den' });
    await ana.event('joined', { room: 'den', name: 'ben' });
    const seq = await ana.say({ room: 'den' }, 'in the den');
    await ben.event('message', { seq });
    await ana.ok({ type: 'appoint', room: 'den', name: 'ben', role: 'owner' });
    await ben.event('role', { name: 'ben', role: 'owner' });
    await ben.ok({ type: 'set-rules', room: 'den', locked: true });
    await ana.event('rules', { room: 'den' });
    t.equal(await cleo.code({ type: 'join', room: 'den' }), 'room-name-taken');
    await ana.ok({ type: 'leave', room: 'den' });
    await ben.event('left', { room: 'den', name: 'ana' });
    await ben.ok({ type: 'leave', room: 'den', end: true });
    await ana.ok({ type: 'join', room: 'den' });
    await ben.ok({ type: 'join', room: 'den' });
    t.equal(texts(cleo).includes('in the den'), false);
  });

  await t.test('typing and receipts, which a block ends', async (t) => {
    for (const client of [ana, ben]) await client.ok({ type: 'share', typing: true, receipts: true });
    await ben.ok({ type: 'typing', room: 'lobby' });
    t.match(await ana.event('typing'), { room: 'lobby', names: ['ben'] });
    const seq = await ben.say({ to: 'ana' }, 'seen?');
    await ana.ok({ type: 'read', with: 'ben', seq });
    t.match(await ben.event('receipts'), { with: 'ana', readers: [{ name: 'ana', seq }] });
    await ana.ok({ type: 'block', name: 'ben' });
    t.equal(await sayCode(ben, { to: 'ana' }), 'not-delivered');
    await ana.ok({ type: 'unblock', name: 'ben' });
  });

  await t.test('away, and waiting for a person', async (t) => {
    await ben.ok({ type: 'away', text: 'lunch' });
    t.match(await ana.event('away'), { name: 'ben', text: 'lunch' });
    t.match(await ana.ok({ type: 'whois', name: 'ben' }), { whois: { away: 'lunch', terminals: 1 } });
    await ben.ok({ type: 'back' });
    const dora = await jsonClient(two, await one.invite(), 'dora');
    t.equal(await dora.leave(), 0);
    await ana.event('left', { name: 'dora' });
    await ana.ok({ type: 'watch', name: 'dora' });
    const again = await jsonClient(two, two.link, 'dora');
    await ana.event('online', { name: 'dora' });
    t.equal(await again.leave(), 0);
  });

  await t.test('mutes and roles', async (t) => {
    await ana.ok({ type: 'mute', name: 'ben' });
    await ben.event('muted', { by: 'ana' });
    t.equal(await sayCode(ben, { room: 'lobby' }), 'muted');
    await ana.ok({ type: 'unmute', name: 'ben' });
    await ben.event('unmuted');
    await ana.ok({ type: 'set-role', name: 'ben', role: 'moderator' });
    await ben.event('rank', { name: 'ben', role: 'moderator' });
    await ben.ok({ type: 'mute', name: 'cleo' });
    await cleo.event('muted', { by: 'ben' });
    await ben.ok({ type: 'unmute', name: 'cleo' });
  });

  await t.test('a name is held once: refused, attached or taken over', async (t) => {
    const refused = two.home.run(['connect', two.link, '--name', 'cleo', '--plain'], passwordOf);
    t.not(await refused.ended, 0);
    t.match(refused.stderr(), /already signed in/);
    const beside = await jsonClient(two, two.link, 'cleo');
    t.match(await ana.ok({ type: 'whois', name: 'cleo' }), { whois: { terminals: 2 } });
    await cleo.say({ room: 'lobby' }, 'on both');
    await beside.event('message', { text: 'on both' });
    const over = two.connect(two.link, 'cleo', '--json', '--take-over');
    await over.prints(/"type":"synced"/);
    await cleo.running.prints(/"type":"closing","code":"taken-over"/);
    await beside.running.prints(/"type":"closing","code":"taken-over"/);
    t.match(await ana.ok({ type: 'whois', name: 'cleo' }), { whois: { terminals: 1 } });
    over.end();
    await over.ended;
  });

  await t.test('kicks, passwords, sessions and bans end connections everywhere', async (t) => {
    const eve = (server: ServerProcess) => jsonClient(server, server.link, 'eve');
    const first = await jsonClient(two, await one.invite(), 'eve');
    await ana.ok({ type: 'kick', name: 'eve', reason: 'enough' });
    await first.running.prints(/"code":"kicked","message":"You were kicked by ana: enough"/);
    const second = await eve(two);
    const third = await eve(one);
    await third.ok({ type: 'logout', all: true });
    await second.running.prints(/"code":"signed-out"/);
    const fourth = await eve(two);
    t.match(await one.operate(['user', 'role', 'eve', 'moderator']), { code: 0 });
    await fourth.event('rank', { name: 'eve', role: 'moderator' });
    await one.operate(['user', 'role', 'eve', 'member']);
    t.match(await one.operate(['user', 'passwd', 'eve'], { input: 'another good password\n' }), { code: 0 });
    await fourth.running.prints(/"code":"signed-out"/);
    await one.operate(['user', 'passwd', 'eve'], { input: `${passwordOf.SECURE_CHAT_PASSWORD}\n` });
    const fifth = await eve(two);
    await ana.ok({ type: 'ban', name: 'eve', ms: 60_000 });
    await fifth.running.prints(/"code":"banned"/);
  });

  await t.test('a command without a server of its own acts on them, too', async (t) => {
    const fay = await jsonClient(two, await one.invite(), 'fay');
    const alone = ['--data', one.home.folder, '--database', database];
    const command = one.home.run(['user', 'ban', 'fay', ...alone]);
    t.equal(await command.ended, 0, command.stderr());
    await fay.running.prints(/"code":"banned"/);
  });

  await t.test('guesses of a password count on both', async (t) => {
    const guess = (server: ServerProcess) =>
      server.home.run(['connect', server.link, '--name', 'dora', '--plain'], {
        SECURE_CHAT_PASSWORD: 'not her password',
      });
    const start = Date.now();
    for (let n = 0; n < 30; n++) {
      const guessed = guess(n % 2 === 0 ? one : two);
      await guessed.ended;
      if (!/Too many attempts/.test(guessed.stderr())) continue;
      const perMinute = limits.loginFailuresPerMinute;
      const most = perMinute + ((Date.now() - start) / 60_000) * perMinute + 1;
      t.ok(n <= most, `after ${n} guesses, ${most} at most`);
      return;
    }
    t.fail('30 guesses were answered');
  });

  await leaving(t, { one, two, ana, ben });
});

const passwordOf = { SECURE_CHAT_PASSWORD: 'correct horse battery' };

async function leaving(
  t: Test,
  { one, two, ana, ben }: { one: ServerProcess; two: ServerProcess; ana: JsonClient; ben: JsonClient },
): Promise<void> {
  await t.test('people at a server that is killed leave, and come back', async (t) => {
    two.process().kill('SIGKILL');
    const killed = Date.now();
    t.match(await ana.event('left', { name: 'ben' }), { reason: 'connection lost' });
    t.comment(`ben left after ${Date.now() - killed} ms`);
    await ana.say({ room: 'lobby' }, 'ben, where are you?');
    await two.restart();
    await ben.event('message', { text: 'ben, where are you?' });
    await ana.event('joined', { name: 'ben' });
  });

  await t.test('people at a server that hung are back when it runs again', async () => {
    two.process().kill('SIGSTOP');
    await ana.event('left', { name: 'ben' });
    two.process().kill('SIGCONT');
    await ana.event('joined', { name: 'ben' });
    await ben.say({ room: 'lobby' }, 'back');
    await ana.event('message', { text: 'back' });
  });

  await t.test('people at a server that shuts down leave at once', async (t) => {
    two.process().kill('SIGTERM');
    await ana.event('left', { name: 'ben' });
    t.equal(await two.process().ended, 0);
    t.match(await one.operate(['user', 'list']), { code: 0, out: /ben/ });
  });
}

async function talk(client: JsonClient, name: string): Promise<void> {
  for (let n = 0; n < 50; n++) await client.say({ room: 'lobby' }, `${name} ${n}`);
}

const sayCode = (client: JsonClient, where: object): Promise<string> =>
  client.code({ type: 'say', ...where, text: 'hello?' } as RequestBody);

const texts = (client: JsonClient): string[] =>
  client.lines().flatMap(({ type, text }) => (type === 'message' ? [String(text)] : []));
