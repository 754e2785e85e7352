/** The screen's parts around a stage, without a terminal: keys and happenings in, the state out. */

import { createLineRunner } from '../../lib/client/commands/run-line.js';
import { createActs } from '../../lib/client/screen/acts.js';
import { createControls } from '../../lib/client/screen/controls.js';
import { createTab } from '../../lib/client/screen/input/tab.js';
import type { Preferences } from '../../lib/client/screen/preferences.js';
import { createScrolling } from '../../lib/client/screen/scrolling.js';
import { current } from '../../lib/client/screen/state/conversations.js';
import { createHappenings } from '../../lib/client/screen/state/happenings.js';
import { createLoader } from '../../lib/client/screen/state/loader.js';
import type { ConversationId } from '../../lib/client/screen/state/state.js';
import { createScreenStore } from '../../lib/client/screen/state/store.js';
import { said, startState } from '../../lib/client/screen/state/update.js';
import type { Message } from '../../lib/protocol/records.js';
import { formatRoomOrPerson, recipientOf, toRoomOrPerson } from '../../lib/protocol/room-or-person.js';
import { createFakeSession, type FakeSessionOptions } from './fake-session.js';
import { noTransfers } from './no-transfers.js';
import { noon, plainLook } from './screens.js';
import { testTime } from './streams.js';

export function createStageScene({ answer }: Pick<FakeSessionOptions, 'answer'> = {}) {
  const left: string[] = [];
  const rung: string[] = [];
  const kept: Partial<Preferences>[] = [];
  const saved: string[] = [];
  const calls: string[] = [];
  const due: (() => void)[] = [];
  const ignored = new Set<string>();
  const fake = createFakeSession({
    listener: (happening) => happenings.show(happening),
    ...(answer === undefined ? {} : { answer }),
  });
  const { session } = fake;
  const stage = createScreenStore({
    start: startState({
      columns: 80,
      rows: 24,
      me: session.name,
      server: 'attic',
      now: noon,
      hint: true,
      chosen: {},
    }),
    now: () => noon,
    changed: () => {},
  });
  const loader = createLoader({ stage, session, ignored });
  const happenings = createHappenings({
    stage,
    session,
    ignored,
    marks: { shown: ({ seq }) => calls.push(`read ${seq}`), flush: () => {} },
    now: () => noon,
    later: (_, callback) => due.push(callback),
    ring: (id: ConversationId, message: Message) => rung.push(`${id} ${message.text}`),
    ended: ({ why }) => left.push(why),
  });
  const acts = createActs({
    stage,
    me: session.name,
    ignored,
    looked: happenings.looked,
    say: (id, draft) => runner.post({ ...recipientOf(toRoomOrPerson(id)), ...draft }),
    keep: (changes) => kept.push(changes),
    save: (path) => saved.push(path),
    compose: () => calls.push('compose'),
  });
  const runner = createLineRunner({
    session,
    transfers: noTransfers(),
    time: testTime,
    conversation: () => toRoomOrPerson(stage.state.current),
    answer: (lines) => stage.tell(lines.join('\n')),
    refuse: (message) => stage.tell(message, 'bad'),
    say(draft) {
      const id: ConversationId = draft.to === undefined ? `#${draft.room}` : `@${draft.to}`;
      const key = session.say(draft);
      stage.update((state) => said(state, key, { id, draft, now: noon }));
    },
    open: (conversation) => controls.turn(formatRoomOrPerson(conversation)),
    findConversation: acts.findConversation,
    showHistory: async () => void calls.push('history'),
    jump: async () => void calls.push('jump'),
    quit: (reason) => left.push(`quit ${reason ?? ''}`),
    screen: acts.screen,
  });
  const scrolling = createScrolling({ stage, loader, look: plainLook });
  const controls = createControls({
    stage,
    loader,
    scrolling,
    tab: createTab({ stage, used: () => calls.push('used') }),
    runner,
    bare: () => stage.update((state) => ({ ...state, bare: 'bare' })),
    redraw: () => calls.push('redraw'),
    suspend: () => calls.push('suspend'),
    compose: () => calls.push('compose'),
    leave: (how) => left.push(how),
    looked: happenings.looked,
    soon: (callback) => setImmediate(callback),
  });

  return {
    ...fake,
    stage,
    controls,
    drawn: scrolling.drawn,
    calls,
    due,
    kept,
    left,
    rung,
    saved,
    /** Keys by name; anything else is typed. */
    press(...keys: string[]) {
      for (const key of keys) {
        const named =
          /^(?:(?:ctrl|alt|shift)-.+|enter|tab|up|down|left|right|home|end|escape|page(?:up|down)|f8|backspace)$/;
        if (named.test(key)) controls.press({ kind: 'key', name: key });
        else controls.press({ kind: 'text', text: key });
      }
    },
    /** What is typed, with the cursor in it. */
    typed() {
      const { text, cursor } = current(stage.state).draft;
      return `${text.slice(0, cursor)}|${text.slice(cursor)}`;
    },
    /** The texts in the pane. */
    pane: () =>
      current(stage.state).entries.map((entry) => (entry.kind === 'presence' ? 'presence' : entry.text)),
  };
}
