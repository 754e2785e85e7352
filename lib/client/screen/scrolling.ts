/** Scrolling through a conversation and selecting in it, with keys, /history and /jump. Knows the layout, no keys. */
import { CommandRefused } from '../commands/command.js';
import type { HistoryLoader } from './history-loader.js';
import { layout } from './render/layout.js';
import { scrollBy, scrollTo, scrollUp, shownEntries, topIsVisible } from './render/rows.js';
import type { Appearance } from './render/theme.js';
import { messagesIn, scrolledToEnd, selectableFrom } from './state/conversation.js';
import { current, find, switchedTo, viewed } from './state/conversations.js';
import type { ConversationId, ConversationState } from './state/state.js';
import type { ScreenStore } from './state/store.js';

export interface Scrolling {
  /** The current state is on the screen. */
  drawn(): void;
  move(where: 'page-up' | 'page-down' | 'rows-up' | 'rows-down' | 'top' | 'bottom'): void;
  /** Selects the next message up or down, the first time at that end of the pane; below the newest one, none. */
  select(direction: 'up' | 'down'): void;
  /** Ends the selection. `stay`: the pane keeps its position; otherwise it returns to the one before the selection. */
  unselect(options?: { readonly stay: boolean }): void;
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

interface ScrollingDeps {
  readonly store: ScreenStore;
  readonly history: HistoryLoader;
  readonly appearance: Appearance;
}

/** For a turn of the wheel. */
const rowsScrolled = 3;

export function createScrolling(deps: ScrollingDeps): Scrolling {
  const { store, history, appearance } = deps;
  /** What the reader saw last, or asked for: PgUp continues from there. */
  let seen = store.state;

  /** Without a position, the pane follows the newest messages, or ends where a detached window does. */
  function put(at: ConversationState['at']): void {
    const { detached } = current(store.state);
    scroll(at ?? (detached ? scrolledToEnd(current(store.state)).at : undefined));
  }

  function scroll(at: ConversationState['at']): void {
    store.change(store.state.current, ({ marked, ...conversation }) => ({
      ...conversation,
      at,
      ...(at === undefined ? { newBelow: 0 } : marked === undefined ? {} : { marked }),
    }));
    loadNewest();
    store.update(viewed);
    seen = store.state;
  }

  /** At the bottom of a detached window the newest page is loaded. */
  function loadNewest(): void {
    const { id, detached, at, selected } = current(store.state);
    if (detached && at === undefined && selected === undefined) void history.newest(id);
  }

  /** At the end of a detached window the next page is loaded. */
  function down(rows: number): void {
    const { id, detached } = current(store.state);
    const at = scrollBy(store.state, appearance, rows);
    put(at);
    if (at === undefined && detached) void history.newer(id);
  }

  /** Puts an entry at the top of the pane; with context, below the messages before it. */
  function show(id: ConversationId, entry: string, context?: 'with-context'): void {
    if (store.state.current !== id) return;
    put(scrollTo(store.state, appearance, entry));
    const third = Math.floor(layout(store.state).pane.height / 3);
    if (context !== undefined) put(scrollBy(store.state, appearance, -third));
  }

  async function toTop(id: ConversationId): Promise<void> {
    put(scrollTo(store.state, appearance));
    await history.oldest(id);
    if (store.state.current === id && current(store.state).at !== undefined) {
      put(scrollTo(store.state, appearance));
    }
  }

  async function jump(id: ConversationId, seq: number): Promise<void> {
    store.update((state) => switchedTo(state, id));
    if (!(await history.around(id, seq))) {
      throw new CommandRefused(
        `There is no message ${seq} in ${id}. Find messages and their IDs with /search.`,
      );
    }
    show(id, `m${seq}`, 'with-context');
  }

  return {
    drawn() {
      seen = store.state;
      // A message or an answer scrolls down, too.
      loadNewest();
    },
    move(where) {
      const up = where === 'page-up' || where === 'rows-up';
      if (up)
        put(scrollUp(store.state, appearance, { seen, ...(where === 'rows-up' && { rows: rowsScrolled }) }));
      else if (where === 'page-down') down(Math.max(1, layout(store.state).pane.height - 1));
      else if (where === 'rows-down') down(rowsScrolled);
      else if (where === 'top') void toTop(store.state.current);
      else scroll(undefined);
      if (up && topIsVisible(store.state, appearance)) void history.older(store.state.current);
    },
    ...createSelecting(deps, put),
    showNewest() {
      const last = current(store.state).entries.at(-1);
      if (last !== undefined) scroll(scrollTo(store.state, appearance, last.id));
    },
    async showLast(id, count) {
      const entry = await nthLast(deps, id, count);
      if (entry !== undefined) show(id, entry);
    },
    async showSince(id, at) {
      const seq = await history.firstSince(id, at);
      if (seq === undefined) store.notice('No messages since then.');
      else await jump(id, seq);
    },
    jump,
  };
}

/** @param put sets the scroll position */
function createSelecting(
  { store, history, appearance }: ScrollingDeps,
  put: (at: ConversationState['at']) => void,
): Pick<Scrolling, 'select' | 'unselect'> {
  function unselect({ stay = false } = {}): void {
    const { id, selected, at } = current(store.state);
    if (selected === undefined) return;
    const here = stay ? scrollBy(store.state, appearance, 0) : at;
    store.change(id, ({ selected: _, ...conversation }) => conversation);
    put(here);
  }

  return {
    select(direction) {
      const conversation = current(store.state);
      const { id, detached } = conversation;
      const next = selectableFrom(conversation, start(conversation, direction), direction);
      if (next !== undefined) store.change(id, (before) => ({ ...before, selected: next }));
      else if (direction === 'down' && detached) void history.newer(id);
      else if (direction === 'down') unselect();
      if (direction === 'up' && topIsVisible(store.state, appearance)) void history.older(id);
    },
    unselect,
  };

  /** Index of the entry from which on the next message is looked for. */
  function start({ entries, selected, at }: ConversationState, direction: 'up' | 'down'): number {
    if (selected !== undefined) {
      return entries.findLastIndex(({ id }) => id === selected) + (direction === 'up' ? -1 : 1);
    }
    const shown = shownEntries(store.state, appearance);
    if (direction === 'up') return shown.at(-1) ?? -1;
    // At the bottom there is nothing further down.
    return at === undefined ? entries.length : (shown[0] ?? 0);
  }
}

/** Id of the message with so many at or after it, or of the oldest; loads pages until it is there. */
async function nthLast(
  { store, history }: ScrollingDeps,
  id: ConversationId,
  count: number,
): Promise<string | undefined> {
  for (;;) {
    const { fromStart, messages } = loaded();
    const wanted = messages.at(-count) ?? (fromStart ? messages[0] : undefined);
    if (wanted !== undefined) return wanted.id;
    await history.older(id);
    // Nothing arrived: there is no more, no connection, or a refusal, of which a notice tells.
    if (loaded().messages.length <= messages.length) return messages[0]?.id;
  }

  function loaded() {
    const conversation = find(store.state, id) ?? current(store.state);
    return { fromStart: conversation.fromStart, messages: messagesIn(conversation) };
  }
}
