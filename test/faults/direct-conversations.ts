/** Someone to whom thousands of accounts have written: they still sign in, and miss nothing. */
import t from 'tap';
import { limits } from '../../lib/protocol/limits.js';
import type { Conversation } from '../../lib/protocol/records.js';
import { requestOk } from '../support/requests.js';
import { password, type SessionScene, sessionScene } from '../support/session-scene.js';
import { kept, newEntry, register } from '../support/store-subject.js';

const day = 24 * 60 * 60_000;

/** Accounts `from`0, `from`1… that have written to one, so long ago. @returns their seqs */
async function written(
  { store, clock }: SessionScene,
  to: string,
  { from, count, ago }: { from: string; count: number; ago: number },
): Promise<number[]> {
  const id = (await store.account(to))?.id ?? 0;
  const seqs = [];
  for (let i = 0; i < count; i++) {
    const other = await register(store, `${from}${i}`);
    const entry = newEntry(other.id, { direct: [id, other.id] }, from);
    seqs.push((await kept(store, { ...entry, text: `from ${from}${i}`, at: clock.now() - ago })).seq);
  }
  return seqs;
}

const withOf = (conversations: readonly Conversation[] = []) =>
  conversations.flatMap((each) => each.with ?? []);

t.test('a sign-in lists direct conversations that are unread or recent, and so many', async (t) => {
  const scene = await sessionScene(t);
  const { wire } = await scene.signIn('ada');
  for (const [from, ago, read] of [
    ['old', 29 * day, true],
    ['late', 29 * day, false],
    ['recent', 27 * day, true],
  ] as const) {
    const [seq = 0] = await written(scene, 'ada', { from, count: 1, ago });
    if (read) await requestOk(wire, { type: 'read', with: `${from}0`, seq });
  }
  const { wire: again } = scene.connect();
  const { conversations } = await requestOk(again, {
    type: 'sign-in',
    name: 'ada',
    password,
    mode: 'attach',
  });
  t.same(withOf(conversations), ['recent0', 'late0']);
  const all = await requestOk(again, { type: 'conversations' });
  t.same(withOf(all.conversations), ['recent0', 'late0', 'old0']);
  t.equal(all.more, false);
});

t.test(
  'thousands of unread direct conversations: sign-in, pages of all, and a complete catch-up',
  async (t) => {
    const scene = await sessionScene(t);
    await scene.signIn('ada');
    const count = 1_000;
    await written(scene, 'ada', { from: 'm', count, ago: 0 });
    const { wire } = scene.connect();
    const at = performance.now();
    const { conversations } = await requestOk(wire, {
      type: 'sign-in',
      name: 'ada',
      password,
      mode: 'take-over',
    });
    t.comment(`signed in after ${Math.round(performance.now() - at)} ms`);
    t.match(conversations?.[0], { room: 'lobby' });
    t.same(
      withOf(conversations),
      Array.from({ length: limits.directsPage }, (_, i) => `m${count - 1 - i}`),
    );

    const paged: string[] = [];
    for (let before: number | undefined; ; ) {
      const page = await requestOk(wire, { type: 'conversations', ...(before !== undefined && { before }) });
      t.equal(page.conversations?.[0]?.room, before === undefined ? 'lobby' : undefined, 'rooms once');
      paged.push(...withOf(page.conversations));
      before = page.conversations?.at(-1)?.last;
      if (!page.more) break;
    }
    t.same(
      paged,
      Array.from({ length: count }, (_, i) => `m${count - 1 - i}`),
    );

    await requestOk(wire, { type: 'sync' });
    t.comment(`synced after ${Math.round(performance.now() - at)} ms`);
    t.equal(new Set(wire.all('message').map(({ from }) => from)).size, count, 'all of them were replayed');
  },
);
