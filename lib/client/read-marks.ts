/**
 * Tells the server what was shown, so that it is not new next time. Knows conversations and seqs, not how
 * they are shown.
 */
import type { Message } from '../protocol/events.js';
import type { Session } from './session.js';

export interface ReadMarks {
  /** This message was shown. */
  shown(message: Message): void;
  /** Sends what is not sent yet; resolves when the server has it, or cannot be told. */
  flush(): Promise<void>;
}

export interface ReadMarksDeps {
  readonly session: Pick<Session, 'ask' | 'name'>;
  /** Calls back once after a while; several messages then make one request. */
  readonly later: (callback: () => void) => void;
}

export function createReadMarks({ session, later }: ReadMarksDeps): ReadMarks {
  const unsent = new Map<string, { place: { room: string } | { with: string }; seq: number }>();
  let scheduled = false;

  async function flush(): Promise<void> {
    scheduled = false;
    const marks = [...unsent.values()];
    unsent.clear();
    // A mark that is lost only shows a message as new once more.
    await Promise.allSettled(marks.map(({ place, seq }) => session.ask({ type: 'read', ...place, seq })));
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
      later(() => void flush());
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
