/** Tells the server what was read, so that it is not unread next time. Knows conversations and seqs, no screen. */
import type { RoomOrPerson } from '../../protocol/names.js';
import type { Message } from '../../protocol/records.js';
import type { Session } from './session.js';

export interface ReadMarks {
  /** This message was shown. */
  shown(message: Message): void;
  /** Sends what was not sent yet, without waiting for a reply. */
  flush(): void;
}

interface ReadMarksDeps {
  readonly session: Pick<Session, 'ask' | 'name'>;
  /** Calls back once after a while; several messages then make one request. */
  readonly later: (callback: () => void) => void;
}

export function createReadMarks({ session, later }: ReadMarksDeps): ReadMarks {
  const unsent = new Map<string, { conversation: RoomOrPerson; seq: number }>();
  let scheduled = false;

  function flush(): void {
    scheduled = false;
    for (const { conversation, seq } of unsent.values()) {
      // A lost mark only shows a message as unread once more.
      session.ask({ type: 'read', ...conversation, seq }).catch(() => {});
    }
    unsent.clear();
  }

  return {
    shown(message) {
      const conversation = conversationFor(message, session.name);
      if (conversation === undefined) return;
      const key = JSON.stringify(conversation);
      if ((unsent.get(key)?.seq ?? 0) >= message.seq) return;
      unsent.set(key, { conversation, seq: message.seq });
      if (scheduled) return;
      scheduled = true;
      later(flush);
    },
    flush,
  };
}

/** The conversation of a message as a request names it. */
function conversationFor(message: Message, me: string): RoomOrPerson | undefined {
  if (message.room !== undefined) return { room: message.room };
  if (message.to === undefined) return undefined;
  return { with: message.from === me ? message.to : message.from };
}
