/** The servers of this client: which of them is on the screen, and what it shows of the others. Knows states, no terminal. */
import { here, left, viewed, withOthers } from './state/conversations.js';
import type { ConversationPlace, ScreenState, ServerSummary } from './state/state.js';
import type { ServerView } from './view.js';

export interface Views {
  /** In the order of the lists; at least one. */
  readonly all: readonly ServerView[];
  readonly shown: ServerView;
  /** Adds it at the end, behind the one that is shown. */
  add(view: ServerView): void;
  /** Takes one away; if it was shown, the one before it is shown. Not the last one. */
  remove(view: ServerView): void;
  /** Shows a conversation, of whichever server. */
  open(place: ConversationPlace): void;
  /** A view that is not shown has changed. */
  changed(): void;
}

export function createViews(first: ServerView): Views {
  let all: readonly ServerView[] = [first];
  let shown = first;

  function summarize(): void {
    const at = all.indexOf(shown);
    const before = all.slice(0, at).map(summaryOf);
    const after = all.slice(at + 1).map(summaryOf);
    shown.store.update((state) => withOthers(state, { before, after }));
  }

  function show(view: ServerView): void {
    const { store } = shown;
    const { focused, sideLists, columns, rows } = store.state;
    shown = view;
    store.update(left);
    view.resized();
    view.store.update((state) => viewed({ ...state, focused, sideLists, columns, rows }));
    summarize();
  }

  return {
    get all() {
      return all;
    },
    get shown() {
      return shown;
    },
    add(view) {
      view.store.update(left);
      all = [...all, view];
      summarize();
    },
    remove(view) {
      const at = all.indexOf(view);
      all = all.filter((each) => each !== view);
      const next = all[Math.max(0, at - 1)];
      if (view === shown && next !== undefined) show(next);
      else summarize();
    },
    open({ server, id }) {
      const view = all.find(({ store }) => store.state.key === server);
      if (view === undefined) return;
      const from = here(shown.store.state);
      if (view !== shown) show(view);
      view.open(id, from);
    },
    changed: summarize,
  };
}

function summaryOf({ store }: ServerView): ServerSummary {
  const { key, server, connection, conversations, directs }: ScreenState = store.state;
  return { key, server, connection, conversations, directs };
}
