/** Loads what the window of a conversation does not hold, from the server. Knows pages, not when they are wanted. */
import { errorWords } from '../../face/wording.js';
import type { Session } from '../../session.js';
import type { ConversationId, ConversationState } from '../state.js';
import { firstSeq, messageEntry, reattached, withOlder } from './conversation.js';
import { find } from './conversations.js';
import type { Stage } from './stage.js';

export interface Loader {
  /** The page above what is there; nothing where there is none or it is on its way. */
  older(id: ConversationId): void;
  /** The newest page in place of a window that ends before it. */
  newest(id: ConversationId): void;
}

const pageSize = 100;

export interface LoaderDeps {
  readonly stage: Stage;
  readonly session: Pick<Session, 'ask' | 'name'>;
  /** Names that are not shown. */
  readonly ignored: ReadonlySet<string>;
}

export function createLoader({ stage, session, ignored }: LoaderDeps): Loader {
  /** Not where it was put away meanwhile: that would bring it back. */
  function changeOpen(id: ConversationId, to: (conversation: ConversationState) => ConversationState): void {
    if (find(stage.state, id) !== undefined) stage.change(id, to);
  }

  function load(id: ConversationId, before: number | undefined, put: typeof withOlder): void {
    stage.change(id, (conversation) => ({ ...conversation, loading: true }));
    const place = id.startsWith('#') ? { room: id.slice(1) } : { with: id.slice(1) };
    const range = before === undefined ? {} : { before };
    session.ask({ type: 'history', ...place, ...range, limit: pageSize }).then(
      (reply) => {
        changeOpen(id, loaded);
        if (reply.type === 'error') {
          stage.tell(errorWords(reply), 'bad');
          return;
        }
        const page = (reply.messages ?? [])
          .filter(({ from }) => !ignored.has(from))
          .map((message) => messageEntry(message, session.name));
        changeOpen(id, (conversation) => put(conversation, page, reply.more === true));
      },
      // The connection went; whoever scrolls on asks again.
      () => changeOpen(id, loaded),
    );
  }

  return {
    older(id) {
      const conversation = find(stage.state, id);
      if (conversation === undefined || conversation.fromStart || conversation.loading) return;
      load(id, firstSeq(conversation), withOlder);
    },
    newest(id) {
      const conversation = find(stage.state, id);
      if (conversation?.detached !== true || conversation.loading) return;
      load(id, undefined, reattached);
    },
  };
}

function loaded(conversation: ConversationState): ConversationState {
  return { ...conversation, loading: false };
}
