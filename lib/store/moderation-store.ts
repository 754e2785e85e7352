/** What is held against whom, and who did what. */
import type { RoomRules } from '../protocol/records.js';

/** Whom or what a ban is for. An address is an IP address or a CIDR range in its canonical spelling. */
export type BanSubject = { readonly account: number } | { readonly address: string };

export interface BanTerms {
  /** Without it, for good. */
  readonly until?: number;
  readonly reason: string;
  /** A name, or `operator`. */
  readonly by: string;
  readonly at: number;
}

export type Ban = BanTerms &
  ({ readonly name: string; readonly account: number } | { readonly address: string });

export interface Mute {
  /** Without it, everywhere. */
  readonly room?: number;
  /** Without it, for good. */
  readonly until?: number;
}

export interface NewAudit {
  readonly at: number;
  /** A name, or `operator`. */
  readonly by: string;
  readonly action: string;
  /** A name or an address. */
  readonly on?: string;
  readonly room?: string;
  /** It is about a private room: for the operator alone. */
  readonly hidden?: true;
  readonly detail?: string;
  readonly reason?: string;
}

export interface Audited extends NewAudit {
  readonly id: number;
}

/** Part of a Store; see store.ts for what all of it promises. */
export interface ModerationStore {
  /**
   * Ends every session of the account, its reset and what it handed out, in one transaction. Replaces an earlier ban.
   * Never leaves the server without an admin who can sign in.
   */
  ban(subject: BanSubject, terms: BanTerms): Promise<'banned' | 'last-admin'>;
  /** @returns false where there was none */
  unban(subject: BanSubject, at: number): Promise<boolean>;
  /** Those that have not ended, the newest first. */
  bans(at: number): Promise<readonly Ban[]>;
  /** The ban of an account, undefined for none. */
  banOf(account: number, at: number): Promise<Ban | undefined>;
  /** Replaces an earlier one of the same place. */
  mute(account: number, mute: Mute): Promise<void>;
  /** @returns false where there was none */
  unmute(account: number, room: number | undefined, at: number): Promise<boolean>;
  /** Those of an account that have not ended. */
  mutes(account: number, at: number): Promise<readonly Mute[]>;
  setRules(room: number, rules: RoomRules): Promise<void>;

  /** @returns false where there are `limits.blocks` already */
  block(account: number, other: number): Promise<boolean>;
  /** @returns false where it was not blocked */
  unblock(account: number, other: number): Promise<boolean>;
  /** Names, in alphabetical order. */
  blocks(account: number): Promise<readonly string[]>;

  /** Entries are never changed or taken away. */
  record(audit: NewAudit): Promise<void>;
  /** The newest first. */
  audit(page: { before?: number; limit: number; hidden: boolean }): Promise<readonly Audited[]>;
}
