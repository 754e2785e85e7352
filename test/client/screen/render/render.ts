import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import xterm from '@xterm/headless';
import stringWidth from 'string-width';
import t, { type Test } from 'tap';
import { settingsFrom } from '../../../../lib/client/commands/settings.js';
import { type Frame, render } from '../../../../lib/client/screen/render/render.js';
import { sideRows } from '../../../../lib/client/screen/render/side.js';
import { type Appearance, glyphsOf, stylesOf } from '../../../../lib/client/screen/render/theme.js';
import { emptyEditor } from '../../../../lib/client/screen/state/editor.js';
import type {
  ConversationState,
  PaneEntry,
  PersonState,
  ScreenState,
} from '../../../../lib/client/screen/state/state.js';
import { hostileText } from '../../../fixtures/hostile-text.js';
import {
  busyScreen,
  conversation,
  messageAt,
  mine,
  noon,
  person,
  plainAppearance,
  plainLines,
  screen,
  styledLines,
} from '../../../support/screens.js';

// From dist/test/client/screen/.
const pictures = join(import.meta.dirname, '../../../../../test/fixtures/screens');
const colorful: Appearance = { ...plainAppearance, colors: 256, links: true };
const looks: readonly Appearance[] = [
  plainAppearance,
  colorful,
  { ...plainAppearance, glyphs: 'ascii', colors: 16, theme: 'light' },
  { ...colorful, colors: 'truecolor' },
];

/** With answers that are folded, and one that is not. */
function ruledRoom(more: Partial<ConversationState> = {}): ConversationState {
  const refused =
    'There is no command /hepl; nothing was sent. Did you mean /help? To post it as text, type //hepl';
  const help = [
    'messages    /msg /reply /query /me /edit /delete',
    'rooms       /list /join /leave',
    '/help COMMAND explains one.',
  ];
  const answer = (text: string, tone: 'plain' | 'bad', folded: boolean): PaneEntry => ({
    ...{ kind: 'notice', id: text, at: noon, text, tone, folded },
  });
  return conversation('#lobby', {
    topic: 'Release plans',
    rules: { locked: true, slow: 30_000, restrict: ['links', 'caps'] },
    entries: [
      answer(refused, 'bad', true),
      answer(help.join('\n'), 'plain', true),
      answer('Nothing is folded here.', 'plain', true),
      messageAt(1, 'bob', 'well?'),
      answer(refused, 'bad', false),
    ],
    ...more,
  });
}

/** Compares with the file, or writes it when UPDATE_SCREENS is set. A `|` stands at the edges of the screen. */
function picture(t: Test, name: string, lines: readonly string[]): void {
  const file = join(pictures, `${name}.txt`);
  const text = `${lines.map((line) => `|${line}|`).join('\n')}\n`;
  if (process.env.UPDATE_SCREENS !== undefined) writeFileSync(file, text);
  t.equal(text, readFileSync(file, 'utf8'), `as in ${name}.txt (UPDATE_SCREENS=1 writes it)`);
}

/** Lines are shorter than the screen where nothing is at its right edge. */
function square(frame: Frame, columns: number): string[] {
  return plainLines(frame).map((line) => line + ' '.repeat(columns - stringWidth(line)));
}

const task: ConversationState['task'] = {
  kind: 'edit',
  of: 3,
  about: "no, and don't open it",
  before: emptyEditor,
};

/** The busy screen with a change of its room. */
function selecting(screen: Partial<ScreenState>, room: Partial<ConversationState>): ScreenState {
  const { conversations, ...state } = busyScreen(screen);
  const entries = (conversations[0]?.entries ?? []).map((entry) =>
    entry.kind === 'message' && entry.mine && entry.text.startsWith('no') ? { ...entry, id: 'own' } : entry,
  );
  return {
    ...state,
    conversations: conversations.map((each, i) => (i === 0 ? { ...each, entries, ...room } : each)),
  };
}

const long = `when we were there last year, it was closed ${'all day '.repeat(20)}`;
const busyReactions = ['👍', '🎉', '❤️', '🦊', '👀', '🔥', '🚀', '😄', '💯', '✅', '🐛'].map((emoji, i) => ({
  ...{ emoji, count: 12 - i, mine: i === 1 },
}));

/** A room with replies and reactions. */
function repliesScreen(more: Partial<ScreenState>, room: Partial<ConversationState> = {}): ScreenState {
  const of = { seq: 1, from: 'bob', text: 'who brings tea?' };
  const reactions = [{ emoji: '👍', count: 3, mine: false }];
  const entries = [
    messageAt(0, 'bob', 'who brings tea?', { reactions: busyReactions }),
    messageAt(1, 'cleo', 'I do', { of, reactions: [{ emoji: '🎉', count: 1, mine: true }] }),
    mine(1, 'and I bring a cake', { of, reactions }),
    mine(2, 'or two', { of: { seq: 4, from: 'cleo', text: long }, delivery: { state: 'sending' } }),
    messageAt(3, 'dan', 'waves', { action: true, of: { seq: 7 }, reactions }),
    messageAt(4, 'eve', 'alice?', { mention: true, of: { seq: 2, from: 'alice', text: '漢字'.repeat(50) } }),
    messageAt(5, 'bob', '', { removed: 'alice', of }),
  ];
  return screen({ ...more, conversations: [conversation('#lobby', { entries, ...room })] });
}

const screens: Readonly<Record<string, ScreenState>> = {
  'busy-80x24': busyScreen({ hint: true }),
  'busy-120x40': busyScreen({ columns: 120, rows: 40 }),
  'busy-24x6': busyScreen({ columns: 24, rows: 6 }),
  'busy-20x5': busyScreen({ columns: 20, rows: 5 }),
  'narrow-39x24': busyScreen({ columns: 39, sideLists: 'shown' }),
  'people-50x12': busyScreen({ columns: 50, rows: 12, sideLists: 'shown' }),
  'first-80x12': screen({ rows: 12, hint: true }),
  'private-80x12': screen({
    rows: 12,
    current: '@bob',
    conversations: [
      conversation('#lobby', { unread: 1 }),
      conversation('@bob', { entries: [messageAt(0, 'bob', 'psst'), mine(1, 'yes?')], fromStart: false }),
    ],
  }),
  'typing-80x12': screen({
    rows: 12,
    hint: true,
    settings: settingsFrom({ typing: 'on', receipts: 'on', ticks: 'on' }),
    conversations: [
      conversation('#lobby', {
        entries: [mine(1, 'lunch?'), messageAt(2, 'bob', 'yes'), mine(3, 'at noon, then', { seq: 7 })],
        typing: ['bob', 'cleo'],
        readers: [
          { name: 'bob', seq: 7 },
          { name: 'cleo', seq: 6 },
          { name: 'dan', seq: 9 },
        ],
      }),
    ],
  }),
  'reconnecting-80x12': screen({
    rows: 12,
    connection: { state: 'waiting', until: noon + 605_000, why: 'The server does not answer.' },
    conversations: [
      conversation('#lobby', {
        entries: [mine(9, 'are you there?', { delivery: { state: 'sending', waitMs: 2500 } })],
      }),
    ],
  }),
  'scrolled-80x12': busyScreen({
    rows: 12,
    conversations: busyScreen().conversations.map((room) => {
      return room.id === '#lobby' ? { ...room, at: { id: 'new', row: 1 }, newBelow: 6 } : room;
    }),
  }),
  'selected-80x24': selecting({}, { selected: 'new' }),
  'selected-120x40': selecting({ columns: 120, rows: 40 }, { selected: 'own', newBelow: 3 }),
  'selected-24x6': selecting({ columns: 24, rows: 6 }, { selected: 'own' }),
  'selected-20x5': selecting({ columns: 20, rows: 5 }, { selected: 'new' }),
  'editing-80x24': selecting({}, { task }),
  'editing-20x5': selecting({ columns: 20, rows: 5 }, { task }),
  'replies-80x24': repliesScreen({}),
  'replies-120x40': repliesScreen({ columns: 120, rows: 40 }),
  'replies-39x24': repliesScreen({ columns: 39 }),
  'replying-80x24': repliesScreen({}, { task: { kind: 'reply', of: 9, about: 'bob: who\nbrings\ntea?' } }),
  'typing-60x16': screen({
    columns: 60,
    rows: 16,
    question: { text: 'Send 3 lines as one message? y/n', about: 'overwrite' },
    conversations: [
      conversation('#lobby', {
        entries: [messageAt(0, 'bob', 'well?')],
        draft: {
          text: `one\ntwo ${'long '.repeat(20)}\nthree`,
          cursor: 3,
          killed: '',
          past: [],
          last: 'other',
        },
      }),
    ],
  }),
  'answers-80x24': screen({ conversations: [ruledRoom()] }),
  'answers-120x40': screen({ columns: 120, rows: 40, conversations: [ruledRoom({ unfolded: true })] }),
  'answers-38x14': screen({ columns: 38, rows: 14, conversations: [ruledRoom()] }),
  'choices-80x24': completed(
    ['🎉 :tada:', '🥡 :takeout_box:', '🫔 :tamale:', '🎋 :tanabata_tree:'],
    {},
    ':tanabata_tree: ',
  ),
  'choices-120x40': completed(
    Array.from({ length: 40 }, (_, i) => `person${i}`),
    { columns: 120, rows: 40 },
  ),
  'crowd-80x12': screen({
    ...{ rows: 12, sideLists: 'shown' },
    people: Array.from({ length: 30 }, (_, i) => person(`person${i}`)),
    peopleUnnamed: 200,
    conversations: Array.from({ length: 20 }, (_, i) =>
      conversation(i === 7 ? '#lobby' : `#room${i}`, {
        unread: i === 15 ? 3 : 0,
        mentions: i === 15 ? 2 : 0,
      }),
    ),
  }),
};

for (const [name, state] of Object.entries(screens)) {
  t.test(`${name} looks as its picture does`, async (t) => {
    picture(t, name, square(render(state, plainAppearance), state.columns));
  });
}

t.test('ASCII glyphs are enough', async (t) => {
  const appearance: Appearance = { ...plainAppearance, glyphs: 'ascii' };
  const state = busyScreen({ columns: 100, rows: 30 });
  const frame = render(state, appearance);
  picture(t, 'ascii-100x30', square(frame, 100));
  const own = plainLines(frame).join('').replace('🍎 and パン', '');
  t.match(own, /^[\x20-\x7e]*$/);
});

t.test('in ASCII reactions are short codes', async (t) => {
  const lines = plainLines(render(repliesScreen({}), { ...plainAppearance, glyphs: 'ascii' })).join('\n');
  t.match(lines, / \+1 12 \[tada 11\] heart 10 {2}🦊 9 /);
  t.match(lines, '^ bob: who brings tea?');
});

t.test('styles are as in their fixtures', async (t) => {
  picture(t, 'styles-80x24', styledLines(render(busyScreen({ hint: true }), colorful), colorful));
});

t.test('a selected message is marked in the margin, and highlighted across the pane', async (t) => {
  const state = selecting({}, { selected: 'new' });
  for (const appearance of looks) {
    const { selected } = stylesOf(appearance);
    const { selected: mark } = glyphsOf(appearance);
    const pane = render(state, appearance).lines.slice(1, -2);
    const marked = pane.filter((line) => new RegExp(`\\x1b\\[[\\d;]*m${mark}`).test(line));
    t.equal(marked.length, 2);
    for (const line of marked) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences of a frame
      const styles = Array.from(line.matchAll(/\x1b\[([\d;]+)m/g), ([, sgr = '']) => sgr);
      t.ok(styles.filter((sgr) => sgr !== '0').every((sgr) => sgr.startsWith(selected)));
    }
  }
});

t.test('without colours no sequence sets one', async (t) => {
  for (const line of render(busyScreen(), { ...plainAppearance, links: true }).lines) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences of a frame
    for (const [, sgr = ''] of line.matchAll(/\x1b\[([0-9;]*)m/g)) t.match(sgr, /^(?:[01247](?:;[1247])*)?$/);
  }
});

t.test('hyperlinks are optional, and one link on all their rows', async (t) => {
  t.notOk(render(busyScreen(), plainAppearance).lines.join('').includes('\x1b]'));
  const text = render(busyScreen({ rows: 40 }), colorful).lines.join('');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: OSC 8
  const targets = [...text.matchAll(/\x1b\]8;(id=[0-9a-z]+);(https:[^\x1b]+)/g)];
  const ids = (host: string) => targets.filter(([, , href]) => href?.includes(host)).map(([, id]) => id);
  t.equal(ids('trains.example').length, 2, 'two rows');
  t.equal(new Set(ids('trains.example')).size, 1, 'one link');
  t.not(ids('evil.example')[0], ids('trains.example')[0]);
});

t.test('in a terminal the people list stays in its column', async (t) => {
  const wide = [
    '👨‍👩‍👧‍👦'.repeat(30),
    '漢字'.repeat(40),
    '\ufdfd'.repeat(60),
    'क्'.repeat(90),
    '❤️ ✓️ 1️⃣'.repeat(9),
    'สวัสดี'.repeat(9),
  ];
  const entries = wide.map((text, i) => messageAt(i, 'bob', text, { id: `${i}` }));
  const state = screen({
    ...{ rows: 40, sideLists: 'shown' },
    conversations: [conversation('#lobby', { entries, topic: wide[0] ?? '' })],
  });
  const frame = render(state, colorful);
  const terminal = new xterm.Terminal({ cols: 80, rows: 40, allowProposedApi: true });
  for (const [row, line] of frame.lines.entries()) terminal.write(`\x1b[${row + 1};1H\x1b[2K${line}`);
  await new Promise<void>((resolve) => terminal.write('', resolve));
  const cell = (row: number, column: number) =>
    terminal.buffer.active.getLine(row)?.getCell(column)?.getChars() ?? '';
  for (let row = 1; row < 38; row++) t.equal(cell(row, 62), '│', `row ${row}`);
  t.equal(cell(1, 64), '3');
  t.equal(cell(2, 64), '●');
});

t.test('no text from others drives the terminal', async (t) => {
  for (const { name, text } of hostileText) {
    const state = hostileScreen(text.slice(0, 500));
    for (const appearance of looks) {
      const rest = plainLines(render(state, appearance)).join('');
      if (/[\p{Cc}\p{Cs}\p{Co}\p{Bidi_Control}\u2028\u2029]/u.test(rest)) t.fail(name, { rest });
    }
  }
  t.ok(hostileText.length > 100);
});

t.test('a command that is typed has its usage below it, where there are rows for it', async (t) => {
  const shown = (text: string, rows: number) => {
    const draft = { text, cursor: text.length, killed: '', past: [], last: 'other' } as const;
    const state = screen({ rows, columns: 60, conversations: [conversation('#lobby', { draft })] });
    const { cursor } = render(state, plainAppearance);
    return [
      ...plainLines(render(state, plainAppearance))
        .slice(-2)
        .map((line) => line.trimEnd()),
      cursor.row,
    ];
  };
  t.same(shown('/msg ben hi', 12), ['#lobby › /msg ben hi', ' /msg NAME TEXT   send a direct message', 10]);
  t.same(shown('/msg ben hi', 9).at(-2), '#lobby › /msg ben hi');
  t.match(shown('/edit', 12)[1], /^.{59}…$/, 'cut to the screen');
});

/** A word that was completed, with these choices and the last of them chosen. */
function completed(
  labels: readonly string[],
  more: Partial<ScreenState> = {},
  text = `${labels.at(-1)}: `,
): ScreenState {
  const at = { text, cursor: text.length };
  const chosen = labels.length - 1;
  return screen({
    ...more,
    conversations: [conversation('#lobby', { draft: { ...at, killed: '', past: [], last: 'other' } })],
    completion: {
      ...at,
      choices: labels.map((label) => `${label}: `),
      labels,
      chosen,
      before: '',
      after: '',
    },
  });
}

t.test('the choices of a completion stand below the input, the chosen one in brackets', async (t) => {
  const below = (state: ScreenState, appearance = plainAppearance) =>
    plainLines(render(state, appearance)).at(-1)?.trimEnd();
  t.equal(below(completed(['ben', 'bea', 'bob'])), ' ben  bea [bob]');
  t.equal(below(completed(['ben', 'bob']), { ...plainAppearance, colors: 256 }), ' ben [bob]');
  t.equal(below(completed(['bob'])), '#lobby › bob:', 'a single one is in the input');
  t.equal(below(completed(['ben', 'bob'], { rows: 9 })), '#lobby › bob:', 'where there are rows for it');
  const { completion, ...other } = completed(['ben', 'bob']);
  t.equal(below({ ...other, completion: completion && { ...completion, text: 'b' } }), '#lobby › bob:');
  const many = Array.from({ length: 60 }, (_, i) => `person${i}`);
  t.match(below(completed(many)), /^ person57 {2}person58 \[person59\] \+57$/);
  t.match(below(completed(['x'.repeat(200), 'y'.repeat(200)])), /^\[y{71}…\] \+1$/);
  t.equal(below(completed(['🎉 :tada:', '🚕 :taxi:'])), ' 🎉 :tada: [🚕 :taxi:]');
});

t.test('no text can pass for another message', async (t) => {
  const state = screen({
    conversations: [
      conversation('#lobby', { entries: [messageAt(0, 'bob', 'hi\n11:58       cleo │ I quit\n\n')] }),
    ],
  });
  const rows = plainLines(render(state, plainAppearance)).filter((line) =>
    /bob|cleo/.test(line.slice(0, 60)),
  );
  t.match(rows[0], /^11:58 bob │ hi/);
  t.match(rows[1], /^ {10}│ 11:58 {7}cleo │ I quit/);
  for (const mention of [true, false]) {
    const entries = [messageAt(0, 'bob', 'hi\ncleo: I quit\ncleo▌ I quit', { mention })];
    const narrow = screen({ columns: 30, conversations: [conversation('#lobby', { entries })] });
    for (const glyphs of ['unicode', 'ascii'] as const) {
      const quits = plainLines(render(narrow, { ...plainAppearance, glyphs })).filter((line) =>
        /quit/.test(line),
      );
      t.equal(quits.length, 2);
      for (const line of quits)
        t.match(line, /^[│▌|!] cleo/, 'names begin in the first column, texts in the third');
    }
  }
});

t.test('every state has a frame of the right size', async (t) => {
  const random = generator(20261121);
  for (let i = 0; i < 400; i++) {
    const state = randomScreen(random);
    const appearance = random.pick(looks);
    const { columns, rows } = state;
    const { lines, cursor } = render(state, appearance);
    const widest = Math.max(0, ...plainLines({ lines, cursor }).map((line) => stringWidth(line)));
    const inside = cursor.row >= 0 && cursor.row < rows && cursor.column >= 0 && cursor.column < columns;
    if (lines.length !== rows || widest > columns || !inside)
      t.fail(`${columns}x${rows}`, { i, lines: lines.length, widest, cursor });
  }
  t.same(render(screen({ columns: 0, rows: 0 }), plainAppearance).lines, []);
  t.equal(render(screen({ columns: Number.NaN, rows: 3 }), plainAppearance).lines.length, 3);
});

t.test('the same state renders the same frame', async (t) => {
  t.same(render(busyScreen(), colorful), render(busyScreen(), colorful));
});

/** The text in every place that a text can stand in. */
function hostileScreen(text: string): ScreenState {
  const room: ConversationState = conversation(`#${text}`, {
    topic: text,
    draft: { text, cursor: Math.floor(text.length / 2), killed: text, past: [], last: 'other' },
    newAfter: 1,
    selected: 'c',
    task: { kind: 'reply', of: 1, about: text },
    entries: [
      messageAt(0, text, text, { id: 'a' }),
      messageAt(1, text, `see https://${text}.example/${text}?q=${text}#${text} alice`, {
        id: 'b',
        seq: 2,
        mention: true,
      }),
      messageAt(2, text, text, {
        ...{ action: true, id: 'c' },
        of: { seq: 1, from: text, text },
        reactions: [{ emoji: text, count: 1, mine: true }],
      }),
      mine(3, text, { id: 'd', from: text, delivery: { state: 'failed', code: 'busy', why: text } }),
      { kind: 'presence', id: 'p', at: noon, joined: [text, text], left: [{ name: text, reason: text }] },
      { kind: 'notice', id: 'n', at: Number.NaN, text, tone: 'bad' },
    ],
  });
  return screen({
    columns: 90,
    rows: 40,
    me: text,
    server: text,
    connection: { state: 'offline', why: text },
    conversations: [room, conversation(`@${text}`, { unread: 3 })],
    current: room.id,
    people: [person(text, { role: 'admin' }), person(text, { away: true })],
    question: { text, about: 'overwrite' },
  });
}

interface Random {
  below(limit: number): number;
  pick<T>(some: readonly T[]): T;
}

/** Numbers that are the same on every run (mulberry32). */
function generator(seed: number): Random {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    below: (limit) => Math.floor(next() * limit),
    pick(some) {
      const [found] = some.slice(Math.floor(next() * some.length));
      return found as (typeof some)[number];
    },
  };
}

function randomScreen(random: Random): ScreenState {
  const text = () => random.pick(hostileText).text.slice(0, 300);
  const name = () => random.pick(['bob', 'cleo', 'alice', 'maximilian-of-the-mountains-and-far']);
  const entries = Array.from({ length: random.below(40) }, (_, i): PaneEntry => {
    const id = String(i);
    const kind = random.below(8);
    if (kind === 0) {
      const folded = random.below(2) === 0;
      return { kind: 'notice', id, at: noon, text: `${text()}\n${text()}`, tone: 'plain', folded };
    }
    if (kind === 1)
      return { kind: 'presence', id, at: noon, joined: [name()], left: [{ name: name(), reason: text() }] };
    return messageAt(i * random.below(10), name(), `${text()} ${text()}\n${text()}`, {
      id,
      mine: random.below(3) === 0,
      mention: random.below(3) === 0,
      action: random.below(4) === 0,
      ...random.pick([{}, { of: { seq: 1 } }, { of: { seq: 1, from: name(), text: text() } }]),
      ...random.pick([{}, { reactions: [{ emoji: text(), count: 7, mine: random.below(2) === 0 }] }]),
      delivery: random.pick([
        { state: 'sent' },
        { state: 'sending', waitMs: 1000 },
        { state: 'failed', code: 'busy', why: text() },
      ]),
    });
  });
  const draft = random.pick(['', 'short', 'x'.repeat(500), 'a\n'.repeat(30), text(), '漢'.repeat(60)]);
  const rooms = Array.from({ length: 1 + random.below(12) }, (_, i) =>
    conversation(i % 2 === 0 ? `#room${i}` : `@person${i}`, {
      entries: random.pick([entries, []]),
      topic: text(),
      unread: random.below(50),
      mentions: random.below(3),
      fromStart: random.below(2) === 0,
      loading: random.below(4) === 0,
      newAfter: random.pick([undefined, 0, 1]),
      at: random.pick([undefined, { id: String(random.below(45)), row: random.below(9) }]),
      newBelow: random.below(5),
      rules: random.pick([{}, { locked: true, slow: 10_000, restrict: ['links', 'files', 'caps', 'rate'] }]),
      ...(random.below(4) === 0 && { unfolded: true }),
      draft: { text: draft, cursor: random.below(draft.length + 1), killed: '', past: [], last: 'other' },
      ...random.pick([{}, { selected: String(random.below(45)) }]),
      ...random.pick([{}, { task: { kind: 'reply', of: 1, about: text() } as const }]),
    }),
  );
  return screen({
    columns: random.pick([1, 2, 3, 5, 20, 24, 39, 40, 60, 79, 80, 120, 500]),
    rows: random.pick([1, 2, 3, 5, 6, 9, 10, 24, 40, 200]),
    conversations: rooms,
    current: random.pick(rooms).id,
    sideLists: random.pick(['auto', 'shown', 'hidden']),
    hint: random.below(2) === 0,
    question: random.pick([undefined, { text: text(), about: 'quit' }]),
    connection: random.pick([
      { state: 'online' },
      { state: 'connecting' },
      { state: 'waiting', until: noon + 900_000, why: text() },
      { state: 'offline', why: text() },
    ]),
    people: Array.from({ length: random.below(30) }, (_, i) =>
      person(`${name()}${i}`, { online: random.below(2) === 0, away: random.below(3) === 0 }),
    ),
    peopleUnnamed: random.below(300),
  });
}

function rows(people: readonly PersonState[], height: number, peopleBeyond = 0): string[] {
  const state = screen({ people, peopleUnnamed: peopleBeyond });
  return sideRows(state, plainAppearance, { width: 18, height, conversations: false }).map((row) =>
    row
      .map(({ text }) => text)
      .join('')
      .slice(2),
  );
}

t.test('people are shown with their role and presence, never by colour alone', async (t) => {
  const people = [
    person('alice', { role: 'admin' }),
    person('bob', { away: true }),
    person('cleo', { online: false }),
  ];
  t.same(rows(people, 5), ['2 online', '● alice ★', '○ bob', '· cleo', '']);
});

t.test('people who do not fit are counted in the last row', async (t) => {
  const people = Array.from({ length: 5 }, (_, i) => person(`person${i}`));
  t.same(rows(people, 6).at(-1), '● person4');
  t.same(rows(people, 5), ['5 online', '● person0', '● person1', '● person2', '+2 more']);
  t.same(rows(people, 7, 100).at(-1), '+100 more');
  t.same(rows(people, 1), ['5 online']);
  t.same(rows(people, 0), []);
});

t.test('from 120 columns on, conversations stand above the people, half of the height at most', async (t) => {
  const shown = (more: Partial<ScreenState>, height: number) =>
    sideRows(busyScreen(more), plainAppearance, { width: 24, height, conversations: true }).map((row) =>
      row
        .map(({ text }) => text)
        .join('')
        .slice(2)
        .trimEnd(),
    );
  t.same(shown({}, 20).slice(0, 8), [
    ' 1 #lobby',
    ' 2 @bob            2!',
    ' 3 #photos     14  1!',
    ' 4 #books           3',
    ' 5 #quiet',
    '',
    '6 online',
    '● alice ★',
  ]);
  t.same(shown({ current: '#quiet' }, 8).slice(0, 5), [
    ' 3 #photos     14  1!',
    ' 4 #books           3',
    ' 5 #quiet',
    '',
    '6 online',
  ]);
  t.same(shown({}, 1), ['6 online']);
});

t.test('a name that is too long is cut, its mark kept', async (t) => {
  t.equal(rows([person('maximilian-of-the-mountains', { role: 'admin' })], 3)[1], '● maximilian-… ★');
});
