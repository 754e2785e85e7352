/** Which colour a name has: no two people alike while there are colours, and far apart while there is room. */

type Theme = 'dark' | 'light';
type Depth = 16 | 256 | 'truecolor';
type Palette = readonly (string | number)[];

/**
 * In the order of their hues, each with a contrast of at least 4.5 (WCAG 2.2, 1.4.3) to black or white: SGR numbers of
 * xterm's basic colours, indices of the 256 colours, `#rrggbb`.
 */
export const palettes = {
  dark: {
    16: [93, 33, 92, 36, 96, 95],
    256: [217, 216, 215, 179, 178, 150, 114, 79, 44, 45, 81, 147, 183, 182, 212, 211],
    truecolor: [
      ...['#ff9ea6', '#fea388', '#fba962', '#e7b551', '#cac256', '#a6cd6f', '#7cd591', '#4ed9b5'],
      ...['#2ad7d7', '#3bd1f5', '#78c7fd', '#9bbeff', '#b6b4ff', '#d4a7ff', '#ed9ee5', '#fe9ac6'],
    ],
  },
  light: {
    16: [31, 34, 35, 94],
    256: [124, 130, 94, 58, 22, 28, 23, 24, 25, 26, 61, 62, 97, 90, 125, 161],
    truecolor: [
      ...['#a43144', '#a33712', '#8e4e00', '#7c5a02', '#69630b', '#4c6d05', '#007433', '#10715b'],
      ...['#0f6e6e', '#0b6c80', '#076798', '#2f5bb4', '#5b4fb0', '#7743a1', '#8d3a88', '#9c3268'],
    ],
  },
} as const satisfies Record<Theme, Record<Depth, Palette>>;

/** How many hues a name keeps free on either side, at best. */
const apart = 3;

/**
 * The SGR parameters of a name, the same each time. A name that is seen for the first time gets the colour that its hash
 * gives, or the next one that is far enough from those of the names before it.
 */
export function createNameColors(theme: Theme, colors: Depth): (name: string) => string {
  const palette: Palette = palettes[theme][colors];
  const taken = new Map<string, number>();
  const uses = palette.map(() => 0);
  const isFree = (index: number, distance: number) =>
    uses.every((count, other) => count === 0 || hueDistance(index, other, palette.length) >= distance);

  function choose(name: string): number {
    const first = hashOf(name) % palette.length;
    const inTurn = palette.map((_, step) => (first + step) % palette.length);
    for (let distance = apart; distance > 0; distance--) {
      const free = inTurn.find((index) => isFree(index, distance));
      if (free !== undefined) return free;
    }
    const least = Math.min(...uses);
    return inTurn.find((index) => uses[index] === least) ?? first;
  }

  return (name) => {
    let index = taken.get(name);
    if (index === undefined) {
      index = choose(name);
      taken.set(name, index);
      uses[index] = (uses[index] ?? 0) + 1;
    }
    return `1;${sgrOf(palette[index] ?? 39, colors)}`;
  };
}

/** Steps around the circle of hues. */
function hueDistance(one: number, other: number, count: number): number {
  const steps = Math.abs(one - other);
  return Math.min(steps, count - steps);
}

/** FNV-1a, 32 bits: the same name has the same colour on every computer. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

function sgrOf(color: string | number, colors: Depth): string {
  if (typeof color === 'number') return colors === 16 ? String(color) : `38;5;${color}`;
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  return `38;2;${red};${green};${blue}`;
}
