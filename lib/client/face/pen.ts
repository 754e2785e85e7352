/**
 * Styles for a terminal, or none: who gets which colour, and which marks can be shown. Knows the environment
 * it is given, no stream.
 */
import pc from 'picocolors';

export interface Pen {
  /** Somebody's name in the colour that it has everywhere and always. */
  name(name: string): string;
  bold(text: string): string;
  dim(text: string): string;
  /** What went wrong. */
  bad(text: string): string;
  /** What is between two people alone. */
  direct(text: string): string;
  readonly marks: Marks;
}

export interface Marks {
  readonly sending: string;
  readonly sent: string;
  readonly failed: string;
  readonly to: string;
  readonly rule: string;
}

/** Those of the 256 colours that have a contrast of at least 3.5 to black as well as to white, far apart. */
export const palette: readonly number[] = [
  28, 30, 32, 63, 64, 94, 98, 100, 128, 130, 134, 161, 164, 166, 167, 168,
];

const basic = ['cyan', 'green', 'magenta', 'blue', 'red'] as const;
const unicodeMarks: Marks = { sending: '…', sent: '✓', failed: '✗', to: '→', rule: '─' };
const asciiMarks: Marks = { sending: '...', sent: '+', failed: 'x', to: '->', rule: '-' };

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Whether to use colours: never with NO_COLOR (https://no-color.org), else always with FORCE_COLOR, else on a
 * terminal that is not dumb.
 */
export function wantsColor(env: Env, terminal: boolean): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  if (env.FORCE_COLOR !== undefined) return !['', '0', 'false'].includes(env.FORCE_COLOR);
  return terminal && env.TERM !== 'dumb';
}

export function createPen(env: Env, terminal: boolean): Pen {
  const color = wantsColor(env, terminal);
  const style = pc.createColors(color);
  const many = /256|truecolor|24bit|kitty|direct/.test(`${env.TERM} ${env.COLORTERM}`);
  return {
    name(name) {
      if (!color) return name;
      const hash = hashOf(name);
      if (many) return style.bold(`\x1b[38;5;${palette[hash % palette.length]}m${name}\x1b[39m`);
      return style.bold(style[basic[hash % basic.length] ?? 'cyan'](name));
    },
    bold: style.bold,
    dim: style.dim,
    bad: style.red,
    direct: style.magenta,
    // The Linux console and old locales have no such characters.
    marks: env.TERM === 'linux' || !isUtf8(env) ? asciiMarks : unicodeMarks,
  };
}

/** The locale of an environment can show more than ASCII. */
export function isUtf8(env: Env): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
  // A system that says nothing about it is a newer one, or a container.
  return locale === undefined || locale === '' || /utf-?8/i.test(locale);
}

/** FNV-1a, 32 bits: the same name has the same colour on every computer. */
export function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
