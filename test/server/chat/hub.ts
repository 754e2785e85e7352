import t from 'tap';
import type { RequestBody } from '../../../lib/client/wire/connection.js';
import { limits } from '../../../lib/protocol/limits.js';
import { messageText } from '../../../lib/protocol/message-text.js';
import { isBlank } from '../../../lib/protocol/printable.js';
import type { Message } from '../../../lib/protocol/records.js';
import { openChat } from '../../../lib/server/app.js';
import { hostileText } from '../../fixtures/hostile-text.js';
import { outcome, requestOk } from '../../support/requests.js';
import { ok, runServer } from '../../support/running-server.js';
import { chatSettings, password, sessionScene } from '../../support/session-scene.js';
import { createTestMember } from '../../support/test-members.js';
import type { WireClient } from '../../support/wire-client.js';

const say = (text: string, key: string) => ({ type: 'say', room: 'lobby', text, key }) as const;
const tell = (to: string, text: string, key: string) => ({ type: 'say', to, text, key }) as const;

/** Takes messages up to the one with this key. */
async function until(client: WireClient, key: string): Promise<Message[]> {
  const messages: Message[] = [];
  for (;;) {
    const message = await client.next('message');
    messages.push(message);
    if (message.key === key) return messages;
  }
}

t.test('everyone gets the same message, including its sender as the answer', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob', 'carol'] });
  const ada = await server.enter('ada');
  const others = [await server.enter('bob'), await server.enter('carol')];
  const before = Date.now();
  const answer = await ada.ask(say('hello', 'k1'));
  t.match(answer, { type: 'message', room: 'lobby', from: 'ada', text: 'hello', key: 'k1', seq: Number });
  t.same(Object.keys(answer).sort(), ['at', 'from', 'key', 'room', 'seq', 'text', 'type']);
  const at = Date.parse((answer as Message).at);
  t.ok(at >= before && at <= Date.now());
  for (const other of others) t.same(await other.next('message'), answer);
  await ada.ask({ type: 'ping' });
  t.equal(ada.all('message').length, 1, 'once');
  t.equal(ada.all('ok').filter(({ seq }) => seq !== undefined).length, 0, 'and no other answer');
});

t.test('a message sent with /me is marked as an action', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob'] });
  const [ada, bob] = [await server.enter('ada'), await server.enter('bob')];
  await ada.ask({ ...say('waves', 'k1'), action: true });
  t.match(await bob.next('message'), { text: 'waves', action: true });
});

t.test('a repeated key posts nothing twice and is answered by the first seq', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob'] });
  const [ada, bob] = [await server.enter('ada'), await server.enter('bob')];
  const first = (await ada.ask(say('once', 'k1'))) as Message;
  for (const again of [say('once', 'k1'), say('another text', 'k1'), tell('bob', 'elsewhere', 'k1')]) {
    t.match(await ada.ask(again), { type: 'ok', seq: first.seq, at: first.at });
  }
  await bob.ask(say('of another account', 'k1'));
  await ada.ask(say('end', 'k2'));
  t.same(
    (await until(bob, 'k2')).map(({ text }) => text),
    ['once', 'of another account', 'end'],
  );
});

t.test('the same key sent twice at once is one message and two answers', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob'] });
  const [ada, bob] = [await server.enter('ada'), await server.enter('bob')];
  ada.send({ ...say('twin', 'k1'), id: 501 }, { ...say('twin', 'k1'), id: 502 });
  const receipt = await ada.next('ok', ({ re }) => re === 502);
  await ada.ask(say('end', 'k2'));
  const messages = await until(bob, 'k2');
  t.same(
    messages.map(({ text }) => text),
    ['twin', 'end'],
  );
  t.equal(receipt.seq, messages[0]?.seq);
});

t.test('a sender that has not synced is answered by ok, and gets the message on syncing', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob'] });
  const bob = await server.enter('bob');
  const ada = await server.enter('ada', { sync: false });
  const room = await ada.ask(say('early', 'k1'));
  t.match(room, { type: 'ok', seq: Number, at: /^\d{4}-.*Z$/ });
  t.match(await ada.ask(tell('bob', 'early too', 'k2')), { type: 'ok', seq: Number, at: String });
  // In whichever order: the room's buffer and direct messages leave apart.
  while (bob.all('message').length < 2) await bob.next('message');
  const received = new Map(bob.all('message').map((message) => [message.key, message]));
  t.match(received.get('k1'), { room: 'lobby', seq: ok(room).seq });
  t.match(received.get('k2'), { to: 'bob' });
  t.same(ada.all('message'), []);
  ok(await ada.ask({ type: 'sync' }));
  t.same(
    ada.all('message').map(({ key }) => key),
    ['k1', 'k2'],
  );
});

t.test('a direct message reaches both people and no one else', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob', 'eve'] });
  const [ada, bob, eve] = [await server.enter('ada'), await server.enter('bob'), await server.enter('eve')];
  const answer = await ada.ask(tell(' BOB', 'psst', 'k1'));
  t.match(answer, { type: 'message', to: 'bob', from: 'ada', text: 'psst', key: 'k1' });
  t.notOk('room' in answer);
  t.same(await bob.next('message'), answer);
  const back = await bob.ask(tell('ada', 'yes?', 'k2'));
  t.match(back, { to: 'ada', from: 'bob' });
  t.same(await ada.next('message', ({ key }) => key === 'k2'), back);
  await bob.ask(say('aloud', 'k3'));
  t.same(
    (await until(eve, 'k3')).map(({ text }) => text),
    ['aloud'],
  );
});

t.test('a direct message to someone offline is unread until read', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob'] });
  const ada = await server.enter('ada');
  const said = (await ada.ask(tell('bob', 'call me', 'k1'))) as Message;
  t.match(said, { type: 'message', to: 'bob' });

  const first = await server.enter('bob');
  t.same(first.all('message'), [said], 'it comes with the sync, as it was said');
  first.destroy();
  const second = await server.enter('bob');
  t.same(second.all('message'), [said], 'and again, for it was not read');
  ok(await second.ask({ type: 'read', with: 'ada', seq: said.seq }));
  second.destroy();
  const third = await server.enter('bob');
  t.same(third.all('message'), [], 'and not once it was');
  t.match(ok(await third.ask({ type: 'history', with: 'ada' })).messages, [said], 'history has it');
});

t.test('a direct message to oneself comes once', async (t) => {
  const server = await runServer(t, { people: ['ada'] });
  const ada = await server.enter('ada');
  const note = await ada.ask(tell('ada', 'buy milk', 'k1'));
  t.match(note, { type: 'message', to: 'ada', from: 'ada' });
  await ada.ask(say('end', 'k2'));
  t.same(
    ada.all('message').map(({ text }) => text),
    ['buy milk', 'end'],
  );
  t.same(ok(await ada.ask({ type: 'history', with: 'ada' })).messages, [note]);
});

t.test('a post to an unknown room or person is refused', async (t) => {
  const server = await runServer(t, { people: ['ada'] });
  const ada = await server.enter('ada');
  t.match(await ada.ask(tell('bob', 'hi', 'k1')), { code: 'no-such-name' });
  t.match(await ada.ask(tell('b o b', 'hi', 'k2')), { code: 'no-such-name' });
  t.match(await ada.ask({ ...say('hi', 'k3'), room: 'attic' }), { code: 'no-such-room' });
  t.match(await ada.ask({ ...say('hi', 'k4'), room: 'constructor' }), { code: 'no-such-room' });
  t.same(ada.all('message'), []);
});

t.test('everyone sees all messages in one order, which keeps that of each sender', async (t) => {
  const people = ['ada', 'bob', 'carol', 'dora'];
  const server = await runServer(t, { people });
  const clients: WireClient[] = [];
  for (const name of people) clients.push(await server.enter(name));
  const count = 60;
  await Promise.all(
    clients.map(async (client, who) => {
      // Pipelined three at a time.
      for (let i = 0; i < count; i += 3) {
        const three = [i, i + 1, i + 2].map((n) => client.ask(say(`${people[who]} ${n}`, `k${n}`)));
        await Promise.all(three);
      }
    }),
  );
  await clients[0]?.ask(say('end', 'end'));
  const views = await Promise.all(clients.map((client) => until(client, 'end')));
  const [first = []] = views;
  t.equal(first.length, people.length * count + 1);
  for (const view of views) t.same(view, first);
  const seqs = first.map(({ seq }) => seq);
  t.same(
    seqs,
    [...seqs].sort((a, b) => a - b),
  );
  for (const name of people) {
    const own = first.filter(({ from, key }) => from === name && key !== 'end').map(({ text }) => text);
    t.same(
      own,
      Array.from({ length: count }, (_, n) => `${name} ${n}`),
      name,
    );
  }
});

t.test(
  'the message rate is one for all terminals of an account, and a refusal says how long to wait',
  async (t) => {
    const scene = await sessionScene(t, { rate: { burst: 4, perSecond: 2 } });
    // They do not sync, so that what they say is answered by ok.
    const come = async (request: RequestBody) => {
      const { wire } = scene.connect();
      ok(await wire.ask(request));
      return wire;
    };
    const one = await come({ type: 'register', name: 'ada', password });
    const two = await come({ type: 'sign-in', name: 'ada', password, mode: 'attach' });
    const bob = await come({ type: 'register', name: 'bob', password });
    for (const [i, terminal] of [one, two, one, two].entries())
      ok(await terminal.ask(say(`text ${i}`, `k${i}`)));
    const refused = { type: 'error', code: 'rate-limited' };
    for (const terminal of [one, two]) {
      t.match(await terminal.ask(say('too much', 'k4')), { ...refused, retryAfter: 500 });
    }
    ok(await bob.ask(say('others may', 'k5')));
    ok(await one.ask({ type: 'ping' }));
    scene.clock.advance(499);
    t.match(await one.ask(say('too early', 'k4')), { ...refused, retryAfter: 1 });
    scene.clock.advance(1);
    ok(await one.ask(say('after the wait', 'k4')));
    t.same(
      ok(await bob.ask({ type: 'history', room: 'lobby' })).messages?.map(({ key }) => key),
      ['k0', 'k1', 'k2', 'k3', 'k5', 'k4'],
    );
  },
);

t.test('a message must be neither empty nor too long', async (t) => {
  const server = await runServer(t, { people: ['ada'] });
  const ada = await server.enter('ada');
  const cases = [
    ['', 'message-empty'],
    [' \n\t ', 'message-empty'],
    ['\u200b\u202e', 'message-empty'],
    ['x'.repeat(limits.messageBytes), undefined],
    ['x'.repeat(limits.messageBytes + 1), 'message-too-long'],
    ['é'.repeat(limits.messageBytes / 2), undefined],
    ['é'.repeat(limits.messageBytes / 2 + 1), 'message-too-long'],
    ['x\n'.repeat(limits.messageLines - 1).concat('x'), undefined],
    ['x\n'.repeat(limits.messageLines).concat('x'), 'message-too-long'],
  ] as const;
  for (const [i, [text, code]] of cases.entries()) {
    const expected = code === undefined ? { type: 'message', text } : { type: 'error', code };
    t.match(
      await ada.ask(say(text, `k${i}`)),
      expected,
      `${JSON.stringify(text.slice(0, 10))} × ${text.length}`,
    );
  }
});

t.test('only what is printable of a text is stored, sent and replayed', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob'] });
  const [ada, bob] = [await server.enter('ada'), await server.enter('bob')];
  let visible = 0;
  const answers = await Promise.all(hostileText.map(({ text }, i) => ada.ask(say(text, `k${i}`))));
  for (const [i, { name, text }] of hostileText.entries()) {
    const answer = answers[i] ?? { type: 'error', code: 'no answer' };
    if (answer.type === 'error') {
      t.match(answer.code, isBlankAfterwards(text) ? 'message-empty' : 'message-too-long', name);
      continue;
    }
    visible++;
    const { text: shown } = answer as Message;
    t.equal(shown, messageText(text), name);
    t.equal(messageText(shown), shown, `${name}: nothing is left to take out`);
  }
  t.ok(visible > 50);
  await ada.ask(say('end', 'end'));
  t.equal((await until(bob, 'end')).length, visible + 1);
  const history = ok(await bob.ask({ type: 'history', room: 'lobby' })).messages ?? [];
  t.same(history, bob.all('message').slice(-history.length));
});

function isBlankAfterwards(text: string): boolean {
  try {
    return isBlank(messageText(text));
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'message-empty';
  }
}

t.test('a blocked person can’t post to the one who blocked them, and learns no more than that', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob'] });
  const [ada, bob] = [await server.enter('ada'), await server.enter('bob')];
  t.match(await bob.ask({ type: 'block', name: 'bob' }), { code: 'not-allowed' });
  t.match(await bob.ask({ type: 'block', name: 'nobody1' }), { code: 'no-such-name' });
  ok(await bob.ask({ type: 'block', name: 'ada' }));
  ok(await bob.ask({ type: 'block', name: ' ADA' }));
  t.same(ok(await bob.ask({ type: 'blocks' })).names, ['ada']);
  t.match(await ada.ask(tell('bob', 'psst', 'k1')), {
    code: 'not-delivered',
    message: /^Your message was not delivered\.$/,
  });
  t.same(ok(await ada.ask({ type: 'history', with: 'bob' })).messages, [], 'nothing is kept');
  t.match(await ada.ask(say('aloud', 'k2')), { type: 'message' }, 'in a room all hear all');
  t.same(
    (await until(bob, 'k2')).map(({ text }) => text),
    ['aloud'],
  );
  t.match(await bob.ask(tell('ada', 'listen', 'k1')), { type: 'message' }, 'the other way it goes');
  ok(await bob.ask({ type: 'unblock', name: 'ada' }));
  t.match(await ada.ask(tell('bob', 'psst', 'k1')), { type: 'message' }, 'under the same key');
});

t.test('a read marker that moved is sent to the account’s other terminals', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob'] });
  const [one, two, bob] = [await server.enter('ada'), await server.enter('ada'), await server.enter('bob')];
  const { seq } = (await bob.ask(say('1', 'k1'))) as Message;
  const { seq: direct } = (await bob.ask(tell('ada', '2', 'k2'))) as Message;
  ok(await one.ask({ type: 'read', room: 'lobby', seq }));
  ok(await one.ask({ type: 'read', room: 'lobby', seq }));
  ok(await one.ask({ type: 'read', room: 'lobby', seq: seq - 1 }));
  ok(await one.ask({ type: 'read', with: 'bob', seq: Number.MAX_SAFE_INTEGER }));
  for (const client of [one, two, bob]) ok(await client.ask({ type: 'ping' }));
  t.same(two.all('seen'), [
    { type: 'seen', room: 'lobby', seq },
    { type: 'seen', with: 'bob', seq: direct },
  ]);
  t.same([...one.all('seen'), ...bob.all('seen')], [], 'no one else, and not the terminal that read it');
  const three = await server.dial();
  const { conversations = [] } = ok(await three.ask({ type: 'resume', token: server.token('ada') }));
  t.match(conversations, [
    { room: 'lobby', read: seq, unread: 0 },
    { with: 'bob', read: direct, unread: 0, mentions: 0 },
  ]);
});

t.test('a file is posted for an account that is offline, but not to a room it has left', async (t) => {
  const { store, clock } = await sessionScene(t);
  const chat = await openChat({ ...chatSettings, store, clock });
  const [ada, bob] = [await createTestMember(store, 'ada'), await createTestMember(store, 'bob')];
  for (const member of [ada, bob]) {
    chat.rooms.load(member.account.id, {
      standings: await store.conversations(member.account.id),
      mutes: [],
    });
    chat.presence.add(member, undefined);
    chat.rooms.subscribe(member)();
    await chat.membership.join(member, { type: 'join', id: 1, room: 'dev' });
  }
  const file = { name: 'plan.txt', size: 3, hash: 'A'.repeat(43) };
  const said = { file, check() {} };
  const inRoom = { ...said, conversation: { room: 'dev' }, key: 'f1' };
  chat.hub.leave(ada);
  const first = await chat.hub.announce(ada.account, inRoom);
  t.same(await chat.hub.announce(ada.account, inRoom), first, 'once');
  const toBob = { ...said, conversation: { peer: 'bob' }, key: 'f2' };
  await chat.hub.announce(ada.account, toBob);
  clock.advance(20);
  const news = bob.frames.filter((frame) => frame.type === 'message');
  t.match(new Map(news.map((message) => [message.key, message])).get('f1'), { room: 'dev', file });
  t.match(new Map(news.map((message) => [message.key, message])).get('f2'), { to: 'bob', file });
  t.equal(news.length, 2);

  await store.block(bob.account.id, ada.account.id);
  await t.rejects(chat.hub.announce(ada.account, { ...toBob, key: 'f3' }), { code: 'not-delivered' });
  const [, dev] = await store.rooms();
  await store.leaveRoom(ada.account.id, dev?.id ?? 0, { end: false });
  await t.rejects(chat.hub.announce(ada.account, { ...inRoom, key: 'f4' }), { code: 'not-a-member' });
  await t.rejects(chat.hub.announce(ada.account, { ...inRoom, conversation: { room: 'attic' } }), {
    code: 'no-such-room',
  });
});

t.test('work for an account goes on when it signs out and when other work for it ends', async (t) => {
  const { store, clock } = await sessionScene(t);
  const { hub, lookup, presence } = await openChat({ ...chatSettings, store, clock });
  const ada = await createTestMember(store, 'ada');
  const inLobby = () => lookup.membership(ada.account, 'lobby').room.name;
  presence.add(ada, undefined);
  await lookup.asSignedIn(ada.account, async () => {
    hub.leave(ada);
    t.equal(inLobby(), 'lobby');
    await lookup.asSignedIn(ada.account, async () => {});
    t.equal(inLobby(), 'lobby');
  });
  t.throws(inLobby, { code: 'not-a-member' });
});

t.test('a room that ends while a message or an invitation for it is under way is no such room', async (t) => {
  let meanwhile = async () => {};
  const scene = await sessionScene(t, {
    storeOf: (store) => ({
      ...store,
      append: (entry) => meanwhile().then(() => store.append(entry)),
      inviteToRoom: (invitation) => meanwhile().then(() => store.inviteToRoom(invitation)),
    }),
  });
  const { wire: ada } = await scene.signIn('ada');
  await scene.signIn('bob');
  const other = scene.connect().wire;
  await requestOk(other, { type: 'sign-in', name: 'ada', password, mode: 'attach' });
  for (const request of [
    { type: 'say', room: 'den', text: 'hello', key: 'k' },
    { type: 'invite', room: 'den', name: 'bob' },
  ] as const) {
    await requestOk(ada, { type: 'join', room: 'den', private: true });
    meanwhile = async () => {
      meanwhile = async () => {};
      await requestOk(other, { type: 'leave', room: 'den', end: true });
    };
    t.equal(await outcome(ada, request), 'no-such-room');
  }
  t.same(scene.errors, []);
});
