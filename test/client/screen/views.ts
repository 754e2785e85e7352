import t from 'tap';
import { settingsFrom } from '../../../lib/client/commands/settings.js';
import { startState } from '../../../lib/client/screen/state/conversations.js';
import { applyMessage } from '../../../lib/client/screen/state/events.js';
import { createScreenStore } from '../../../lib/client/screen/state/store.js';
import type { ServerView } from '../../../lib/client/screen/view.js';
import { createViews, type Views } from '../../../lib/client/screen/views.js';
import { createFakeSession } from '../../support/fake-session.js';

const noon = Date.UTC(2026, 0, 1, 12);

function scene(...names: string[]) {
  let views: Views | undefined;
  const all = names.map((server, i): ServerView => {
    const start = { key: i + 1, columns: 80, rows: 24, me: 'ana', server, now: noon, hint: false };
    const store = createScreenStore(
      startState({ ...start, notifyChoices: {}, settings: settingsFrom(undefined) }),
      () => noon,
      () => {
        if (views !== undefined && views.shown.store !== store) views.changed();
      },
    );
    return {
      store,
      session: createFakeSession({ listener: () => {} }).session,
      press() {},
      resized() {},
      drawn() {},
      handle() {},
      open: (id) => store.update((state) => ({ ...state, current: id })),
      quitWarning: () => undefined,
      leave: async () => {},
    };
  });
  const [first, ...more] = all;
  if (first === undefined) throw new Error('no server');
  views = createViews(first);
  for (const view of more) views.add(view);
  return { views, all };
}

const toAna = { type: 'message', key: 'k', from: 'ben', room: 'lobby', text: 'ana: hi' } as const;

function receive({ store }: ServerView, seq: number): void {
  store.update((state) => applyMessage(state, { ...toAna, seq, at: new Date(noon).toISOString() }));
}

t.test('the shown server knows what is unread on the others', async (t) => {
  const { views, all } = scene('Club', 'Lab', 'Home');
  const [club, lab] = all;
  if (club === undefined || lab === undefined) throw new Error('no server');
  receive(lab, 1);
  receive(club, 2);
  t.match(views.shown.store.state, {
    server: 'Club',
    before: [],
    after: [{ server: 'Lab', conversations: [{ unread: 1, mentions: 1 }] }, { server: 'Home' }],
    conversations: [{ unread: 0 }],
  });
  views.open({ server: 2, id: '#lobby' });
  t.match(views.shown.store.state, {
    server: 'Lab',
    focused: true,
    before: [{ server: 'Club' }],
    after: [{ server: 'Home' }],
    conversations: [{ unread: 0, mentions: 0 }],
  });
  receive(club, 3);
  t.match(views.shown.store.state.before, [{ conversations: [{ unread: 1 }] }], 'the one behind is not read');
});

t.test('the size and the side lists go along', async (t) => {
  const { views } = scene('Club', 'Lab');
  views.shown.store.update((state) => ({ ...state, columns: 120, rows: 40, sideLists: 'hidden' }));
  views.open({ server: 2, id: '#lobby' });
  t.match(views.shown.store.state, { server: 'Lab', columns: 120, rows: 40, sideLists: 'hidden' });
});

t.test('a server that goes is in no list, and the one before it is shown', async (t) => {
  const { views, all } = scene('Club', 'Lab', 'Home');
  views.open({ server: 3, id: '#lobby' });
  views.remove(views.shown);
  t.match(views.shown.store.state, { server: 'Lab', before: [{ server: 'Club' }], after: [] });
  const [club] = all;
  if (club !== undefined) views.remove(club);
  t.match(views.shown.store.state, { server: 'Lab', before: [], after: [] });
  views.open({ server: 1, id: '#lobby' });
  t.match(views.shown.store.state, { server: 'Lab' }, 'a place that is gone');
});
