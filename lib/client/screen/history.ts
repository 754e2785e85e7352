/** Loads pages of history from the server into a conversation's window. Knows pages, not when they are wanted. */
import type { Message } from '../../protocol/records.js';
import { CommandRefused } from '../commands/refusal.js';
import type { Session } from '../session/session.js';
import { errorWords } from '../text/wording.js';
import {
  firstSeq,
  lastSeq,
  messageEntry,
  withNewer,
  withNewest,
  withOlder,
  withWindowAround,
} from './state/conversation.js';
import { find } from './state/conversations.js';
import type { ConversationId, ConversationState, MessageEntry } from './state/state.js';
import type { ScreenStore } from './state/store.js';

/** The first three resolve once the page is there or could not be loaded; they never reject. */
export interface HistoryLoader {
  /** The page above the window; nothing if there is none or it is already being loaded. */
  older(id: ConversationId): Promise<void>;
  /** The page below a detached window. */
  newer(id: ConversationId): Promise<void>;
  /** The newest page in place of a detached window. */
  newest(id: ConversationId): Promise<void>;
  /**
   * A window around a message in place of what is there.
   * @returns false if there is no such message
   * @throws CommandRefused, ConnectionLost
   */
  around(id: ConversationId, seq: number): Promise<boolean>;
  /**
   * Seq of the first message since a moment (milliseconds since the epoch); undefined for none.
   * @throws CommandRefused, ConnectionLost
   */
  firstSince(id: ConversationId, at: number): Promise<number | undefined>;
}

const pageSize = 100;
/** Messages before and after the one the reader jumps to. */
const contextSize = 50;

export interface LoaderDeps {
  readonly store: ScreenStore;
  readonly session: Pick<Session, 'ask' | 'name'>;
  /** People whose messages are not shown. */
  readonly ignored: ReadonlySet<string>;
}

export function createHistoryLoader({ store, session, ignored }: LoaderDeps): HistoryLoader {
  /** Not if it was closed meanwhile: that would bring it back. */
  function changeOpen(id: ConversationId, to: (conversation: ConversationState) => ConversationState): void {
    if (find(store.state, id) !== undefined) store.change(id, to);
  }

  /** @throws CommandRefused, ConnectionLost */
  async function page(id: ConversationId, range: object): Promise<Page> {
    const where = id.startsWith('#') ? { room: id.slice(1) } : { with: id.slice(1) };
    const reply = await session.ask({ type: 'history', ...where, limit: pageSize, ...range });
    if (reply.type === 'error') throw new CommandRefused(errorWords(reply));
    const all = reply.messages ?? [];
    const shown = all.filter(({ from }) => !ignored.has(from));
    const entries = shown.map((message) => messageEntry(message, session.name));
    return { all, entries, more: reply.more === true };
  }

  /** After a lost connection the reader scrolls on and it is requested again. */
  async function load(id: ConversationId, range: object, add: typeof withOlder): Promise<void> {
    store.change(id, (conversation) => ({ ...conversation, loading: true }));
    const loaded = await page(id, range).catch((error: unknown) => {
      if (error instanceof CommandRefused) store.notice(error.message, 'bad');
    });
    changeOpen(id, (conversation) => ({ ...conversation, loading: false }));
    if (loaded) changeOpen(id, (conversation) => add(conversation, loaded.entries, loaded.more));
  }

  return {
    async older(id) {
      const conversation = find(store.state, id);
      if (conversation === undefined || conversation.fromStart || conversation.loading) return;
      const first = firstSeq(conversation);
      await load(id, first === undefined ? {} : { before: first }, withOlder);
    },
    async newer(id) {
      const conversation = find(store.state, id);
      if (conversation?.detached !== true || conversation.loading) return;
      await load(id, { after: lastSeq(conversation) }, withNewer);
    },
    async newest(id) {
      const conversation = find(store.state, id);
      if (conversation?.detached !== true || conversation.loading) return;
      await load(id, {}, withNewest);
    },
    async around(id, seq) {
      const before = await page(id, { before: seq + 1, limit: contextSize + 1 });
      const after = await page(id, { after: seq, limit: contextSize });
      if (before.all.at(-1)?.seq !== seq) return false;
      const entries = [...before.entries, ...after.entries];
      changeOpen(id, (conversation) =>
        withWindowAround(conversation, entries, { seq, older: before.more, newer: after.more }),
      );
      return true;
    },
    async firstSince(id, at) {
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
