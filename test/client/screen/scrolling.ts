import t from 'tap';
import { paneRows } from '../../../lib/client/screen/render/rows.js';
import { current, find } from '../../../lib/client/screen/state/conversations.js';
import { withProgress } from '../../../lib/client/screen/state/notices.js';
import type { Reply } from '../../../lib/protocol/events.js';
import type { Message } from '../../../lib/protocol/records.js';
import { messageOf } from '../../support/fake-session.js';
import { createScreenScene } from '../../support/screen-scene.js';
import { plainAppearance } from '../../support/screens.js';
import { settle } from '../../support/streams.js';

const newest = 300;

/** Someone with the newest messages in the pane, and a server that answers when the test says so. */
function reader({ loaded }: { loaded: number }) {
  const waiting: (() => void)[] = [];
  const scene = createScreenScene({
    answer: (request) =>
      new Promise<Reply>((resolve) => {
        const before = request.type === 'history' ? (request.before ?? newest + 1) : 0;
        const first = Math.max(1, before - 100);
        const messages = Array.from({ length: before - first }, (_, i) => message(first + i));
        waiting.push(() => resolve({ type: 'ok', re: 1, messages, more: first > 1 }));
      }),
  });
  const message = (seq: number) => messageOf({ seq, from: 'ben', text: `message ${seq}.` });
  scene.synced();
  for (let seq = newest - loaded + 1; seq <= newest; seq++) scene.message(message(seq));
  const shown = () => {
    const rows = paneRows(scene.store.state, plainAppearance).map((row) =>
      row.map(({ text }) => text).join(''),
    );
    return rows.flatMap((row) => /message (\d+)\./.exec(row)?.[1] ?? []).map(Number);
  };
  scene.drawn();
  return {
    ...scene,
    shown,
    async reply() {
      for (const answer of waiting.splice(0)) answer();
      await settle();
    },
  };
}

for (const loaded of [3, 50]) {
  for (const presses of [1, 2, 3]) {
    const what = `${loaded} loaded, each page after ${presses}`;
    t.test(
      `PgUp skips no message when a page arrives between two presses and is not drawn yet: ${what}`,
      async (t) => {
        const { press, reply, shown, store } = reader({ loaded });
        const seen = new Set(shown());
        for (let pressed = 1; !current(store.state).fromStart || !seen.has(1); pressed++) {
          press('pageup');
          for (const number of shown()) seen.add(number);
          if (pressed % presses === 0) await reply();
          if (pressed === 100) break;
        }
        const missing = Array.from({ length: newest }, (_, i) => i + 1).filter((number) => !seen.has(number));
        t.strictSame(missing, []);
      },
    );
  }
}

t.test(
  'PgUp stays at the newest messages when they arrive in an empty pane and are not drawn yet',
  async (t) => {
    const { press, reply, shown } = reader({ loaded: 0 });
    press('pageup');
    await reply();
    press('pageup');
    t.equal(shown().at(-1), newest);
  },
);

t.test('PgUp moves a whole page once the page that arrived is drawn', async (t) => {
  const { press, reply, shown, drawn } = reader({ loaded: 3 });
  press('pageup');
  await reply();
  const before = shown();
  drawn();
  press('pageup');
  t.equal(shown().at(-1), before[0]);
});

const at = '2026-11-21T11:58:00.000Z';
const old = (seq: number): Message => ({
  ...{ type: 'message', seq, room: 'lobby', from: 'bob', text: `old ${seq}`, at, key: `old${seq}` },
});

t.test('older messages are loaded at the top until there are none', async (t) => {
  const pages = [
    [old(3), old(4)],
    [old(1), old(2)],
  ];
  const scene = createScreenScene({
    answer: (request) =>
      request.type === 'history'
        ? { type: 'ok', re: 1, messages: pages.shift() ?? [], more: pages.length > 0 }
        : { type: 'ok', re: 1, people: [] },
  });
  scene.synced();
  scene.message({ seq: 500, text: 'new' });
  scene.press('pageup');
  await settle();
  t.same(scene.pane(), ['old 3', 'old 4', 'new']);
  scene.press('pageup');
  await settle();
  t.same(scene.pane(), ['old 1', 'old 2', 'old 3', 'old 4', 'new']);
  t.equal(find(scene.store.state, '#lobby')?.fromStart, true);
  const before = scene.asked.length;
  scene.press('pageup');
  t.equal(scene.asked.length, before, 'nothing more is requested');
  const ranges = scene.asked.flatMap((request) => (request.type === 'history' ? [request.before] : []));
  t.same(ranges, [500, 3]);
});

t.test('a page that failed to load can be requested again', async (t) => {
  let fail = true;
  const scene = createScreenScene({
    answer(request) {
      if (request.type !== 'history') return { type: 'ok', re: 1, people: [] };
      if (fail) return { type: 'error', re: 1, code: 'internal', message: 'The server could not do that.' };
      return { type: 'ok', re: 1, messages: [old(1)], more: false };
    },
  });
  scene.synced();
  scene.message({ seq: 500, text: 'new' });
  scene.press('pageup');
  await settle();
  t.match(scene.pane().at(-1), /could not do that/);
  fail = false;
  scene.press('pageup');
  await settle();
  t.equal(scene.pane()[0], 'old 1');
});

t.test('Alt-Home shows the first messages at once, and PgDn goes on from there', async (t) => {
  const first = Array.from({ length: 100 }, (_, i) => old(i + 1));
  const next = Array.from({ length: 100 }, (_, i) => old(i + 101));
  const scene = createScreenScene({
    answer: (request) => {
      if (request.type !== 'history') return { type: 'ok', re: 1, people: [] };
      if (request.after === 0) return { type: 'ok', re: 1, messages: first, more: true };
      return { type: 'ok', re: 1, messages: next, more: true };
    },
  });
  scene.synced();
  scene.message({ seq: 900, text: 'new' });
  scene.press('alt-home');
  await settle();
  t.same(scene.pane().slice(0, 2), ['old 1', 'old 2']);
  t.match(current(scene.store.state), { fromStart: true, detached: true });
  const rows = paneRows(scene.store.state, plainAppearance).map((row) =>
    row.map(({ text }) => text).join(''),
  );
  t.ok(
    rows.some((row) => / old 1$/.test(row.trimEnd())),
    'the first one is in the pane',
  );
  for (let presses = 0; presses < 20 && !scene.pane().includes('old 101'); presses++) {
    scene.press('pagedown');
    await settle();
  }
  t.ok(scene.pane().includes('old 200'));
  scene.press('alt-end');
  await settle();
  t.notOk(current(scene.store.state).at, 'back at the newest');
});

/** Someone who reads the first of many messages, on a connection that may be lost. */
async function readerFarUp({ lost = false, page = 100 } = {}) {
  const first = Array.from({ length: page }, (_, i) => old(i + 1));
  const scene = createScreenScene({
    answer: (request) => {
      if (request.type !== 'history') return { type: 'ok', re: 1, people: [] };
      if (request.after === 0) return { type: 'ok', re: 1, messages: first, more: true };
      if (lost) return { type: 'error', re: 1, code: 'internal', message: 'The server could not do that.' };
      return { type: 'ok', re: 1, messages: [old(898), old(899)], more: true };
    },
  });
  scene.synced();
  scene.message({ ...old(899) });
  scene.press('alt-home');
  await settle();
  t.same(scene.pane().slice(0, 2), ['old 1', 'old 2']);
  return scene;
}

t.test('Alt-Home stays at the first messages where a page of them does not fill the pane', async (t) => {
  const scene = await readerFarUp({ page: 2 });
  scene.drawn();
  await settle();
  t.same(scene.pane(), ['old 1', 'old 2']);
  scene.press('alt-end');
  await settle();
  t.same(scene.pane(), ['old 898', 'old 899']);
});

t.test('what is posted from far up comes after the newest messages', async (t) => {
  const scene = await readerFarUp();
  scene.press('mine');
  scene.press('enter');
  scene.drawn();
  await settle();
  t.same(scene.pane(), ['old 898', 'old 899', 'mine']);
  t.notOk(current(scene.store.state).detached);
});

t.test('a refusal is shown to a reader far up, below the newest messages', async (t) => {
  const scene = await readerFarUp();
  scene.press('/nope');
  scene.press('enter');
  t.match(scene.pane().at(-1), /no command \/nope/, 'at once');
  scene.drawn();
  await settle();
  t.same(scene.pane().slice(0, 2), ['old 898', 'old 899']);
  t.match(scene.pane().at(-1), /no command \/nope/);
});

t.test('the progress of a file is shown to a reader who is scrolled up', async (t) => {
  const scene = await readerFarUp();
  scene.store.update((state) =>
    withProgress(state, { ...{ id: 'f1', text: 'sending', now: 0, bad: false }, sentTo: undefined }),
  );
  t.equal(scene.pane().at(-1), 'sending');
  t.notOk(current(scene.store.state).at);
});

t.test('where the newest messages cannot be loaded, the end of a page does not pass for them', async (t) => {
  const scene = await readerFarUp({ lost: true });
  scene.press('/nope');
  scene.press('enter');
  scene.drawn();
  await settle();
  t.match(scene.pane().at(-1), /could not do that/);
  t.ok(current(scene.store.state).at, 'PgDn goes on');
  const asked = scene.asked.length;
  scene.drawn();
  await settle();
  t.equal(scene.asked.length, asked, 'and it is not requested again and again');
});

t.test('Alt-Home joins the first page to the window where they meet', async (t) => {
  const pages = [old(1), old(2), old(3)];
  const scene = createScreenScene({
    answer: (request) =>
      request.type === 'history'
        ? { type: 'ok', re: 1, messages: pages, more: true }
        : { type: 'ok', re: 1, people: [] },
  });
  scene.synced();
  scene.message({ ...old(3) });
  scene.message({ seq: 900, text: 'new' });
  scene.press('alt-home');
  await settle();
  t.same(scene.pane(), ['old 1', 'old 2', 'old 3', 'new']);
  t.match(current(scene.store.state), { fromStart: true, detached: undefined });
});

t.test('a whole conversation is loaded page by page, without changing the window', async (t) => {
  const asked: unknown[] = [];
  const scene = createScreenScene({
    answer: (request) => {
      if (request.type !== 'history') return { type: 'ok', re: 1, people: [] };
      asked.push(request.before);
      const end = request.before ?? 501;
      const first = Math.max(1, end - 100);
      const messages = Array.from({ length: end - first }, (_, i) => old(first + i));
      return { type: 'ok', re: 1, messages, more: first > 1 };
    },
  });
  scene.synced();
  scene.message({ ...old(500) });
  const counts: number[] = [];
  const { entries, more } = await scene.whole('#lobby', 10_000, (count) => counts.push(count));
  t.strictSame(
    entries.map(({ id }) => id),
    Array.from({ length: 500 }, (_, i) => `m${i + 1}`),
  );
  t.equal(more, false);
  t.strictSame(counts, [101, 201, 301, 401, 500]);
  t.same(scene.pane(), ['old 500']);
  t.match(await scene.whole('#lobby', 150, () => {}), { more: true, entries: { length: 201 } });
});

t.test('a whole conversation is not loaded from a server that repeats a page', async (t) => {
  for (const messages of [[old(7), old(8)], [old(8), old(7)], []]) {
    const scene = createScreenScene({
      answer: (request) =>
        request.type === 'history'
          ? { type: 'ok', re: 1, messages, more: true }
          : { type: 'ok', re: 1, people: [] },
    });
    scene.synced();
    scene.message({ ...old(9) });
    await t.rejects(
      scene.whole('#lobby', 10_000, () => {}),
      { code: 'bad-frame' },
    );
  }
});

t.test('/history that the server refuses is refused once', async (t) => {
  let asked = 0;
  const scene = createScreenScene({
    answer() {
      if (++asked > 100) throw new Error('asked forever');
      return { type: 'error', re: 1, code: 'busy', message: 'Not now.' };
    },
  });
  scene.synced();
  await settle();
  asked = 0;
  scene.press('/history 50', 'enter');
  await settle(50);
  t.equal(asked, 1);
});
