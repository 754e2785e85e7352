/**
 * Keeps what a terminal shows up with what it should show. Knows which picture arrived, so that one that was
 * skipped is not built upon; neither what is in it nor how a terminal works.
 */
import type { Clock } from '../clock.js';
import { createFrames } from './frames.js';
import { paint } from './painter.js';
import type { Frame } from './state.js';

export interface CanvasDeps {
  readonly clock: Clock;
  /** What should be seen now. */
  readonly render: () => Frame;
  /** Writes all of it, or nothing: then `ready` is to be called once something can be written again. */
  readonly draw: (text: string) => boolean;
}

export interface Canvas {
  /** What should be seen may have changed. */
  changed(): void;
  /** The terminal can be written to again. */
  ready(): void;
  /** What the terminal shows is not known any more: everything is drawn, at once. */
  whole(): void;
  stop(): void;
}

export function createCanvas({ clock, render, draw }: CanvasDeps): Canvas {
  let shown: Frame | undefined;
  let skipped = false;
  const frames = createFrames({
    clock,
    draw() {
      const next = render();
      const text = paint(shown, next);
      skipped = text !== '' && !draw(text);
      if (!skipped) shown = next;
    },
  });
  return {
    changed: frames.soon,
    ready() {
      if (skipped) frames.soon();
    },
    whole() {
      shown = undefined;
      frames.now();
    },
    stop: frames.stop,
  };
}
