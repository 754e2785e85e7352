/**
 * Draws the state whenever it changes, at most 30 times a second and only the rows that changed. Knows frames, not what
 * is in them.
 */
import type { Clock } from '../../system/clock.js';
import { windowTitle } from './render/bars.js';
import { type Frame, render } from './render/render.js';
import type { Appearance } from './render/theme.js';
import type { ScreenStore } from './state/store.js';
import type { Terminal } from './terminal/terminal.js';

export interface Picture {
  /** The state changed. */
  changed(): void;
  /** The terminal takes a frame again. */
  soon(): void;
  /** Draws everything now: what the terminal shows is unknown. */
  redraw(): void;
  stop(): void;
}

interface PictureDeps {
  /** Of the server that is on the screen. */
  readonly store: () => ScreenStore;
  readonly appearance: Appearance;
  readonly terminal: Pick<Terminal, 'draw' | 'title' | 'leaveWith'>;
  readonly clock: Clock;
  /** The current state is on the terminal. */
  readonly drawn: () => void;
}

const secondMs = 1_000;

export function createPicture({ store, appearance, terminal, clock, drawn }: PictureDeps): Picture {
  let shown: Frame | undefined;
  let stopped = false;
  let ticking = false;
  const frames = createFrames({ clock, draw });

  function draw(): void {
    const { state } = store();
    const next = render(state, appearance);
    const text = paint(shown, next);
    // A slow terminal reports when it can take the next one.
    if (text !== '' && !terminal.draw(text)) return;
    shown = next;
    terminal.leaveWith(next.graphics?.drawing.erase ?? '');
    drawn();
    terminal.title(windowTitle(state));
  }

  /** Counts down the seconds until the next attempt to connect. */
  function tick(): void {
    ticking = true;
    clock.after(secondMs, () => {
      ticking = false;
      if (!stopped) store().update((state) => ({ ...state, now: appearance.time.now() }));
    });
  }

  return {
    changed() {
      frames.soon();
      if (store().state.connection.state === 'waiting' && !ticking) tick();
    },
    soon: frames.soon,
    redraw() {
      // What may still be there of graphics has to be removed.
      shown = shown?.graphics && { lines: [], cursor: shown.cursor, graphics: shown.graphics };
      frames.now();
    },
    stop() {
      stopped = true;
      frames.stop();
    },
  };
}

// 1000 / 30, rounded up, as timers are.
export const frameMs = 34;

interface Frames {
  /** Draws at once, or once the last frame is old enough. */
  soon(): void;
  /** Draws now. */
  now(): void;
  /** Nothing is drawn afterwards. */
  stop(): void;
}

export function createFrames({ clock, draw }: { clock: Clock; draw: () => void }): Frames {
  let last = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | undefined;
  let stopped = false;

  function now(): void {
    cancel?.();
    cancel = undefined;
    if (stopped) return;
    last = clock.ticks();
    draw();
  }

  return {
    soon() {
      if (cancel !== undefined || stopped) return;
      const wait = last + frameMs - clock.ticks();
      if (wait <= 0) now();
      else cancel = clock.after(wait, now);
    },
    now,
    stop() {
      stopped = true;
      cancel?.();
      cancel = undefined;
    },
  };
}

// DECSET 2026, synchronized output; terminals without it ignore it.
const begin = '\x1b[?2026h\x1b[?25l';
const end = '\x1b[?25h\x1b[?2026l';
const clear = '\x1b[0m\x1b[2J';

/**
 * Writes only the rows that changed, each at its absolute position. The cursor is hidden meanwhile and placed last.
 * @param previous what the terminal shows; undefined if unknown, so that everything is written
 * @returns empty if nothing changed
 */
export function paint(previous: Frame | undefined, next: Frame): string {
  if (next.plainText !== undefined) {
    return next.plainText === previous?.plainText
      ? ''
      : `${begin}${clear}${place(0, 0)}${wrapped(next.plainText)}${end}`;
  }
  const { graphics } = next;
  const sameGraphics = graphics?.drawing === previous?.graphics?.drawing;
  const known =
    sameGraphics && previous?.plainText === undefined && previous?.lines.length === next.lines.length
      ? previous
      : undefined;
  const rows = next.lines.map((line, row) => {
    const before = known === undefined ? '' : known.lines[row];
    return line === before ? '' : `${place(row, 0)}${known === undefined ? '' : '\x1b[K'}${line}`;
  });
  const { row, column } = next.cursor;
  const changed =
    known === undefined || rows.some(Boolean) || row !== known.cursor.row || column !== known.cursor.column;
  if (!changed) return '';
  const cleared = known === undefined ? `${previous?.graphics?.drawing.erase ?? ''}${clear}` : '';
  const drawn =
    known === undefined && graphics !== undefined
      ? `${place(graphics.row, graphics.column)}${graphics.drawing.sequences}`
      : '';
  return `${begin}${cleared}${rows.join('')}${drawn}${place(row, column)}${end}`;
}

/** With DECAWM, which is off otherwise: see terminal.ts. */
function wrapped(text: string): string {
  return `\x1b[?7h${text}\x1b[?7l`;
}

/** CUP. A row is erased before it is written: after a full last column, erasing would take that too. */
function place(row: number, column: number): string {
  return `\x1b[${row + 1};${column + 1}H`;
}
