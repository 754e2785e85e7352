/** Loads pages of history into a conversation's window, or all of it to be saved. Knows requests, neither keys nor the layout. */
import { toRoomOrPerson } from '../../protocol/names.js';
import type { Message } from '../../protocol/records.js';
import { CommandRefused } from '../commands/command.js';
import { checkPage } from '../session/pages.js';
import type { Session } from '../session/session.js';
import { errorWords } from '../text/wording.js';
import { firstSeq, lastSeq, scrolledToEnd } from './state/conversation.js';
import { find } from './state/conversations.js';
import { withNewer, withNewest, withOlder, withOldest, withWindowAround } from './state/history-window.js';
import { messageEntry } from './state/message-entry.js';
import type { ConversationId, ConversationState, MessageEntry, PaneEntry } from './state/state.js';
import type { ScreenStore } from './state/store.js';

interface HistoryLoaderDeps {
  readonly store: ScreenStore;
  readonly session: Pick<Session, 'ask' | 'name'>;
  /** People whose messages are not shown. */
  readonly ignored: ReadonlySet<string>;
}

export interface Whole {
  readonly entries: readonly PaneEntry[];
  /** There are older messages. */
  readonly more: boolean;
}

interface Page {
  /** With those of ignored people. */
  readonly all: readonly Message[];
  readonly entries: readonly MessageEntry[];
  readonly more: boolean;
}

const nothing = { entries: [], fromStart: false };
const pageSize = 100;
/** Messages before and after the one the reader jumps to. */
const contextSize = 50;

export type HistoryLoader = ReturnType<typeof createHistoryLoader>;

export function createHistoryLoader({ store, session, ignored }: HistoryLoaderDeps) {
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
    // Not if it was closed meanwhile: that would bring it back.
    store.changeOpen(id, (conversation) => ({ ...conversation, loading: false }));
    if (loaded) store.changeOpen(id, (conversation) => add(conversation, loaded.entries, loaded.more));
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
    /**
     * A conversation from its beginning, or the newest `most` messages, which may be a page more; the window stays as it is.
     * @param progress called with the number of messages after each page
     * @throws CommandRefused, ConnectionLost; ProtocolError `bad-frame` for a page that leads nowhere
     */
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
    /** The newest page in place of a detached window at whose end the reader is. Never rejects. */
    async newest(id: ConversationId): Promise<void> {
      await loads.get(id);
      const conversation = find(store.state, id);
      if (conversation === undefined || !lacksNewest(conversation) || conversation.loading) return;
      await load(id, {}, withNewest);
      // If it can't be loaded, the end of the window must not pass for the newest message.
      store.changeOpen(id, (after) => (lacksNewest(after) ? scrolledToEnd(after) : after));
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
      store.changeOpen(id, (conversation) =>
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

function lacksNewest({ detached, at }: ConversationState): boolean {
  return detached === true && at === undefined;
}
