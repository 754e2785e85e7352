/** Replies, reactions and pins: what every Store must do with them, as tests. Knows the interface only. */
import type { Test } from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import { quotedLength } from '../../../lib/protocol/message-text.js';
import type { ConversationKey, LogEntry } from '../../../lib/store/message-store.js';
import type { Store } from '../../../lib/store/store.js';
import { at, kept, lobbyOf, type MakeSubject, newEntry, newRoom, people } from '../store-subject.js';

export async function relationsContract(t: Test, make: MakeSubject): Promise<void> {
  t.test('replies', (t) => repliesContract(t, make));
  t.test('reactions', (t) => reactionsContract(t, make));
  t.test('pins', (t) => pinsContract(t, make));
}

async function setUp(t: Test, make: MakeSubject) {
  const { store, reopen } = await make(t);
  const [ada, bob] = await people(store, 'ada', 'bob');
  const target = await lobbyOf(store);
  const say = async (key: string, more: { of?: number; text?: string; target?: ConversationKey } = {}) =>
    (await kept(store, { ...newEntry(ada.id, target, key), ...more })).seq;
  return { store, reopen, ada, bob, target, say };
}

function page(store: Store, target: ConversationKey, range = {}): Promise<readonly LogEntry[]> {
  return store.history({ target, limit: 999, keep: 'oldest', what: 'everything', ...range });
}

async function repliesContract(t: Test, make: MakeSubject): Promise<void> {
  t.test('a reply quotes its message as it is now, wherever it is read', async (t) => {
    const { store, reopen, ada, bob, target, say } = await setUp(t, make);
    const first = await say('first');
    const appended = await kept(store, { ...newEntry(bob.id, target, 'r'), of: first });
    t.same(appended.quoted, { from: 'ada', text: 'text of first' });
    await store.edit({ of: first, account: ada.id, at: at + 1, text: 'a better text' });
    const again = await reopen();
    const quoted = { of: first, quoted: { from: 'ada', text: 'a better text' } };
    const [, reply] = await again.history({ target, limit: 9, keep: 'newest' });
    t.match(reply, { seq: appended.seq, text: 'text of r', ...quoted });
    t.match((await again.message(appended.seq))?.entry, quoted);
    t.match((await again.search({ account: ada.id, words: 'r', limit: 1 })).hits, [
      { seq: appended.seq, ...quoted },
    ]);
    const [original] = await again.history({ target, limit: 9, keep: 'newest' });
    t.notOk('of' in (original ?? {}) || 'quoted' in (original ?? {}), 'other messages quote none');
  });

  t.test('of a long message, a quote has more than is shown', async (t) => {
    const { store, target, say } = await setUp(t, make);
    const first = await say('first', { text: 'x'.repeat(limits.messageBytes) });
    await say('second', { of: first });
    const [, reply] = await store.history({ target, limit: 9, keep: 'newest' });
    const length = reply?.quoted?.text.length ?? 0;
    t.ok(length > quotedLength && length < limits.messageBytes, `${length}`);
  });

  t.test('only a message of the same conversation can be replied to, until it is removed', async (t) => {
    const { store, ada, bob, target, say } = await setUp(t, make);
    const { id } = await newRoom(store, ada.id, 'dev');
    const [first, elsewhere] = [await say('first'), await say('elsewhere', { target: { room: id } })];
    const reply = (key: string, of: number, where: ConversationKey = target) =>
      store.append({ ...newEntry(ada.id, where, key), of });
    const edited = await store.edit({ of: first, account: ada.id, at, text: 'x' });
    for (const of of [elsewhere, edited?.seq ?? 0, first + 4711]) {
      t.same(await reply('no', of), { outcome: 'no-such-message' }, `${of}`);
    }
    t.same(await reply('no', first, { direct: [ada.id, bob.id] }), { outcome: 'no-such-message' });
    t.match(await reply('yes', first), { outcome: 'kept', repeated: false });
    await store.remove({ of: first, account: ada.id, at });
    t.same(await reply('no', first), { outcome: 'no-such-message' });
    t.match(await reply('yes', first), { outcome: 'kept', repeated: true }, 'a retry is never refused');
  });

  t.test('nothing is quoted of a message that was removed or pruned', async (t) => {
    const { store, ada, target, say } = await setUp(t, make);
    const [old, removed] = [await say('old'), await say('removed')];
    const last = [await say('one', { of: old }), await say('two', { of: removed })];
    await store.remove({ of: removed, account: ada.id, at });
    await store.prune({ keep: 4, limit: 1 });
    const [, one, two] = await store.history({ target, limit: 9, keep: 'newest' });
    t.same([one?.of, two?.of], [old, removed]);
    t.same([one?.quoted, two?.quoted], [undefined, undefined]);
    await store.remove({ of: last[1] ?? 0, account: ada.id, at });
    t.notOk('of' in ((await store.message(last[1] ?? 0))?.entry ?? {}), 'a removed reply is no reply');
  });
}

async function reactionsContract(t: Test, make: MakeSubject): Promise<void> {
  t.test('a person has one reaction to a message: another replaces it, the same takes it back', async (t) => {
    const { store, reopen, ada, bob, target, say } = await setUp(t, make);
    const of = await say('k');
    const react = (account: number, emoji: string) => store.react({ of, account, at: at + 1, emoji });
    const kinds = (...pairs: [string, number][]) => pairs.map(([emoji, count]) => ({ emoji, count }));
    const one = await react(ada.id, '👍');
    t.match(one, { outcome: 'kept', at: at + 1, emoji: '👍', reactions: kinds(['👍', 1]) });
    t.match(await react(bob.id, '🎉'), { reactions: kinds(['👍', 1], ['🎉', 1]) });
    t.match(await react(bob.id, '👍'), { emoji: '👍', reactions: kinds(['👍', 2]) });
    const last = await react(ada.id, '👍');
    t.match(last, { emoji: '', reactions: kinds(['👍', 1]) });
    const again = await reopen();
    t.match(await again.history({ target, limit: 9, keep: 'newest' }), [{ reactions: kinds(['👍', 1]) }]);
    t.same(await again.reactionsBy(bob.id, [of, 4711]), [{ of, emoji: '👍' }]);
    t.same(await again.reactionsBy(ada.id, [of]), [], 'it was taken back');
    await again.react({ of, account: bob.id, at, emoji: '👍' });
    const [message] = await again.history({ target, limit: 9, keep: 'newest' });
    t.notOk('reactions' in (message ?? {}), 'none is left');
  });

  t.test('the last one of each person is an entry, with all reactions of now', async (t) => {
    const { store, ada, bob, target, say } = await setUp(t, make);
    const of = await say('k');
    const react = (account: number, emoji: string) => store.react({ of, account, at: at + 1, emoji });
    await react(ada.id, '👍');
    await react(bob.id, '🎉');
    await react(ada.id, '👀');
    const next = await say('next');
    await react(bob.id, '🎉');
    const about = { kind: 'reaction', of, quoted: { from: 'ada', text: 'text of k' }, at: at + 1 };
    const reactions = [{ emoji: '👀', count: 1 }];
    const all = await page(store, target);
    t.match(all, [
      { seq: of, reactions },
      { ...about, from: 'ada', text: '👀', reactions },
      { seq: next },
      { ...about, from: 'bob', text: '', reactions },
    ]);
    t.same(
      all.map(({ seq }) => seq),
      all.map(({ seq }) => seq).toSorted((a, b) => a - b),
      'in the order of seq',
    );
    t.equal((await store.conversations(ada.id))[0]?.last, all.at(-1)?.seq);
    const seqs = async (range: object) => (await page(store, target, range)).map(({ seq }) => seq);
    t.same(await seqs({ limit: 2 }), [all[0]?.seq, all[1]?.seq]);
    t.same(await seqs({ limit: 2, keep: 'newest' }), [all[2]?.seq, all[3]?.seq]);
    t.same(await seqs({ after: all[1]?.seq, before: all[3]?.seq }), [next]);
    t.same(await seqs({ what: 'entries' }), [of, next], 'without reactions');
  });

  t.test('reactions are in the way of nothing that counts messages', async (t) => {
    const { store, ada, bob, target, say } = await setUp(t, make);
    const seqs = [await say('1'), await say('2'), await say('3')];
    for (const of of seqs) await store.react({ of, account: ada.id, at, emoji: '👍' });
    const [lobby] = await store.conversations(bob.id);
    t.match(lobby, { unread: 3, mentions: 0 });
    t.equal(await store.floor(target, 2), seqs[0]);
    t.equal(await store.floor(target, 3), 0);
    t.equal(await store.floor(target, 2, 0, 'everything'), (lobby?.last ?? 0) - 2, 'unless they are wanted');
    await store.markRead(bob.id, target, lobby?.last ?? 0);
    t.match(await store.conversations(bob.id), [{ unread: 0 }]);
    t.equal(await store.prune({ keep: 2, limit: 9 }), 2, 'a message and its reaction');
    t.match(await page(store, target, { what: 'messages' }), [{ seq: seqs[1] }, { seq: seqs[2] }]);
  });

  t.test('a message has a limited number of kinds', async (t) => {
    const { store, ada, target } = await setUp(t, make);
    const { seq: of } = await kept(store, newEntry(ada.id, target, 'k'));
    const names = Array.from({ length: limits.reactionKinds + 1 }, (_, n) => `p${n}`);
    const accounts = await people(store, ...names);
    const emoji = (n: number) => String.fromCodePoint(0x1f600 + n);
    const react = (n: number, kind: number) =>
      store.react({ of, account: accounts[n]?.id ?? 0, at, emoji: emoji(kind) });
    for (let n = 0; n < limits.reactionKinds; n++) t.match(await react(n, n), { outcome: 'kept' });
    t.same(await react(limits.reactionKinds, 99), { outcome: 'too-many' });
    t.match(await react(limits.reactionKinds, 0), { outcome: 'kept' }, 'one that it has');
    t.match(await react(1, 99), { outcome: 'kept' }, 'in place of one that goes');
  });

  t.test('they go with their message, and only messages have them', async (t) => {
    const { store, ada, target, say } = await setUp(t, make);
    const [removed, old] = [await say('removed'), await say('old')];
    const react = (of: number) => store.react({ of, account: ada.id, at, emoji: '👍' });
    for (const of of [removed, old]) await react(of);
    const removal = await store.remove({ of: removed, account: ada.id, at });
    for (const of of [removed, removal?.seq ?? 0, 4711]) {
      t.same(await react(of), { outcome: 'no-such-message' }, `${of}`);
    }
    t.match(await page(store, target), [
      { seq: removed, text: '' },
      { seq: old },
      { of: old },
      { of: removed },
    ]);
    t.equal(await store.prune({ keep: 1, limit: 9 }), 3);
    t.same(await store.reactionsBy(ada.id, [removed, old]), []);
    t.match(await page(store, target), [{ kind: 'removal' }]);
    const { id } = await newRoom(store, ada.id, 'dev');
    await react(await say('there', { target: { room: id } }));
    await store.leaveRoom(ada.id, id, { end: true });
    t.equal(await store.prune({ limit: 9 }), 2, 'a room that ended, too');
  });

  t.test('few are pruned at once', async (t) => {
    const { store, ada, bob, say } = await setUp(t, make);
    for (const key of ['1', '2', '3']) {
      const of = await say(key);
      for (const { id } of [ada, bob]) await store.react({ of, account: id, at, emoji: '👍' });
    }
    t.equal(await store.prune({ keep: 0, limit: 4 }), 6);
    t.equal(await store.prune({ keep: 0, limit: 4 }), 3);
  });

  t.test('a seq is never given twice', async (t) => {
    const { store, reopen, ada, target, say } = await setUp(t, make);
    const of = await say('1');
    const reacted = await store.react({ of, account: ada.id, at, emoji: '👍' });
    const again = await reopen();
    const { seq } = await kept(again, newEntry(ada.id, target, '2'));
    t.ok(reacted.outcome === 'kept' && reacted.seq > of && seq > reacted.seq);
  });
}

async function pinsContract(t: Test, make: MakeSubject): Promise<void> {
  t.test('pinned messages are listed in the order in which they were pinned', async (t) => {
    const { store, reopen, ada, bob, target, say } = await setUp(t, make);
    const [one, two, three] = [await say('1'), await say('2'), await say('3', { of: 1 })];
    const pin = (of: number, account = ada.id) => store.pin({ of, account, at: at + 1 });
    t.match(await pin(two), { outcome: 'kept', at: at + 1 });
    await pin(three);
    await pin(one, bob.id);
    t.same(await pin(one), { outcome: 'unchanged' });
    const listed = async (from: Store) => (await from.pins(target)).map(({ seq }) => seq);
    t.same(await listed(store), [two, three, one]);
    t.match(await store.unpin({ of: three, account: bob.id, at: at + 2 }), { at: at + 2 });
    t.equal(await store.unpin({ of: three, account: bob.id, at }), undefined);
    const again = await reopen();
    t.same(await listed(again), [two, one]);
    const quoted = { from: 'ada', text: 'text of 2' };
    t.match(await page(again, target, { after: three }), [
      { kind: 'pin', of: two, from: 'ada', quoted, text: '' },
      { kind: 'pin', of: three, from: 'ada' },
      { kind: 'pin', of: one, from: 'bob' },
      { kind: 'unpin', of: three, from: 'bob' },
    ]);
    t.same(await again.pins({ direct: [ada.id, bob.id] }), []);
  });

  t.test('a removed or pruned message is pinned no longer, and its pins are not read', async (t) => {
    const { store, ada, target, say } = await setUp(t, make);
    const seqs = [await say('1'), await say('2'), await say('3')];
    for (const of of seqs) await store.pin({ of, account: ada.id, at });
    await store.remove({ of: seqs[1] ?? 0, account: ada.id, at });
    await store.prune({ keep: 6, limit: 1 });
    t.match(await store.pins(target), [{ seq: seqs[2] }]);
    t.equal((await store.pins(target)).length, 1);
    t.match(await page(store, target, { after: seqs[2] }), [{ of: seqs[2] }, { kind: 'removal' }]);
    for (const of of [seqs[1] ?? 0, 4711]) {
      t.same(await store.pin({ of, account: ada.id, at }), { outcome: 'no-such-message' });
      t.equal(await store.unpin({ of, account: ada.id, at }), undefined);
    }
  });

  t.test('a conversation has a limited number of pins', async (t) => {
    const { store, ada, bob, say } = await setUp(t, make);
    const direct = { direct: [ada.id, bob.id] } as const;
    const pin = async (key: string, more = {}) =>
      (await store.pin({ of: await say(key, more), account: ada.id, at })).outcome;
    for (let n = 0; n < limits.pins; n++) t.equal(await pin(`k${n}`), 'kept');
    t.equal(await pin('last'), 'too-many');
    t.equal(await pin('elsewhere', { target: direct }), 'kept');
    const [first] = await store.pins(await lobbyOf(store));
    await store.remove({ of: first?.seq ?? 0, account: ada.id, at });
    t.equal(await pin('again'), 'kept');
  });
}
