/** Whom a message is pushed to, what is said, and when a URL is given up. */
import t, { type Test } from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import type { ConversationRef } from '../../../lib/server/chat/lookup.js';
import { noPeers } from '../../../lib/server/peers.js';
import { openPush } from '../../../lib/server/push/push.js';
import { parsePushHosts } from '../../../lib/server/push/push-hosts.js';
import type { Notification, PushOutcome } from '../../../lib/server/push/send-push.js';
import { createFakeClock } from '../../support/fake-clock.js';
import { openInlineStore } from '../../support/inline-store.js';
import { temporaryFile } from '../../support/sqlite-store.js';
import { lobbyOf, newRoom, people } from '../../support/store-subject.js';
import { turns } from '../../support/turns.js';

const worked: PushOutcome = { result: 'sent', what: 'HTTP 200' };
const refused: PushOutcome = { result: 'rejected', what: 'HTTP 404' };
const hour = 3_600_000;

async function scene(t: Test, { hosts = 'ntfy.sh' }: { hosts?: string } = {}) {
  const store = await openInlineStore({ file: await temporaryFile(t), onFailure: (error) => t.error(error) });
  t.teardown(() => store.close());
  const clock = createFakeClock();
  const [ana, ben, cleo] = await people(store, 'ana', 'ben', 'cleo');
  const online = new Set<number>();
  const away = new Map<number, string>();
  const live = { pushHosts: parsePushHosts(hosts.split(',')) };
  const sent: (Notification & { url: string })[] = [];
  const logged: string[] = [];
  let outcome = worked;
  const push = await openPush({
    ...{ store, clock, name: 'Home', peers: noPeers, notices: { examine: () => false } },
    presence: { count: (id) => (online.has(id) ? 1 : 0), awayOf: (id) => away.get(id) },
    live,
    log: {
      info: (event, fields) => void logged.push(JSON.stringify([event, fields])),
      warn() {},
      error: (_, error) => void t.error(error),
    },
    async send(url, notification) {
      sent.push({ url, ...notification });
      return outcome;
    },
  });
  t.teardown(push.close);
  const { room = 0 } = (await lobbyOf(store)) as { room: number };
  const lobby: ConversationRef = { target: { room }, room: 'lobby', peer: undefined };
  const directTo = (to: typeof ana): ConversationRef => ({
    ...{ target: { direct: [ana.id, to.id] }, room: undefined, peer: to.name },
  });

  /** Until nothing moves. */
  async function settle(): Promise<void> {
    await store.countAccounts();
    await turns();
  }

  return {
    ...{ store, clock, push, live, ana, ben, cleo, online, away, sent, logged, lobby, directTo, settle },
    answer: (given: PushOutcome) => {
      outcome = given;
    },
    /** What is sent for a message of ana. */
    async saying(text: string, conversation: ConversationRef): Promise<string[]> {
      sent.length = 0;
      push.posted({ author: ana, conversation, text });
      await settle();
      return sent.map((each) => each.text);
    },
    /** Turns notifications on. */
    async enable(who: typeof ana, text = false): Promise<void> {
      await push.set(who, { url: `https://ntfy.sh/${who.name}`, ...(text && { text: true as const }) });
      await settle();
    },
  };
}

t.test('mentions and direct messages reach those who are not there, without their text', async (t) => {
  const { saying, enable, ben, cleo, lobby, directTo, sent, store, online, away } = await scene(t);
  t.same(await saying('ben: hi', lobby), [], 'off by default');
  await enable(ben);
  t.match(sent, [{ url: 'https://ntfy.sh/ben', title: 'Home', text: 'Notifications are on.' }]);
  t.same(await saying('secret plan for Ben!', lobby), ['ana mentioned you in #lobby.']);
  t.match(sent, [{ title: 'Home', priority: 3 }]);
  t.same(await saying('secret', directTo(ben)), ['ana sent you a message.']);
  t.match(sent, [{ priority: 4 }]);
  t.same(await saying('bent, https://x.example/ben and cleo', lobby), []);
  t.same(await saying('secret', directTo(cleo)), []);
  online.add(ben.id);
  t.same(await saying('ben: hi', lobby), [], 'has a terminal');
  away.set(ben.id, '');
  t.same(await saying('ben: hi', lobby), ['ana mentioned you in #lobby.'], 'is away');
  const room = await newRoom(store, cleo.id, 'ops', { private: true });
  const ops = { target: { room: room.id }, room: 'ops', peer: undefined };
  t.same(await saying('ben and cleo', ops), [], 'not in that room');
});

t.test('with their text, if one asks for it, cut to what a notification holds', async (t) => {
  const { saying, enable, ben, lobby } = await scene(t);
  await enable(ben, true);
  t.same(await saying('ben: hi', lobby), ['ana mentioned you in #lobby: ben: hi']);
  const [long = ''] = await saying(`ben ${'ü'.repeat(2_000)}`, lobby);
  t.ok(Buffer.byteLength(long) < 1_100, `${Buffer.byteLength(long)}`);
});

t.test('no one is notified of their own messages, those of blocked people, or while banned', async (t) => {
  const { saying, enable, store, ana, ben, lobby, directTo, clock } = await scene(t);
  await enable(ana);
  await enable(ben);
  t.same(await saying('I, ana', lobby), []);
  t.same(await saying('note', directTo(ana)), []);
  await store.block(ben.id, ana.id);
  t.same(await saying('ben', lobby), []);
  await store.unblock(ben.id, ana.id);
  await store.ban({ account: ben.id }, { by: 'ana', at: clock.now(), reason: '' });
  t.same(await saying('ben', lobby), []);
});

t.test('a flood is cut for each person', async (t) => {
  const { saying, enable, settle, push, ben, cleo, lobby, clock, sent } = await scene(t);
  await enable(ben);
  await enable(cleo);
  clock.advance(hour);
  for (let count = 0; count < 100; count++) await saying('ben ben ben', lobby);
  const ends = Object.fromEntries(push.counts.ends.entries());
  t.match(ends, { sent: 2 + limits.pushBurst, 'too-fast': 100 - limits.pushBurst });
  t.same(await saying('ben and cleo', lobby), ['ana mentioned you in #lobby.'], 'cleo has her own');
  t.match(sent, [{ url: 'https://ntfy.sh/cleo' }]);
  clock.advance(10_000);
  await settle();
  t.equal((await saying('ben', lobby)).length, 1);
});

t.test('someone who can’t write to a person can’t use up their notifications', async (t) => {
  const { saying, enable, store, ana, ben, lobby, clock } = await scene(t);
  await enable(ben);
  clock.advance(hour);
  const room = await newRoom(store, ana.id, 'den', { private: true });
  const den = { target: { room: room.id }, room: 'den', peer: undefined };
  for (let count = 0; count < 100; count++) t.same(await saying('ben', den), []);
  t.equal((await saying('ben', lobby)).length, 1);
});

t.test('only listed hosts are taken; what is set can be seen and removed', async (t) => {
  const { push, ana } = await scene(t);
  for (const url of ['https://evil.example/x', 'http://ntfy.sh/x', 'https://127.0.0.1/', 'nonsense']) {
    await t.rejects(push.set(ana, { url }), { code: 'not-allowed', message: /https:\/\/ntfy\.sh/ });
  }
  t.equal(await push.get(ana), undefined);
  await push.set(ana, { url: 'https://ntfy.sh/Topic', text: true });
  t.same(await push.get(ana), { url: 'https://ntfy.sh/Topic', text: true });
  await push.set(ana, {});
  t.equal(await push.get(ana), undefined);
  const url = 'https://ntfy.sh/x';
  await t.rejects(
    async () => {
      for (let count = 0; count < 20; count++) await push.set(ana, { url });
    },
    { code: 'rate-limited' },
  );
});

t.test('the hosts can change while the server runs', async (t) => {
  const { push, live, saying, enable, settle, ben, lobby, sent } = await scene(t);
  await enable(ben);
  live.pushHosts = undefined;
  const url = 'https://ntfy.sh/ben';
  await t.rejects(push.set(ben, { url }), { code: 'not-allowed', message: /--push-hosts/ });
  t.equal(await push.get(ben), undefined);
  t.same(await saying('ben', lobby), []);
  live.pushHosts = parsePushHosts(['push.example']);
  await t.rejects(push.set(ben, { url }), { code: 'not-allowed', message: /https:\/\/push\.example/ });
  t.match(await push.get(ben), { url }, 'what was set is still there');
  await push.set(ben, { url: 'https://push.example/ben' });
  await settle();
  t.match(sent.at(-1), { url: 'https://push.example/ben' });
  live.pushHosts = undefined;
  await push.set(ben, {});
  live.pushHosts = parsePushHosts(['ntfy.sh']);
  t.equal(await push.get(ben), undefined, 'one can end it at any time');
});

t.test('a URL that fails for a day is paused, and its owner gets a notice at sign-in', async (t) => {
  const { saying, enable, settle, push, ben, lobby, clock, answer, logged, store } = await scene(t);
  await enable(ben);
  answer(refused);
  await saying('ben', lobby);
  clock.advance(20 * hour);
  answer(worked);
  t.equal((await saying('ben', lobby)).length, 1, 'a success in between');
  answer(refused);
  for (let hours = 0; hours < 24; hours++) {
    await saying('ben', lobby);
    clock.advance(hour);
  }
  t.equal(push.note(ben), undefined);
  await saying('ben', lobby);
  await settle();
  t.match(push.note(ben), /paused/);
  t.match(await push.get(ben), { paused: true });
  t.same(await saying('ben', lobby), []);
  t.match(Object.fromEntries(push.counts.ends.entries()), { sent: 2, rejected: 26 });
  await push.load();
  t.match(push.note(ben), /paused/, 'also as read from the store');
  await enable(ben);
  t.equal(push.note(ben), undefined);
  t.equal((await store.pushes()).length, 1);
  t.match(logged[0], /^\["push",\{"host":"ntfy\.sh","outcome":"HTTP 200"\}\]$/, 'host and outcome, no more');
});
