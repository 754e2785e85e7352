/** Replies, reactions and pins over the wire. */
import t, { type Test } from 'tap';
import type { RequestBody } from '../../../lib/client/wire/connection.js';
import type { ServerFrameOf } from '../../../lib/protocol/events.js';
import { encodeFrame } from '../../../lib/protocol/frame.js';
import { limits } from '../../../lib/protocol/limits.js';
import { messageEvent } from '../../../lib/server/chat/frames.js';
import type { LogEntry } from '../../../lib/store/message-store.js';
import { eventsOf, fence, outcome, post, type RequestClient, requestOk } from '../../support/requests.js';
import { runServer } from '../../support/running-server.js';
import { password, sessionScene } from '../../support/session-scene.js';
import { kept } from '../../support/store-subject.js';

const people = ['ada', 'bob', 'eve'];
const react = (of: number, emoji = '👍') => ({ type: 'react', of, emoji }) as const;
const pin = (of: number) => ({ type: 'pin', of }) as const;
const unpin = (of: number) => ({ type: 'unpin', of }) as const;
const pins = (room: string) => ({ type: 'pins', room }) as const;

async function setUp(t: Test, settings: Parameters<typeof runServer>[1] = {}) {
  const server = await runServer(t, { people, ...settings });
  const [ada, bob, eve] = [await server.enter('ada'), await server.enter('bob'), await server.enter('eve')];
  return { server, ada, bob, eve };
}

let keys = 0;
const reply = (of: number, text: string, where: { room: string } | { to: string } = { room: 'lobby' }) =>
  ({ type: 'say', ...where, text, of, key: `reply-${++keys}` }) as const;

async function history(client: RequestClient, request: object = { room: 'lobby' }) {
  const { messages = [] } = await requestOk(client, { type: 'history', ...request } as RequestBody);
  return messages;
}

const reactionsTo = async (client: RequestClient, seq: number, request?: object) =>
  (await history(client, request)).find((message) => message.seq === seq)?.reactions;

t.test('a reply carries a quote of its message, also in history, searches and catch-up', async (t) => {
  const { server, ada, bob } = await setUp(t);
  const { seq } = await post(ada, { room: 'lobby' }, 'shall we\n  meet?');
  const of = { seq, from: 'ada', text: 'shall we meet?' };
  t.match(await bob.ask(reply(seq, 'yes of course')), { type: 'message', text: 'yes of course', of });
  await fence(bob, 'lobby', ada);
  t.match(ada.all('message').at(-2), { from: 'bob', of });
  t.notOk('of' in (ada.all('message').at(-1) ?? {}), 'no other message has that field');
  await requestOk(ada, { type: 'edit', of: seq, text: 'shall we meet at six?' });
  const now = { seq, from: 'ada', text: 'shall we meet at six?' };
  t.match((await history(ada))[1], { of: now });
  t.match((await requestOk(ada, { type: 'search', words: 'course' })).found, [{ of: now }]);
  t.notOk('of' in ((await requestOk(ada, { type: 'search', words: 'six' })).found?.[0] ?? {}));
  const again = await server.enter('bob');
  t.match(again.all('message')[1], { of: now });
  await requestOk(ada, { type: 'remove', of: seq });
  t.same((await history(ada))[1]?.of, { seq });
  const last = await server.enter('bob');
  t.same(last.all('message')[1]?.of, { seq }, 'nothing is left of what was removed');
});

t.test('a reply is to a message of the same conversation', async (t) => {
  const { ada, bob, eve } = await setUp(t);
  for (const client of [ada, bob]) await requestOk(client, { type: 'join', room: 'dev' });
  const inDev = await post(ada, { room: 'dev' }, 'secret');
  const direct = await post(ada, { to: 'bob' }, 'psst');
  const removed = await post(ada, { room: 'lobby' }, 'gone');
  await requestOk(ada, { type: 'remove', of: removed.seq });
  for (const { seq } of [inDev, direct, removed, { seq: removed.seq + 99 }]) {
    t.equal(await outcome(bob, reply(seq, 'x')), 'no-such-message');
    t.equal(await outcome(eve, reply(seq, 'x')), 'no-such-message');
  }
  t.match(await bob.ask(reply(direct.seq, 'what?', { to: 'ada' })), {
    to: 'ada',
    of: { seq: direct.seq, from: 'ada', text: 'psst' },
  });
  const edited = await requestOk(ada, { type: 'edit', of: inDev.seq, text: 'x' });
  t.equal(await outcome(bob, reply(edited.seq ?? 0, 'x', { room: 'dev' })), 'no-such-message');
});

t.test('a reaction is sent to everyone with all reactions of its message', async (t) => {
  const { server, ada, bob, eve } = await setUp(t);
  const second = await server.enter('bob');
  const { seq } = await post(ada, { room: 'lobby' }, 'it works');
  const answer = await requestOk(bob, react(seq, '+1'));
  t.match(answer, { seq: seq + 1, at: String });
  await requestOk(eve, react(seq, ':tada:'));
  await requestOk(ada, react(seq, '👍'));
  await requestOk(bob, react(seq, '❤'));
  await requestOk(bob, react(seq, 'heart'));
  await fence(ada, 'lobby', ada, bob, second, eve);
  const of = { seq, from: 'ada', text: 'it works' };
  const told = (from: string, emoji: string | undefined, ...reactions: [string, number][]) => ({
    ...{ type: 'reaction', of, room: 'lobby', from, ...(emoji !== undefined && { emoji }) },
    reactions: reactions.map(([kind, count]) => ({ emoji: kind, count })),
  });
  for (const client of [ada, bob, second, eve]) {
    t.same(eventsOf(client, 'reaction'), [
      told('bob', '👍', ['👍', 1]),
      told('eve', '🎉', ['👍', 1], ['🎉', 1]),
      told('ada', '👍', ['👍', 2], ['🎉', 1]),
      told('bob', '❤️', ['👍', 1], ['🎉', 1], ['❤️', 1]),
      told('bob', undefined, ['👍', 1], ['🎉', 1]),
    ]);
  }
  t.match(bob.all('reaction')[0], { seq: answer.seq, at: answer.at });
  const tada = { emoji: '🎉', count: 1 };
  t.same(await reactionsTo(ada, seq), [{ emoji: '👍', count: 1, mine: true }, tada]);
  t.same(await reactionsTo(bob, seq), [{ emoji: '👍', count: 1 }, tada]);
  t.same(await reactionsTo(eve, seq), [
    { emoji: '👍', count: 1 },
    { ...tada, mine: true },
  ]);
});

t.test('a reaction is one emoji', async (t) => {
  const { ada, bob } = await setUp(t);
  const { seq } = await post(ada, { room: 'lobby' }, 'hm');
  for (const emoji of ['👍🏽', '👩‍🚀', '🇩🇪', '1️⃣', '☺', ' 👍 ']) {
    t.equal(await outcome(bob, react(seq, emoji)), 'ok', emoji);
  }
  const wrong = [
    'a',
    '1',
    '👍👍',
    'hello',
    '👍a',
    '\u202e',
    'constructor',
    '👍\u200d',
    '👍\ufe0f\ufe0f',
    'é',
    '🏴\u{e0067}',
  ];
  for (const emoji of wrong) t.equal(await outcome(bob, react(seq, emoji)), 'bad-request', emoji);
  t.same(await reactionsTo(bob, seq), [{ emoji: '👍', count: 1, mine: true }]);
});

t.test('only messages that one can see can be reacted to', async (t) => {
  const { ada, bob, eve } = await setUp(t);
  for (const client of [ada, bob]) await requestOk(client, { type: 'join', room: 'dev' });
  const inDev = await post(ada, { room: 'dev' }, 'secret');
  const direct = await post(ada, { to: 'bob' }, 'psst');
  const removed = await post(ada, { room: 'lobby' }, 'gone');
  const reacted = await requestOk(bob, react(removed.seq));
  await requestOk(ada, { type: 'remove', of: removed.seq });
  for (const request of [react, pin, unpin]) {
    for (const seq of [inDev.seq, direct.seq, reacted.seq ?? 0, 987_654]) {
      t.equal(await outcome(eve, request(seq)), 'no-such-message', request(seq).type);
    }
  }
  t.equal(await outcome(eve, react(removed.seq)), 'no-such-message');
  t.equal(await outcome(bob, react(inDev.seq)), 'ok');
  t.equal(await outcome(bob, react(direct.seq)), 'ok');
  await fence(ada, 'lobby', eve);
  t.same(eventsOf(eve, 'reaction'), [
    {
      ...{ type: 'reaction', room: 'lobby', from: 'bob', emoji: '👍' },
      ...{ of: { seq: removed.seq, from: 'ada', text: 'gone' }, reactions: [{ emoji: '👍', count: 1 }] },
    },
  ]);
  t.match(await ada.next('reaction', ({ to }) => to === 'ada'), { from: 'bob', of: { seq: direct.seq } });
  const [gone] = (await history(ada)).filter(({ seq }) => seq === removed.seq);
  t.notOk('reactions' in (gone ?? {}));
});

t.test('who may not post may not react, and mutes and locks name their reason', async (t) => {
  const { ada, bob, eve } = await setUp(t);
  for (const client of [ada, bob, eve]) await requestOk(client, { type: 'join', room: 'dev' });
  const { seq } = await post(ada, { room: 'dev' }, 'quiet please');
  await requestOk(ada, { type: 'mute', name: 'bob', room: 'dev' });
  t.equal(await outcome(bob, react(seq)), 'muted');
  await requestOk(ada, { type: 'set-rules', room: 'dev', locked: true });
  t.equal(await outcome(eve, react(seq)), 'room-locked');
  t.equal(await outcome(ada, react(seq)), 'ok', 'the owner can');
  await requestOk(ada, { type: 'set-rules', room: 'dev', locked: false, slow: 60_000 });
  await post(eve, { room: 'dev' }, 'one');
  t.equal(await outcome(eve, react(seq)), 'ok', 'it is no new message');
  await fence(ada, 'dev', eve);
  t.same(
    eve.all('reaction').map(({ from }) => from),
    ['ada', 'eve'],
  );
});

t.test('a blocked person can neither react nor pin, and the other does not hear of it', async (t) => {
  const { ada, bob } = await setUp(t);
  const { seq } = await post(bob, { to: 'ada' }, 'hello');
  await requestOk(bob, { type: 'block', name: 'ada' });
  for (const request of [react(seq), pin(seq), unpin(seq), reply(seq, 'x', { to: 'bob' })]) {
    t.equal(await outcome(ada, request), 'not-delivered', request.type);
  }
  t.equal(await outcome(bob, react(seq)), 'ok', 'only the blocked one');
  await bob.next('reaction');
  t.equal(eventsOf(bob, 'reaction', 'pinned', 'message').length, 2);
  t.same(await reactionsTo(bob, seq, { with: 'ada' }), [{ emoji: '👍', count: 1, mine: true }]);
});

t.test('reactions and pins count as messages', async (t) => {
  const scene = await sessionScene(t, { rate: { burst: 4, perSecond: 2 } });
  const ada = scene.connect().wire;
  await requestOk(ada, { type: 'register', name: 'ada', password });
  const { seq = 0 } = await requestOk(ada, { type: 'say', room: 'lobby', text: '1', key: 'k1' });
  for (const request of [react(seq), react(seq), react(seq)]) t.equal(await outcome(ada, request), 'ok');
  t.match(await ada.ask(react(seq)), { code: 'rate-limited', retryAfter: 500 });
  for (const request of [pin(seq), unpin(seq)]) t.equal(await outcome(ada, request), 'rate-limited');
});

t.test('a message has at most so many kinds of reactions', async (t) => {
  const kinds = Array.from({ length: limits.reactionKinds }, (_, n) => String.fromCodePoint(0x1f600 + n));
  let seq = 0;
  const { bob } = await setUp(t, {
    people: [...people, ...kinds.map((_, n) => `p${n}x`)],
    async prepare(store, accounts) {
      const [lobby] = await store.rooms();
      const entry = { target: { room: lobby?.id ?? 0 }, text: 'popular', action: false, at: Date.now() };
      seq = (await kept(store, { ...entry, account: accounts.get('ada')?.id ?? 0, key: 'k' })).seq;
      for (const [n, emoji] of kinds.entries()) {
        const account = accounts.get(`p${n}x`)?.id ?? 0;
        await store.react({ of: seq, account, at: Date.now(), emoji });
      }
    },
  });
  t.equal(await outcome(bob, react(seq, '🚀')), 'limit-reached');
  t.equal(await outcome(bob, react(seq, kinds[3])), 'ok', 'one that it has');
  const found = await reactionsTo(bob, seq);
  t.equal(found?.length, limits.reactionKinds);
  t.same(found?.[3], { emoji: kinds[3], count: 2, mine: true });
});

t.test('the longest page fits into a frame', async (t) => {
  const emoji = '👩🏻‍❤️‍💋‍👩🏼';
  const name = 'n'.repeat(limits.nameLength);
  const entry: LogEntry = {
    ...{ seq: 999_999_999_999, at: Date.now(), from: name, key: '"'.repeat(64), kind: 'action' },
    ...{ text: '"'.repeat(limits.messageBytes), edited: Date.now(), of: 999_999_999_998 },
    quoted: { from: name, text: '\u4e00'.repeat(limits.messageBytes / 3) },
    reactions: Array.from({ length: limits.reactionKinds }, () => ({ emoji, count: 100_000 })),
  };
  const conversation = { target: { room: 1 }, room: name, peer: undefined };
  const message = messageEvent(entry, conversation, { name }, undefined);
  const page = { type: 'ok', re: Number.MAX_SAFE_INTEGER, messages: Array(limits.historyPage).fill(message) };
  t.equal(message.of?.text?.length, limits.quoteLength);
  t.ok(
    encodeFrame({ ...page, more: true }).length <= limits.frameFromServerBytes,
    `${encodeFrame(page).length}`,
  );
});

t.test('owners and moderators pin messages; everyone sees them, in order', async (t) => {
  const { ada, bob, eve } = await setUp(t);
  for (const client of [ada, bob]) await requestOk(client, { type: 'join', room: 'dev' });
  const seqs: number[] = [];
  for (const text of ['one', 'two', 'three']) seqs.push((await post(bob, { room: 'dev' }, text)).seq);
  const [one = 0, two = 0, three = 0] = seqs;
  for (const request of [pin(one), unpin(one)]) t.equal(await outcome(bob, request), 'not-allowed');
  await requestOk(ada, { type: 'appoint', room: 'dev', name: 'bob', role: 'moderator' });
  t.match(await requestOk(bob, pin(two)), { seq: Number, at: String });
  await requestOk(ada, pin(one));
  await requestOk(ada, pin(three));
  t.notOk('seq' in (await requestOk(bob, pin(three))), 'it is pinned already');
  const listed = async () => ((await requestOk(bob, pins('dev'))).messages ?? []).map(({ text }) => text);
  t.same(await listed(), ['two', 'one', 'three']);
  await requestOk(bob, react(one));
  t.match((await requestOk(bob, pins('dev'))).messages?.[1]?.reactions, [{ emoji: '👍', mine: true }]);
  await requestOk(bob, unpin(one));
  t.notOk('seq' in (await requestOk(bob, unpin(one))), 'nor is it pinned any longer');
  await requestOk(ada, { type: 'remove', of: two });
  t.same(await listed(), ['three']);
  await fence(ada, 'dev', bob);
  const quote = (seq: number, text: string) => ({ seq, from: 'bob', text });
  for (const client of [ada, bob]) {
    t.same(eventsOf(client, 'pinned', 'unpinned'), [
      { type: 'pinned', of: quote(two, 'two'), room: 'dev', from: 'bob' },
      { type: 'pinned', of: quote(one, 'one'), room: 'dev', from: 'ada' },
      { type: 'pinned', of: quote(three, 'three'), room: 'dev', from: 'ada' },
      { type: 'unpinned', of: quote(one, 'one'), room: 'dev', from: 'bob' },
    ]);
  }
  t.equal(await outcome(eve, pins('dev')), 'not-a-member');
  t.same(eventsOf(eve, 'pinned', 'unpinned'), []);
});

t.test('both people of a direct conversation pin, up to the limit', async (t) => {
  const seqs: number[] = [];
  const { ada, bob } = await setUp(t, {
    async prepare(store, accounts) {
      const [account, other] = [accounts.get('ada')?.id ?? 0, accounts.get('bob')?.id ?? 0];
      const entry = { target: { direct: [account, other] } as const, account, action: false, at: Date.now() };
      for (let n = 0; n <= limits.pins; n++) {
        const { seq } = await kept(store, { ...entry, key: `k${n}`, text: `${n}` });
        seqs.push(seq);
        if (n > 1) await store.pin({ of: seq, account, at: Date.now() });
      }
    },
  });
  const [one = 0, two = 0] = seqs;
  t.equal(await outcome(bob, pin(one)), 'ok');
  t.equal(await outcome(ada, pin(two)), 'limit-reached');
  t.equal(await outcome(ada, unpin(one)), 'ok');
  t.equal(await outcome(ada, pin(two)), 'ok');
  const { messages = [] } = await requestOk(bob, { type: 'pins', with: 'ada' });
  t.equal(messages.at(-1)?.seq, two);
  const pinned = await bob.next('pinned', ({ of }) => of.seq === two);
  t.match(pinned, { from: 'ada', to: 'bob', of: { seq: two, from: 'ada', text: '1' } });
});

type Entry = ServerFrameOf<'message' | 'reaction' | 'pinned' | 'unpinned'>;

t.test('after an absence reactions and pins come in order, and one’s own are told apart', async (t) => {
  const { server, ada, bob, eve } = await setUp(t);
  const old = await post(ada, { room: 'lobby' }, 'old');
  const direct = await post(ada, { to: 'bob' }, 'psst');
  await requestOk(bob, react(old.seq, 'eyes'));
  await requestOk(bob, react(direct.seq, 'ok'));
  const { seq: position } = await bob.next('reaction', ({ room }) => room === 'lobby');
  bob.destroy();
  await requestOk(ada, react(old.seq, '👍'));
  await requestOk(ada, react(old.seq, '🎉'));
  await requestOk(eve, react(old.seq, '🎉'));
  const late = await post(ada, { room: 'lobby' }, 'late');
  await requestOk(eve, react(late.seq, '👍'));
  await requestOk(ada, react(direct.seq, '👍'));

  const about = { seq: old.seq, from: 'ada', text: 'old' };
  const reactions = [
    { emoji: '👀', count: 1 },
    { emoji: '🎉', count: 2 },
  ];
  // The first who comes back has it read from the store.
  for (const time of ['first', 'again']) {
    const back = await server.enter('bob', {
      sync: { rooms: { lobby: position }, direct: { ada: direct.seq } },
    });
    const entries = back.frames.filter(
      (frame): frame is Entry => frame.type === 'message' || frame.type === 'reaction',
    );
    const seqs = entries.filter(({ room }) => room === 'lobby').map(({ seq }) => seq);
    t.same(
      seqs,
      seqs.toSorted((one, other) => one - other),
      `${time}: in order`,
    );
    t.match(
      entries.filter(({ room }) => room === 'lobby'),
      [
        { type: 'reaction', of: about, from: 'ada', emoji: '🎉', reactions },
        { type: 'reaction', of: about, from: 'eve', emoji: '🎉', reactions },
        { type: 'message', text: 'late', reactions: [{ emoji: '👍', count: 1 }] },
        { type: 'reaction', of: { seq: late.seq }, from: 'eve', emoji: '👍' },
      ],
      time,
    );
    t.match(
      entries.filter(({ to }) => to !== undefined),
      [
        { type: 'reaction', from: 'bob', emoji: '👌' },
        { type: 'reaction', from: 'ada', emoji: '👍' },
      ],
      time,
    );
    t.same(back.all('reacted'), [
      { type: 'reacted', room: 'lobby', reactions: [{ of: old.seq, emoji: '👀' }] },
      { type: 'reacted', with: 'ada', reactions: [{ of: direct.seq, emoji: '👌' }] },
    ]);
    back.destroy();
  }
  await requestOk(ada, pin(direct.seq));
  await requestOk(ada, unpin(direct.seq));
  const last = await server.enter('bob', { sync: { direct: { ada: direct.seq } } });
  t.same(
    eventsOf(last, 'pinned', 'unpinned').map((event) => 'type' in event && event.type),
    ['pinned', 'unpinned'],
  );
});

t.test('without a position, messages come with their reactions; a flood of them hides none', async (t) => {
  const seqs: number[] = [];
  const { server } = await setUp(t, {
    async prepare(store, accounts) {
      const [lobby] = await store.rooms();
      const target = { room: lobby?.id ?? 0 };
      const [ada, bob] = [accounts.get('ada')?.id ?? 0, accounts.get('bob')?.id ?? 0];
      const entry = { target, account: ada, action: false, at: Date.now() };
      for (let n = 0; n < 600; n++) {
        seqs.push((await kept(store, { ...entry, key: `k${n}`, text: `${n}` })).seq);
      }
      for (const of of seqs) {
        for (const account of [ada, bob]) await store.react({ of, account, at: Date.now(), emoji: '👍' });
      }
    },
  });
  for (const time of ['read from the store', 'as the room remembers it']) {
    const bob = await server.enter('bob', { sync: {} });
    t.same(
      bob.all('message').map(({ seq }) => seq),
      seqs.slice(-limits.backlog),
      time,
    );
    t.match(bob.all('message').at(-1)?.reactions, [{ emoji: '👍', count: 2 }]);
    t.same(
      bob
        .all('reacted')
        .flatMap(({ reactions }) => reactions.map(({ of }) => of))
        .slice(-limits.backlog),
      seqs.slice(-limits.backlog),
    );
    bob.destroy();
  }
});
