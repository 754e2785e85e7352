/**
 * Asks the terminal which graphics it has, and how large a cell is; without an answer it has none. Knows questions and
 * answers, neither images nor keys.
 */
import type { Clock } from '../../../system/clock.js';

export interface TerminalGraphics {
  /** Undefined: none, or no answer. */
  readonly protocol: 'kitty' | 'sixel' | undefined;
  /** Pixels. */
  readonly cell: { readonly width: number; readonly height: number };
}

export interface GraphicsQuery {
  /** Asks again each time: a window can move to another terminal, and get another font. Takes a second at most. */
  ask(): Promise<TerminalGraphics>;
  /** A sequence that the terminal sent and that is no key. It may come late. */
  answer(sequence: string): void;
}

interface GraphicsQueryDeps {
  readonly send: (sequences: string) => void;
  readonly size: () => { readonly columns: number; readonly rows: number };
  readonly clock: Pick<Clock, 'after'>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const patienceMs = 1_000;
/** As in most fonts. */
export const usualCell = { width: 8, height: 16 };
// No font is larger.
const cellMost = 200;

const kittyQuestion = '\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\';
// XTWINOPS: the size of a cell, and of the text area.
const sizeQuestions = '\x1b[16t\x1b[14t';
// DA1, which every terminal answers, after it has answered what was asked before.
const attributesQuestion = '\x1b[c';

export function createGraphicsQuery({ send, size, clock, env }: GraphicsQueryDeps): GraphicsQuery {
  let kitty = false;
  let sixel = false;
  let cell = usualCell;
  // It did not answer in time.
  let silent = false;
  const waiting = new Set<() => void>();

  function answer(sequence: string): void {
    const said = parseAnswer(sequence);
    if (said === undefined) return;
    if (said.about === 'kitty') kitty = said.yes;
    else if (said.about === 'attributes') {
      sixel = said.sixel;
      silent = false;
      for (const done of [...waiting]) done();
    } else {
      const { columns, rows } = said.about === 'cell' ? { columns: 1, rows: 1 } : size();
      const [width, height] = [said.width / columns, said.height / rows];
      // The first answer is the exact one.
      if (cell === usualCell && isCell(width) && isCell(height)) cell = { width, height };
    }
  }

  function answered(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        waiting.delete(done);
        resolve();
      };
      const cancel = clock.after(patienceMs, () => {
        silent = true;
        done();
      });
      waiting.add(done);
    });
  }

  return {
    answer,
    async ask() {
      [kitty, sixel, cell] = [false, false, usualCell];
      // Multiplexers take the question for a title, and pass no kitty graphics on.
      const multiplexed = Boolean(env.TMUX || env.STY);
      send(`${multiplexed ? '' : kittyQuestion}${sizeQuestions}${attributesQuestion}`);
      // Once is enough for a terminal that does not answer.
      if (!silent) await answered();
      return { protocol: kitty ? 'kitty' : sixel ? 'sixel' : undefined, cell };
    },
  };
}

function isCell(pixels: number): boolean {
  return pixels >= 1 && pixels <= cellMost;
}

type Answer =
  | { readonly about: 'kitty'; readonly yes: boolean }
  | { readonly about: 'attributes'; readonly sixel: boolean }
  | { readonly about: 'cell' | 'window'; readonly width: number; readonly height: number };

function parseAnswer(sequence: string): Answer | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: matches control characters on purpose
  const [, said] = /^\x1b_Gi=31;([^\x1b]*)\x1b\\$/.exec(sequence) ?? [];
  if (said !== undefined) return { about: 'kitty', yes: said === 'OK' };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: matches control characters on purpose
  const [, attributes] = /^\x1b\[\?([\d;]+)c$/.exec(sequence) ?? [];
  if (attributes !== undefined) {
    // The first is the kind of terminal.
    return { about: 'attributes', sixel: attributes.split(';').slice(1).includes('4') };
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: matches control characters on purpose
  const [, about, height, width] = /^\x1b\[([46]);(\d+);(\d+)t$/.exec(sequence) ?? [];
  if (about === undefined) return undefined;
  return { about: about === '6' ? 'cell' : 'window', width: Number(width), height: Number(height) };
}
