/** The stage as the terminal shows it: drawn when it changes, not more often than one can see. */
import type { Clock } from '../../../system/clock.js';
import { render } from '../render/render.js';
import type { Look } from '../render/theme.js';
import type { Frame } from '../state/state.js';
import type { ScreenStore } from '../state/store.js';
import { titleFor } from './notifier.js';
import { paint } from './painter.js';
import type { Terminal } from './terminal.js';

export interface Picture {
  /** Something changed. */
  soon(): void;
  /** Draws all of it, now: what the terminal shows is not known. */
  redraw(): void;
  stop(): void;
}

export interface PictureDeps {
  readonly stage: ScreenStore;
  readonly look: Look;
  readonly terminal: Pick<Terminal, 'draw' | 'title'>;
  readonly clock: Clock;
  /** The state as it is now is on the terminal. */
  readonly drawn: () => void;
}

export function createPicture({ stage, look, terminal, clock, drawn }: PictureDeps): Picture {
  let shown: Frame | undefined;
  let title = '';
  const frames = createFrames({ clock, draw });

  function draw(): void {
    const next = render(stage.state, look);
    const text = paint(shown, next);
    // A terminal that is slow says when it takes the next one.
    if (text !== '' && !terminal.draw(text)) return;
    shown = next;
    drawn();
    const words = titleFor(stage.state);
    if (words !== title) terminal.title(words);
    title = words;
  }

  return {
    soon: frames.soon,
    redraw() {
      shown = undefined;
      frames.now();
    },
    stop: frames.stop,
  };
}

// 1000 / 30, rounded up, since timers are.
export const frameMs = 34;

export interface Frames {
  /** Something changed: draws at once or, where the last picture is younger than a frame, when it is not. */
  soon(): void;
  /** Draws, however young the last picture is. */
  now(): void;
  /** Nothing is drawn any more. */
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
