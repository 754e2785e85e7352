/** Scrolling through a conversation, with keys, /history and /jump. Knows the layout, but neither keys nor requests. */
import { CommandRefused } from '../commands/refusal.js';
import type { HistoryLoader } from './history.js';
import { layout } from './render/layout.js';
import { pageUp, scrollBy, scrollTo, topIsVisible } from './render/rows.js';
import type { Appearance } from './render/theme.js';
import { current, find, switchedTo, viewed } from './state/conversations.js';
import type { ConversationId, ConversationState } from './state/state.js';
import type { ScreenStore } from './state/store.js';

export interface Scrolling {
  /** The current state is on the screen. */
  drawn(): void;
  move(where: 'page-up' | 'page-down' | 'top' | 'bottom'): void;
  /** Shows the newest entry from its first row on, if it is longer than the pane. */
  showNewest(): void;
  /** Shows the last so many messages. Never rejects. */
  showLast(id: ConversationId, count: number): Promise<void>;
  /**
   * Shows the messages since a moment (milliseconds since the epoch).
   * @throws CommandRefused, ConnectionLost
   */
  showSince(id: ConversationId, at: number): Promise<void>;
  /**
   * Opens the conversation with this message in the pane, marked.
   * @throws CommandRefused, ConnectionLost
   */
  jump(id: ConversationId, seq: number): Promise<void>;
}

export interface ScrollingDeps {
  readonly store: ScreenStore;
  readonly loader: HistoryLoader;
  readonly appearance: Appearance;
}

export function createScrolling(deps: ScrollingDeps): Scrolling {
  const { store, loader, appearance } = deps;
  /** What the reader saw last, or asked for: PgUp continues from there. */
  let seen = store.state;

  function put(at: ConversationState['at']): void {
    putAt(deps, at);
    seen = store.state;
  }

  /** At the end of a detached window the next page is loaded. */
  function pageDown(): void {
    const { id, detached, entries } = current(store.state);
    const page = Math.max(1, layout(store.state).pane.height - 1);
    const at = scrollBy(store.state, appearance, page);
    const last = entries.at(-1);
    if (at === undefined && detached && last !== undefined) {
      put({ id: last.id, row: Number.MAX_SAFE_INTEGER });
      void loader.newer(id);
    } else put(at);
  }

  /** Puts an entry at the top of the pane; with context, below the messages before it. */
  function show(id: ConversationId, entry: string, context?: 'with-context'): void {
    if (store.state.current !== id) return;
    put(scrollTo(store.state, appearance, entry));
    const third = Math.floor(layout(store.state).pane.height / 3);
    if (context !== undefined) put(scrollBy(store.state, appearance, -third));
  }

  async function jump(id: ConversationId, seq: number): Promise<void> {
    store.update((state) => switchedTo(state, id));
    if (!(await loader.around(id, seq))) {
      throw new CommandRefused(
        `There is no message ${seq} in ${id}. Find messages and their IDs with /search.`,
      );
    }
    show(id, `m${seq}`, 'with-context');
  }

  return {
    drawn() {
      seen = store.state;
    },
    move(where) {
      if (where === 'page-up') put(pageUp(store.state, appearance, seen));
      else if (where === 'page-down') pageDown();
      else if (where === 'top') put(scrollTo(store.state, appearance));
      else put(undefined);
      const upwards = where === 'page-up' || where === 'top';
      if (upwards && topIsVisible(store.state, appearance)) void loader.older(store.state.current);
    },
    showNewest() {
      const last = current(store.state).entries.at(-1);
      if (last !== undefined) put(scrollTo(store.state, appearance, last.id));
    },
    async showLast(id, count) {
      const entry = await nthLast(deps, id, count);
      if (entry !== undefined) show(id, entry);
    },
    async showSince(id, at) {
      const seq = await loader.firstSince(id, at);
      if (seq === undefined) store.notice('No messages since then.');
      else await jump(id, seq);
    },
    jump,
  };
}

/** Scrolls; at the bottom of a detached window the newest page is loaded. */
function putAt({ store, loader }: ScrollingDeps, at: ConversationState['at']): void {
  const { id } = current(store.state);
  store.change(id, ({ marked, ...conversation }) => ({
    ...conversation,
    at,
    ...(at === undefined ? { newBelow: 0 } : marked === undefined ? {} : { marked }),
  }));
  if (at === undefined && current(store.state).detached) void loader.newest(id);
  store.update(viewed);
}

/** Id of the message with so many at or after it, or of the oldest; loads pages until it is there. */
async function nthLast(
  { store, loader }: ScrollingDeps,
  id: ConversationId,
  count: number,
): Promise<string | undefined> {
  for (;;) {
    const { entries, fromStart } = find(store.state, id) ?? current(store.state);
    const messages = entries.filter(({ kind }) => kind === 'message');
    const wanted = messages.at(-count) ?? (fromStart ? messages[0] : undefined);
    if (wanted !== undefined) return wanted.id;
    await loader.older(id);
    // Nothing arrived: there is no more, or no connection.
    if (find(store.state, id)?.entries.length === entries.length) return messages[0]?.id;
  }
}
