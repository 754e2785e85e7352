import t from 'tap';
import { topLine } from '../../../../lib/client/screen/render/top-line.js';
import type { LinkState } from '../../../../lib/client/screen/state/state.js';
import { conversation, noon, plainLook, screen } from '../../../support/screens.js';

/** What stands at the right, at some width. */
function right(columns: number, link: LinkState, topic = ''): string {
  const state = screen({ link, conversations: [conversation('#lobby', { topic })], now: noon });
  return topLine(state, plainLook, columns)
    .right.map(({ text }) => text)
    .join('')
    .trim();
}

t.test('the narrower, the less is told about the connection', async (t) => {
  const online: LinkState = { state: 'online' };
  t.equal(right(80, online), 'alice · chat.example.org · TLS 1.3 ✓ verified');
  t.equal(right(40, online), 'alice · TLS 1.3 ✓ verified');
  t.equal(right(24, online), 'alice · ✓');
  t.equal(right(15, online), '✓');
  t.equal(right(9, online), '');
});

t.test('the topic has room before the name of the server has', async (t) => {
  const topic = 'a topic that takes forty columns or more';
  t.equal(right(80, { state: 'online' }, topic), 'alice · TLS 1.3 ✓ verified');
  t.match(right(120, { state: 'online' }, topic), /chat\.example\.org/);
});

t.test('a lost connection is told as long as there is room for a word', async (t) => {
  const waiting: LinkState = { state: 'waiting', until: noon + 4500, why: 'No answer.' };
  t.equal(right(80, waiting), 'alice · chat.example.org · reconnecting in 5 s (No answer)');
  t.equal(right(40, waiting), 'alice · reconnecting in 5 s');
  t.equal(right(33, waiting), 'alice · again in 5 s');
  t.equal(right(24, waiting), 'again in 5 s');
  t.equal(right(20, { state: 'offline', why: 'signed out' }), 'offline');
  t.equal(right(24, { state: 'connecting' }), 'connecting…');
});

t.test('what a room asks stands beside its name', async (t) => {
  const left = (more: Parameters<typeof conversation>[1]): string =>
    topLine(screen({ conversations: [conversation('#lobby', more)] }), plainLook, 80)
      .left.map(({ text }) => text)
      .join('')
      .trim();
  t.equal(left({ rules: { restrict: ['caps'] } }), '#lobby');
  t.equal(left({ rules: { locked: true, slow: 10_000 }, private: true }), '#lobby private locked slow 10 s');
});
