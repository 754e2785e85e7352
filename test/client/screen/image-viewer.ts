import t from 'tap';
import { settingsFrom } from '../../../lib/client/commands/settings.js';
import type { Canvas, ImageOutcome } from '../../../lib/client/screen/image/draw-image.js';
import { createImageViewer, largestImage } from '../../../lib/client/screen/image-viewer.js';
import type { Appearance } from '../../../lib/client/screen/render/theme.js';
import { startState } from '../../../lib/client/screen/state/conversations.js';
import { createScreenStore } from '../../../lib/client/screen/state/store.js';
import type { TerminalGraphics } from '../../../lib/client/screen/terminal/graphics.js';
import type { LoadOptions } from '../../../lib/client/transfer/transfers.js';
import { createFakeClock } from '../../support/fake-clock.js';
import { noon, plainAppearance } from '../../support/screens.js';
import { settle } from '../../support/streams.js';

const colored: Appearance = { ...plainAppearance, colors: 256 };
const drawing = { kind: 'rows', columns: 2, rows: ['ab'] } as const;

interface Drawn {
  readonly canvas: Canvas;
  readonly signal: AbortSignal;
  readonly finish: (outcome: ImageOutcome) => void;
  readonly fail: (error: Error) => void;
}

function scene(
  appearance = colored,
  graphics: Partial<TerminalGraphics> = {},
  ask?: () => Promise<TerminalGraphics>,
) {
  const clock = createFakeClock();
  const start = {
    key: 1,
    ...{ columns: 80, rows: 24, me: 'ana', server: 'attic', now: noon, hint: false },
    ...{ notifyChoices: {}, settings: settingsFrom(undefined) },
  };
  const store = createScreenStore(
    startState(start),
    () => noon,
    () => {},
  );
  const loads: (LoadOptions & {
    seq: number;
    finish: (bytes: Buffer) => void;
    fail: (error: Error) => void;
  })[] = [];
  const drawn: Drawn[] = [];
  const calls: string[] = [];
  const viewer = createImageViewer({
    ...{ store, appearance, clock },
    load: (seq, options) =>
      new Promise((resolve, reject) => {
        options.signal.addEventListener('abort', () => reject(options.signal.reason));
        loads.push({ ...options, seq, finish: (bytes) => resolve({ name: 'a.png', bytes }), fail: reject });
      }),
    async askTerminal() {
      calls.push('asked');
      if (ask !== undefined) return ask();
      return { protocol: undefined, cell: { width: 10, height: 20 }, ...graphics };
    },
    viewed: () => calls.push('viewed'),
    draw: ({ canvas }, { signal }) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        drawn.push({ canvas, signal, finish: resolve, fail: reject });
      }),
  });
  return {
    ...{ store, viewer, loads, drawn, calls, clock },
    /** What is on the screen below the image. */
    notices: () =>
      store.state.conversations[0]?.entries.map((entry) => (entry.kind === 'notice' ? entry.text : '')),
    async load() {
      void viewer.open(17);
      loads.at(-1)?.watch({ name: 'a.png', size: 4 });
      loads.at(-1)?.finish(Buffer.from('file'));
      await settle();
    },
  };
}

t.test('an image is loaded, drawn and shown until it is closed', async (t) => {
  const { store, viewer, loads, drawn, calls } = scene();
  void viewer.open(17);
  t.match(loads[0], { seq: 17, most: largestImage });
  t.strictSame(store.state.image, { name: 'file 17', progress: 'Loading', unreadBefore: 0 });
  loads[0]?.watch({ name: 'a\u202e.png', size: 1000 });
  loads[0]?.watch({ done: 250 });
  t.match(store.state.image, { name: /^a.*\.png$/, size: 1000, progress: 'Loading, 25 %' });
  t.notMatch(store.state.image?.name, '\u202e');
  loads[0]?.watch({ progress: { state: 'waiting' } });
  t.match(store.state.image, { progress: 'Waiting for the connection' });
  loads[0]?.finish(Buffer.from('file'));
  await settle();
  t.match(store.state.image, { progress: 'Drawing', drawing: undefined });
  t.match(drawn[0]?.canvas, {
    method: 'half-blocks',
    columns: 80,
    rows: 22,
    cell: { width: 10, height: 20 },
    colors: 256,
  });
  drawn[0]?.finish({ width: 3, height: 2, drawing });
  await settle();
  t.match(store.state.image, { dimensions: { width: 3, height: 2 }, drawing });
  viewer.close();
  t.equal(store.state.image, undefined);
  t.strictSame(calls, ['asked', 'viewed']);
  viewer.close();
  t.strictSame(calls, ['asked', 'viewed'], 'once');
});

t.test('it is drawn by what the terminal has', async (t) => {
  for (const protocol of ['kitty', 'sixel'] as const) {
    const { load, drawn } = scene(colored, { protocol });
    await load();
    t.equal(drawn[0]?.canvas.method, protocol);
  }
});

t.test('without colours, and in ASCII, the terminal is not asked', async (t) => {
  for (const appearance of [plainAppearance, { ...colored, glyphs: 'ascii' }] as const) {
    const { load, drawn, calls } = scene(appearance, { protocol: 'kitty' });
    await load();
    t.equal(drawn[0]?.canvas.method, 'characters');
    t.strictSame(calls, []);
  }
});

t.test('what cannot be loaded or shown is said, and the messages come back', async (t) => {
  const failed = scene();
  void failed.viewer.open(17);
  failed.loads[0]?.fail(new Error('no such file; /files lists the IDs'));
  await settle();
  t.equal(failed.store.state.image, undefined);
  t.strictSame(failed.notices(), ["Couldn't show file 17: no such file; /files lists the IDs."]);

  const refused = scene();
  await refused.load();
  refused.drawn[0]?.finish({ refused: 'it is damaged' });
  await settle();
  t.equal(refused.store.state.image, undefined);
  t.strictSame(refused.notices(), ["Couldn't show a.png: it is damaged."]);

  const small = scene();
  small.store.update((state) => ({ ...state, rows: 2 }));
  await small.load();
  t.strictSame(small.notices(), ["Couldn't show a.png: the screen is too small."]);
});

t.test('closing ends what is under way, without a word', async (t) => {
  const { viewer, store, loads, notices, load, drawn } = scene();
  void viewer.open(17);
  viewer.close();
  t.ok(loads[0]?.signal.aborted);
  await settle();
  await load();
  viewer.close();
  t.ok(drawn[0]?.signal.aborted);
  await settle();
  t.equal(store.state.image, undefined);
  t.strictSame(notices(), []);
});

t.test('closing just when it is loaded, or while the terminal is asked, draws nothing', async (t) => {
  const { viewer, loads, drawn, store } = scene();
  void viewer.open(17);
  loads[0]?.finish(Buffer.from('file'));
  viewer.close();
  await settle();
  t.equal(drawn.length, 0);
  let answer = (_: TerminalGraphics): void => {};
  const slow = scene(colored, {}, () => new Promise((resolve) => (answer = resolve)));
  await slow.load();
  slow.viewer.close();
  answer({ protocol: 'kitty', cell: { width: 8, height: 16 } });
  await settle();
  t.equal(slow.drawn.length, 0);
  t.equal(store.state.image, undefined);
});

t.test('a thread that cannot be started is a sentence', async (t) => {
  const { viewer, load, drawn, clock, notices } = scene();
  await load();
  viewer.resized();
  clock.advance(100);
  await settle();
  drawn[1]?.fail(new Error('no more threads'));
  await settle();
  t.strictSame(notices(), ["Couldn't show a.png: no more threads."]);
});

t.test('at the end of the screen all ends, and nothing behind the image is taken as read', async (t) => {
  const { viewer, load, drawn, calls, store, clock } = scene();
  await load();
  viewer.stop();
  t.ok(drawn[0]?.signal.aborted);
  await settle();
  t.notOk(calls.includes('viewed'));
  t.equal(store.state.image?.name, 'a.png');
  t.equal(clock.pending, 0);
});

t.test('another image takes the place of the first', async (t) => {
  const { viewer, store, loads, load, drawn } = scene();
  void viewer.open(16);
  await load();
  t.ok(loads[0]?.signal.aborted);
  t.equal(store.state.image?.name, 'a.png');
  t.equal(drawn.length, 1);
});

t.test('at another size it is drawn again, once the size stays', async (t) => {
  const { viewer, store, load, drawn, clock } = scene();
  viewer.resized();
  await load();
  for (const columns of [90, 100, 110]) {
    store.update((state) => ({ ...state, columns }));
    viewer.resized();
    clock.advance(99);
    await settle();
  }
  t.ok(drawn[0]?.signal.aborted, 'the drawing for the old size is stopped');
  t.match(store.state.image, { progress: 'Drawing', drawing: undefined });
  t.equal(drawn.length, 1);
  clock.advance(1);
  await settle();
  t.equal(drawn.length, 2);
  t.equal(drawn[1]?.canvas.columns, 110);
  drawn[1]?.finish({ width: 3, height: 2, drawing });
  await settle();
  t.match(store.state.image, { drawing });
  viewer.resized();
  viewer.close();
  clock.advance(1_000);
  await settle();
  t.equal(drawn.length, 2, 'not after it was closed');
});
