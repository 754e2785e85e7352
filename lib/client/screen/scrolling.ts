/** Scrolling through a conversation, with keys, /history and /jump, and loading its history. Knows the layout, no keys. */
import { toRoomOrPerson } from '../../protocol/names.js';
import type { Message } from '../../protocol/records.js';
import { CommandRefused } from '../commands/command.js';
import { checkPage } from '../session/pages.js';
import type { Session } from '../session/session.js';
import { errorWords } from '../text/wording.js';
import { layout } from './render/layout.js';
import { scrollBy, scrollTo, scrollUp, shownEntries, topIsVisible } from './render/rows.js';
import type { Appearance } from './render/theme.js';
import { firstSeq, lastSeq, selectableFrom } from './state/conversation.js';
import { current, find, switchedTo, viewed } from './state/conversations.js';
import { withNewer, withNewest, withOlder, withOldest, withWindowAround } from './state/history-window.js';
import { messageEntry } from './state/message-entry.js';
import type {
  ConversationId,
  ConversationState,
  MessageEntry,
  PaneEntry,
  ScreenState,
} from './state/state.js';
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
  /** Loads the page above the window, unless there is none. Never rejects. */
  older(id: ConversationId): Promise<void>;
  /**
   * A conversation from its beginning, or the newest `most` messages, which may be a page more; the window stays as it is.
   * @param progress called with the number of messages after each page
   * @throws CommandRefused, ConnectionLost; ProtocolError `bad-frame` for a page that leads nowhere
   */
  whole(id: ConversationId, most: number, progress: (messages: number) => void): Promise<Whole>;
}

export interface Whole {
  readonly entries: readonly PaneEntry[];
  /** There are older messages. */
  readonly more: boolean;
}

export interface ScrollingDeps {
  readonly store: ScreenStore;
  readonly session: Pick<Session, 'ask' | 'name'>;
  /** People whose messages are not shown. */
  readonly ignored: ReadonlySet<string>;
  readonly appearance: Appearance;
}

export function createScrolling(deps: ScrollingDeps): Scrolling {
  const { store, appearance } = deps;
  const loader = createHistoryLoader(deps);
  /** What the reader saw last, or asked for: PgUp continues from there. */
  let seen = store.state;

  /** At the bottom of a detached window the newest page is loaded. */
  function put(at: ConversationState['at']): void {
    const { id } = current(store.state);
    store.change(id, ({ marked, ...conversation }) => ({
      ...conversation,
      at,
      ...(at === undefined ? { newBelow: 0 } : marked === undefined ? {} : { marked }),
    }));
    if (at === undefined && current(store.state).detached) void loader.newest(id);
    store.update(viewed);
    seen = store.state;
  }

  /** At the end of a detached window the next page is loaded. */
  function down(rows: number): void {
    const { id, detached, entries } = current(store.state);
    const at = scrollBy(store.state, appearance, rows);
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

  async function toTop(id: ConversationId): Promise<void> {
    put(scrollTo(store.state, appearance));
    await loader.oldest(id);
    if (store.state.current === id && current(store.state).at !== undefined) {
      put(scrollTo(store.state, appearance));
    }
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
      const up = where === 'page-up' || where === 'rows-up';
      if (up)
        put(scrollUp(store.state, appearance, { seen, ...(where === 'rows-up' && { rows: rowsScrolled }) }));
      else if (where === 'page-down') down(Math.max(1, layout(store.state).pane.height - 1));
      else if (where === 'rows-down') down(rowsScrolled);
      else if (where === 'top') void toTop(store.state.current);
      else put(undefined);
      if (up && topIsVisible(store.state, appearance)) void loader.older(store.state.current);
    },
    ...createSelecting(deps, loader, put),
    showNewest() {
      const last = current(store.state).entries.at(-1);
      if (last !== undefined) put(scrollTo(store.state, appearance, last.id));
    },
    async showLast(id, count) {
      const entry = await nthLast(store, loader.older, { id, count });
      if (entry !== undefined) show(id, entry);
    },
    async showSince(id, at) {
      const seq = await loader.firstSince(id, at);
      if (seq === undefined) store.notice('No messages since then.');
      else await jump(id, seq);
    },
    jump,
    older: loader.older,
    whole: loader.whole,
  };
}

/** @param put sets the scroll position */
function createSelecting(
  { store, appearance }: ScrollingDeps,
  loader: Pick<ReturnType<typeof createHistoryLoader>, 'older' | 'newer'>,
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
      else if (direction === 'down' && detached) void loader.newer(id);
      else if (direction === 'down') unselect();
      if (direction === 'up' && topIsVisible(store.state, appearance)) void loader.older(id);
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
  store: ScreenStore,
  older: Scrolling['older'],
  { id, count }: { id: ConversationId; count: number },
): Promise<string | undefined> {
  for (;;) {
    const { fromStart } = find(store.state, id) ?? current(store.state);
    const messages = messagesOf(store.state, id);
    const wanted = messages.at(-count) ?? (fromStart ? messages[0] : undefined);
    if (wanted !== undefined) return wanted.id;
    await older(id);
    // Nothing arrived: there is no more, no connection, or a refusal, of which a notice tells.
    if (messagesOf(store.state, id).length <= messages.length) return messages[0]?.id;
  }
}

function messagesOf(state: ScreenState, id: ConversationId): PaneEntry[] {
  const { entries } = find(state, id) ?? current(state);
  return entries.filter(({ kind }) => kind === 'message');
}

const nothing = { entries: [], fromStart: false };
const pageSize = 100;
/** For a turn of the wheel. */
const rowsScrolled = 3;
/** Messages before and after the one the reader jumps to. */
const contextSize = 50;

/** Loads pages of history into a conversation's window. */
function createHistoryLoader({ store, session, ignored }: ScrollingDeps) {
  /** Not if it was closed meanwhile: that would bring it back. */
  function changeOpen(id: ConversationId, to: (conversation: ConversationState) => ConversationState): void {
    if (find(store.state, id) !== undefined) store.change(id, to);
  }

  /** @throws CommandRefused, ConnectionLost */
  async function page(id: ConversationId, range: object): Promise<Page> {
    const where = toRoomOrPerson(id);
    const reply = await session.ask({ type: 'history', ...where, limit: pageSize, ...range });
    if (reply.type === 'error') throw new CommandRefused(errorWords(reply));
    const all = reply.messages ?? [];
    const shown = all.filter(({ from }) => !ignored.has(from));
    const entries = shown.map((message) => messageEntry(message, session.name));
    return { all, entries, more: reply.more === true };
  }

  const loads = new Map<ConversationId, Promise<void>>();

  /** One at a time in a conversation. Never rejects. */
  async function load(id: ConversationId, range: object, add: typeof withOlder): Promise<void> {
    const loaded = loadPage(id, range, add);
    loads.set(id, loaded);
    await loaded;
  }

  /** After a lost connection the reader scrolls on and it is requested again. */
  async function loadPage(id: ConversationId, range: object, add: typeof withOlder): Promise<void> {
    store.change(id, (conversation) => ({ ...conversation, loading: true }));
    const loaded = await page(id, range).catch((error: unknown) => {
      if (error instanceof CommandRefused) store.notice(error.message, 'bad');
    });
    changeOpen(id, (conversation) => ({ ...conversation, loading: false }));
    if (loaded) changeOpen(id, (conversation) => add(conversation, loaded.entries, loaded.more));
  }

  return {
    /** The page above the window; nothing if there is none or it is already being loaded. Never rejects. */
    async older(id: ConversationId): Promise<void> {
      const conversation = find(store.state, id);
      if (conversation === undefined || conversation.fromStart || conversation.loading) return;
      const first = firstSeq(conversation);
      await load(id, first === undefined ? {} : { before: first }, withOlder);
    },
    /** The first page of the history, unless it is there. Never rejects. */
    async oldest(id: ConversationId): Promise<void> {
      await loads.get(id);
      const conversation = find(store.state, id);
      if (conversation === undefined || conversation.fromStart || conversation.loading) return;
      await load(id, { after: 0 }, withOldest);
    },
    /** The page below a detached window. Never rejects. */
    async newer(id: ConversationId): Promise<void> {
      const conversation = find(store.state, id);
      if (conversation?.detached !== true || conversation.loading) return;
      await load(id, { after: lastSeq(conversation) }, withNewer);
    },
    async whole(id: ConversationId, most: number, progress: (messages: number) => void): Promise<Whole> {
      const open = find(store.state, id);
      // A detached window lacks the newest messages.
      const { entries, fromStart } = open === undefined || open.detached ? nothing : open;
      let before = firstSeq({ entries });
      let more = !fromStart;
      const pages: (readonly PaneEntry[])[] = [entries];
      let count = entries.length;
      while (more && count < most) {
        const loaded = await page(id, before === undefined ? {} : { before });
        more = loaded.more;
        checkPage(
          loaded.all.map(({ seq }) => seq),
          { before, more },
        );
        before = loaded.all[0]?.seq;
        pages.push(loaded.entries);
        count += loaded.entries.length;
        progress(count);
      }
      return { entries: pages.reverse().flat(), more };
    },
    /** The newest page in place of a detached window. Never rejects. */
    async newest(id: ConversationId): Promise<void> {
      await loads.get(id);
      const conversation = find(store.state, id);
      if (conversation?.detached !== true || conversation.at !== undefined || conversation.loading) return;
      await load(id, {}, withNewest);
    },
    /**
     * A window around a message in place of what is there.
     * @returns false if there is no such message
     * @throws CommandRefused, ConnectionLost
     */
    async around(id: ConversationId, seq: number): Promise<boolean> {
      const before = await page(id, { before: seq + 1, limit: contextSize + 1 });
      const after = await page(id, { after: seq, limit: contextSize });
      if (before.all.at(-1)?.seq !== seq) return false;
      const entries = [...before.entries, ...after.entries];
      changeOpen(id, (conversation) =>
        withWindowAround(conversation, entries, { seq, older: before.more, newer: after.more }),
      );
      return true;
    },
    /**
     * Seq of the first message since a moment (milliseconds since the epoch); undefined for none.
     * @throws CommandRefused, ConnectionLost
     */
    async firstSince(id: ConversationId, at: number): Promise<number | undefined> {
      const found = await page(id, { since: new Date(at).toISOString(), limit: 1 });
      return found.all[0]?.seq;
    },
  };
}

interface Page {
  /** With those of ignored people. */
  readonly all: readonly Message[];
  readonly entries: readonly MessageEntry[];
  readonly more: boolean;
}
