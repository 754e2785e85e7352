import t from 'tap';
import { createFrames, createPicture, frameMs, paint } from '../../../lib/client/screen/picture.js';
import type { Frame } from '../../../lib/client/screen/render/render.js';
import { createScreenStore } from '../../../lib/client/screen/state/store.js';
import { createEmulator } from '../../support/emulator.js';
import { createFakeClock } from '../../support/fake-clock.js';
import { randomNumbers } from '../../support/random.js';
import { noon, plainAppearance, screen } from '../../support/screens.js';

function scene() {
  const clock = createFakeClock();
  const drawn: number[] = [];
  const frames = createFrames({ clock, draw: () => void drawn.push(clock.ticks()) });
  return { clock, drawn, frames };
}

t.test('the first change is drawn at once, those within its frame together', (t) => {
  const { clock, drawn, frames } = scene();
  const start = clock.ticks();
  for (let change = 0; change < 10; change++) frames.soon();
  t.strictSame(drawn, [start]);
  clock.advance(frameMs);
  t.strictSame(drawn, [start, start + frameMs]);
  clock.advance(10_000);
  t.equal(drawn.length, 2, 'nothing is drawn that did not change');
  frames.soon();
  t.equal(drawn.length, 3, 'after a rest at once again');
  t.end();
});

t.test('a thousand changes a second make thirty frames at most', (t) => {
  const { clock, drawn, frames } = scene();
  for (let ms = 0; ms < 1_000; ms++) {
    frames.soon();
    clock.advance(1);
  }
  t.ok(drawn.length >= 29 && drawn.length <= 30, `${drawn.length}`);
  t.end();
});

t.test('now draws at once and cancels what was due', (t) => {
  const { clock, drawn, frames } = scene();
  frames.soon();
  frames.soon();
  frames.now();
  t.equal(drawn.length, 2);
  clock.advance(1_000);
  t.equal(drawn.length, 2);
  t.equal(clock.pending, 0);
  t.end();
});

t.test('nothing is drawn after the end', (t) => {
  const { clock, drawn, frames } = scene();
  frames.soon();
  frames.soon();
  frames.stop();
  frames.soon();
  frames.now();
  clock.advance(1_000);
  t.equal(drawn.length, 1);
  t.equal(clock.pending, 0);
  t.end();
});

const frame = (lines: readonly string[], row = 0, column = 0): Frame => ({ lines, cursor: { row, column } });

t.test('the first frame clears the screen and places the cursor last', (t) => {
  t.equal(
    paint(undefined, frame(['one', '', 'three'], 2, 5)),
    '\x1b[?2026h\x1b[?25l\x1b[0m\x1b[2J\x1b[1;1Hone\x1b[3;1Hthree\x1b[3;6H\x1b[?25h\x1b[?2026l',
  );
  t.end();
});

t.test('nothing is written if nothing changed', (t) => {
  t.equal(paint(frame(['a', 'b']), frame(['a', 'b'])), '');
  t.end();
});

t.test('only rows that changed are written', (t) => {
  const text = paint(frame(['a', 'b', 'c']), frame(['a', 'B', 'c']));
  t.match(text, '\x1b[2;1H\x1b[KB');
  t.notMatch(text, /[ac]/);
  t.end();
});

t.test('a row that becomes empty is erased', (t) => {
  t.match(paint(frame(['a', 'b']), frame(['a', ''])), '\x1b[2;1H\x1b[K');
  t.end();
});

t.test('a moved cursor is placed', (t) => {
  t.match(paint(frame(['a']), frame(['a'], 0, 1)), '\x1b[?25l\x1b[1;2H\x1b[?25h');
  t.end();
});

t.test('a new number of rows redraws everything', (t) => {
  t.match(paint(frame(['a', 'b']), frame(['a'])), '\x1b[2J');
  t.end();
});

t.test('plain text is wrapped by the terminal, and the next frame is drawn completely', (t) => {
  const bare: Frame = { ...frame([]), plainText: 'a link' };
  t.match(paint(frame(['a']), bare), '\x1b[2J\x1b[1;1H\x1b[?7ha link\x1b[?7l');
  t.equal(paint(bare, { ...bare }), '');
  t.match(paint(bare, frame(['a', 'b'])), '\x1b[2J\x1b[1;1Ha\x1b[2;1Hb');
  t.end();
});

const graphics = (sequences: string) => ({
  drawing: { kind: 'graphics', columns: 2, rows: 1, sequences, erase: `<erase ${sequences}>` } as const,
  row: 1,
  column: 3,
});

t.test('graphics are drawn once, over the lines, on a cleared screen', (t) => {
  const before = frame(['a', 'b', 'c']);
  const shown = { ...frame(['a', '', 'c']), graphics: graphics('one') };
  t.match(paint(before, shown), '\x1b[2J\x1b[1;1Ha\x1b[3;1Hc\x1b[2;4Hone\x1b[1;1H');
  t.notMatch(paint(before, shown), 'erase');
  const counted = { ...shown, lines: ['a', '', 'C'] };
  t.match(paint(shown, counted), '\x1b[3;1H\x1b[KC');
  t.notMatch(paint(shown, counted), /one|2J/, 'a change of a line leaves them alone');
  t.equal(paint(shown, { ...shown, graphics: { ...shown.graphics } }), '');
  t.end();
});

t.test('graphics that are gone or others are erased', (t) => {
  const shown = { ...frame(['a', 'b']), graphics: graphics('one') };
  t.match(paint(shown, frame(['a', 'b'])), '\x1b[?25l<erase one>\x1b[0m\x1b[2J\x1b[1;1Ha');
  t.match(paint(shown, { ...shown, graphics: graphics('two') }), /<erase one>.*2J.*two/);
  t.match(paint({ ...shown, lines: [] }, shown), /<erase one>.*2J.*one/, 'also before they are drawn again');
  t.end();
});

t.test(
  'a picture tells the terminal what to erase at its end, and erases it before it draws everything',
  (t) => {
    const clock = createFakeClock();
    const leave: string[] = [];
    const drawn: string[] = [];
    const store = createScreenStore(
      screen(),
      () => noon,
      () => picture.changed(),
    );
    const terminal = {
      draw: (text: string) => drawn.push(text) > 0,
      title() {},
      leaveWith: (text: string) => void leave.push(text),
    };
    const picture = createPicture({
      store: () => store,
      appearance: plainAppearance,
      terminal,
      clock,
      drawn() {},
    });
    picture.redraw();
    const { drawing } = graphics('one');
    store.update((state) => ({ ...state, image: { name: 'a', progress: '', unreadBefore: 0, drawing } }));
    clock.advance(frameMs);
    t.match(drawn.at(-1), 'one');
    picture.redraw();
    t.match(drawn.at(-1), /<erase one>.*one/s);
    store.update(({ image: _, ...state }) => state);
    clock.advance(frameMs);
    t.match(drawn.at(-1), '<erase one>');
    picture.redraw();
    t.notMatch(drawn.at(-1), 'erase');
    t.strictSame(leave, ['', '<erase one>', '<erase one>', '', '']);
    picture.stop();
    t.end();
  },
);

t.test('a terminal shows every frame, in any order', async (t) => {
  const [columns, rows] = [20, 24];
  const random = randomNumbers(7);
  const parts = ['ana: ', 'ok ', '好的', '😀', 'é', '\x1b[1;32mben\x1b[0m', '\x1b[7m x \x1b[0m', '─'];
  const widths = [5, 3, 4, 2, 1, 3, 3, 1];
  const line = (): string => {
    let text = '';
    // Full rows too, after which a terminal's cursor waits behind the last column.
    for (let left = random(3) === 0 ? columns : random(columns); left > 0; ) {
      const pick = random(parts.length);
      const fits = (widths[pick] ?? 0) <= left;
      text += fits ? parts[pick] : 'x';
      left -= fits ? (widths[pick] ?? 0) : 1;
    }
    return text;
  };
  const emulator = createEmulator(columns);
  const fresh = createEmulator(columns);
  let shown: Frame | undefined;
  for (let round = 0; round < 200; round++) {
    const lines = Array.from({ length: rows }, (_, row) =>
      shown !== undefined && random(4) > 0 ? (shown.lines[row] ?? '') : random(3) === 0 ? '' : line(),
    );
    const next = frame(lines, random(rows), random(columns));
    emulator.write(paint(random(20) === 0 ? undefined : shown, next));
    fresh.write(`\x1b[0m\x1b[2J${lines.map((text, row) => `\x1b[${row + 1};1H${text}`).join('')}`);
    await emulator.drawn();
    await fresh.drawn();
    if (!t.strictSame(emulator.rows(), fresh.rows())) return;
    t.equal(emulator.column, next.cursor.column);
    shown = next;
  }
});
