/** Requests that outlive a lost connection: they wait for it and are asked again. Knows a session's events, not what is asked. */
import type { Reply } from '../../protocol/events.js';
import type { Conversation } from '../../protocol/records.js';
import { ConnectionLost, type RequestBody } from '../wire/connection.js';
import { type Session, type SessionEnd, SessionEnded, type SessionEvent } from './session.js';

/** Waits for the connection, which may be lost and come back. */
export interface ConnectionWatch {
  /** Must see everything that happens. */
  notice(event: SessionEvent): void;
  /** Why the session ended; undefined before that. */
  readonly end: SessionEnd | undefined;
  /** The conversations of the sign-in, all rooms among them; rejects with SessionEnded. */
  ready(): Promise<readonly Conversation[]>;
  /**
   * Repeats a request until there is a reply, over several connections if they are lost.
   * @throws SessionEnded; ConnectionLost where the server answers other requests but not this one, or each of 5 connections was lost
   */
  ask(request: RequestBody): Promise<Reply>;
}

const mostTries = 5;

export function createConnectionWatch(session: Pick<Session, 'ask'>): ConnectionWatch {
  let conversations: readonly Conversation[] | undefined;
  let end: SessionEnd | undefined;
  let online = false;
  let waiting: (() => void)[] = [];

  async function ready(): Promise<readonly Conversation[]> {
    while (conversations === undefined || !online) {
      if (end !== undefined) throw new SessionEnded(end);
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
    }
    return conversations;
  }

  return {
    notice(event) {
      if (event.kind === 'status') online = event.status.state === 'online';
      if (event.kind === 'status' && event.status.state === 'ended') end = event.status.end;
      if (event.kind === 'synced') conversations ??= event.conversations;
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    },
    get end() {
      return end;
    },
    ready,
    async ask(request) {
      for (let tries = 1; ; tries++) {
        await ready();
        try {
          return await session.ask(request);
        } catch (error) {
          const unanswered = error instanceof ConnectionLost && error.unanswered;
          if (unanswered || tries === mostTries) throw error;
        }
        // The loss of the connection is reported after this turn.
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}
