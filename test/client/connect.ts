/** `connect` of the library, with a server in this process. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { ChatSession } from '../../lib/client/chat-session.js';
import { type ConnectOptions, connectChat as connect } from '../../lib/client/connect.js';
import { folder, password, runServer, type TestServer } from '../support/running-server.js';

function at({ port, running }: TestServer): Pick<ConnectOptions, 'server' | 'pin'> {
  return { server: `127.0.0.1:${port}`, pin: running.certificate.pin };
}

async function enter(t: Test, server: TestServer, name: string): Promise<ChatSession> {
  const chat = await connect({ ...at(server), token: server.token(name) });
  t.teardown(() => chat.close());
  return chat;
}

/** The texts of the next `count` messages. */
async function texts(messages: AsyncIterator<{ text: string }>, count: number): Promise<string[]> {
  const found: string[] = [];
  while (found.length < count) {
    const { value, done } = await messages.next();
    if (done) break;
    found.push(value.text);
  }
  return found;
}

t.test('signing in, by token or by name and password', async (t) => {
  const server = await runServer(t, { people: ['ana', 'ben'], passwords: true });
  const ana = await enter(t, server, 'ana');
  t.match(ana, { name: 'ana', role: 'member', serverName: server.running.name, recovery: undefined });
  const ben = await connect({ ...at(server), name: 'ben', password });
  t.equal(ben.name, 'ben');
  t.same(
    (await ana.people()).map(({ name }) => name),
    ['ana', 'ben'],
  );
  await ben.close();
  t.match(await ben.closed, { why: 'quit' });

  await t.rejects(connect({ ...at(server), name: 'ben', password: 'no' }), { code: 'wrong-credentials' });
  await t.rejects(connect({ ...at(server), token: 'x'.repeat(43) }), { code: 'session-expired' });
});

t.test('an invite link makes the account, once', async (t) => {
  const server = await runServer(t);
  const { pin } = at(server);
  const link = `secure-chat://127.0.0.1:${server.port}/${pin}/${await server.running.invite({})}`;
  const options = { server: link, name: 'cleo', password: 'a rather long password' };
  const first = await connect(options);
  t.match(first.recovery, /./);
  await first.close();
  const again = await connect(options);
  t.equal(again.recovery, undefined);
  await again.close();
});

t.test('nothing is asked: what is missing, wrong or not trusted has a code', async (t) => {
  const server = await runServer(t, { people: ['ana'] });
  const { server: address, pin = '' } = at(server);
  const token = server.token('ana');
  for (const [options, code] of [
    [{ server: address, pin }, 'invalid-option'],
    [{ server: address, pin, token: '' }, 'invalid-option'],
    [{ server: address, pin, name: 'ana' }, 'invalid-option'],
    [{ server: 'secure-chat://', token }, 'invalid-option'],
    [{ server: address, pin: 'short', token }, 'invalid-option'],
    [{ server: `secure-chat://${address}/${pin}`, pin: 'x'.repeat(43), token }, 'invalid-option'],
    [{ server: address, token }, 'key-unknown'],
    [{ server: address, pin: 'x'.repeat(43), token }, 'key-changed'],
  ] as const)
    await t.rejects(connect(options), { code }, JSON.stringify(code));
  const ana = await connect({ server: address, pin, token });
  await ana.close();
  await server.close();
  await t.rejects(connect({ server: address, pin, token }), { code: 'unreachable' });
});

t.test('messages are stored when `say` has resolved, and come to listeners and iterators', async (t) => {
  const server = await runServer(t, { people: ['ana', 'ben'] });
  const ana = await enter(t, server, 'ana');
  const old = await ana.say({ room: 'lobby' }, 'old');
  const ben = await enter(t, server, 'ben');
  const heard: string[] = [];
  const off = ben.on('message', ({ text }) => heard.push(text));
  const messages = ben.messages();

  const stored = await ana.say({ room: 'lobby' }, 'hello', { key: 'once' });
  t.ok(stored.seq > old.seq);
  t.same(await ana.say({ room: 'lobby' }, 'hello', { key: 'once' }), stored, 'the same key again');
  await ana.say({ to: 'ben' }, 'only you');
  const first = (await messages.next()).value;
  t.match(first, { type: 'message', room: 'lobby', from: 'ana', text: 'hello', seq: stored.seq });
  const direct = (await messages.next()).value;
  t.match(direct, { to: 'ben', text: 'only you' });

  const answers = ana.messages();
  if (direct === undefined || first === undefined) throw new Error('no message');
  await ben.reply(direct, 'thanks');
  await ben.reply(first, 'hi');
  t.match((await answers.next()).value, { from: 'ben', to: 'ana', text: 'thanks', of: { seq: direct.seq } });
  t.match((await answers.next()).value, { room: 'lobby', text: 'hi', of: { text: 'hello' } });
  t.same(heard, ['hello', 'only you', 'thanks', 'hi']);
  off();
  await ana.say({ room: 'lobby' }, 'unheard');
  t.same(await texts(messages, 3), ['thanks', 'hi', 'unheard']);
  t.equal(heard.length, 4);

  for (const [text, code] of [
    [' ', 'message-empty'],
    ['x'.repeat(5000), 'message-too-long'],
  ] as const)
    await t.rejects(ana.say({ room: 'lobby' }, text), { code });
  await t.rejects(ana.say({ room: 'nowhere' }, 'hi'), { code: 'no-such-room' });
});

t.test('rooms, history and other requests', async (t) => {
  const server = await runServer(t, { people: ['ana', 'ben'] });
  const [ana, ben] = [await enter(t, server, 'ana'), await enter(t, server, 'ben')];
  await t.rejects(ben.join('ops'), { code: 'no-such-room' });
  await ana.ask({ type: 'join', room: 'ops' });
  await ben.join('ops');
  await ben.join('ops');
  t.match(
    (await ben.rooms()).find(({ room }) => room === 'ops'),
    { role: 'member', members: 2 },
  );
  const ops = ben.messages({ room: 'ops' });
  for (let n = 0; n < 120; n++) void ana.say({ room: 'ops' }, `line ${n}`);
  await ana.say({ room: 'lobby' }, 'elsewhere');
  const { seq } = await ana.say({ room: 'ops' }, 'last');
  const all = [...Array.from({ length: 120 }, (_, n) => `line ${n}`), 'last'];
  t.same(await texts(ops, 121), all);
  t.same(await texts(ben.history({ room: 'ops' }), 999), all);
  t.same(await texts(ben.history({ room: 'ops' }, Date.now() + 1000), 999), []);

  const since = ben.messages({ room: ['ops', 'lobby'], since: new Date(Date.now() - 60_000) });
  const found = await texts(since, 122);
  t.same(
    found.filter((text) => text !== 'elsewhere'),
    all,
  );
  await ana.say({ room: 'ops' }, 'live');
  t.same(await texts(since, 1), ['live']);

  const reacted = new Promise((resolve) => ana.on('reaction', resolve));
  await ben.ask({ type: 'react', of: seq, emoji: '+1' });
  t.match(await reacted, { of: { seq }, emoji: '👍' });
  await t.rejects(ben.ask({ type: 'edit', of: seq, text: 'mine' }), { code: 'not-allowed' });
  await ben.leave('ops');
  await t.rejects(texts(ben.history({ room: 'ops' }), 1), { code: 'not-a-member' });
  await t.rejects(ben.leave('ops'), { code: 'not-a-member' });
});

t.test('files, both ways', async (t) => {
  const server = await runServer(t, { people: ['ana', 'ben'] });
  const [ana, ben] = [await enter(t, server, 'ana'), await enter(t, server, 'ben')];
  const messages = ben.messages();
  const path = join(await folder(t), '~"odd".txt');
  await writeFile(path, 'what is in it\n\n');
  await ana.sendFile({ to: 'ben' }, path);
  const { value: message } = await messages.next();
  t.match(message, { file: { name: '_odd_.txt', size: 15 } });
  const { bytes } = await ben.loadFile(message?.seq ?? 0, { mostBytes: 100 });
  t.equal(Buffer.from(bytes).toString(), 'what is in it\n\n');
  await t.rejects(ben.loadFile(message?.seq ?? 0, { mostBytes: 5 }), { code: 'transfer-failed' });
  await t.rejects(ana.sendFile({ to: 'ben' }, '/no/such/file'), { code: 'transfer-failed' });
  const signal = AbortSignal.abort(new Error('changed my mind'));
  await t.rejects(ana.sendFile({ to: 'ben' }, path, { signal }), { message: 'changed my mind' });
});

t.test('over a lost connection, each message is stored once and comes once', async (t) => {
  const data = await folder(t);
  const first = await runServer(t, { people: ['ana', 'ben'], data });
  const [ana, ben] = [await enter(t, first, 'ana'), await enter(t, first, 'ben')];
  const messages = ben.messages();
  const states: string[] = [];
  ben.on('status', ({ state }) => states.push(state));
  await ana.say({ room: 'lobby' }, 'before');
  await first.close();
  const meanwhile = ana.say({ room: 'lobby' }, 'meanwhile');
  await runServer(t, { data, port: first.port });
  await meanwhile;
  t.same(await texts(messages, 2), ['before', 'meanwhile']);
  t.match(states, ['waiting', 'connecting', 'online']);
});

t.test('an end: by close, by the signal, by `await using`, by the server', async (t) => {
  const server = await runServer(t, { people: ['ana', 'ben', 'cleo'] });
  const controller = new AbortController();
  const ana = await connect({ ...at(server), token: server.token('ana'), signal: controller.signal });
  const messages = ana.messages();
  const next = messages.next();
  controller.abort(new Error('enough'));
  t.same(await next, { value: undefined, done: true });
  t.match(await ana.closed, { why: 'quit' });
  await t.rejects(ana.say({ room: 'lobby' }, 'too late'), { code: 'session-ended' });
  await t.rejects(ana.rooms(), { code: 'session-ended' });
  await t.rejects(ana.sendFile({ to: 'ben' }, 'x'), { code: 'session-ended' });

  const ben = await connect({ ...at(server), token: server.token('ben') });
  await ben[Symbol.asyncDispose]();
  t.match(await ben.closed, { why: 'quit' });

  const cleo = await enter(t, server, 'cleo');
  const ended = t.rejects(cleo.messages().next(), {
    code: 'session-ended',
    end: { why: 'refused', code: 'taken-over' },
  });
  const other = await connect({ ...at(server), token: server.token('cleo'), mode: 'take-over' });
  await ended;
  await other.close();
});

t.test('a signal gives up connecting', async (t) => {
  const silent = createServer((socket) => socket.on('error', () => {}).resume());
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.teardown(() => silent.close());
  const { port } = silent.address() as { port: number };
  const controller = new AbortController();
  const { signal } = controller;
  const connecting = connect({ server: `127.0.0.1:${port}`, pin: 'x'.repeat(43), token: 'token', signal });
  const [socket] = await once(silent, 'connection');
  controller.abort(new Error('enough'));
  await t.rejects(connecting, { message: 'enough' });
  if (!socket.destroyed) await once(socket, 'close');
  await t.rejects(connect({ server: 'x', token: 'x', signal }), { message: 'enough' });
});
