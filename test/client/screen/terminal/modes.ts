import t from 'tap';
import { enterSequence, leaveSequence, titleSequence } from '../../../../lib/client/screen/terminal/modes.js';
import { createEmulator } from '../../../support/emulator.js';

t.test('whatever is unfinished, leaving ends it and shows what was there', async (t) => {
  const unfinished = [
    '\x1b[?2026h\x1b[?25l\x1b[1;3',
    '\x1b]8;;https://example.org',
    '\x1bPtmux;',
    '\x1b[7;31mred',
    '\x1b',
  ];
  for (const start of unfinished) {
    const emulator = createEmulator(40);
    emulator.write(`before${enterSequence(false)}\x1b[2J\x1b[5;5Hpicture${start}${leaveSequence} after`);
    await emulator.drawn();
    t.strictSame(emulator.rows(), ['before after']);
  }
});

t.test('the title is kept once and given back', (t) => {
  t.match(enterSequence(false), '\x1b[22;0t');
  t.notMatch(enterSequence(true), '22;0t');
  t.match(leaveSequence, '\x1b[23;0t');
  t.end();
});

t.test('the Linux console has no title', (t) => {
  t.equal(titleSequence('x', { TERM: 'linux' }), '');
  t.equal(titleSequence('x', { TERM: 'xterm-256color' }), '\x1b]2;x\x07');
  t.end();
});
