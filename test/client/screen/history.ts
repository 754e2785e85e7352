import t from 'tap';
import { find } from '../../../lib/client/screen/state/conversations.js';
import type { Message } from '../../../lib/protocol/records.js';
import { createScreenScene } from '../../support/screen-scene.js';
import { settle } from '../../support/streams.js';

const at = '2026-11-21T11:58:00.000Z';
const old = (seq: number): Message => ({
  ...{ type: 'message', seq, room: 'lobby', from: 'bob', text: `old ${seq}`, at, key: `old${seq}` },
});

t.test('older messages are loaded at the top until there are none', async (t) => {
  const pages = [
    [old(3), old(4)],
    [old(1), old(2)],
  ];
  const scene = createScreenScene({
    answer: (request) =>
      request.type === 'history'
        ? { type: 'ok', re: 1, messages: pages.shift() ?? [], more: pages.length > 0 }
        : { type: 'ok', re: 1, people: [] },
  });
  scene.synced();
  scene.message({ seq: 500, text: 'new' });
  scene.press('pageup');
  await settle();
  t.same(scene.pane(), ['old 3', 'old 4', 'new']);
  scene.press('pageup');
  await settle();
  t.same(scene.pane(), ['old 1', 'old 2', 'old 3', 'old 4', 'new']);
  t.equal(find(scene.store.state, '#lobby')?.fromStart, true);
  const before = scene.asked.length;
  scene.press('pageup');
  t.equal(scene.asked.length, before, 'nothing more is requested');
  const ranges = scene.asked.flatMap((request) => (request.type === 'history' ? [request.before] : []));
  t.same(ranges, [500, 3]);
});

t.test('a page that failed to load can be requested again', async (t) => {
  let fail = true;
  const scene = createScreenScene({
    answer(request) {
      if (request.type !== 'history') return { type: 'ok', re: 1, people: [] };
      if (fail) return { type: 'error', re: 1, code: 'internal', message: 'The server could not do that.' };
      return { type: 'ok', re: 1, messages: [old(1)], more: false };
    },
  });
  scene.synced();
  scene.message({ seq: 500, text: 'new' });
  scene.press('pageup');
  await settle();
  t.match(scene.pane().at(-1), /could not do that/);
  fail = false;
  scene.press('pageup');
  await settle();
  t.equal(scene.pane()[0], 'old 1');
});
