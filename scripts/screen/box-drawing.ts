/** Characters that join with their neighbours, as shapes in a cell of width 1 and height 1. Knows no picture. */

type Line = readonly [fromX: number, fromY: number, toX: number, toY: number];

// Which sides of the cell a light line goes to: left, right, up, down.
const sides: Readonly<Record<string, string>> = {
  '─': 'lr',
  '│': 'ud',
  '┌': 'rd',
  '┐': 'ld',
  '└': 'ru',
  '┘': 'lu',
  '├': 'rud',
  '┤': 'lud',
  '┬': 'lrd',
  '┴': 'lru',
  '┼': 'lrud',
  '╭': 'rd',
  '╮': 'ld',
  '╰': 'ru',
  '╯': 'lu',
  '╴': 'l',
  '╶': 'r',
  '╵': 'u',
  '╷': 'd',
};

const ends: Readonly<Record<string, readonly [x: number, y: number]>> = {
  l: [0, 0.5],
  r: [1, 0.5],
  u: [0.5, 0],
  d: [0.5, 1],
};

/** Lines from the middle of the cell, or undefined for what is no such character. */
export function lineShape(text: string): readonly Line[] | undefined {
  const found = sides[text];
  if (found === undefined) return undefined;
  return [...found].map((side) => {
    const [x, y] = ends[side] ?? [0.5, 0.5];
    return [0.5, 0.5, x, y];
  });
}

type Block = readonly [x: number, y: number, width: number, height: number];

const blocks: Readonly<Record<string, Block>> = {
  '█': [0, 0, 1, 1],
  '▀': [0, 0, 1, 0.5],
  '▄': [0, 0.5, 1, 0.5],
  '▌': [0, 0, 0.5, 1],
  '▐': [0.5, 0, 0.5, 1],
  '▏': [0, 0, 0.125, 1],
  '▎': [0, 0, 0.25, 1],
  '▍': [0, 0, 0.375, 1],
  '▊': [0, 0, 0.75, 1],
  '▕': [0.875, 0, 0.125, 1],
  '▔': [0, 0, 1, 0.125],
  '▁': [0, 0.875, 1, 0.125],
};

/** A filled part of the cell, or undefined for what is no such character. */
export function blockShape(text: string): Block | undefined {
  return blocks[text];
}
