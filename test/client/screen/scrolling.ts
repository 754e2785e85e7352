import t from 'tap';
import { paneRows } from '../../../lib/client/screen/render/rows.js';
import { current } from '../../../lib/client/screen/state/conversations.js';
import type { Reply } from '../../../lib/protocol/events.js';
import { messageOf } from '../../support/fake-session.js';
import { createScreenScene } from '../../support/screen-scene.js';
import { plainAppearance } from '../../support/screens.js';
import { settle } from '../../support/streams.js';

const newest = 300;

/** Someone with the newest messages in the pane, and a server that answers when the test says so. */
function reader({ loaded, from = 'ben' }: { loaded: number; from?: string }) {
  const waiting: (() => void)[] = [];
  const scene = createScreenScene({
    answer: (request) =>
      new Promise<Reply>((resolve) => {
        const before = request.type === 'history' ? (request.before ?? newest + 1) : 0;
        const first = Math.max(1, before - 100);
        const messages = Array.from({ length: before - first }, (_, i) => message(first + i));
        waiting.push(() => resolve({ type: 'ok', re: 1, messages, more: first > 1 }));
      }),
  });
  const message = (seq: number) => messageOf({ seq, from, text: `message ${seq}.` });
  scene.synced();
  for (let seq = newest - loaded + 1; seq <= newest; seq++) scene.message(message(seq));
  const shown = () => {
    const rows = paneRows(scene.store.state, plainAppearance).map((row) =>
      row.map(({ text }) => text).join(''),
    );
    return rows.flatMap((row) => /message (\d+)\./.exec(row)?.[1] ?? []).map(Number);
  };
  scene.drawn();
  return {
    ...scene,
    shown,
    async reply() {
      for (const answer of waiting.splice(0)) answer();
      await settle();
    },
  };
}

const name = 'maximilian-of-the-mountains';

for (const [loaded, from] of [
  [3, 'ben'],
  [50, 'ben'],
  [100, name],
] as const) {
  for (const presses of [1, 2, 3]) {
    const what = `${loaded} loaded, each page after ${presses}`;
    t.test(
      `PgUp skips no message when a page arrives between two presses and is not drawn yet: ${what}`,
      async (t) => {
        const { press, reply, shown, store } = reader({ loaded, from });
        const seen = new Set(shown());
        for (let pressed = 1; !current(store.state).fromStart || !seen.has(1); pressed++) {
          press('pageup');
          for (const number of shown()) seen.add(number);
          if (pressed % presses === 0) await reply();
          if (pressed === 100) break;
        }
        const missing = Array.from({ length: newest }, (_, i) => i + 1).filter((number) => !seen.has(number));
        t.strictSame(missing, []);
      },
    );
  }
}

t.test(
  'PgUp stays at the newest messages when they arrive in an empty pane and are not drawn yet',
  async (t) => {
    const { press, reply, shown } = reader({ loaded: 0 });
    press('pageup');
    await reply();
    press('pageup');
    t.equal(shown().at(-1), newest);
  },
);

t.test('PgUp moves a whole page once the page that arrived is drawn', async (t) => {
  const { press, reply, shown, drawn } = reader({ loaded: 3 });
  press('pageup');
  await reply();
  const before = shown();
  drawn();
  press('pageup');
  t.equal(shown().at(-1), before[0]);
});
