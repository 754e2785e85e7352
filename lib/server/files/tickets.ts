/** One-time tickets for file connections. Knows accounts and purposes, neither files nor sockets. */
import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import type { FileInfo } from '../../protocol/records.js';
import type { Account } from '../../store/account-store.js';
import type { Clock } from '../../system/clock.js';
import { hashToken, newToken } from '../auth/tokens.js';
import type { ConversationName } from '../chat/lookup.js';

export interface Tickets<Purpose> {
  /** @returns a ticket, valid once, for `limits.ticketMs` or until `limits.ticketsPerAccount` newer ones; only its hash is stored */
  issue(account: number, purpose: Purpose): string;
  /** The purpose of a ticket; undefined if it is unknown, used or expired. */
  redeem(ticket: string): Purpose | undefined;
  /** Revokes all tickets of an account. */
  revoke(account: number): void;
}

interface Issued<Purpose> {
  readonly account: number;
  readonly purpose: Purpose;
  readonly cancel: () => void;
}

export function createTickets<Purpose>(clock: Clock): Tickets<Purpose> {
  const issued = new Map<string, Issued<Purpose>>();
  // By account, the latest last.
  const accounts = new Map<number, Set<string>>();

  function take(key: string): Issued<Purpose> | undefined {
    const found = issued.get(key);
    if (found === undefined) return undefined;
    found.cancel();
    issued.delete(key);
    const own = accounts.get(found.account);
    own?.delete(key);
    if (own?.size === 0) accounts.delete(found.account);
    return found;
  }

  return {
    issue(account, purpose) {
      const { text, hash } = newToken();
      const key = keyOf(hash);
      const cancel = clock.after(limits.ticketMs, () => void take(key));
      issued.set(key, { account, purpose, cancel });
      const own = accounts.get(account) ?? new Set<string>();
      accounts.set(account, own.add(key));
      for (const oldest of own) {
        if (own.size <= limits.ticketsPerAccount) break;
        take(oldest);
      }
      return text;
    },
    redeem: (ticket) => take(keyOf(hashToken(ticket)))?.purpose,
    revoke(account) {
      for (const key of [...(accounts.get(account) ?? [])]) take(key);
    },
  };
}

function keyOf(hash: Uint8Array): string {
  return Buffer.from(hash).toString('base64');
}

export interface Upload {
  readonly what: 'upload';
  readonly account: Account;
  /** Names the received bytes until the upload is complete. */
  readonly id: string;
  readonly where: ConversationName;
  readonly file: FileInfo;
  readonly key: string;
}

export interface Download {
  readonly what: 'download';
  readonly account: Account;
  readonly of: number;
  readonly file: FileInfo;
}

export function ticketInvalid(): ProtocolError {
  return new ProtocolError('ticket-invalid', 'This ticket is no longer valid. Request a new one.');
}

export function noSuchFile(): ProtocolError {
  return new ProtocolError('no-such-file', 'There is no such file.');
}
