/**
 * What is kept, as one interface that every driver has. Knows accounts, sessions, invites and the log of
 * messages; neither sockets nor who is online.
 *
 * Every method rejects with a StoreError when the storage itself fails; nothing that rejected was kept.
 * What a user can cause (a taken name, a used invite) is a value, not an error.
 *
 * Results arrive in the order of the calls. Times are milliseconds since the epoch.
 */
import type { Role } from '../protocol/events.js';

/** Storage failed: disk full, folder gone, database damaged. `cause` says how. */
export class StoreError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StoreError';
  }
}

/** Another process, or another part of this one, has this store open. */
export class StoreInUse extends StoreError {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StoreInUse';
  }
}

export interface Account {
  readonly id: number;
  /** Lower case, as lib/protocol/names.ts makes it. */
  readonly name: string;
  readonly role: Role;
  /** argon2id, PHC string. */
  readonly password: string;
}

export interface NewAccount {
  readonly name: string;
  /** The form in which names are compared by look; unique. */
  readonly skeleton: string;
  readonly password: string;
  readonly at: number;
  /** SHA-256 of an invite code: used up and its role given in the transaction that makes the account. */
  readonly invite?: Uint8Array;
}

export type Registered =
  | { readonly outcome: 'created'; readonly account: Account }
  | { readonly outcome: 'name-taken' }
  | { readonly outcome: 'name-look-alike'; readonly like: string }
  | { readonly outcome: 'invite-invalid' };

export interface NewInvite {
  readonly code: Uint8Array; // SHA-256 of the code
  readonly role: Role;
  readonly uses: number;
  readonly expires: number;
  readonly at: number;
  /** Made by a server that has no account yet; all such end when the next is made or the first account is. */
  readonly first?: boolean;
}

/** One sign-in that can be continued by its token. */
export interface NewSession {
  readonly account: number;
  readonly token: Uint8Array; // SHA-256 of the token
  readonly expires: number;
  readonly at: number;
  /** Kept after a graceful end. */
  readonly remember: boolean;
}

export interface Resume {
  readonly token: Uint8Array; // SHA-256 of the token shown
  readonly next: Uint8Array; // SHA-256 of the token that follows it
  readonly at: number;
  /** New expiry, for a remembered session and for one that is not. */
  readonly expires: { readonly remembered: number; readonly passing: number };
}

export interface Resumed {
  readonly session: number;
  readonly account: Account;
  /** It never ended: whoever shows its token goes on where the connection was lost. */
  readonly running: boolean;
}

/** A room, or what two people say to each other (ids in any order; the same id twice for notes to oneself). */
export type Target = { readonly room: number } | { readonly direct: readonly [number, number] };

export interface Entry {
  readonly seq: number;
  readonly at: number;
  /** Name of the sender. */
  readonly from: string;
  readonly key: string;
  readonly text: string;
  readonly action: boolean;
}

export interface NewEntry {
  readonly target: Target;
  readonly account: number;
  /** Like the text, without U+0000, which not every storage keeps; rejected where it has one. */
  readonly key: string;
  readonly text: string;
  readonly action: boolean;
  readonly at: number;
}

export interface Appended {
  readonly seq: number;
  readonly at: number;
  /** This account used this key before; seq and at are those of the first time. */
  readonly repeated: boolean;
}

export interface Room {
  readonly id: number;
  readonly name: string;
  /** Newest seq in it, 0 for none. */
  readonly last: number;
}

export interface Standing {
  readonly kind: 'room' | 'direct';
  /** The room's name, or the other person's. */
  readonly name: string;
  readonly target: Target;
  readonly last: number;
  readonly read: number;
}

export interface Page {
  readonly target: Target;
  /** Entries with a greater seq only. */
  readonly after?: number;
  /** Entries with a smaller seq only. */
  readonly before?: number;
  readonly limit: number;
  /** Which end of the range the limit keeps. */
  readonly keep: 'oldest' | 'newest';
}

export interface Store {
  /** Makes the account, a member of every room that everybody is in, and uses up the invite, all or nothing. */
  register(account: NewAccount): Promise<Registered>;
  account(name: string): Promise<Account | undefined>;
  accounts(): Promise<number>;
  setPassword(account: number, password: string): Promise<void>;

  createInvite(invite: NewInvite): Promise<void>;
  /** The role an invite gives, undefined for an unknown, used up or expired one. Uses nothing up. */
  invite(code: Uint8Array, at: number): Promise<Role | undefined>;

  openSession(session: NewSession): Promise<number>;
  /** The session of a token, its token replaced; the token shown stays good until its successor was used. */
  resumeSession(resume: Resume): Promise<Resumed | undefined>;
  /** A graceful end: a remembered session can be opened again, any other is forgotten. */
  endSession(session: number): Promise<void>;
  /** Others took this account's name over: none of its sessions but `except` is running any longer. */
  stopSessions(account: number, except: number): Promise<void>;
  /** Removes expired sessions and invites. */
  sweep(at: number): Promise<void>;

  rooms(): Promise<readonly Room[]>;
  /** Every conversation of an account. */
  standings(account: number): Promise<readonly Standing[]>;
  /** Resolves once the entry is on disk. Entries get increasing seqs in the order of the calls. */
  append(entry: NewEntry): Promise<Appended>;
  /** The newest `count` entries are those with a seq greater than this; 0 where there are no more than that. */
  floor(target: Target, count: number): Promise<number>;
  /** Entries in seq order. */
  history(page: Page): Promise<readonly Entry[]>;
  /** Never goes back, nor past the newest entry. */
  markRead(account: number, target: Target, seq: number): Promise<void>;

  /** Finishes what was asked before, then closes. Everything after it rejects. */
  close(): Promise<void>;
}
