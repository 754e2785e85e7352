import t from 'tap';
import { createPen, palette, wantsColor } from '../../../lib/client/face/pen.js';

t.test('NO_COLOR, FORCE_COLOR, the terminal, in this order', async (t) => {
  t.equal(wantsColor({ TERM: 'xterm' }, true), true);
  t.equal(wantsColor({ TERM: 'xterm' }, false), false);
  t.equal(wantsColor({ TERM: 'dumb' }, true), false);
  t.equal(wantsColor({ NO_COLOR: '1', FORCE_COLOR: '1' }, true), false);
  t.equal(wantsColor({ NO_COLOR: '' }, true), true);
  t.equal(wantsColor({ FORCE_COLOR: '1', TERM: 'dumb' }, false), true);
  t.equal(wantsColor({ FORCE_COLOR: '0' }, true), false);
});

t.test('a name has one colour everywhere, and names have many', async (t) => {
  const [one, other] = [
    createPen({ TERM: 'xterm-256color' }, true),
    createPen({ COLORTERM: 'truecolor' }, true),
  ];
  t.equal(one.name('ana'), other.name('ana'));
  const colours = new Set(Array.from({ length: 200 }, (_, i) => one.name(`n${i}`).replace(/n\d+/, '')));
  t.equal(colours.size, palette.length);
  const few = createPen({ TERM: 'xterm' }, true);
  t.not(few.name('ana'), 'ana');
  t.notMatch(few.name('ana'), '38;5');
});

t.test('without colours there is no sequence at all', async (t) => {
  const pen = createPen({ NO_COLOR: '1' }, true);
  for (const style of [pen.name, pen.bold, pen.dim, pen.bad, pen.direct]) t.equal(style('x'), 'x');
});

t.test('marks are ASCII where nothing else can be shown', async (t) => {
  t.equal(createPen({ TERM: 'linux' }, true).marks.to, '->');
  t.equal(createPen({ LANG: 'C' }, true).marks.to, '->');
  t.equal(createPen({ LANG: 'de_DE.UTF-8' }, true).marks.to, '\u2192');
  t.equal(createPen({}, true).marks.to, '\u2192');
});

// WCAG 2.1: relative luminance and contrast.
function luminance(index: number): number {
  const levels = [0, 95, 135, 175, 215, 255];
  const cube = index - 16;
  const channels = [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((level) => {
    const value = (levels[level] ?? 0) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  const [red = 0, green = 0, blue = 0] = channels;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

t.test('every colour of a name can be read on black and on white', async (t) => {
  for (const index of palette) {
    const light = luminance(index);
    t.ok(1.05 / (light + 0.05) >= 3.5, `${index} on white`);
    t.ok((light + 0.05) / 0.05 >= 3.5, `${index} on black`);
  }
});
