import t from 'tap';
import { plainText } from '../../../../lib/client/screen/render/plain-text.js';
import type { PaneEntry } from '../../../../lib/client/screen/state/state.js';
import { createEmulator } from '../../../support/emulator.js';
import { conversation, minutes, noon, plainAppearance, said, screen } from '../../../support/screens.js';

const footer = '-- select and copy; any key goes back --';
const link = `secure-chat://chat.example.org:6697/${'k'.repeat(43)}/${'c'.repeat(22)}`;
const notice = (text: string): PaneEntry => ({
  kind: 'notice',
  id: 'n1',
  at: noon + 2 * minutes,
  text,
  tone: 'plain',
});

const shown = (entries: readonly PaneEntry[], size: { columns: number; rows: number }, at?: string) =>
  plainText(
    screen({
      ...size,
      conversations: [
        conversation('#lobby', { entries, at: at === undefined ? undefined : { id: at, row: 0 } }),
      ],
    }),
    plainAppearance,
  ).split('\r\n');

t.test('messages are without bars, and notices as they are', (t) => {
  const left: PaneEntry = {
    kind: 'presence',
    id: 'p',
    at: noon + 2 * minutes,
    joined: ['cyd'],
    left: [{ name: 'dan', reason: 'bye' }],
  };
  const entries = [said(2, 'ana', 'hello\n12:00 ben: I agree'), left, notice(`A link:\n  ${link}`)];
  t.same(shown(entries, { columns: 40, rows: 20 }), [
    '12:00 ana: hello',
    '  12:00 ben: I agree',
    '12:00 -- cyd joined',
    '12:00 -- dan left (bye)',
    'A link:',
    `  ${link}`,
    footer,
  ]);
  t.end();
});

t.test('as many lines as fit are shown, up to the scroll position', async (t) => {
  const entries = Array.from({ length: 9 }, (_, n) => said(2, 'ana', `line ${n}`, { id: `m${n}` }));
  t.same(shown(entries, { columns: 40, rows: 3 }), ['12:00 ana: line 7', '12:00 ana: line 8', footer]);
  t.same(shown(entries, { columns: 40, rows: 3 }, 'm4'), ['12:00 ana: line 3', '12:00 ana: line 4', footer]);
  const wide = [said(2, 'ana', 'older'), notice(link), said(2, 'ana', '好'.repeat(15))];
  for (const columns of [20, 25, 40, 80, 102, 103]) {
    for (const rows of [3, 5, 8, 12]) {
      const text = shown(wide, { columns, rows }).join('\r\n');
      const emulator = createEmulator(columns);
      emulator.write(text);
      await emulator.drawn();
      t.ok(emulator.rows().length <= rows, `${columns}x${rows}: nothing is scrolled away`);
    }
  }
  t.same(shown([said(2, 'ana', 'x'.repeat(900))], { columns: 20, rows: 5 }), [footer.slice(0, 20)]);
  t.end();
});
