import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { PseudoTerminal } from '../../scripts/screen/pseudo-terminal.js';
import { keys } from '../support/screen-keys.js';
import { gather, settle } from '../support/screen-people.js';

// From dist/test/e2e/.
const pictures = join(import.meta.dirname, '../../../test/fixtures/screens-e2e');

/** Times and days as words, so that a picture is the same at every hour. */
function masked(terminal: PseudoTerminal): string {
  const rows = terminal.rows().map((row) => {
    // A minute may or may not pass between two things that one person says.
    const again = row.replace(/^\d\d:\d\d(?= +[│▌┃|])/, '     ').replace(/^\d\d:\d\d(?= )/, 'HH:MM');
    const plain = again.replace(/[0-9A-Z]{5}(-[0-9A-Z]{5}){4}/, 'CODES-CODES-CODES-CODES-CODES');
    const day = plain.replace(/^── \w+, \d+ \w+ \d{4} ─+/, (line) => '── DAY '.padEnd(line.length, '─'));
    return `|${day}|`;
  });
  return `${rows.join('\n')}\n`;
}

/** Waits for the picture of that name; UPDATE_SCREENS=1 writes it. */
async function picture(t: Test, terminal: PseudoTerminal, name: string): Promise<void> {
  const file = join(pictures, `${name}.txt`);
  await settle(terminal);
  if (process.env.UPDATE_SCREENS !== undefined) writeFileSync(file, masked(terminal));
  t.equal(masked(terminal), readFileSync(file, 'utf8'), `as in ${name}.txt`);
}

t.test('an evening in a room matches the fixtures at every size', async (t) => {
  const people = await gather(t);
  const cleo = await people.pipe('cleo');
  cleo.write('before alice came\n');
  await cleo.prints(/cleo: before alice came/);
  const alice = await people.screen('alice');
  await alice.shows(/before alice came/);
  const bob = await people.pipe('bob');
  const cell = (row: number, column: number) => alice.cells()[row]?.[column];
  const rowOf = (words: string) => alice.rows().findIndex((row) => row.includes(words));

  bob.write('morning! The train leaves at 9:12, so let us meet at nine sharp in front of the bakery.\n');
  bob.write('a second thing in a row\n');
  await alice.shows(/a second thing/);
  cleo.write('漢字 and 👩‍👩‍👧 and שלום\n');
  await alice.shows(/漢字/);
  cleo.write('tell ALICE: https://alice.example/alice and alicent are not her\n');
  await alice.shows(/not her/);
  cleo.write('bank: https://bank.example@evil.example/login\n');
  await alice.shows(/\[evil\.example\]/);
  bob.write('/me waves\n');
  await alice.shows(/bob waves/);
  bob.end('/quit good night\n');
  t.equal(await bob.ended, 0);
  await alice.shows(/good night/);
  const dan = await people.pipe('dan');
  await alice.shows(/dan joined/);
  alice.enter('hello, everyone');
  await alice.shows(/hello, everyone(?! …)/);

  await t.test('80 columns, 24 rows', (t) => picture(t, alice, 'evening-80x24'));

  await t.test('consecutive messages show the name once, and long lines are indented', async (t) => {
    const first = rowOf('morning!');
    const rows = alice.rows();
    t.match(rows[first], /^\d\d:\d\d +bob │ morning!/);
    t.match(rows[first + 1], /^ +│ \S/, 'a row that goes on has no time and no name');
    t.match(rows[rowOf('a second thing')], /^[\d: ]{5} +│ a second thing/, 'nor has what comes next');
    const said = rows.slice(first, rowOf('hello, everyone') + 1);
    t.equal(new Set(said.map((row) => row.search(/[│▌]/))).size, 1, 'all behind one line');
  });

  await t.test('a mention stands out, in whole words and outside of links', async (t) => {
    const row = rowOf('tell ALICE');
    const at = alice.rows()[row]?.indexOf('ALICE') ?? -1;
    t.match(alice.rows()[row], /▌ tell ALICE/, 'by a mark as well as by colour');
    t.not(cell(row, at)?.foreground, cell(row, at - 2)?.foreground, 'the name has a colour of its own');
    t.notMatch(alice.rows()[rowOf('漢字')], /▌/);
  });

  await t.test('links can be clicked, and show where they lead', async (t) => {
    t.match(alice.output(), '\x1b]8;', 'OSC 8');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it looks for
    const targets = [...alice.output().matchAll(/\x1b\]8;[^;]*;([^\x1b\x07]+)/g)].map(([, href]) => href);
    t.ok(targets.includes('https://alice.example/alice'));
    for (const href of targets) t.match(href, /^https?:\/\/[!-~]+$/);
  });

  await t.test('120 columns, 40 rows', async (t) => {
    alice.resize(120, 40);
    await alice.until(() => alice.rows()[0]?.trimEnd().length === 119, 'the top line across the window');
    await picture(t, alice, 'evening-120x40');
  });

  await t.test('24 columns, 6 rows', async (t) => {
    alice.resize(24, 6);
    await alice.until(() => alice.rows()[5]?.startsWith('›') === true, 'the prompt at the bottom');
    await picture(t, alice, 'evening-24x6');
  });

  await t.test('as small as 20x5 and as large as 500x200, and too small for anything', async (t) => {
    for (const [cols, rows] of [
      [20, 5],
      [500, 200],
      [1, 1],
      [7, 2],
      [80, 24],
    ] as const) {
      const frames = alice.frames;
      alice.resize(cols, rows);
      await alice.until(() => alice.frames > frames, `a picture at ${cols}x${rows}`);
    }
    await alice.until(() => alice.rows()[0]?.trimEnd().length === 79, 'the top line across the window');
    await picture(t, alice, 'evening-80x24');
  });

  await t.test('the lists at the side are there from 100 columns on, or by F8', async () => {
    const widen = async (columns: number, shown: RegExp) => {
      alice.resize(columns, 24);
      await alice.until(() => alice.rows()[0]?.trimEnd().length === columns - 1, 'the whole top line');
      await alice.shows(shown);
    };
    await widen(99, /left \(good night\) *\n/);
    await widen(100, /│ 3 online/);
    await widen(120, /│ {2}1 #lobby *\n[\s\S]*│ 3 online/);
    alice.type(keys.f8);
    await alice.until(() => !alice.screen().includes('3 online'), 'no lists');
    alice.type(keys.f8);
    await widen(80, /│ 3 online/);
    alice.type(keys.f8);
    await alice.until(() => !alice.screen().includes('3 online'), 'no lists');
  });

  await t.test('missed messages are below a line, and missed joins are not shown', async (t) => {
    alice.enter('/quit');
    t.equal(await alice.ended, 0);
    dan.write('while you were away\n');
    await dan.prints(/while you were away/);
    const back = await people.screen('alice');
    await back.shows(/new messages/);
    await settle(back);
    t.notMatch(back.screen(), /\d online/, 'at 80 columns there are no lists');
    const rows = back.rows();
    const line = rows.findIndex((row) => row.startsWith('── new messages'));
    t.match(rows[line - 1], /hello, everyone/);
    t.match(rows[line + 1], /dan │ while you were away/);
    for (const name of ['eve', 'finn']) {
      const passing = await people.pipe(name);
      passing.end();
      t.equal(await passing.ended, 0);
    }
    await people.pipe('gus');
    await back.shows(/gus joined/);
    t.notMatch(back.screen(), /\beve\b|finn/, 'who joined and left meanwhile is not shown');
  });
});
