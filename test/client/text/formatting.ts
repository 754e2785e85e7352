import t from 'tap';
import { settingsFrom } from '../../../lib/client/commands/settings.js';
import { paneRows } from '../../../lib/client/screen/render/rows.js';
import type { TextRow } from '../../../lib/client/screen/render/spans.js';
import { formatsOf, formattedLines } from '../../../lib/client/text/formatting.js';
import { conversation, messageAt, plainAppearance, screen } from '../../support/screens.js';

/** Each format as its kind and its text. */
const found = (line: string) =>
  formatsOf(line, []).map(
    ({ kind, start, end, marks }) => `${kind} ${line.slice(start + marks, end - marks)}`,
  );

t.test('marks at the edges of words are formatting', async (t) => {
  t.same(found('*one* and _two_, `three`: **four**'), ['bold one', 'italic two', 'code three', 'bold four']);
  t.same(found('(*a b*) "_c_"!'), ['bold a b', 'italic c']);
  t.same(found('*_both_*'), ['bold _both_', 'italic both']);
  t.same(found('`*no* _no_`'), ['code *no* _no_']);
  t.same(found('*see `x*y` there*'), ['bold see `x*y` there', 'code x*y']);
  t.same(found('``a`b`` ```c```'), ['code c'], 'a code span has no backtick in it');
});

t.test('other stars, underscores and backticks are text', async (t) => {
  for (const line of [
    '2*3*4 = 24',
    '*.ts and *.js',
    'snake_case_name __init__',
    'a * b * c',
    '* item\n* item',
    '*open',
    '* no*',
    '*no *',
    "don`t won`t can't",
    '**',
    '____',
    '\\*not\\*',
    'f(*a, *b)',
  ])
    t.same(found(line), line === "don`t won`t can't" ? ['code t won'] : [], line);
  const link = 'https://example.org/a_b_c?d=*e*';
  t.same(formatsOf(link, [{ start: 0, end: link.length }]), [], 'a link is left alone');
});

t.test('formats take linear time', async (t) => {
  // Each would take minutes where time grows with the square of the length.
  const n = 200_000;
  for (const line of [
    '*'.repeat(n),
    '*a '.repeat(n),
    '_'.repeat(n),
    '` '.repeat(n),
    `*${' '.repeat(n)}`,
    `*${'a'.repeat(n)}`,
  ])
    t.ok(formatsOf(line, []).length >= 0);
});

t.test('quotes and blocks of code', async (t) => {
  const lines = ['look:', '```ts', 'if (a) {', '  *b*', '```', '> said _you_', '>no space', 'end'];
  t.same(formattedLines(lines), [
    { kind: 'text', text: 'look:' },
    { kind: 'code', text: 'if (a) {' },
    { kind: 'code', text: '  *b*' },
    { kind: 'quote', text: 'said _you_' },
    { kind: 'quote', text: 'no space' },
    { kind: 'text', text: 'end' },
  ]);
  t.same(formattedLines(['```', 'open']), [{ kind: 'code', text: 'open' }], 'a block without an end');
  t.same(formattedLines(['```']), [{ kind: 'text', text: '```' }], 'nothing else');
});

const isText = ([first]: TextRow) => first?.text.startsWith('──') === false;

const shown = (text: string, settings: object = {}, appearance = plainAppearance) =>
  paneRows(
    screen({
      settings: settingsFrom(settings),
      conversations: [conversation('#lobby', { entries: [messageAt(0, 'bob', text)] })],
    }),
    appearance,
  ).filter(isText);

const textOf = (rows: ReturnType<typeof shown>) =>
  rows.map((row) =>
    row
      .map(({ text }) => text)
      .join('')
      .replace(/^.*?│ /, ''),
  );

t.test('on the screen marks are styles, and rows of quotes and code have a bar', async (t) => {
  const text =
    'a *bold* word and `code`\n> a quote that is longer than the pane is wide, so that it takes two rows\n```\nif (a)\n  b\n```';
  const color = { ...plainAppearance, colors: 256 as const };
  t.same(textOf(shown(text, {}, color)), [
    'a bold word and code',
    '▎ a quote that is longer than the pane is wide, so that it takes two',
    '▎ rows',
    '▎ if (a)',
    '▎   b',
  ]);
  const [row = []] = shown(text, {}, color);
  t.match(
    row.find(({ text }) => text === 'bold'),
    { sgr: '1' },
  );
  t.match(
    row.find(({ text }) => text === 'code'),
    { sgr: /38;5/ },
  );
  t.match(textOf(shown(text))[0], 'a bold word and `code`', 'without colours code keeps its backticks');
  t.same(textOf(shown(text, { formatting: 'off' })).slice(0, 2), [
    'a *bold* word and `code`',
    '> a quote that is longer than the pane is wide, so that it takes two',
  ]);
});

t.test('links and mentions stay what they are within formats', async (t) => {
  const entry = messageAt(0, 'bob', '*alice, see https://example.org/a_b_c now*', { mention: true });
  const [row = []] = paneRows(screen({ conversations: [conversation('#lobby', { entries: [entry] })] }), {
    ...plainAppearance,
    colors: 256,
    links: true,
  }).filter(isText);
  t.match(
    row.filter(({ text }) => /alice|https|see|now/.test(text)).map(({ text, href }) => [text, href]),
    [
      ['alice', undefined],
      [', see ', undefined],
      ['https://example.org/a_b_c', 'https://example.org/a_b_c'],
      [' now', undefined],
    ],
  );
});
