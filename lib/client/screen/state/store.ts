/** The state of the screen as it is now, and whoever wants to hear of its changes. Knows neither what changes it nor how it looks. */

import { change } from './conversations.js';
import { type Notice, noticed } from './notices.js';
import type { ConversationId, ConversationState, ScreenState } from './state.js';

export interface ScreenStore {
  readonly state: ScreenState;
  /** Replaces the state by what `update` makes of it. */
  update(update: (state: ScreenState) => ScreenState): void;
  /** The same for one conversation, which is begun where there is none of that name. */
  change(id: ConversationId, to: (conversation: ConversationState) => ConversationState): void;
  /** Says something in the conversation on the screen; returns the id of the entry. */
  tell(text: string, tone?: Notice['tone']): string;
  /** A number that is given once. */
  serial(): number;
}

export interface ScreenStoreDeps {
  readonly start: ScreenState;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly changed: () => void;
}

export function createScreenStore({ start, now, changed }: ScreenStoreDeps): ScreenStore {
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
    tell(text, tone = 'plain') {
      const serial = ++last;
      update((before) => noticed(before, { text, tone, now: now(), serial }));
      return `n${serial}`;
    },
    serial: () => ++last,
  };
}
