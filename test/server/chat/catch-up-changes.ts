/** Catching up where more than messages happened: changes, rooms that come and go, invitations. */
import t, { type Test } from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import { type Chat, openChat } from '../../../lib/server/app.js';
import { catchUp } from '../../../lib/server/chat/catch-up.js';
import type { Store } from '../../../lib/store/store.js';
import { granted, saying, told } from '../../support/asking.js';
import { createListener, type Listener, listenerOf, slowToAnswer } from '../../support/listener.js';
import { runServer } from '../../support/running-server.js';
import { chatSettings, sessionScene } from '../../support/session-scene.js';

const entries = ['message', 'edited', 'removed', 'topic'] as const;

t.test(
  'after an absence edits and removals come in order, and removed messages without their text',
  async (t) => {
    const server = await runServer(t, { people: ['ada', 'bob'] });
    const [ada, first] = [await server.enter('ada'), await server.enter('bob')];
    for (const client of [ada, first]) await granted(client, { type: 'join', room: 'dev' });
    const old = await saying(ada, { room: 'dev' }, 'old');
    const gone = await saying(ada, { room: 'dev' }, 'gone');
    const { seq: psst } = await saying(ada, { to: 'bob' }, 'psst');
    await granted(first, { type: 'ping' });
    first.destroy();
    await granted(ada, { type: 'edit', of: old.seq, text: 'older' });
    await granted(ada, { type: 'edit', of: gone.seq, text: 'xylophone' });
    await granted(ada, { type: 'remove', of: gone.seq });
    await granted(ada, { type: 'set-topic', room: 'dev', topic: 'all new' });
    await granted(ada, { type: 'edit', of: psst, text: 'hush' });
    const late = await saying(ada, { room: 'dev' }, 'lat');
    await granted(ada, { type: 'edit', of: late.seq, text: 'late' });

    const rooms = { dev: gone.seq, lobby: 0 };
    const bob = await server.enter('bob', { sync: { rooms, direct: { ada: psst } } });
    t.same(
      told(bob, ...entries).filter((entry) => 'room' in entry),
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
      told(bob, ...entries).filter((entry) => 'to' in entry),
      [{ type: 'edited', of: psst, to: 'bob', from: 'ada', text: 'hush' }],
    );
    t.notMatch(JSON.stringify(bob.frames), /xylophone/);
    const lastWith = (address: 'room' | 'to') =>
      Math.max(...bob.all('edited').flatMap((event) => (address in event ? [event.seq] : [])));
    const positions = { rooms: { dev: lastWith('room'), lobby: 0 }, direct: { ada: lastWith('to') } };
    const again = await server.enter('bob', { sync: positions });
    t.same(told(again, ...entries), [], 'a change moves the position as a message does');
  },
);

t.test('positions of rooms that the account left reveal nothing', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob'] });
  const [ada, bob] = [await server.enter('ada'), await server.enter('bob')];
  for (const client of [ada, bob]) await granted(client, { type: 'join', room: 'dev' });
  await granted(bob, { type: 'leave', room: 'dev' });
  await saying(ada, { room: 'dev' }, 'without bob');
  const back = await server.enter('bob', { sync: { rooms: { dev: 0 } } });
  t.same(told(back, ...entries, 'gap', 'room'), []);
});

/** Chat on a slow store; `meanwhile` runs during the first read of history. */
async function slowScene(t: Test, meanwhile: (chat: Chat) => Promise<void>) {
  const { store, clock } = await sessionScene(t);
  let once = true;
  const slow = slowToAnswer(store, async () => {
    if (!once) return;
    once = false;
    await meanwhile(chat);
  });
  const chat = await openChat({ ...chatSettings, store: slow, clock });
  async function goOnline(listener: Listener): Promise<void> {
    chat.rooms.load(listener.account.id, {
      standings: await store.standings(listener.account.id),
      mutes: [],
    });
    chat.presence.add(listener, 'attach');
  }
  return { store: slow, clock, chat, goOnline };
}

let keys = 0;
const sayIn = (room: string, text: string) =>
  ({ type: 'say', id: 1, room, text, key: `k${++keys}` }) as const;
const inRoom = <T extends 'join' | 'leave'>(type: T, room: string) => ({ type, id: 1, room }) as const;

async function cast(store: Store): Promise<readonly [Listener, Listener, Listener]> {
  const [ada, bob] = [await createListener(store, 'ada'), await createListener(store, 'bob')];
  return [ada, listenerOf(ada.account), bob];
}

t.test('a replay stops when its reader leaves the room', async (t) => {
  const scene = await slowScene(t, (chat) => chat.membership.leave(other, inRoom('leave', 'dev')));
  const { store, chat, clock, goOnline } = scene;
  const [ada, other, bob] = await cast(store);
  for (const member of [ada, other, bob]) await goOnline(member);
  for (const member of [bob, ada]) await chat.membership.join(member, inRoom('join', 'dev'));
  for (let i = 0; i < 5; i++) await chat.hub.say(bob, sayIn('dev', `${i}`));
  await catchUp(ada, { rooms: { dev: 0, lobby: 0 } }, chat);
  await chat.hub.say(bob, sayIn('dev', 'later'));
  clock.advance(20);
  t.same(ada.heard, []);
  t.same(
    ada.frames.filter(({ type }) => type === 'parted'),
    [{ type: 'parted', room: 'dev' }],
  );
});

t.test('rooms entered and left are sent even if too much was posted to hold', async (t) => {
  const long = 'x'.repeat(limits.messageBytes - 10);
  const scene = await slowScene(t, async (chat) => {
    await chat.membership.join(other, inRoom('join', 'new'));
    await chat.membership.leave(other, inRoom('leave', 'old'));
    for (let i = 0; i < 300; i++) await chat.hub.say(bob, sayIn('lobby', `${i} ${long}`));
    scene.clock.advance(20);
    await chat.membership.appoint(bob, { type: 'appoint', id: 1, room: 'led', name: 'ada', role: 'owner' });
    await chat.hub.say(bob, sayIn('new', 'hello'));
    scene.clock.advance(20);
  });
  const { store, chat, clock, goOnline } = scene;
  const [ada, other, bob] = await cast(store);
  for (const member of [ada, other, bob]) await goOnline(member);
  for (const room of ['new', 'old', 'led']) await chat.membership.join(bob, inRoom('join', room));
  for (const room of ['old', 'led']) await chat.membership.join(other, inRoom('join', room));
  const before = ada.frames.length;
  await chat.hub.say(bob, sayIn('lobby', 'first'));
  await catchUp(ada, {}, chat);
  await chat.hub.say(bob, sayIn('new', 'live'));
  clock.advance(20);
  const news = ada.frames.slice(before);
  t.match(
    news.filter(({ type }) => type === 'parted' || type === 'room'),
    [
      { type: 'parted', room: 'old' },
      { type: 'room', conversation: { room: 'new', role: 'member' } },
      { type: 'room', conversation: { room: 'led', role: 'owner' } },
    ],
  );
  t.same(ada.heard.slice(-2), ['hello', 'live']);
});

t.test('a post is answered even if another terminal of the account leaves the room meanwhile', async (t) => {
  const { store, chat, clock, goOnline } = await slowScene(t, async () => {});
  const [ada, other, bob] = await cast(store);
  for (const member of [ada, other, bob]) await goOnline(member);
  for (const member of [bob, ada]) await chat.membership.join(member, inRoom('join', 'dev'));
  for (const member of [ada, other, bob]) chat.hub.attach(member)();
  const leaving = chat.membership.leave(other, inRoom('leave', 'dev'));
  const receipt = await chat.hub.say(ada, sayIn('dev', 'wait'));
  await leaving;
  clock.advance(20);
  t.match(receipt, { seq: Number, at: String }, 'for its own message comes to it no more');
  t.same([ada.heard, bob.heard], [[], ['wait']]);
});

t.test('both of two terminals that join at once get the room before the reply', async (t) => {
  const { store, chat, clock, goOnline } = await slowScene(t, async () => {});
  const [ada, other, bob] = await cast(store);
  for (const member of [ada, other, bob]) await goOnline(member);
  await chat.membership.join(bob, inRoom('join', 'dev'));
  for (const member of [ada, other, bob]) chat.hub.attach(member)();
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
