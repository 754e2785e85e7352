import xterm from '@xterm/headless';
import t from 'tap';
import { cellsOf } from '../../scripts/screen/cell.js';
import { drawSvg } from '../../scripts/screen/svg.js';

async function picture(text: string, cols = 20, rows = 2): Promise<string> {
  const emulator = new xterm.Terminal({ cols, rows, allowProposedApi: true });
  await new Promise<void>((resolve) => emulator.write(text, resolve));
  const { cursorX, cursorY } = emulator.buffer.active;
  const cursor = { row: cursorY, column: cursorX, shown: true };
  return drawSvg({ cells: cellsOf(emulator), cursor, title: 'a <title>' });
}

t.test('text begins and ends in its columns', async (t) => {
  const svg = await picture('ab\x1b[1;11Hcd\x1b[31mred');
  t.match(svg, '<text x="0" y="14" textLength="100.8" lengthAdjust="spacingAndGlyphs">ab\u00a0');
  t.match(
    svg,
    /<text x="100.8" y="14" textLength="25.2" lengthAdjust="spacingAndGlyphs" fill="#[0-9a-f]{6}">red</,
  );
});

t.test('a wide character stands in the middle of its two columns', async (t) => {
  const svg = await picture('a好b');
  t.match(svg, '<text x="16.8" y="14" text-anchor="middle">好</text>');
  t.match(svg, '<text x="25.2" y="14" textLength="8.4" lengthAdjust="spacingAndGlyphs">b</text>');
});

t.test('colours, bold, dim and inverse are seen', async (t) => {
  const svg = await picture(
    '\x1b[38;2;1;2;3mtrue\x1b[0m\x1b[38;5;196mcube\x1b[0m\x1b[1mbold\x1b[0m\x1b[7mback\x1b[0m\x1b[2mdim',
  );
  t.match(svg, 'fill="#010203">true<');
  t.match(svg, 'fill="#ff0000">cube<');
  t.match(svg, 'font-weight="bold">bold<');
  t.match(svg, /<rect [^>]*fill="#d7dae0"\/>\n/);
  t.match(svg, 'fill="#15181e">back<');
  t.match(svg, /fill="#89[0-9a-f]{4}">dim</);
});

t.test('lines join', async (t) => {
  const svg = await picture('── │');
  t.match(svg, '<path d="M0 9.5h16.8"');
  t.match(svg, /<path d="M29.4 9.5L29.4 0M29.4 9.5L29.4 19"/);
});

t.test('nothing in it is markup', async (t) => {
  const svg = await picture('</svg>&"');
  t.match(svg, '>&lt;/svg&gt;&amp;&quot;<');
  t.match(svg, '<title>a\u00a0&lt;title&gt;</title>');
});

t.test('the same screen makes the same picture', async (t) => {
  t.equal(await picture('x'), await picture('x'));
});
