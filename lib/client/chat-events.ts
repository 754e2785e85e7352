/** What a program listens to: events by their type, from the end of the first catch-up on. Knows no requests. */
import { createListener } from './front-end.js';
import type { SessionEvent, SessionStatus } from './session/session.js';
import type { ServerEvent } from './wire/connection.js';

/**
 * What `on` takes: each event of the protocol by its type, and `status` for the state of the connection.
 * @interface
 */
export type ChatEvents = {
  readonly [T in ServerEvent['type']]: Extract<ServerEvent, { type: T }>;
} & { readonly status: SessionStatus };

export function createChatEvents() {
  const { listener: later, open } = createListener();
  let caughtUp = false;
  const all = new Map<keyof ChatEvents, Set<(event: never) => void>>();

  function emit<T extends keyof ChatEvents>(type: T, event: ChatEvents[T]): void {
    for (const listener of [...(all.get(type) ?? [])] as ((event: ChatEvents[T]) => void)[]) {
      try {
        listener(event);
      } catch (error) {
        // The session goes on as if nothing had happened.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  function emitEvent(event: SessionEvent): void {
    if (event.kind === 'event') emit(event.event.type, event.event);
    if (event.kind === 'status') emit('status', event.status);
  }

  return {
    on<T extends keyof ChatEvents>(type: T, listener: (event: ChatEvents[T]) => void): () => void {
      const those = all.get(type) ?? new Set();
      all.set(type, those);
      // Its own identity, so that a listener that is added twice is taken away once.
      const added = (event: ChatEvents[T]): void => listener(event);
      those.add(added);
      return () => void those.delete(added);
    },
    /** Must see everything that happens. */
    notice(event: SessionEvent): void {
      if (caughtUp) later(event);
      if (event.kind === 'synced') caughtUp = true;
    },
    /** Passes events on from now on, those since it has caught up first. */
    release: () => open(emitEvent),
  };
}
