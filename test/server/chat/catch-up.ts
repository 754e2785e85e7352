import t, { type Test } from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import type { Message } from '../../../lib/protocol/records.js';
import { type Chat, openChat } from '../../../lib/server/app.js';
import { catchUp } from '../../../lib/server/chat/catch-up.js';
import { editMessage, removeMessage } from '../../../lib/server/chat/changes.js';
import { rest } from '../../../lib/server/chat/fan-out.js';
import { entryEvent } from '../../../lib/server/chat/frames.js';
import type { Account } from '../../../lib/store/account-store.js';
import type { ConversationKey } from '../../../lib/store/message-store.js';
import type { Store } from '../../../lib/store/store.js';
import { eventsOf, post, requestOk } from '../../support/requests.js';
import { ok, runServer } from '../../support/running-server.js';
import { chatSettings, password, sessionScene } from '../../support/session-scene.js';
import { kept } from '../../support/store-subject.js';
import { createTestMember, slowStore, type TestMember, testMemberOf } from '../../support/test-members.js';
import type { WireClient } from '../../support/wire-client.js';

const texts = (client: WireClient) => client.all('message').map(({ text }) => Number(text.split(' ')[0]));
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** A server in whose lobby bob has said so much. Texts are numbers, and padding. */
async function withLobby(t: Test, count: number, padding = 0) {
  let seqs: number[] = [];
  const server = await runServer(t, {
    people: ['ada', 'bob'],
    async prepare(store, accounts) {
      const [room] = await store.rooms();
      seqs = await fill(store, { target: { room: room?.id ?? 0 }, by: accounts.get('bob'), count, padding });
    },
  });
  return { server, seqs };
}

interface Talk {
  readonly target: ConversationKey;
  readonly by: Account | undefined;
  readonly count: number;
  readonly padding?: number;
}

async function fill(store: Store, { target, by, count, padding = 0 }: Talk): Promise<number[]> {
  const entry = { target, account: by?.id ?? 0, action: false, at: Date.now() };
  const appended = numbers(1, count).map((n) =>
    kept(store, {
      ...entry,
      key: `${JSON.stringify(target)}${n}`.replace(/\s/g, ''),
      text: `${n} ${'x'.repeat(padding)}`.trim(),
    }),
  );
  return (await Promise.all(appended)).map(({ seq }) => seq);
}

t.test('a new member gets the last fifty messages, and a gap if there are more', async (t) => {
  const { server, seqs } = await withLobby(t, 51);
  const ada = await server.enter('ada');
  t.same(texts(ada), numbers(2, 51));
  t.same(ada.all('gap'), [{ type: 'gap', room: 'lobby', after: 0, before: seqs[1] }]);
  t.equal(ada.frames.at(-1)?.type, 'ok', 'the reply comes when all was replayed');
});

t.test('a backlog of all messages has no gap', async (t) => {
  const { server } = await withLobby(t, limits.backlog);
  const ada = await server.enter('ada');
  t.same(texts(ada), numbers(1, limits.backlog));
  t.same(ada.all('gap'), []);
});

t.test('a client with a position gets what came since, and nothing else', async (t) => {
  const { server, seqs } = await withLobby(t, 300);
  for (const known of [1, 99, 100, 250, 299, 300]) {
    const ada = await server.enter('ada', { sync: { rooms: { lobby: seqs[known - 1] ?? 0 } } });
    t.same(texts(ada), numbers(known + 1, 300), `after ${known}`);
    t.same(ada.all('gap'), []);
    ada.destroy();
  }
  const ada = await server.enter('ada', { sync: { rooms: { lobby: 0 } } });
  t.same(texts(ada), numbers(1, 300), 'from the beginning');
});

t.test('positions of unknown conversations are ignored', async (t) => {
  const { server } = await withLobby(t, 60);
  const rooms = { attic: 5, lobby: Number.MAX_SAFE_INTEGER, constructor: 1 };
  const ada = await server.enter('ada', { sync: { rooms, direct: { nobody: 7, constructor: 1 } } });
  t.same(texts(ada), numbers(11, 60), 'one beyond the newest message counts as none');
});

t.test('a long absence is caught up to the limit, with a gap', async (t) => {
  const { server, seqs } = await withLobby(t, limits.catchUp + 10);
  const ada = await server.enter('ada', { sync: { rooms: { lobby: seqs[2] ?? 0 } } });
  t.same(texts(ada), numbers(11, limits.catchUp + 10));
  t.same(ada.all('gap'), [{ type: 'gap', room: 'lobby', after: seqs[2], before: seqs[10] }]);
});

t.test('unread direct messages are kept for their reader', async (t) => {
  let seqs: number[] = [];
  const server = await runServer(t, {
    people: ['ada', 'bob'],
    async prepare(store, accounts) {
      const [ada, bob] = [accounts.get('ada'), accounts.get('bob')];
      const target: ConversationKey = { direct: [ada?.id ?? 0, bob?.id ?? 0] };
      seqs = await fill(store, { target, by: bob, count: 70 });
      await store.markRead(ada?.id ?? 0, target, seqs[59] ?? 0);
    },
  });
  const ada = await server.enter('ada');
  t.same(texts(ada), numbers(61, 70));
  t.same(ada.all('gap'), []);
  t.match(ada.all('message')[0], { from: 'bob', to: 'ada' });
  ada.destroy();
  const position = await server.enter('ada', { sync: { direct: { bob: seqs[66] ?? 0 } } });
  t.same(texts(position), numbers(68, 70), 'a position counts more than the read mark');

  const bob = await server.enter('bob');
  t.same(texts(bob), numbers(21, 70), 'who wrote them has read none: the last fifty');
  t.match(bob.all('gap'), [{ with: 'ada', after: 0, before: seqs[20] }]);
  t.match(bob.all('message')[0], { from: 'bob', to: 'ada' });
});

t.test('the replay waits for a slow reader', async (t) => {
  const count = 3_000;
  const { server } = await withLobby(t, count, 3_000);
  const ada = await server.enter('ada', { sync: false });
  ada.send({ type: 'sync', id: 900, rooms: { lobby: 0 } });
  await ada.next('message');
  ada.pause();
  // Others are served meanwhile.
  const bob = await server.enter('bob');
  for (let i = 0; i < 20; i++)
    await bob.ask({ type: 'say', room: 'lobby', text: `${count + 1 + i}`, key: `k${i}` });
  ada.resume();
  await ada.next('ok', ({ re }) => re === 900);
  const came = texts(ada);
  t.same([...new Set(came)], numbers(1, count + 20));
  t.same(came.slice(0, count), numbers(1, count), 'what came twice came at the end');
});

/** People who keep posting, eight messages at a time each, every fifth one to ada alone, until stopped. */
function keepTalking(talkers: readonly WireClient[]): () => Promise<void> {
  let stopped = false;
  let said = 0;
  const talks = talkers.flatMap((talker, who) =>
    numbers(1, 8).map(async (stream) => {
      while (!stopped) {
        const n = ++said;
        const address = n % 5 === 0 ? { to: 'ada' } : { room: 'lobby' };
        await talker.ask({ type: 'say', ...address, text: `${n}`, key: `${who}-${stream}-${n}` });
      }
    }),
  );
  return async () => {
    stopped = true;
    await Promise.all(talks);
  };
}

/** What a client keeps: of each conversation, whatever is newer than what it has. */
function createView() {
  const seqs = new Map<string, number[]>();
  const last = (conversation: string) => seqs.get(conversation)?.at(-1) ?? 0;
  return {
    seqs,
    positions: () => ({
      rooms: { lobby: last('lobby') },
      direct: { bob: last('bob'), carol: last('carol') },
    }),
    take(messages: readonly Message[]): void {
      for (const { room, from, seq } of messages) {
        const conversation = room ?? from;
        if (seq > last(conversation)) seqs.set(conversation, [...(seqs.get(conversation) ?? []), seq]);
      }
    },
  };
}

t.test('a client that reconnects while others keep posting misses nothing', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob', 'carol'] });
  const talkers = [await server.enter('bob'), await server.enter('carol')];
  const stop = keepTalking(talkers);
  const view = createView();
  for (let round = 0; round < 12; round++) {
    const client = await server.enter('ada', { sync: view.positions() });
    // Live for a while, a little longer each time, then the connection is lost.
    for (let message = 0; message < round * 5; message++) await client.next('message');
    client.destroy();
    await client.closed;
    t.same(client.all('gap'), [], `round ${round}`);
    view.take(client.all('message'));
  }
  await stop();
  view.take((await server.enter('ada', { sync: view.positions() })).all('message'));

  const [bob, carol] = talkers.map((talker) => talker.all('message'));
  const everything = createView();
  everything.take((bob ?? []).filter(({ room }) => room !== undefined));
  everything.take([...(bob ?? []), ...(carol ?? [])].filter(({ room }) => room === undefined));
  for (const conversation of ['lobby', 'bob', 'carol']) {
    const said = everything.seqs.get(conversation) ?? [];
    t.ok(said.length >= 10, `${said.length} messages were said in ${conversation}`);
    t.same(view.seqs.get(conversation), said, conversation);
  }
  t.same(server.errors, []);
});

t.test('around a sync a message may come twice, but never after a newer one', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob'] });
  const stop = keepTalking([await server.enter('bob')]);
  for (let round = 0; round < 10; round++) {
    const ada = await server.enter('ada', { sync: { rooms: { lobby: 0 }, direct: { bob: 0 } } });
    await ada.next('message', ({ seq }) => seq > 0);
    for (const address of ['lobby', undefined]) {
      const seen = new Set<number>();
      let newest = 0;
      let late = 0;
      for (const { room, seq } of ada.all('message')) {
        if (room !== address) continue;
        if (seq < newest && !seen.has(seq)) late++;
        seen.add(seq);
        newest = Math.max(newest, seq);
      }
      t.equal(late, 0, `round ${round}, ${address ?? 'direct'}: ${seen.size} messages`);
    }
    ada.destroy();
  }
  await stop();
});

t.test('people who post faster than the store answers don’t block a catch-up', async (t) => {
  const { store, clock } = await sessionScene(t);
  const [ada, bob] = [await createTestMember(store, 'ada'), await createTestMember(store, 'bob')];
  let said = 0;
  const slow = slowStore(store, async () => {
    // An end, for otherwise a failure would go on forever.
    if (said >= 50) return;
    for (let i = 0; i < 2; i++) {
      const text = `${++said}`;
      await chat.hub.say(bob, { type: 'say', id: said, room: 'lobby', text, key: text });
      clock.advance(20);
    }
  });
  const chat = await openChat({ ...chatSettings, store: slow, clock });
  await bringOnline(chat, [ada, bob]);
  await chat.hub.say(bob, { type: 'say', id: 1, room: 'lobby', text: '0', key: '0' });
  await catchUp(ada, {}, { ...chat, store: slow });
  t.ok(said < 10, `${said} messages later`);
  await chat.hub.say(bob, { type: 'say', id: 1, room: 'lobby', text: 'live', key: 'live' });
  clock.advance(rest.longest);
  t.same([...new Set(ada.texts)], [...numbers(0, said).map(String), 'live']);
});

t.test('what is posted during a long replay is not held without limit but read from the store', async (t) => {
  const { store, clock } = await sessionScene(t);
  const [ada, bob] = [await createTestMember(store, 'ada'), await createTestMember(store, 'bob')];
  const text = 'x'.repeat(limits.messageBytes - 10);
  let said = 0;
  let once = true;
  const slow = slowStore(store, async () => {
    if (!once) return;
    once = false;
    for (let i = 0; i < 300; i++) {
      const key = `${++said}`;
      await chat.hub.say(bob, { type: 'say', id: said, room: 'lobby', text: `${key} ${text}`, key });
    }
    clock.advance(20);
  });
  const chat = await openChat({ ...chatSettings, store: slow, clock });
  await bringOnline(chat, [ada, bob]);
  await chat.hub.say(bob, { type: 'say', id: 1, room: 'lobby', text: '0', key: '0' });
  await catchUp(ada, { rooms: { lobby: 0 } }, { ...chat, store: slow });
  await chat.hub.say(bob, { type: 'say', id: 1, room: 'lobby', text: 'live', key: 'live' });
  clock.advance(rest.longest);
  t.same(
    ada.texts.map((text) => text.split(' ')[0]),
    [...numbers(0, said).map(String), 'live'],
  );
});

t.test('a second sync on a connection replays again and duplicates no live message', async (t) => {
  const { server } = await withLobby(t, 5);
  const [ada, bob] = [await server.enter('ada'), await server.enter('bob')];
  ok(await ada.ask({ type: 'sync' }));
  t.same(texts(ada), [...numbers(1, 5), ...numbers(1, 5)]);
  await bob.ask({ type: 'say', room: 'lobby', text: '6', key: 'k6' });
  await bob.ask({ type: 'say', room: 'lobby', text: '7', key: 'k7' });
  await ada.next('message', ({ key }) => key === 'k7');
  t.same(texts(ada).slice(10), [6, 7]);
});

const entries = ['message', 'edited', 'removed', 'topic'] as const;

t.test(
  'after an absence edits and removals come in order, and removed messages without their text',
  async (t) => {
    const server = await runServer(t, { people: ['ada', 'bob'] });
    const [ada, first] = [await server.enter('ada'), await server.enter('bob')];
    for (const client of [ada, first]) await requestOk(client, { type: 'join', room: 'dev' });
    const old = await post(ada, { room: 'dev' }, 'old');
    const gone = await post(ada, { room: 'dev' }, 'gone');
    const { seq: psst } = await post(ada, { to: 'bob' }, 'psst');
    await requestOk(first, { type: 'ping' });
    first.destroy();
    await requestOk(ada, { type: 'edit', of: old.seq, text: 'older' });
    await requestOk(ada, { type: 'edit', of: gone.seq, text: 'xylophone' });
    await requestOk(ada, { type: 'remove', of: gone.seq });
    await requestOk(ada, { type: 'set-topic', room: 'dev', topic: 'all new' });
    await requestOk(ada, { type: 'edit', of: psst, text: 'hush' });
    const late = await post(ada, { room: 'dev' }, 'lat');
    await requestOk(ada, { type: 'edit', of: late.seq, text: 'late' });

    const rooms = { dev: gone.seq, lobby: 0 };
    const bob = await server.enter('bob', { sync: { rooms, direct: { ada: psst } } });
    t.same(
      eventsOf(bob, ...entries).filter((entry) => 'room' in entry),
      [
        { type: 'edited', of: old.seq, room: 'dev', from: 'ada', text: 'older' },
        { type: 'removed', of: gone.seq, room: 'dev', from: 'ada' },
        { type: 'topic', room: 'dev', from: 'ada', topic: 'all new' },
        {
          type: 'message',
          room: 'dev',
          from: 'ada',
          text: 'late',
          edited: bob.all('edited').find(({ of }) => of === late.seq)?.at,
        },
        { type: 'edited', of: late.seq, room: 'dev', from: 'ada', text: 'late' },
      ],
    );
    t.same(
      eventsOf(bob, ...entries).filter((entry) => 'to' in entry),
      [{ type: 'edited', of: psst, to: 'bob', from: 'ada', text: 'hush' }],
    );
    t.notMatch(JSON.stringify(bob.frames), /xylophone/);
    const lastWith = (address: 'room' | 'to') =>
      Math.max(...bob.all('edited').flatMap((event) => (address in event ? [event.seq] : [])));
    const positions = { rooms: { dev: lastWith('room'), lobby: 0 }, direct: { ada: lastWith('to') } };
    const again = await server.enter('bob', { sync: positions });
    t.same(eventsOf(again, ...entries), [], 'a change moves the position as a message does');
  },
);

t.test('what a room remembers is replayed as the store has it', async (t) => {
  const { store, clock } = await sessionScene(t);
  const chat = await openChat({ ...chatSettings, store, clock });
  const [ada, bob] = [await createTestMember(store, 'ada'), await createTestMember(store, 'bob')];
  await bringOnline(chat, [ada, bob]);
  let ids = 0;
  const change = () => ({ id: ++ids, key: `c${ids}` });
  async function replayed(positions: { rooms?: Record<string, number> }) {
    const terminal = testMemberOf(bob.account);
    clock.advance(1_000);
    chat.presence.add(terminal, 'attach');
    await catchUp(terminal, positions, chat);
    chat.hub.leave(terminal);
    return terminal.frames.filter(({ type }) => type === 'gap' || entries.some((each) => each === type));
  }
  async function compare(about: string, positions: { rooms?: Record<string, number> }): Promise<void> {
    const [first, remembered] = [await replayed(positions), await replayed(positions)];
    chat.rooms.forgetRecent();
    const page = { target: lobby, after: first[0]?.type === 'gap' ? first[0].before - 1 : 0, limit: 1_000 };
    const kept = await store.history({
      ...page,
      ...positionOf(positions),
      keep: 'oldest',
      what: 'everything',
    });
    const conversation = { target: lobby, room: 'lobby', peer: undefined };
    t.same(remembered, first, `${about}: again`);
    t.same(
      first.filter(({ type }) => type !== 'gap'),
      kept.map((entry) => entryEvent(entry, conversation, bob.account)),
      about,
    );
  }
  const positionOf = ({ rooms }: { rooms?: Record<string, number> }) => rooms && { after: rooms.lobby ?? 0 };
  const [room] = await store.rooms();
  const lobby = { room: room?.id ?? 0 };
  for (let n = 0; n < 60; n++) {
    await chat.hub.say(ada, { type: 'say', room: 'lobby', text: `${n}`, ...change() });
  }
  const newest = await store.history({ target: lobby, keep: 'oldest', limit: 60 });
  const seq = (n: number) => newest[n]?.seq ?? 0;
  await compare('without a position', {});
  await compare('from one on', { rooms: { lobby: seq(55) } });
  // Each time, the room remembers what is changed then.
  const steps = {
    edit: () => editMessage(chat, ada, { type: 'edit', id: 1, of: seq(50), text: 'edited' }),
    'second edit': () => editMessage(chat, ada, { type: 'edit', id: 1, of: seq(50), text: 'edited twice' }),
    'edit of another': () =>
      editMessage(chat, ada, { type: 'edit', id: 1, of: seq(52), text: 'to be removed' }),
    removal: () => removeMessage(chat, ada, { type: 'remove', id: 1, of: seq(52) }),
    post: () => chat.hub.say(ada, { type: 'say', room: 'lobby', text: 'last', ...change() }),
  };
  for (const [name, step] of Object.entries(steps)) {
    await replayed({ rooms: { lobby: seq(40) } });
    await step();
    await compare(name, { rooms: { lobby: seq(40) } });
  }
  await store.prune({ keep: 5, limit: 1_000 });
  chat.rooms.forgetRecent();
  await compare('after old messages were deleted', { rooms: { lobby: seq(40) } });
});

t.test('only the first who comes back has a room read', async (t) => {
  let reads = 0;
  const { store, clock } = await sessionScene(t);
  const counting = slowStore(store, async () => void reads++);
  const chat = await openChat({ ...chatSettings, store: counting, clock });
  const [bob, ...others] = await Promise.all(
    ['bob', 'ada', 'eve', 'dan'].map((name) => createTestMember(store, name)),
  );
  if (bob === undefined) return;
  await bringOnline(chat, [bob, ...others]);
  for (let n = 0; n < 50; n++) {
    await chat.hub.say(bob, { type: 'say', id: 1, room: 'lobby', text: `${n}`, key: `${n}` });
  }
  clock.advance(rest.longest);
  for (const member of others) {
    await catchUp(member, { rooms: { lobby: 0 } }, chat);
    t.same(member.texts, numbers(0, 49).map(String));
  }
  t.equal(reads, 1);
});

t.test('positions of rooms that the account left reveal nothing', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob'] });
  const [ada, bob] = [await server.enter('ada'), await server.enter('bob')];
  for (const client of [ada, bob]) await requestOk(client, { type: 'join', room: 'dev' });
  await requestOk(bob, { type: 'leave', room: 'dev' });
  await post(ada, { room: 'dev' }, 'without bob');
  const back = await server.enter('bob', { sync: { rooms: { dev: 0 } } });
  t.same(eventsOf(back, ...entries, 'gap', 'room'), []);
});

/** Chat on a slow store; `meanwhile` runs during the first read of history. */
async function slowScene(t: Test, meanwhile: (chat: Chat) => Promise<void>) {
  const { store, clock } = await sessionScene(t);
  let once = true;
  const slow = slowStore(store, async () => {
    if (!once) return;
    once = false;
    await meanwhile(chat);
  });
  const chat = await openChat({ ...chatSettings, store: slow, clock });
  async function goOnline(member: TestMember): Promise<void> {
    chat.rooms.load(member.account.id, {
      standings: await store.conversations(member.account.id),
      mutes: [],
    });
    chat.presence.add(member, 'attach');
  }
  return { store: slow, clock, chat, goOnline };
}

let keys = 0;
const sayIn = (room: string, text: string) =>
  ({ type: 'say', id: 1, room, text, key: `k${++keys}` }) as const;
const inRoom = <T extends 'join' | 'leave'>(type: T, room: string) => ({ type, id: 1, room }) as const;

async function threeMembers(store: Store): Promise<readonly [TestMember, TestMember, TestMember]> {
  const [ada, bob] = [await createTestMember(store, 'ada'), await createTestMember(store, 'bob')];
  return [ada, testMemberOf(ada.account), bob];
}

t.test('a replay stops when its reader leaves the room', async (t) => {
  const scene = await slowScene(t, (chat) => chat.membership.leave(other, inRoom('leave', 'dev')));
  const { store, chat, clock, goOnline } = scene;
  const [ada, other, bob] = await threeMembers(store);
  for (const member of [ada, other, bob]) await goOnline(member);
  for (const member of [bob, ada]) await chat.membership.join(member, inRoom('join', 'dev'));
  for (let i = 0; i < 5; i++) await chat.hub.say(bob, sayIn('dev', `${i}`));
  await catchUp(ada, { rooms: { dev: 0, lobby: 0 } }, chat);
  await chat.hub.say(bob, sayIn('dev', 'later'));
  clock.advance(20);
  t.same(ada.texts, []);
  t.same(
    ada.frames.filter(({ type }) => type === 'parted'),
    [{ type: 'parted', room: 'dev' }],
  );
});

t.test('rooms entered, left and changed are sent even if too much was posted to hold', async (t) => {
  const long = 'x'.repeat(limits.messageBytes - 10);
  const scene = await slowScene(t, async (chat) => {
    await chat.membership.join(other, inRoom('join', 'new'));
    await chat.membership.leave(other, inRoom('leave', 'old'));
    await scene.store.setRules(chat.rooms.publicRoom('ruled')?.id ?? 0, { locked: true });
    for (let i = 0; i < 300; i++) await chat.hub.say(bob, sayIn('lobby', `${i} ${long}`));
    scene.clock.advance(rest.longest);
    await chat.membership.appoint(bob, { type: 'appoint', id: 1, room: 'led', name: 'ada', role: 'owner' });
    await chat.hub.say(bob, sayIn('new', 'hello'));
    scene.clock.advance(rest.longest);
  });
  const { store, chat, clock, goOnline } = scene;
  const [ada, other, bob] = await threeMembers(store);
  for (const member of [ada, other, bob]) await goOnline(member);
  for (const room of ['new', 'old', 'led', 'ruled']) await chat.membership.join(bob, inRoom('join', room));
  for (const room of ['old', 'led', 'ruled']) await chat.membership.join(other, inRoom('join', room));
  const before = ada.frames.length;
  await chat.hub.say(bob, sayIn('lobby', 'first'));
  await catchUp(ada, {}, chat);
  await chat.hub.say(bob, sayIn('new', 'live'));
  clock.advance(rest.longest);
  const news = ada.frames.slice(before);
  t.match(
    news.filter(({ type }) => type === 'parted' || type === 'room'),
    [
      { type: 'parted', room: 'old' },
      { type: 'room', conversation: { room: 'new', role: 'member' } },
      { type: 'room', conversation: { room: 'led', role: 'owner' } },
      { type: 'room', conversation: { room: 'ruled', rules: { locked: true } } },
    ],
  );
  t.same(ada.texts.slice(-2), ['hello', 'live']);
});

t.test('a post is answered even if another terminal of the account leaves the room meanwhile', async (t) => {
  const { store, chat, clock, goOnline } = await slowScene(t, async () => {});
  const [ada, other, bob] = await threeMembers(store);
  for (const member of [ada, other, bob]) await goOnline(member);
  for (const member of [bob, ada]) await chat.membership.join(member, inRoom('join', 'dev'));
  for (const member of [ada, other, bob]) chat.rooms.subscribe(member)();
  const leaving = chat.membership.leave(other, inRoom('leave', 'dev'));
  const receipt = await chat.hub.say(ada, sayIn('dev', 'wait'));
  await leaving;
  clock.advance(20);
  t.match(receipt, { seq: Number, at: String }, 'for its own message comes to it no more');
  t.same([ada.texts, bob.texts], [[], ['wait']]);
});

t.test('both of two terminals that join at once get the room before the reply', async (t) => {
  const { store, chat, clock, goOnline } = await slowScene(t, async () => {});
  const [ada, other, bob] = await threeMembers(store);
  for (const member of [ada, other, bob]) await goOnline(member);
  await chat.membership.join(bob, inRoom('join', 'dev'));
  for (const member of [ada, other, bob]) chat.rooms.subscribe(member)();
  const joined = [ada, other].map(async (member) => {
    await chat.membership.join(member, inRoom('join', 'dev'));
    return member.frames.filter(({ type }) => type === 'room').length;
  });
  t.same(await Promise.all(joined), [1, 1]);
  clock.advance(20);
  t.match(
    bob.frames.filter(({ type }) => type === 'joined'),
    [{ room: 'dev', name: 'ada' }],
    'and the room once',
  );
});

async function bringOnline({ store, rooms, presence }: Chat, members: readonly TestMember[]): Promise<void> {
  for (const member of members) {
    rooms.load(member.account.id, { standings: await store.conversations(member.account.id), mutes: [] });
    presence.add(member, undefined);
  }
}

t.test('an invitation that is accepted during the catch-up is not sent again', async (t) => {
  let accept = async () => {};
  const scene = await sessionScene(t, { storeOf: (store) => slowStore(store, () => accept()) });
  const { wire: ada } = await scene.signIn('ada');
  const { wire: bob } = await scene.signIn('bob');
  for (const room of ['tea', 'pot']) {
    await requestOk(ada, { type: 'join', room, private: true });
    await requestOk(ada, { type: 'invite', room, name: 'bob' });
  }
  const [lobby] = await scene.store.rooms();
  await fill(scene.store, {
    target: { room: lobby?.id ?? 0 },
    by: await scene.store.account('ada'),
    count: 1,
  });
  const other = scene.connect().wire;
  await requestOk(other, { type: 'sign-in', name: 'bob', password, mode: 'attach' });
  accept = async () => {
    accept = async () => {};
    await requestOk(bob, { type: 'join', room: 'tea' });
  };
  await requestOk(other, { type: 'sync' });
  t.match(eventsOf(other, 'room'), [{ conversation: { room: 'tea' } }]);
  t.match(eventsOf(other, 'invited'), [{ room: 'pot' }]);
  t.equal(eventsOf(other, 'invited').length, 1);
});
