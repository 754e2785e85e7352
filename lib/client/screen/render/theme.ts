/**
 * Styles and glyphs: on dark and light backgrounds, with as many colours as the terminal has, in Unicode or ASCII.
 * Knows SGR parameters (ECMA-48 8.3.117) and the environment, not what is on the screen.
 */
import type { LocalTime } from '../../text/local-time.js';
import { createNameColors } from './name-colors.js';

/** Colours the terminal has; 0 leaves bold, dim, underline and reverse. */
export type Colors = 0 | 16 | 256 | 'truecolor';

/** One object for the life of a screen: rows are cached by its identity. */
export interface Appearance {
  readonly theme: 'dark' | 'light';
  readonly glyphs: 'unicode' | 'ascii';
  readonly colors: Colors;
  readonly time: LocalTime;
  /** The terminal has hyperlinks (OSC 8). */
  readonly links: boolean;
}

/** SGR parameters; empty for none. */
const plain = {
  dim: '2',
  bold: '1',
  bad: '1',
  good: '',
  warn: '1',
  /** The line "new". */
  fresh: '1',
  /** The reader's name in a text, and the mark beside it. */
  mention: '1;7',
  direct: '1',
  link: '4',
  /** The host a link really leads to. */
  host: '1;7',
  /** Code in a message. */
  literal: '',
  /** A QR code: white on black. */
  code: '',
  /** All of the message that keys act on. */
  selected: '7',
  bar: '7',
  barDim: '7',
  barStrong: '1;7',
  barCurrent: '1',
  barAlert: '1;4;7',
};

type Fixed = Readonly<typeof plain>;

export interface Styles extends Fixed {
  /** A person's name, always in the same colour. */
  name(name: string): string;
}

const code = '97;40';

const basic: Record<Appearance['theme'], Fixed> = {
  dark: {
    ...plain,
    bad: '91',
    good: '92',
    warn: '93',
    fresh: '1;96',
    mention: '1;93',
    direct: '95',
    link: '4;96',
    host: '1;93',
    literal: '36',
    code,
    barAlert: '1;7;33',
  },
  light: {
    ...plain,
    bad: '31',
    warn: '35',
    fresh: '1;34',
    mention: '1;31',
    direct: '35',
    link: '4;34',
    host: '1;31',
    literal: '34',
    code,
    barAlert: '1;37;41',
  },
};

const many: Record<Appearance['theme'], Fixed> = {
  dark: {
    dim: '38;5;245',
    bold: '1',
    bad: '38;5;203',
    good: '38;5;114',
    warn: '38;5;221',
    fresh: '1;38;5;81',
    mention: '1;38;5;221',
    direct: '38;5;213',
    link: '4;38;5;75',
    host: '1;38;5;221',
    literal: '38;5;223;48;5;236',
    code,
    selected: '48;5;236',
    bar: '38;5;252;48;5;236',
    barDim: '38;5;247;48;5;236',
    barStrong: '1;38;5;231;48;5;236',
    barCurrent: '1;38;5;231;48;5;25',
    barAlert: '1;38;5;16;48;5;221',
  },
  light: {
    dim: '38;5;242',
    bold: '1',
    bad: '38;5;160',
    good: '38;5;28',
    warn: '38;5;130',
    fresh: '1;38;5;25',
    mention: '1;38;5;160',
    direct: '38;5;126',
    link: '4;38;5;25',
    host: '1;38;5;160',
    literal: '38;5;88;48;5;254',
    code,
    selected: '48;5;254',
    bar: '38;5;236;48;5;254',
    barDim: '38;5;240;48;5;254',
    barStrong: '1;38;5;16;48;5;254',
    barCurrent: '1;38;5;231;48;5;25',
    barAlert: '1;38;5;231;48;5;160',
  },
};

export function glyphsOf(appearance: Appearance): Glyphs {
  return glyphSets[appearance.glyphs];
}

const styles = new WeakMap<Appearance, Styles>();

export function stylesOf(appearance: Appearance): Styles {
  const known = styles.get(appearance);
  if (known !== undefined) return known;
  const made = stylesFor(appearance);
  styles.set(appearance, made);
  return made;
}

function stylesFor({ theme, colors }: Appearance): Styles {
  if (colors === 0) return { ...plain, code: theme === 'light' ? '7' : '', name: () => plain.bold };
  return { ...(colors === 16 ? basic[theme] : many[theme]), name: createNameColors(theme, colors) };
}

type Env = Readonly<Record<string, string | undefined>>;

export interface AppearanceOptions {
  /** Without it, from COLORFGBG; dark if that is not set. */
  readonly theme?: Appearance['theme'] | undefined;
  readonly ascii?: boolean | undefined;
  readonly time: LocalTime;
}

/** The appearance for a terminal: NO_COLOR, FORCE_COLOR, COLORTERM, TERM, COLORFGBG, VTE_VERSION and the locale decide. */
export function chooseAppearance(env: Env, { theme, ascii, time }: AppearanceOptions): Appearance {
  return {
    theme: theme ?? (/[;:](?:7|15)$/.test(env.COLORFGBG ?? '') ? 'light' : 'dark'),
    // The Linux console has few characters beyond ASCII.
    glyphs: ascii === true || env.TERM === 'linux' || !isUtf8(env) ? 'ascii' : 'unicode',
    colors: colorsOf(env),
    time,
    // Old VTE crashes on them (0.48.1) and the consoles print them.
    links: !/^(?:linux|vt\d|dumb)/.test(env.TERM ?? '') && Number(env.VTE_VERSION ?? 5000) >= 5000,
  };
}

function colorsOf(env: Env): Colors {
  if (!wantsColor(env)) return 0;
  const forced = { '1': 16, '2': 256, '3': 'truecolor' } as const;
  const level = env.FORCE_COLOR;
  if (level === '1' || level === '2' || level === '3') return forced[level];
  const term = env.TERM ?? '';
  if (/^(?:truecolor|24bit)$/.test(env.COLORTERM ?? '') || /direct/.test(term)) return 'truecolor';
  return /256|kitty|alacritty|ghostty|foot|wezterm/.test(`${term} ${env.COLORTERM}`) ? 256 : 16;
}

const unicode = {
  /** Between a name and its message, on every row. */
  bar: '│',
  /** The same beside a mention. */
  mention: '▌',
  /** The same in a direct message. */
  direct: '┃',
  /** The same beside a selected message. */
  selected: '▸',
  rule: '─',
  notice: '--',
  bad: '✗',
  action: '*',
  sending: '…',
  sent: '✓',
  seen: '✓✓ ',
  verified: '✓',
  online: '●',
  away: '○',
  offline: '·',
  admin: '★',
  moderator: '☆',
  prompt: '›',
  /** In place of `prompt` if the input continues above or below. */
  promptMore: '↕',
  dot: '·',
  below: '↓',
  /** At the end of a text that was cut. */
  cut: '…',
  /** To the left of a quote or a block of code. */
  quote: '▎',
  /** Before the message that a reply is to, in the row above it. */
  reply: '↱',
};

export type Glyphs = Readonly<typeof unicode>;

const ascii: Glyphs = {
  bar: '|',
  mention: '!',
  direct: ':',
  selected: '>',
  rule: '-',
  notice: '--',
  bad: 'x',
  action: '*',
  sending: '~',
  sent: '+',
  seen: '',
  verified: 'ok',
  online: '*',
  away: 'o',
  offline: '-',
  admin: '@',
  moderator: '+',
  prompt: '>',
  promptMore: '^',
  dot: '-',
  below: 'v',
  cut: '~',
  quote: '>',
  reply: '^',
};

export const glyphSets = { unicode, ascii } as const;

/** Whether to use colours: never with NO_COLOR (https://no-color.org), always with FORCE_COLOR, else not on a dumb terminal. */
export function wantsColor(env: Env): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  if (env.FORCE_COLOR !== undefined) return !['', '0', 'false'].includes(env.FORCE_COLOR);
  return env.TERM !== 'dumb';
}

/** The locale has more than ASCII. */
export function isUtf8(env: Env): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
  // Unset: a newer system, or a container.
  return locale === undefined || locale === '' || /utf-?8/i.test(locale);
}
