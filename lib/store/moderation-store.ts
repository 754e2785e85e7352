/** The part of a Store that keeps bans, mutes, blocks, room rules and the audit log. */
import type { RoomRules } from '../protocol/records.js';

/** What a ban applies to. An address is an IP address or a CIDR range in its canonical form. */
export type BanSubject = { readonly account: number } | { readonly address: string };

export interface BanTerms {
  /** Undefined: until it is lifted. */
  readonly until?: number;
  readonly reason: string;
  /** A name, or `operator`. */
  readonly by: string;
  readonly at: number;
}

export type BanRecord = BanTerms &
  ({ readonly name: string; readonly account: number } | { readonly address: string });

export interface Mute {
  /** Undefined: everywhere. */
  readonly room?: number;
  /** Undefined: until it is lifted. */
  readonly until?: number;
}

export interface NewAuditRecord {
  readonly at: number;
  /** A name, or `operator`. */
  readonly by: string;
  readonly action: string;
  /** A name or an address. */
  readonly on?: string;
  readonly room?: string;
  /** About a private room, so for the operator only. */
  readonly hidden?: true;
  readonly detail?: string;
  readonly reason?: string;
}

export interface AuditRecord extends NewAuditRecord {
  readonly id: number;
}

/** Part of a Store; see store.ts for what all of it promises. */
export interface ModerationStore {
  /**
   * Ends every session of the account, its reset, and the invites and resets that it handed out, in one transaction.
   * Replaces an earlier ban. Never leaves the server without an admin who can sign in.
   */
  ban(subject: BanSubject, terms: BanTerms): Promise<'banned' | 'last-admin'>;
  /** @returns false where there was none */
  unban(subject: BanSubject, at: number): Promise<boolean>;
  /** Those that have not ended, the newest first. */
  bans(at: number): Promise<readonly BanRecord[]>;
  /** The ban of an account; undefined for none. */
  banOf(account: number, at: number): Promise<BanRecord | undefined>;
  /** Replaces an earlier mute of the same room, or of everywhere. */
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

  /** Entries are never changed or removed. */
  recordAudit(entry: NewAuditRecord): Promise<void>;
  /** The newest first. */
  auditLog(page: { before?: number; limit: number; hidden: boolean }): Promise<readonly AuditRecord[]>;
}
