/** Whom this person has blocked: asked for once it is needed, and again after a change. Knows requests, not what a block does. */
import type { RequestBody } from '../wire/connection.js';
import type { Session } from './session.js';

export interface BlockList {
  /** What was known before if the server does not say; undefined if nothing was. Never rejects. */
  names(): Promise<ReadonlySet<string> | undefined>;
  /** Must see every request that is sent. */
  sent(request: RequestBody): void;
  /** Another terminal may have changed it while the connection was lost. */
  reconnected(): void;
}

export function createBlockList(ask: Session['ask']): BlockList {
  let known: ReadonlySet<string> | undefined;
  let asked: Promise<ReadonlySet<string> | undefined> | undefined;

  async function read(): Promise<ReadonlySet<string> | undefined> {
    try {
      const reply = await ask({ type: 'blocks' });
      if (reply.type === 'ok') known = new Set(reply.names);
    } catch {
      asked = undefined;
    }
    return known;
  }

  return {
    names() {
      asked ??= read();
      return asked;
    },
    // Requests are handled in order: the next answer has the change.
    sent({ type }) {
      if (type === 'block' || type === 'unblock') asked = undefined;
    },
    reconnected() {
      asked = undefined;
    },
  };
}
