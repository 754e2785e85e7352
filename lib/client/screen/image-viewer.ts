/**
 * /view: fetches an image into memory, has it drawn, and shows it until it is closed. Knows transfers, the state and what the
 * terminal can draw; neither images nor keys.
 */
import { printable } from '../../protocol/printable.js';
import type { Clock } from '../../system/clock.js';
import { percentOf } from '../text/wording.js';
import type { TransferContext } from '../transfer/transfer.js';
import type { Transfers } from '../transfer/transfers.js';
import type { Canvas, ImageOutcome } from './image/draw-image.js';
import { drawInThread } from './image/image-thread.js';
import { imageRoom } from './render/image-view.js';
import type { Appearance } from './render/theme.js';
import { unreadCount, viewed } from './state/conversations.js';
import type { ImageView } from './state/state.js';
import type { ScreenStore } from './state/store.js';
import { type TerminalGraphics, usualCell } from './terminal/graphics.js';

export interface ImageViewer {
  /** Shows the file of that number at once, and why not if it cannot be shown. Never rejects. */
  open(seq: number): Promise<void>;
  /** Shows the messages again. Also ends what is under way; does nothing if nothing is open. */
  close(): void;
  /** The screen ends: so does what is under way. */
  stop(): void;
  /** The screen has a new size. */
  resized(): void;
}

interface ImageViewerDeps {
  readonly store: ScreenStore;
  readonly load: Transfers['load'];
  readonly askTerminal: () => Promise<TerminalGraphics>;
  readonly appearance: Appearance;
  readonly clock: Clock;
  /** The reader may have the newest messages on the screen now. */
  readonly viewed: () => void;
  readonly draw?: typeof drawInThread;
}

/** Bytes of a file that is shown. */
export const largestImage = 5 * 1024 * 1024;

// Dragging the edge of a window causes many sizes.
const resizeMs = 100;

/** One image from /view to its end. */
interface Opened {
  readonly ending: AbortController;
  bytes?: Buffer;
  /** Ends the drawing for another size. */
  stopDrawing: () => void;
}

export function createImageViewer(deps: ImageViewerDeps): ImageViewer {
  const { store, load, clock } = deps;
  let opened: Opened | undefined;

  function change(changes: Partial<ImageView>): void {
    store.update((state) => (state.image ? { ...state, image: { ...state.image, ...changes } } : state));
  }

  const watch: TransferContext['update'] = ({ name, size, done, progress }) => {
    const share = done === undefined ? undefined : percentOf({ size: store.state.image?.size, done });
    change({
      ...(name !== undefined && { name: printable(name) }),
      ...(size !== undefined && { size }),
      ...(share !== undefined && { progress: `Loading, ${share} %` }),
      ...(progress?.state === 'waiting' && { progress: 'Waiting for the connection' }),
    });
  };

  function stop(): void {
    opened?.ending.abort();
    opened?.stopDrawing();
    opened = undefined;
  }

  function close(): void {
    if (opened === undefined) return;
    stop();
    store.update(({ image: _, ...state }) => viewed(state));
    deps.viewed();
  }

  function refuse(why: string): void {
    const name = store.state.image?.name ?? '';
    close();
    store.notice(`Couldn't show ${name}: ${why}.`, 'bad');
  }

  /** Shows it, or says why not. Never rejects. */
  async function draw(mine: Opened, bytes: Buffer): Promise<void> {
    const stopping = new AbortController();
    mine.stopDrawing = () => stopping.abort();
    const { signal } = stopping;
    const outcome = await drawOnce(deps, bytes, signal).catch((error) => ({ refused: wordsOf(error) }));
    if (signal.aborted) return;
    if ('refused' in outcome) refuse(outcome.refused);
    else {
      const { width, height, drawing } = outcome;
      change({ dimensions: { width, height }, drawing });
    }
  }

  return {
    close,
    stop,
    async open(seq) {
      close();
      const mine: Opened = { ending: new AbortController(), stopDrawing() {} };
      opened = mine;
      store.update((state) => ({
        ...state,
        image: { name: `file ${seq}`, progress: 'Loading', unreadBefore: unreadCount(state) },
      }));
      const { signal } = mine.ending;
      try {
        const { bytes } = await load(seq, { most: largestImage, signal, watch });
        if (signal.aborted) return;
        mine.bytes = bytes;
        change({ progress: drawingWords });
        await draw(mine, bytes);
      } catch (error) {
        if (!signal.aborted) refuse(wordsOf(error));
      }
    },
    resized() {
      if (opened?.bytes === undefined) return;
      const mine = opened;
      const { bytes } = opened;
      mine.stopDrawing();
      change({ drawing: undefined, progress: drawingWords });
      mine.stopDrawing = clock.after(resizeMs, () => void draw(mine, bytes));
    },
  };
}

const drawingWords = 'Drawing';

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** @throws the signal's reason */
async function drawOnce(
  { store, askTerminal, appearance, clock, draw = drawInThread }: ImageViewerDeps,
  bytes: Buffer,
  signal: AbortSignal,
): Promise<ImageOutcome> {
  const { glyphs, theme, colors } = appearance;
  // Without colours, or with ASCII alone, an image is text as well.
  const asText = glyphs === 'ascii' || colors === 0;
  const { protocol, cell } = asText ? { protocol: undefined, cell: usualCell } : await askTerminal();
  signal.throwIfAborted();
  const method = asText ? 'characters' : (protocol ?? 'half-blocks');
  const room = imageRoom(store.state);
  if (room.rows < 1) return { refused: 'the screen is too small' };
  const canvas: Canvas = { method, ...room, cell, theme, colors };
  return draw({ bytes, canvas }, { clock, signal });
}
