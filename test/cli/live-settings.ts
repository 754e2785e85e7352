/** What a reload changes on a running server, as its clients find it. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { limits } from '../../lib/protocol/limits.js';
import { outcome, post, requestOk } from '../support/requests.js';
import { folder, runServer } from '../support/running-server.js';

async function scene(t: Test) {
  const server = await runServer(t, { people: ['ada', 'bob'] });
  return { server, running: server.running, ada: await server.enter('ada') };
}

t.test('the rate of messages, also as clients learn it', async (t) => {
  const { server, running, ada } = await scene(t);
  for (let count = 0; count < 20; count++) await post(ada, { room: 'lobby' }, 'fast');
  await running.reload({ rate: 0.1 });
  await post(ada, { room: 'lobby' }, 'one');
  const second = await ada.ask({ type: 'say', room: 'lobby', text: 'two', key: 'two' });
  t.match(second, { code: 'rate-limited', message: /more than 0\.1 messages/ });
  t.match((await server.dial()).hello.limits, { messagesPerSecond: 0.1, messageBurst: 1 });
  await running.reload({});
  t.match((await server.dial()).hello.limits, { messagesPerSecond: limits.messagesPerSecond });
});

t.test('who may come in', async (t) => {
  const { server, running, ada } = await scene(t);
  const checkName = { type: 'check-name', name: 'newcomer' } as const;
  t.equal(await outcome(await server.dial(), checkName), 'invite-needed');
  await running.reload({ registration: 'open' });
  const newcomer = await server.dial();
  t.equal(newcomer.hello.registration, 'open');
  t.equal(await outcome(newcomer, checkName), 'ok');
  t.equal(running.registration, 'open');
  await running.reload({ maxClients: 1 });
  const bob = { type: 'resume', token: server.token('bob') } as const;
  t.match(await newcomer.ask(bob), { code: 'server-full', message: /full \(1 people\)/ });
  await running.reload({ registration: 'closed' });
  t.equal(await outcome(await server.dial(), checkName), 'registration-closed');
  t.equal(await outcome(await server.dial(), bob), 'ok', 'as many as will');

  await running.reload({ perAddress: 1 });
  await t.rejects(server.dial());
  t.equal(await outcome(ada, { type: 'ping' }), 'ok', 'those who are in stay');
});

t.test('what may be done', async (t) => {
  const { running, ada } = await scene(t);
  const offer = {
    type: 'offer',
    room: 'lobby',
    name: 'a',
    size: 900,
    hash: 'A'.repeat(43),
    key: 'f',
  } as const;
  t.equal(await outcome(ada, { type: 'join', room: 'before' }), 'ok');
  await running.reload({ rooms: 'admins', maxFile: 899 });
  t.equal(await outcome(ada, { type: 'join', room: 'after' }), 'not-allowed');
  t.equal(await outcome(ada, offer), 'file-too-large');
  await running.reload({ quota: 899 });
  t.equal(await outcome(ada, offer), 'quota-exceeded');
  await running.reload({ pushHosts: ['http://127.0.0.1:1'] });
  t.equal(await outcome(ada, offer), 'ok');
  const push = { type: 'set-push', url: 'http://127.0.0.1:1/ada' } as const;
  t.equal(await outcome(ada, push), 'ok');
  await running.reload({});
  t.equal(await outcome(ada, push), 'not-allowed');
});

t.test('the message of the day, and where it is', async (t) => {
  const { server, running } = await scene(t);
  const motd = join(await folder(t), 'motd.txt');
  await writeFile(motd, 'Be kind.');
  await running.reload({ motd });
  const signIn = async () =>
    requestOk(await server.dial(), { type: 'resume', token: server.token('ada'), mode: 'attach' });
  t.match(await signIn(), { motd: 'Be kind.' });
  await writeFile(motd, 'Be kinder.');
  await running.reload();
  t.match(await signIn(), { motd: 'Be kinder.' });
  await rm(motd);
  await t.rejects(running.reload(), { message: /motd\.txt: no such file/ });
  t.match(await signIn(), { motd: 'Be kinder.' });
});

t.test('of a reload that fails nothing is in force', async (t) => {
  const { server, running } = await scene(t);
  const { pin } = running.certificate;
  const changed = { rate: 1, registration: 'open', keep: { messages: 1 } } as const;
  await t.rejects(running.reload({ ...changed, motd: '/nowhere/motd.txt' }), { message: /no such file/ });
  await t.rejects(running.reload({ ...changed, cert: '/nowhere/cert.pem' }), { message: /cert\.pem/ });
  await t.rejects(running.reload({ ...changed, pushHosts: ['*.example'] }), { message: /pushHosts/ });
  const { hello } = await server.dial();
  t.match(hello, { registration: 'invite', limits: { messagesPerSecond: 10_000 } });
  t.match(running, { registration: 'invite', keep: undefined, certificate: { pin } });
  await running.reload();
  t.match((await server.dial()).hello, { registration: 'invite' }, 'nor with the next one');
});
