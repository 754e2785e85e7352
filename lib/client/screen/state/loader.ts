/** Loads what the window of a conversation does not hold, from the server. Knows pages, not when they are wanted. */
import type { Message } from '../../../protocol/records.js';
import type { Session } from '../../session/session.js';
import { errorWords } from '../../text/wording.js';
import { around, withNewer } from './amending.js';
import { firstSeq, lastSeq, type MessageEntry, messageEntry, reattached, withOlder } from './conversation.js';
import { find } from './conversations.js';
import type { ConversationId, ConversationState } from './state.js';
import type { ScreenStore } from './store.js';

/** Each resolves when it is done; none rejects. */
export interface Loader {
  /** The page above what is there; nothing where there is none or it is on its way. */
  older(id: ConversationId): Promise<void>;
  /** The page below a window that ends before the newest. */
  newer(id: ConversationId): Promise<void>;
  /** The newest page in place of a window that ends before it. */
  newest(id: ConversationId): Promise<void>;
  /** A window around a message in place of what is there. */
  around(id: ConversationId, seq: number): Promise<'shown' | 'not-there' | 'failed'>;
  /** Seq of the first message since a moment (milliseconds since the epoch); undefined for none. */
  firstSince(id: ConversationId, at: number): Promise<number | undefined>;
}

const pageSize = 100;
/** Messages before and after the one that somebody jumps to. */
const besides = 50;

export interface LoaderDeps {
  readonly stage: ScreenStore;
  readonly session: Pick<Session, 'ask' | 'name'>;
  /** Names that are not shown. */
  readonly ignored: ReadonlySet<string>;
}

export function createLoader({ stage, session, ignored }: LoaderDeps): Loader {
  /** Not where it was put away meanwhile: that would bring it back. */
  function changeOpen(id: ConversationId, to: (conversation: ConversationState) => ConversationState): void {
    if (find(stage.state, id) !== undefined) stage.change(id, to);
  }

  /** Undefined where it was refused, which is told, or the connection went: whoever scrolls on asks again. */
  async function page(id: ConversationId, range: object): Promise<Page | undefined> {
    const place = id.startsWith('#') ? { room: id.slice(1) } : { with: id.slice(1) };
    try {
      const reply = await session.ask({ type: 'history', ...place, limit: pageSize, ...range });
      if (reply.type === 'error') {
        stage.tell(errorWords(reply), 'bad');
        return undefined;
      }
      const all = reply.messages ?? [];
      const shown = all.filter(({ from }) => !ignored.has(from));
      const entries = shown.map((message) => messageEntry(message, session.name));
      return { all, entries, more: reply.more === true };
    } catch {
      return undefined;
    }
  }

  async function load(id: ConversationId, range: object, put: typeof withOlder): Promise<void> {
    stage.change(id, (conversation) => ({ ...conversation, loading: true }));
    const loading = await page(id, range);
    changeOpen(id, loaded);
    if (loading === undefined) return;
    changeOpen(id, (conversation) => put(conversation, loading.entries, loading.more));
  }

  return {
    async older(id) {
      const conversation = find(stage.state, id);
      if (conversation === undefined || conversation.fromStart || conversation.loading) return;
      const first = firstSeq(conversation);
      await load(id, first === undefined ? {} : { before: first }, withOlder);
    },
    async newer(id) {
      const conversation = find(stage.state, id);
      if (conversation?.detached !== true || conversation.loading) return;
      await load(id, { after: lastSeq(conversation) }, withNewer);
    },
    async newest(id) {
      const conversation = find(stage.state, id);
      if (conversation?.detached !== true || conversation.loading) return;
      await load(id, {}, reattached);
    },
    async around(id, seq) {
      const before = await page(id, { before: seq + 1, limit: besides + 1 });
      const after = before && (await page(id, { after: seq, limit: besides }));
      if (before === undefined || after === undefined) return 'failed';
      if (before.all.at(-1)?.seq !== seq) return 'not-there';
      const entries = [...before.entries, ...after.entries];
      changeOpen(id, (conversation) =>
        around(conversation, entries, { seq, older: before.more, newer: after.more }),
      );
      return 'shown';
    },
    async firstSince(id, at) {
      const found = await page(id, { since: new Date(at).toISOString(), limit: 1 });
      return found?.all[0]?.seq;
    },
  };
}

interface Page {
  /** With those of people whom this person ignores. */
  readonly all: readonly Message[];
  readonly entries: readonly MessageEntry[];
  readonly more: boolean;
}

function loaded(conversation: ConversationState): ConversationState {
  return { ...conversation, loading: false };
}
