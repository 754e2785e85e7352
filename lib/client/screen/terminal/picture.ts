/** The stage as the terminal shows it: drawn when it changes, not more often than one can see. */
import type { Clock } from '../../clock.js';
import { render } from '../look/render.js';
import type { Look } from '../look/theme.js';
import type { Stage } from '../stage/stage.js';
import type { Frame } from '../state.js';
import { createFrames } from './frames.js';
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
  readonly stage: Stage;
  readonly look: Look;
  readonly terminal: Pick<Terminal, 'draw' | 'title'>;
  readonly clock: Clock;
}

export function createPicture({ stage, look, terminal, clock }: PictureDeps): Picture {
  let shown: Frame | undefined;
  let title = '';
  const frames = createFrames({ clock, draw });

  function draw(): void {
    const next = render(stage.state, look);
    const text = paint(shown, next);
    // A terminal that is slow says when it takes the next one.
    if (text !== '' && !terminal.draw(text)) return;
    shown = next;
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
