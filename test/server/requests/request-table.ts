import t from 'tap';
import type { Reply } from '../../../lib/protocol/events.js';
import { limits } from '../../../lib/protocol/limits.js';
import type { SignInMode } from '../../../lib/protocol/requests.js';
import { ok, password, runServer, type TestServer } from '../../support/running-server.js';
import type { WireClient } from '../../support/wire-client.js';

async function signIn(server: TestServer, name: string, mode?: SignInMode, remember = false) {
  const client = await server.dial();
  const chosen = mode === undefined ? {} : { mode };
  const reply = (await client.ask({ type: 'sign-in', name, password, remember, ...chosen })) as Reply;
  return { client, reply };
}

async function resume(server: TestServer, token: string | undefined, mode?: SignInMode) {
  const client = await server.dial();
  const reply = await client.ask({
    type: 'resume',
    token: token ?? '',
    ...(mode === undefined ? {} : { mode }),
  });
  return { client, reply: reply as Reply };
}

/** Posts in the lobby and waits until this client has it, so that everything before it has come too. */
async function fence(by: WireClient, seenBy: WireClient): Promise<void> {
  const key = `fence-${by.frames.length}-${seenBy.frames.length}`;
  const said = by.ask({ type: 'say', room: 'lobby', text: 'fence', key });
  await seenBy.next('message', (message) => message.key === key);
  await said;
}

/** All notices of people who joined or left. */
function notices(client: WireClient): string[] {
  return client.frames
    .filter((frame) => frame.type === 'joined' || frame.type === 'left')
    .map((frame) => `${frame.name} ${frame.type}`);
}

t.test('a second sign-in without a mode is refused, and the first stays', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob'], passwords: true });
  const bob = await server.enter('bob');
  const ada = await server.enter('ada');
  const { client, reply } = await signIn(server, 'ada');
  t.match(reply, { type: 'error', code: 'name-in-use' });
  t.match(await client.ask({ type: 'who' }), { code: 'not-signed-in' });
  await fence(ada, bob);
  t.match(
    await client.ask({ type: 'sign-in', name: 'ada', password, mode: 'attach' }),
    { type: 'ok' },
    'on the same connection',
  );
  t.notOk(ada.isClosed);
});

t.test('a take-over ends the other session with the reason, and no one else sees it', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob'], passwords: true });
  const bob = await server.enter('bob');
  const { client: old, reply } = await signIn(server, 'ada');
  ok(await old.ask({ type: 'sync' }));
  const { client: ada, reply: second } = await signIn(server, 'ada', 'take-over');
  ok(second);
  await old.closed;
  t.match(old.frames.at(-1), { type: 'closing', code: 'taken-over' });
  ok(await ada.ask({ type: 'sync' }));
  await fence(ada, bob);
  t.same(notices(bob), ['ada joined']);
  t.match(await bob.ask({ type: 'who' }), { people: [{ name: 'ada', terminals: 1 }, { name: 'bob' }] });
  t.match(
    (await resume(server, ok(reply).token)).reply,
    { code: 'session-expired' },
    'the token ends with it',
  );
});

t.test('a remembered session that was taken over joins like any other sign-in', async (t) => {
  const server = await runServer(t, { people: ['ada'], passwords: true });
  const { reply } = await signIn(server, 'ada', undefined, true);
  const { client } = await signIn(server, 'ada', 'take-over');
  const { token } = ok(reply);
  t.match((await resume(server, token)).reply, { code: 'name-in-use' });
  t.match((await resume(server, token)).reply, { code: 'name-in-use' }, 'still, for it is not running');
  client.destroy();
  await client.closed;
  // The server learns of the hang-up in its own time.
  for (;;) {
    const back = await resume(server, token);
    if (back.reply.type === 'ok') break;
    t.match(back.reply, { code: 'name-in-use' });
  }
});

t.test('attached terminals are one person who sees everything on each, at most eight', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob'], passwords: true });
  const bob = await server.enter('bob');
  const terminals: WireClient[] = [];
  for (let i = 0; i < limits.terminalsPerName; i++) {
    const { client, reply } = await signIn(server, 'ada', 'attach');
    ok(reply);
    ok(await client.ask({ type: 'sync' }));
    terminals.push(client);
  }
  const people = [
    { name: 'ada', role: 'member', terminals: 8 },
    { name: 'bob', role: 'member', terminals: 1 },
  ];
  t.match(await bob.ask({ type: 'who' }), { people });
  t.match((await signIn(server, 'ada', 'attach')).reply, { code: 'too-many-terminals' });

  const [first] = terminals;
  if (first === undefined) throw new Error('There is no terminal.');
  ok(await first.ask({ type: 'say', to: 'bob', text: 'psst', key: 'd1' }).then(() => ({ type: 'ok' })));
  await bob.ask({ type: 'say', room: 'lobby', text: 'hello', key: 'r1' });
  for (const terminal of terminals) {
    t.match(await terminal.next('message'), { to: 'bob', from: 'ada', text: 'psst' });
    t.match(await terminal.next('message'), { room: 'lobby', from: 'bob', text: 'hello' });
  }
  for (const terminal of terminals.slice(1)) {
    ok(await terminal.ask({ type: 'quit' }));
    await terminal.closed;
  }
  await fence(first, bob);
  t.same(notices(bob), ['ada joined'], 'she is here as long as one of them is');
});

t.test('a lost connection continues without a mode while the server still has the old one', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob'] });
  const bob = await server.enter('bob');
  const lost = await resume(server, server.token('ada'));
  ok(await lost.client.ask({ type: 'sync' }));
  const { client: ada, reply } = await resume(server, ok(lost.reply).token);
  ok(reply);
  await lost.client.closed;
  t.match(lost.client.frames.at(-1), { type: 'closing', code: 'taken-over' });
  ok(await ada.ask({ type: 'sync' }));
  await fence(ada, bob);
  t.same(notices(bob), ['ada joined'], 'no one saw it');
  t.match((await resume(server, ok(reply).token)).reply, { type: 'ok' }, 'and it can do so again');
});

t.test('a session can take over its own lost connection, and goes on', async (t) => {
  const server = await runServer(t, { people: ['ada'] });
  const lost = await resume(server, server.token('ada'));
  const other = await resume(server, server.token('ada'));
  const { client, reply } = await resume(server, ok(lost.reply).token, 'take-over');
  ok(reply);
  await Promise.all([lost.client.closed, other.client.closed]);
  t.match(await client.ask({ type: 'who' }), { people: [{ name: 'ada', terminals: 1 }] });
  t.match((await resume(server, ok(reply).token)).reply, { type: 'ok' }, 'the session is still there');
  t.match(
    (await resume(server, ok(other.reply).token)).reply,
    { code: 'session-expired' },
    'the other is not',
  );
});

t.test('a lost attached terminal comes back however many there are', async (t) => {
  const server = await runServer(t, { people: ['ada'] });
  const terminals = [];
  for (let i = 0; i < limits.terminalsPerName; i++) {
    terminals.push(await resume(server, server.token('ada'), 'attach'));
  }
  const lost = terminals[0]?.reply;
  if (lost?.type !== 'ok') throw new Error('The first terminal is not in.');
  const back = await resume(server, lost.token, 'attach');
  t.match(back.reply, { type: 'ok' });
  t.match(await back.client.ask({ type: 'who' }), { people: [{ terminals: limits.terminalsPerName }] });
});

t.test('a client that hangs up while its password is checked is not online', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob'], passwords: true });
  const bob = await server.enter('bob');
  const client = await server.dial();
  client.send({ type: 'sign-in', id: 1, name: 'ada', password });
  client.end();
  await client.closed;
  const { reply } = await signIn(server, 'ada');
  ok(reply);
  t.match(await bob.ask({ type: 'who' }), { people: [{ name: 'ada', terminals: 1 }, { name: 'bob' }] });
});

async function withHistory(t: Parameters<typeof runServer>[0], count: number) {
  const server = await runServer(t, {
    people: ['ada', 'bob'],
    async prepare(store, accounts) {
      const [room] = await store.rooms();
      const bob = accounts.get('bob')?.id ?? 0;
      const target = { room: room?.id ?? 0 };
      const entry = { target, account: bob, action: false, at: Date.now() };
      for (let i = 1; i <= count; i++) await store.append({ ...entry, key: `k${i}`, text: `text ${i}` });
    },
  });
  return { server, ada: await server.enter('ada') };
}

function texts(reply: { messages?: readonly { text: string }[] }): number[] {
  return (reply.messages ?? []).map(({ text }) => Number(text.replace('text ', '')));
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

t.test('history can be paged backwards to the beginning', async (t) => {
  const { ada } = await withHistory(t, 250);
  let before = Number.MAX_SAFE_INTEGER;
  const seen: number[] = [];
  for (let page = 1; ; page++) {
    const reply = ok(await ada.ask({ type: 'history', room: 'lobby', before }));
    seen.unshift(...texts(reply));
    t.equal(reply.more, page < 3, `page ${page}`);
    if (reply.more !== true) break;
    before = reply.messages?.[0]?.seq ?? 0;
  }
  t.same(seen, numbers(1, 250));
});

t.test('and forwards to the end', async (t) => {
  const { ada } = await withHistory(t, 250);
  let after = 0;
  const seen: number[] = [];
  for (let page = 1; ; page++) {
    const reply = ok(await ada.ask({ type: 'history', room: 'lobby', after }));
    seen.push(...texts(reply));
    t.equal(reply.more, page < 3, `page ${page}`);
    if (reply.more !== true) break;
    after = reply.messages?.at(-1)?.seq ?? 0;
  }
  t.same(seen, numbers(1, 250));
});

t.test('a page may be small, bounded on both sides, exact or empty', async (t) => {
  const { ada } = await withHistory(t, 10);
  const history = async (fields: { before?: number; after?: number; limit?: number }) =>
    ok(await ada.ask({ type: 'history', room: 'lobby', ...fields }));
  const newest = await history({ limit: 3 });
  t.same([texts(newest), newest.more], [[8, 9, 10], true]);
  const seqs = (await history({})).messages?.map(({ seq }) => seq) ?? [];
  const between = await history({ after: seqs[1] ?? 0, before: seqs[7] ?? 0, limit: 4 });
  t.same([texts(between), between.more], [[4, 5, 6, 7], true], 'the newest of the range');
  const exact = await history({ limit: 10 });
  t.same([texts(exact), exact.more], [numbers(1, 10), false]);
  const none = await history({ before: seqs[0] ?? 0 });
  t.same([none.messages, none.more], [[], false]);
});

t.test('history of unknown conversations is refused', async (t) => {
  const { ada } = await withHistory(t, 0);
  t.match(await ada.ask({ type: 'history', room: 'attic' }), { code: 'no-such-room' });
  t.match(await ada.ask({ type: 'history', with: 'nobody-known' }), { code: 'no-such-name' });
  t.match(await ada.ask({ type: 'history' }), { code: 'bad-request' });
  t.match(await ada.ask({ type: 'history', room: 'lobby', with: 'bob' }), { code: 'bad-request' });
  t.match(await ada.ask({ type: 'history', room: 'lobby', limit: limits.historyPage + 1 }), {
    code: 'bad-request',
  });
  t.match(await ada.ask({ type: 'history', room: '#LOBBY' }), { type: 'ok' }, 'as people write it');
  t.same(ok(await ada.ask({ type: 'history', with: 'bob' })).messages, [], 'nothing was said yet');
});

t.test('no one reads the direct messages of two others', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob', 'eve'] });
  const [ada, bob, eve] = [await server.enter('ada'), await server.enter('bob'), await server.enter('eve')];
  await ada.ask({ type: 'say', to: 'bob', text: 'secret', key: 'k1' });
  await bob.next('message');
  for (const peer of ['ada', 'bob'] as const) {
    t.same(ok(await eve.ask({ type: 'history', with: peer })).messages, [], peer);
  }
  t.same(eve.all('message'), []);
  t.same(
    ok(await bob.ask({ type: 'history', with: 'ada' })).messages?.map(({ text }) => text),
    ['secret'],
  );
});

t.test('a read marker is kept, and never goes back nor past the newest message', async (t) => {
  const { server, ada } = await withHistory(t, 5);
  const conversation = async () => {
    const client = await server.dial();
    const reply = ok(await client.ask({ type: 'resume', token: server.token('ada') }));
    client.destroy();
    return reply.conversations?.find(({ room }) => room === 'lobby');
  };
  const last = (await conversation())?.last ?? 0;
  t.equal((await conversation())?.read, 0);
  ok(await ada.ask({ type: 'read', room: 'lobby', seq: 3 }));
  t.equal((await conversation())?.read, 3);
  ok(await ada.ask({ type: 'read', room: 'lobby', seq: 2 }));
  t.equal((await conversation())?.read, 3);
  ok(await ada.ask({ type: 'read', room: 'lobby', seq: last + 1_000 }));
  t.equal((await conversation())?.read, last);
  t.match(await ada.ask({ type: 'read', room: 'attic', seq: 1 }), { code: 'no-such-room' });
  t.match(await ada.ask({ type: 'read', with: 'nobody-known', seq: 1 }), { code: 'no-such-name' });
});
