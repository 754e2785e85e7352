/** The screen's parts around a fake session, without a terminal: keys and events in, the state out. */

import { createLineRunner } from '../../lib/client/commands/run-line.js';
import { settingsFrom } from '../../lib/client/commands/settings.js';
import { createDispatch } from '../../lib/client/screen/actions.js';
import { createCommandFrontEnd } from '../../lib/client/screen/command-front-end.js';
import { createCopy } from '../../lib/client/screen/copy.js';
import { createEventHandler } from '../../lib/client/screen/event-handler.js';
import { createHistoryLoader } from '../../lib/client/screen/history-loader.js';
import type { ScreenAction } from '../../lib/client/screen/input/keymap.js';
import { createKeyboard } from '../../lib/client/screen/keyboard.js';
import { createLeaving } from '../../lib/client/screen/leaving.js';
import type { Preferences } from '../../lib/client/screen/preferences.js';
import { createScreenCommands } from '../../lib/client/screen/screen-commands.js';
import { createScrolling } from '../../lib/client/screen/scrolling.js';
import { createSharing } from '../../lib/client/screen/sharing.js';
import { current, startState } from '../../lib/client/screen/state/conversations.js';
import { createScreenStore } from '../../lib/client/screen/state/store.js';
import type { CopyOutcome } from '../../lib/client/screen/terminal/clipboard.js';
import type { OutgoingMessage } from '../../lib/client/session/session.js';
import { createFakeClock } from './fake-clock.js';
import { createFakeSession, type FakeSessionOptions } from './fake-session.js';
import { noTransfers } from './no-transfers.js';
import { noon, plainAppearance } from './screens.js';

export function createScreenScene({ answer }: Pick<FakeSessionOptions, 'answer'> = {}) {
  const left: string[] = [];
  const rung: string[] = [];
  const kept: Partial<Preferences>[] = [];
  const saved: string[] = [];
  const calls: string[] = [];
  const copied: string[] = [];
  const opened: string[] = [];
  const browser = { works: true };
  const clipboard: { outcome: CopyOutcome } = { outcome: 'sent' };
  const warnings: { quit: string | undefined } = { quit: undefined };
  const due: (() => void)[] = [];
  let now = noon;
  const ignored = new Set<string>();
  const fake = createFakeSession({
    listener(event) {
      events.handle(event);
      sharing.notice(event);
    },
    ...(answer === undefined ? {} : { answer }),
  });
  const { session } = fake;
  const store = createScreenStore(
    startState({
      key: 1,
      columns: 80,
      rows: 24,
      me: session.name,
      server: 'attic',
      now: noon,
      hint: true,
      notifyChoices: {},
      settings: settingsFrom(undefined),
    }),
    () => now,
    () => {},
  );
  const history = createHistoryLoader({ store, session, ignored });
  const scrolling = createScrolling({ store, history, appearance: plainAppearance });
  const events = createEventHandler({
    ...{ store, session, ignored },
    marks: { shown: ({ seq }) => calls.push(`read ${seq}`) },
    now: () => now,
    later: (_, callback) => due.push(callback),
    notify: ({ conversation, text }) => rung.push(`${conversation} ${text}`),
    ended: ({ why }) => left.push(why),
  });
  const copy = createCopy({
    store,
    clipboard: async (text) => {
      copied.push(text);
      return clipboard.outcome;
    },
  });
  const clock = createFakeClock();
  const sharing = createSharing({ store, session, ignored, clock });
  const compose = () => void calls.push(`compose "${current(store.state).draft.text}"`);
  const post = (draft: OutgoingMessage) => lines.post(draft);
  const quitWarning = () => warnings.quit;
  const hideHint = () => void calls.push('hint hidden');
  const dispatch: (action: ScreenAction) => void = createDispatch({
    ...{ store, scrolling, history, copy, post, quitWarning, hideHint },
    ascii: false,
    runLine: (line) => lines.run(line).keep,
    reconnect: () => calls.push('reconnect'),
    edit: (of, text) => lines.edit(of, text),
    openLink: async (href) => {
      opened.push(href);
      return browser.works;
    },
    viewed: events.viewed,
    loadDirects: events.loadDirects,
    ask: (question, yes) => keyboard.ask(question, yes),
    leave: (how) => left.push(how),
    openElsewhere: ({ server, id }) => calls.push(`open ${id} of ${server}`),
    others: {
      compose,
      'plain-text': () => store.update((state) => ({ ...state, plainText: 'plain' })),
      redraw: () => calls.push('redraw'),
      suspend: () => calls.push('suspend'),
      'close-image': () => calls.push('image closed'),
    },
  });
  const act = (action: ScreenAction): void => {
    const before = current(store.state);
    dispatch(action);
    sharing.pressed(before);
  };
  const keyboard = createKeyboard({ store, dispatch: act, soon: (callback) => setImmediate(callback) });
  const transfers = noTransfers();
  const { quit, disconnect } = createLeaving({
    ...{ store, transfers, ask: keyboard.ask, quitWarning },
    leave: (reason) => left.push(`quit ${reason ?? ''}`),
    disconnect: (reason) => calls.push(`disconnect ${reason ?? ''}`),
  });
  const lines = createLineRunner(
    createCommandFrontEnd({
      ...{ session, store, scrolling, dispatch, transfers, quit, hideHint },
      marks: { flush: () => calls.push('read marks sent') },
      askLine: keyboard.askLine,
      appearance: plainAppearance,
      away: { wroteTo: async () => {} },
      hosted: undefined,
      stay: undefined,
      screen: createScreenCommands({
        ...{ store, ignored, post, copy, compose, disconnect },
        keep: (changes) => kept.push(changes),
        share: sharing.share,
        save: (path) => saved.push(path),
        images: { open: async (seq) => void calls.push(`view ${seq}`) },
        viewed: events.viewed,
        connect: async (address) => void calls.push(`connect ${address}`),
      }),
    }),
  );

  return {
    ...fake,
    ...{ store, clock, ignored },
    keyboard,
    drawn: scrolling.drawn,
    whole: history.whole,
    calls,
    copied,
    opened,
    browser,
    clipboard,
    warnings,
    due,
    /** Milliseconds pass. */
    advance(ms: number) {
      now += ms;
    },
    kept,
    left,
    rung,
    saved,
    /** Keys by name; anything else is typed. */
    press(...keys: string[]) {
      for (const key of keys) {
        const named =
          /^(?:(?:ctrl|alt|shift)-.+|enter|tab|up|down|left|right|home|end|escape|page(?:up|down)|f8|backspace)$/;
        if (named.test(key)) keyboard.press({ kind: 'key', name: key });
        else keyboard.press({ kind: 'text', text: key });
      }
    },
    /** What is typed, with the cursor in it. */
    typed() {
      const { text, cursor } = current(store.state).draft;
      return `${text.slice(0, cursor)}|${text.slice(cursor)}`;
    },
    /** The texts in the pane. */
    pane: () =>
      current(store.state).entries.map((entry) => (entry.kind === 'presence' ? 'presence' : entry.text)),
  };
}
