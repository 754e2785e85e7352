/**
 * Tells the server what was shown, so that it is not new next time. Knows conversations and seqs, not how
 * they are shown.
 */
import type { Message } from '../../protocol/records.js';
import type { Session } from './session.js';

export interface ReadMarks {
  /** This message was shown. */
  shown(message: Message): void;
  /** Sends what is not sent yet, and waits for no reply. */
  flush(): void;
}

export interface ReadMarksDeps {
  readonly session: Pick<Session, 'ask' | 'name'>;
  /** Calls back once after a while; several messages then make one request. */
  readonly later: (callback: () => void) => void;
}

export function createReadMarks({ session, later }: ReadMarksDeps): ReadMarks {
  const unsent = new Map<string, { place: { room: string } | { with: string }; seq: number }>();
  let scheduled = false;

  function flush(): void {
    scheduled = false;
    for (const { place, seq } of unsent.values()) {
      // A mark that is lost only shows a message as new once more.
      session.ask({ type: 'read', ...place, seq }).catch(() => {});
    }
    unsent.clear();
  }

  return {
    shown(message) {
      const place = placeOf(message, session.name);
      if (place === undefined) return;
      const key = JSON.stringify(place);
      if ((unsent.get(key)?.seq ?? 0) >= message.seq) return;
      unsent.set(key, { place, seq: message.seq });
      if (scheduled) return;
      scheduled = true;
      later(flush);
    },
    flush,
  };
}

/** The conversation of a message as a request names it. */
function placeOf(message: Message, me: string): { room: string } | { with: string } | undefined {
  if (message.room !== undefined) return { room: message.room };
  if (message.to === undefined) return undefined;
  return { with: message.from === me ? message.to : message.from };
}
