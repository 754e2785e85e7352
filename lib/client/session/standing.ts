/**
 * What this person has asked for and the server keeps only as long as the connection: asked for again on the next one.
 * Knows requests and replies, not connections.
 */
import { parseName } from '../../protocol/names.js';
import type { RequestBody, ServerEvent, Settle } from '../wire/connection.js';

export interface Standing {
  /** Must see every request that is sent. @returns must be called with its outcome */
  sent(request: RequestBody): Settle;
  /** Must see every event. */
  notice(event: ServerEvent): void;
  /** Asks for all of it, on a new connection. */
  restore(request: (body: RequestBody, settle: Settle) => void): void;
  /** Names of people whose coming online is waited for. */
  readonly watched: readonly string[];
}

export function createStanding(): Standing {
  const watched = new Set<string>();
  let sharing: RequestBody | undefined;

  return {
    sent(request) {
      if (request.type === 'share') {
        return (outcome) => {
          if (!(outcome instanceof Error) && outcome.type === 'ok') sharing = request;
        };
      }
      if (request.type !== 'watch' && request.type !== 'unwatch') return () => {};
      const { type } = request;
      const parsed = parseName(request.name);
      const name = parsed.ok ? parsed.name : request.name;
      // Before the reply: the event that it is done may come first.
      const isNew = type === 'watch' && !watched.has(name);
      if (isNew) watched.add(name);
      return (outcome) => {
        const isRefused = outcome instanceof Error || outcome.type === 'error';
        if (type === 'unwatch' ? !(outcome instanceof Error) : isNew && isRefused) watched.delete(name);
      };
    },
    notice(event) {
      if (event.type === 'online') watched.delete(event.name);
    },
    restore(request) {
      if (sharing !== undefined) request(sharing, () => {});
      for (const name of watched) {
        request({ type: 'watch', name }, (outcome) => {
          // With a lost connection it stays for the next one.
          if (!(outcome instanceof Error) && outcome.type === 'error') watched.delete(name);
        });
      }
    },
    get watched() {
      return [...watched].sort();
    },
  };
}
