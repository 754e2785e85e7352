import t from 'tap';
import { find } from '../../../../lib/client/screen/state/conversations.js';
import type { Message } from '../../../../lib/protocol/records.js';
import { createStageScene } from '../../../support/stage-scene.js';
import { settle } from '../../../support/streams.js';

const at = '2026-11-21T11:58:00.000Z';
const old = (seq: number): Message => ({
  ...{ type: 'message', seq, room: 'lobby', from: 'bob', text: `old ${seq}`, at, key: `old${seq}` },
});

t.test('what was said before one came rings for nobody; what comes then does', async (t) => {
  const scene = createStageScene();
  scene.message({ text: 'before, ana' });
  scene.synced();
  scene.message({ text: 'now' });
  t.same(scene.rung, ['#lobby now']);
});

t.test('what one looks at is read, what one does not is not', async (t) => {
  const scene = createStageScene();
  scene.synced();
  scene.message({ seq: 201 });
  t.ok(scene.calls.includes('read 201'));
  scene.controls.press({ kind: 'focus', focused: false });
  scene.message({ seq: 202 });
  t.notOk(scene.calls.includes('read 202'));
  t.equal(find(scene.stage.state, '#lobby')?.unread, 1);
  scene.controls.press({ kind: 'focus', focused: true });
  t.ok(scene.calls.includes('read 202'));
  t.equal(find(scene.stage.state, '#lobby')?.unread, 0);
});

t.test('who is ignored is not shown and does not ring', async (t) => {
  const scene = createStageScene();
  scene.synced();
  scene.message({ from: 'eve', text: 'shown' });
  scene.press('/ignore eve', 'enter');
  t.notOk(scene.pane().includes('shown'));
  t.same(scene.kept, [{ ignored: ['eve'] }]);
  scene.message({ from: 'eve', text: 'not shown' });
  t.notOk(scene.pane().includes('not shown'));
  t.same(scene.rung, ['#lobby shown']);
  scene.press('/unignore eve', 'enter');
  scene.message({ from: 'eve', text: 'again' });
  t.ok(scene.pane().includes('again'));
});

t.test('a failure elsewhere is told here, and nobody gets no conversation', async (t) => {
  const scene = createStageScene();
  scene.synced();
  scene.press('/msg nobody-here hi', 'enter');
  const key = scene.said[0]?.key ?? '';
  t.ok(find(scene.stage.state, '@nobody-here'));
  scene.deliver(key, { state: 'failed', code: 'no-such-name', message: 'Nobody here has that name.' });
  t.match(scene.pane().at(-1), /not sent to nobody-here: Nobody here has that name/);
  t.equal(find(scene.stage.state, '@nobody-here'), undefined);
});

t.test('what failed here is said again by /retry', async (t) => {
  const scene = createStageScene();
  scene.synced();
  scene.press('hello', 'enter');
  scene.deliver(scene.said[0]?.key ?? '', { state: 'failed', code: 'internal', message: 'No.' });
  scene.press('/retry', 'enter');
  t.match(scene.said, [{ text: 'hello' }, { text: 'hello' }]);
  t.equal(scene.pane().filter((text) => text === 'hello').length, 1);
  scene.press('/retry', 'enter');
  t.match(scene.pane().at(-1), /Nothing failed/);
});

t.test('older messages come when one reads up to the top, until there are none', async (t) => {
  const pages = [
    [old(3), old(4)],
    [old(1), old(2)],
  ];
  const scene = createStageScene({
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
  t.equal(find(scene.stage.state, '#lobby')?.fromStart, true);
  const before = scene.asked.length;
  scene.press('pageup');
  t.equal(scene.asked.length, before, 'nothing is asked for any more');
  const ranges = scene.asked.flatMap((request) => (request.type === 'history' ? [request.before] : []));
  t.same(ranges, [500, 3]);
});

t.test('a page that does not come can be asked for again', async (t) => {
  let fail = true;
  const scene = createStageScene({
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

t.test('commands of the screen', async (t) => {
  const scene = createStageScene();
  scene.synced();
  scene.message({ text: 'shown' });
  scene.press('/save talk.txt', 'enter');
  t.same(scene.saved, ['talk.txt']);
  scene.press('/notify all', 'enter');
  t.match(scene.pane().at(-1), /rings for every message/);
  t.same(scene.kept.at(-1), { notify: { '#lobby': 'all' } });
  scene.press('/clear', 'enter');
  t.same(scene.pane(), []);
  scene.press('/close', 'enter');
  t.match(scene.pane().at(-1), /Only direct/);
  scene.press('/query bob', 'enter', '/close', 'enter');
  t.same(
    scene.stage.state.conversations.map(({ id }) => id),
    ['#lobby'],
  );
  scene.press('/window 7', 'enter');
  t.match(scene.pane().at(-1), /no conversation "7"/);
  scene.press('ctrl-u', '/ignore ana', 'enter');
  t.match(scene.pane().at(-1), /cannot ignore yourself/);
  scene.press('/help keys', 'enter');
  t.match(scene.pane().at(-1), /Alt-A/);
});
