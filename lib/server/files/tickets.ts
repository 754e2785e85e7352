/** One-time tickets for file connections. Knows whose they are and for what; neither files nor sockets. */
import { limits } from '../../protocol/limits.js';
import type { Clock } from '../clock.js';
import { hashSecret, newToken } from '../secret.js';

export interface Tickets<Purpose> {
  /** @returns the ticket, which is kept nowhere; good once, for `limits.ticketMs` */
  issue(account: number, purpose: Purpose): string;
  /** What a ticket is for; undefined for one that is unknown, used or too old. */
  redeem(ticket: string): Purpose | undefined;
  /** Ends all tickets of an account. */
  revoke(account: number): void;
}

interface Issued<Purpose> {
  readonly account: number;
  readonly purpose: Purpose;
  readonly cancel: () => void;
}

export function createTickets<Purpose>(clock: Clock): Tickets<Purpose> {
  const issued = new Map<string, Issued<Purpose>>();

  function take(key: string): Issued<Purpose> | undefined {
    const found = issued.get(key);
    found?.cancel();
    issued.delete(key);
    return found;
  }

  return {
    issue(account, purpose) {
      const { text, hash } = newToken();
      const key = keyOf(hash);
      const cancel = clock.after(limits.ticketMs, () => void issued.delete(key));
      issued.set(key, { account, purpose, cancel });
      return text;
    },
    redeem: (ticket) => take(keyOf(hashSecret(ticket)))?.purpose,
    revoke(account) {
      for (const [key, one] of issued) if (one.account === account) take(key);
    },
  };
}

function keyOf(hash: Uint8Array): string {
  return Buffer.from(hash).toString('base64');
}
