import t from 'tap';
import { palettes } from '../../../../lib/client/screen/render/name-colors.js';
import {
  chooseAppearance,
  isUtf8,
  stylesOf,
  wantsColor,
} from '../../../../lib/client/screen/render/theme.js';
import { createLocalTime } from '../../../../lib/client/text/local-time.js';
import { plainAppearance } from '../../../support/screens.js';

// The sixteen colours as xterm has them, by the SGR number of the foreground.
const xterm: Readonly<Record<number, string>> = {
  ...{ 30: '#000000', 31: '#cd0000', 32: '#00cd00', 33: '#cdcd00', 34: '#0000ee', 35: '#cd00cd' },
  ...{ 36: '#00cdcd', 37: '#e5e5e5', 91: '#ff0000', 92: '#00ff00', 93: '#ffff00', 94: '#5c5cff' },
  ...{ 95: '#ff00ff', 96: '#00ffff' },
};
const backgrounds = { dark: '#000000', light: '#ffffff' };
const themes = ['dark', 'light'] as const;
const depths = [16, 256, 'truecolor'] as const;

t.test("every colour of a name has a contrast of 4.5 to its theme's background", async (t) => {
  for (const theme of themes) {
    const background = backgrounds[theme];
    for (const sgr of palettes[theme][16])
      t.ok(contrast(xterm[sgr] ?? '', background) >= 4.5, `${theme} SGR ${sgr}`);
    for (const index of palettes[theme][256])
      t.ok(contrast(indexed(index), background) >= 4.5, `${theme} 256 ${index}`);
    for (const rgb of palettes[theme].truecolor) t.ok(contrast(rgb, background) >= 4.5, `${theme} ${rgb}`);
  }
});

t.test('every other style has that contrast too, on its own background', async (t) => {
  for (const theme of themes) {
    for (const colors of depths) {
      const { name, ...styles } = stylesOf({ ...plainAppearance, theme, colors });
      t.match(name('bob'), /^1;/, 'a name is also bold');
      for (const [style, sgr] of Object.entries(styles)) {
        const value = contrastOf(sgr, backgrounds[theme]);
        t.ok(value >= 4.5, `${theme} ${colors} ${style} (${sgr}) has ${value.toFixed(2)}`);
      }
    }
  }
});

t.test('without colours there are bold, dim, underline and reverse', async (t) => {
  const { name, ...styles } = stylesOf({ ...plainAppearance, colors: 0 });
  for (const sgr of [name('bob'), ...Object.values(styles)]) t.match(sgr, /^(?:[1247](?:;[1247])*)?$/);
});

t.test('a name keeps its colour, and all colours are used before one is used again', async (t) => {
  const names = Array.from({ length: 200 }, (_, i) => `person${i}`);
  for (const colors of depths) {
    const count = palettes.dark[colors].length;
    const { name } = stylesOf({ ...plainAppearance, colors });
    const once = names.map(name);
    t.same(names.map(name), once);
    t.equal(new Set(once.slice(0, count)).size, count);
    t.equal(new Set(once.slice(count, 2 * count)).size, count);
    t.same(names.map(stylesOf({ ...plainAppearance, colors }).name), once, 'the same in the same order');
  }
});

t.test('a few people have colours that are far apart', async (t) => {
  for (const theme of themes) {
    for (const colors of [256, 'truecolor'] as const) {
      for (let start = 0; start < 50; start++) {
        const { name } = stylesOf({ ...plainAppearance, theme, colors });
        const hues = ['ana', 'ben', 'mei', 'sofia'].map((each) => hueOf(name(`${each}${start}`)));
        const apart = hues.flatMap((hue, i) =>
          hues.slice(i + 1).map((other) => Math.min(Math.abs(hue - other), 360 - Math.abs(hue - other))),
        );
        const least = Math.min(...apart);
        t.ok(least >= 20, `${theme} ${colors}: ${least.toFixed(0)} degrees`);
      }
    }
  }
});

t.test('the environment chooses the appearance', async (t) => {
  const time = createLocalTime(() => 0, 'UTC');
  const appearance = (env: Record<string, string>) => chooseAppearance(env, { time });
  t.equal(appearance({ TERM: 'xterm' }).colors, 16);
  t.equal(appearance({ TERM: 'xterm-256color' }).colors, 256);
  t.equal(appearance({ TERM: 'xterm-256color', COLORTERM: 'truecolor' }).colors, 'truecolor');
  t.equal(appearance({ TERM: 'xterm-direct' }).colors, 'truecolor');
  t.equal(appearance({ TERM: 'xterm-256color', NO_COLOR: '1' }).colors, 0);
  t.equal(appearance({ TERM: 'xterm-256color', FORCE_COLOR: '1' }).colors, 16);
  t.equal(appearance({ TERM: 'xterm', FORCE_COLOR: '3' }).colors, 'truecolor');
  t.equal(appearance({ TERM: 'xterm', FORCE_COLOR: '0' }).colors, 0);
  t.equal(appearance({}).theme, 'dark');
  t.equal(appearance({ COLORFGBG: '0;15' }).theme, 'light');
  t.equal(appearance({ COLORFGBG: '15;default;0' }).theme, 'dark');
  t.equal(chooseAppearance({ COLORFGBG: '15;0' }, { time, theme: 'light' }).theme, 'light', 'the wish first');
  t.equal(appearance({ LANG: 'de_DE.UTF-8' }).glyphs, 'unicode');
  t.equal(appearance({ LANG: 'C', TERM: 'xterm' }).glyphs, 'ascii');
  t.equal(appearance({ TERM: 'linux' }).glyphs, 'ascii');
  t.equal(chooseAppearance({}, { time, ascii: true }).glyphs, 'ascii');
  t.equal(appearance({ TERM: 'xterm-256color' }).links, true);
  t.equal(appearance({ TERM: 'linux' }).links, false);
  t.equal(appearance({ TERM: 'xterm-256color', VTE_VERSION: '4601' }).links, false);
});

/** Of a style as the terminal shows it: dimming, which no terminal defines, left out. */
function contrastOf(sgr: string, background: string): number {
  const [, fore] = /(?:^|;)38;5;(\d+)/.exec(sgr) ?? [];
  const [, back] = /(?:^|;)48;5;(\d+)/.exec(sgr) ?? [];
  const behind = back === undefined ? background : indexed(Number(back));
  if (fore !== undefined) return contrast(indexed(Number(fore)), behind);
  const numbers = sgr.split(';').map(Number);
  const basic = numbers.find((number) => xterm[number] !== undefined);
  const under = numbers.find((number) => number >= 40 && number < 48);
  // Without a colour it is the terminal's own.
  return basic === undefined
    ? 21
    : contrast(xterm[basic] ?? '', under === undefined ? background : (xterm[under - 10] ?? ''));
}

/** Degrees, of a style with one of the 256 colours or a true colour. */
function hueOf(sgr: string): number {
  const [, index] = /38;5;(\d+)/.exec(sgr) ?? [];
  const parts =
    index === undefined
      ? (/38;2;(\d+);(\d+);(\d+)/.exec(sgr)?.slice(1).map(Number) ?? [])
      : [1, 3, 5].map((at) => Number.parseInt(indexed(Number(index)).slice(at, at + 2), 16));
  const [red = 0, green = 0, blue = 0] = parts;
  const most = Math.max(...parts);
  const range = most - Math.min(...parts);
  const sixth =
    most === red
      ? (green - blue) / range
      : most === green
        ? 2 + (blue - red) / range
        : 4 + (red - green) / range;
  return (sixth * 60 + 360) % 360;
}

function indexed(index: number): string {
  const steps = [0, 95, 135, 175, 215, 255];
  const gray = 8 + 10 * (index - 232);
  const cube = [Math.floor((index - 16) / 36), Math.floor((index - 16) / 6) % 6, (index - 16) % 6];
  const parts = index >= 232 ? [gray, gray, gray] : cube.map((step) => steps[step] ?? 0);
  return `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

/** WCAG 2.2, relative luminance and contrast ratio. */
function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(rgb: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(rgb.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

t.test('NO_COLOR, FORCE_COLOR and TERM decide about colours, in this order', async (t) => {
  t.equal(wantsColor({ TERM: 'xterm' }), true);
  t.equal(wantsColor({ TERM: 'dumb' }), false);
  t.equal(wantsColor({ NO_COLOR: '1', FORCE_COLOR: '1' }), false);
  t.equal(wantsColor({ NO_COLOR: '' }), true);
  t.equal(wantsColor({ FORCE_COLOR: '1', TERM: 'dumb' }), true);
  t.equal(wantsColor({ FORCE_COLOR: '0' }), false);
});

t.test('the locale decides about Unicode', async (t) => {
  t.equal(isUtf8({ LANG: 'C' }), false);
  t.equal(isUtf8({ LANG: 'de_DE.UTF-8' }), true);
  t.equal(isUtf8({ LANG: 'C', LC_ALL: 'en_GB.utf8' }), true);
  t.equal(isUtf8({}), true);
});
