import t from 'tap';
import { settingsFrom } from '../../../../lib/client/commands/settings.js';
import { layout } from '../../../../lib/client/screen/render/layout.js';
import { paneRows, scrollBy, scrollTo, topIsVisible } from '../../../../lib/client/screen/render/rows.js';
import type { PaneEntry, ScreenState } from '../../../../lib/client/screen/state/state.js';
import {
  busyScreen,
  conversation,
  messageAt,
  mine,
  plainAppearance,
  screen,
} from '../../../support/screens.js';

const count = 300;
// Each is a row, but every tenth, which is four.
const many: readonly PaneEntry[] = Array.from({ length: count }, (_, i) =>
  messageAt(i, i % 2 === 0 ? 'bob' : 'cleo', i % 10 === 0 ? `m${i}\n2\n3\n4` : `m${i}`, { id: `e${i}` }),
);

type Position = ScreenState['conversations'][number]['at'];

function reading(at: Position, entries = many): ScreenState {
  return screen({ conversations: [conversation('#lobby', { entries, at })] });
}

function texts(state: ScreenState): string[] {
  return paneRows(state, plainAppearance).map((row) => row.map(({ text }) => text).join(''));
}

function lastText(state: ScreenState): string {
  return texts(state).at(-1)?.split('│ ')[1] ?? '';
}

t.test('the pane is full and ends with the newest message', async (t) => {
  const rows = texts(reading(undefined));
  t.equal(rows.length, layout(reading(undefined)).pane.height);
  t.equal(lastText(reading(undefined)), 'm299');
});

t.test('pages up and down lead back to the bottom', async (t) => {
  const page = layout(reading(undefined)).pane.height - 1;
  let at: Position;
  const seen: Position[] = [];
  for (let i = 0; i < 5; i++) {
    seen.push(at);
    at = scrollBy(reading(at), plainAppearance, -page);
  }
  t.equal(new Set(seen.map((place) => `${place?.id} ${place?.row}`)).size, 5);
  for (const before of seen.reverse()) {
    at = scrollBy(reading(at), plainAppearance, page);
    t.same(at, before);
  }
});

t.test('after a page up the first row is the last', async (t) => {
  const page = layout(reading(undefined)).pane.height - 1;
  const before = texts(reading(undefined));
  const after = texts(reading(scrollBy(reading(undefined), plainAppearance, -page)));
  t.equal(after.at(-1)?.split('│')[1], before[0]?.split('│')[1]);
});

t.test('scrolling ends at the top with a full pane, and at the bottom with no position', async (t) => {
  const top = scrollBy(reading(undefined), plainAppearance, -1_000_000);
  t.same(scrollTo(reading(undefined), plainAppearance), top);
  const rows = texts(reading(top));
  t.equal(rows.length, layout(reading(top)).pane.height);
  t.match(rows[0], /beginning of #lobby/);
  t.match(rows[1], /21 November 2026/);
  t.match(rows[2], /m0$/);
  t.same(scrollBy(reading(top), plainAppearance, -1), top);
  t.equal(scrollBy(reading(top), plainAppearance, 1_000_000), undefined);
  t.equal(scrollBy(reading(undefined), plainAppearance, 1), undefined);
});

t.test('an entry can be scrolled to the top of the pane', async (t) => {
  t.match(texts(reading(scrollTo(reading(undefined), plainAppearance, 'e100')))[0], /m100$/);
  t.equal(
    scrollTo(reading(undefined), plainAppearance, 'e299'),
    undefined,
    'as far as there are rows below it',
  );
});

t.test('messages arriving below move nothing', async (t) => {
  const at = scrollBy(reading(undefined), plainAppearance, -40);
  const more = [...many, messageAt(400, 'eve', 'news', { id: 'news' })];
  t.same(texts(reading(at, more)), texts(reading(at)));
});

t.test('older entries added above move nothing', async (t) => {
  const at = scrollBy(reading(undefined), plainAppearance, -40);
  t.same(texts(reading(at, many.slice(100))), texts(reading(at)));
});

t.test('the top is visible when it is time to load more', async (t) => {
  t.equal(topIsVisible(reading(undefined), plainAppearance), false);
  t.equal(topIsVisible(reading(scrollTo(reading(undefined), plainAppearance)), plainAppearance), true);
  t.equal(topIsVisible(reading(undefined, many.slice(-3)), plainAppearance), true);
  t.equal(topIsVisible(reading(undefined, []), plainAppearance), true);
});

t.test('a missing entry means the bottom, a missing row the last of its entry', async (t) => {
  t.equal(lastText(reading({ id: 'gone', row: 0 })), 'm299');
  t.equal(lastText(reading({ id: 'e290', row: 99 })), '4');
});

t.test('a run of messages shows the name once, and again at the top of the pane', async (t) => {
  const entries = Array.from({ length: 60 }, (_, i) => messageAt(0, 'bob', `m${i}`, { id: `e${i}` }));
  const rows = texts(reading({ id: 'e40', row: 0 }, entries));
  t.equal(rows.filter((row) => row.includes('bob')).length, 1);
  t.match(rows[0], /11:58 +bob │ m/);
});

t.test('after five minutes, an action or a day the name is shown again', async (t) => {
  const names = (entries: readonly PaneEntry[]) =>
    texts(reading(undefined, entries)).filter((row) => / bob /.test(row)).length;
  t.equal(names([messageAt(0, 'bob', 'a'), messageAt(4, 'bob', 'b')]), 1);
  t.equal(names([messageAt(0, 'bob', 'a'), messageAt(5, 'bob', 'b')]), 2);
  t.equal(
    names([
      messageAt(0, 'bob', 'a'),
      messageAt(0, 'bob', 'waves', { action: true }),
      messageAt(0, 'bob', 'b'),
    ]),
    3,
  );
  t.equal(names([messageAt(720, 'bob', 'a'), messageAt(723, 'bob', 'b')]), 2);
});

t.test('a frame lays out what it shows and nothing else, and that once', async (t) => {
  let read = 0;
  const counted = many.map((entry) =>
    Object.defineProperty({ ...entry }, 'text', {
      get() {
        read++;
        return 'text' in entry ? entry.text : undefined;
      },
    }),
  );
  const state = reading({ id: 'e150', row: 0 }, counted);
  paneRows(state, plainAppearance);
  t.ok(read > 0 && read < 80, `${read} times for a pane of 22 rows`);
  read = 0;
  paneRows(state, plainAppearance);
  t.ok(read <= 1, 'the first row may be named anew');
  for (const changed of [{ columns: 100 }, { settings: settingsFrom({ seconds: 'on' }) }]) {
    read = 0;
    paneRows({ ...state, ...changed }, plainAppearance);
    t.ok(read > 0, `${Object.keys(changed).join()}: laid out anew`);
  }
});

function selecting(selected: string, more: { at?: Position; entries?: readonly PaneEntry[] } = {}) {
  const { at, entries = many } = more;
  return screen({ conversations: [conversation('#lobby', { entries, at, selected })] });
}

t.test('the pane moves as little as a selected message needs', async (t) => {
  const state = reading(undefined);
  t.same(texts(selecting('e299')).map(unmarked), texts(state).map(unmarked), 'not at all where it is shown');
  const up = texts(selecting('e200'));
  t.match(up[0], '▸ m200');
  t.match(up[3], '▸ 4', 'all of it');
  const at: Position = { id: 'e50', row: 0 };
  t.match(texts(selecting('e60', { at })).at(-1), '▸ 4', 'down to its last row');
  t.equal(texts(selecting('gone')).at(-1), texts(state).at(-1));
});

t.test('of a selected message that is taller than the pane, the beginning is shown', async (t) => {
  const tall = messageAt(0, 'bob', Array.from({ length: 60 }, (_, i) => `line ${i}.`).join('\n'), {
    id: 'tall',
  });
  const state = selecting('tall', { entries: [...many, tall, messageAt(1, 'bob', 'after it')] });
  t.match(texts(state)[0], '▸ line 0.');
  t.match(texts(state).at(-1), '▸ line 20.');
});

t.test('the oldest message is selected below the line above it', async (t) => {
  const rows = texts(selecting('e0'));
  t.match(rows[0], 'beginning of #lobby');
  t.match(rows[2], '▸ m0');
});

function unmarked(row: string): string {
  return row.replace('▸', '│').trimEnd();
}

const names = (...froms: string[]) => froms.map((from, i) => messageAt(i * 10, from, 'hello', { id: from }));

t.test('the column of names is as wide as the longest name, at most 12 columns', async (t) => {
  const first = (...froms: string[]) => texts(reading(undefined, names(...froms))).slice(-froms.length);
  t.same(first('bo', 'cleo'), ['11:58   bo │ hello', '12:08 cleo │ hello']);
  t.same(first('bo', 'maximilian-of-the-mountains'), [
    '11:58           bo │ hello',
    '12:08 maximilian-… │ hello',
  ]);
});

t.test('times are shown as /set says, in a column of their own width', async (t) => {
  const shown = (settings: object) =>
    texts({ ...reading(undefined, names('bo')), settings: settingsFrom(settings) }).at(-1);
  t.equal(shown({ seconds: 'on' }), '11:58:00 bo │ hello');
  t.equal(shown({ clock: '12h' }), '11:58am bo │ hello');
  t.equal(shown({ clock: '12h', seconds: 'on' }), '11:58:00am bo │ hello');
});

t.test('a tick marks what the server has, if wanted; it moves no text', async (t) => {
  const entry = (state: 'sending' | 'sent') => [mine(0, 'hello', { delivery: { state } })];
  const shown = (state: 'sending' | 'sent', ticks: string) =>
    texts({ ...reading(undefined, entry(state)), settings: settingsFrom({ ticks }) })
      .at(-1)
      ?.split('│ ')[1];
  t.same([shown('sending', 'off'), shown('sent', 'off')], ['hello …', 'hello  ']);
  t.same([shown('sending', 'on'), shown('sent', 'on')], ['hello …', 'hello ✓']);
});

t.test('an example has a place for every kind of entry', async (t) => {
  const kinds = new Set(busyScreen().conversations.flatMap(({ entries }) => entries.map(({ kind }) => kind)));
  t.same([...kinds].sort(), ['message', 'notice', 'presence']);
});
