/** Holds the current state and reports each change. Knows neither the events behind a change nor rendering. */
import { change, changeOpen } from './conversations.js';
import { withNoticeHere } from './notices.js';
import type { ConversationId, ConversationState, NoticeEntry, ScreenState } from './state.js';

export interface ScreenStore {
  readonly state: ScreenState;
  /** Replaces the state by what `update` returns. */
  update(update: (state: ScreenState) => ScreenState): void;
  /** The same for one conversation; creates it if there is none of that name. */
  change(id: ConversationId, to: (conversation: ConversationState) => ConversationState): void;
  /** The same only if it is on the list. */
  changeOpen(...args: Parameters<ScreenStore['change']>): void;
  /** Adds a notice to the current conversation, which folds once it was read unless it is to last; returns the id of the entry. */
  notice(text: string, tone?: NoticeEntry['tone'], lasts?: 'lasts'): string;
  /** A number that is returned once. */
  serial(): number;
}

/** @param changed called after each change */
export function createScreenStore(start: ScreenState, now: () => number, changed: () => void): ScreenStore {
  let state = start;
  let last = 0;

  function update(to: (state: ScreenState) => ScreenState): void {
    const next = to(state);
    if (next === state) return;
    state = next;
    changed();
  }

  return {
    get state() {
      return state;
    },
    update,
    change: (id, to) => update((before) => change(before, id, to)),
    changeOpen: (id, to) => update((before) => changeOpen(before, id, to)),
    notice(text, tone = 'plain', lasts) {
      const serial = ++last;
      update((before) =>
        withNoticeHere(before, {
          text,
          tone,
          folds: tone !== 'code' && lasts === undefined,
          now: now(),
          serial,
        }),
      );
      return `n${serial}`;
    },
    serial: () => ++last,
  };
}
