/** Accounts, their invites and sessions. */
import type { Role } from '../protocol/records.js';

export interface Account {
  readonly id: number;
  /** Lower case, as lib/protocol/names.ts makes it. */
  readonly name: string;
  readonly role: Role;
  /** argon2id, PHC string; '' for one that signs in with a token alone. */
  readonly password: string;
  /** Base32 secret of the second factor; without it, there is none. */
  readonly factor?: string;
}

/** An account, as those who look after the server see it. */
export interface AccountInfo {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
  readonly at: number;
  /** When a session of it was last opened or continued. */
  readonly used?: number;
  readonly factor: boolean;
  /** Its name stays taken, and nobody signs in with it. */
  readonly removed: boolean;
}

export interface InviteRow {
  readonly id: number;
  /** The account that made it; without it, the operator. */
  readonly by?: string;
  readonly role: Role;
  /** That are left. */
  readonly uses: number;
  readonly expires: number;
}

export interface SessionRow {
  readonly id: number;
  readonly at: number;
  readonly used: number;
  readonly expires: number;
  readonly address?: string;
  readonly bot: boolean;
}

export type Recovered =
  | { readonly outcome: 'recovered'; readonly account: Account }
  /** No such account, or not a code of it. */
  | { readonly outcome: 'invalid' };

export interface NewAccount {
  readonly name: string;
  /** The form in which names are compared by look; unique. */
  readonly skeleton: string;
  readonly password: string;
  readonly at: number;
  /** SHA-256 of an invite code: used up and its role given in the transaction that makes the account. */
  readonly invite?: Uint8Array;
  /** SHA-256 of its recovery code. */
  readonly recovery?: Uint8Array;
  /** Without an invite; default `member`. */
  readonly role?: Role;
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
  readonly by?: Maker;
}

/** Who hands out an invite or a reset, as what. What they hand out ends with what they are. */
export type Maker = Pick<Account, 'id' | 'role'>;

/** One sign-in that can be continued by its token. */
export interface NewSession {
  readonly account: number;
  readonly token: Uint8Array; // SHA-256 of the token
  readonly expires: number;
  readonly at: number;
  /** Kept after a graceful end. */
  readonly remember: boolean;
  readonly address?: string;
  /** A token that the operator made: it is not replaced when it is used. */
  readonly bot?: true;
}

export interface Resume {
  readonly token: Uint8Array; // SHA-256 of the token shown
  readonly next: Uint8Array; // SHA-256 of the token that follows it
  readonly at: number;
  readonly address?: string;
  /** New expiry, for a remembered session and for one that is not. */
  readonly expires: { readonly remembered: number; readonly passing: number };
}

export interface Resumed {
  readonly session: number;
  readonly account: Account;
  /** It never ended: whoever shows its token goes on where the connection was lost. */
  readonly running: boolean;
  /** Its token stays the one that was shown. */
  readonly bot: boolean;
}

/** Part of a Store; see store.ts for what all of it promises. */
export interface AccountStore {
  /** Makes the account, a member of every room that everybody is in, and uses up the invite, all or nothing. */
  register(account: NewAccount): Promise<Registered>;
  account(name: string): Promise<Account | undefined>;
  accounts(): Promise<number>;
  /** All, in the order of their making, removed ones too; or one. */
  directory(account?: number): Promise<readonly AccountInfo[]>;
  /** A reset that was open is good for nothing any more. */
  setPassword(account: number, password: string): Promise<void>;
  /**
   * Another password, where it still is the one of the hash `was`; all sessions but `except` end with it.
   * @returns false where nothing was done
   */
  changePassword(change: {
    account: number;
    was: string;
    password: string;
    except?: number;
  }): Promise<boolean>;
  /** The same password under another hash; false where it is another one by now. */
  renewPassword(account: number, was: string, password: string): Promise<boolean>;
  /**
   * Never leaves the server without an admin who can sign in. Ends the account's reset and, unless it is an admin now, the
   * invites and resets that it handed out.
   */
  setRole(account: number, role: Role): Promise<'set' | 'last-admin'>;
  /** Its sessions, codes, memberships and what it handed out go; what it said stays, and so does its name. */
  removeAccount(account: number): Promise<'removed' | 'last-admin'>;
  /**
   * SHA-256 of the code that takes the place of the one before.
   * @param was nothing is done where the password has another hash by now
   * @returns false where nothing was done
   */
  setRecovery(account: number, code: Uint8Array, was?: string): Promise<boolean>;
  /**
   * A one-time code that an admin or the operator hands out; takes the place of the one before.
   * @returns false where its maker is banned, or something else by now: nothing is kept then
   */
  addReset(reset: {
    account: number;
    code: Uint8Array;
    expires: number;
    at: number;
    by?: Maker;
  }): Promise<boolean>;
  /** Whose recovery code or reset that is, if it is good; nothing is used up. */
  recoverable(proof: { name: string; code: Uint8Array; at: number }): Promise<Account | undefined>;
  /**
   * Uses up the recovery code or the reset of an account: its password is the new one, all its sessions end, its
   * second factor is gone, all or nothing.
   */
  recover(recovery: { name: string; code: Uint8Array; password: string; at: number }): Promise<Recovered>;
  setFactor(account: number, secret: string | undefined): Promise<void>;
  /** Notes that the code of this time step was used. @returns false where it, or a later one, was before */
  useFactor(account: number, step: number): Promise<boolean>;

  /** @returns the number by which it is listed; undefined as for `addReset` */
  createInvite(invite: NewInvite): Promise<number | undefined>;
  /** Those that can still be used, the newest first. */
  invites(at: number): Promise<readonly InviteRow[]>;
  /** @returns false where there is none */
  removeInvite(id: number): Promise<boolean>;
  /** The role an invite gives, undefined for an unknown, used up or expired one. Uses nothing up. */
  invite(code: Uint8Array, at: number): Promise<Role | undefined>;

  openSession(session: NewSession): Promise<number>;
  /** The session of a token, its token replaced; the token shown stays good until its successor was used. */
  resumeSession(resume: Resume): Promise<Resumed | undefined>;
  /** A graceful end: a remembered session can be opened again, any other is forgotten. */
  endSession(session: number): Promise<void>;
  /** Forgets it whatever it was: its token opens nothing any more. @returns false where there is none */
  revokeSession(account: number, session: number): Promise<boolean>;
  /** Forgets all of an account but one, bots' tokens too. */
  revokeSessions(account: number, except?: number): Promise<void>;
  /** Those that have not expired, the one used last first. */
  sessions(account: number, at: number): Promise<readonly SessionRow[]>;
  /** Others took this account's name over: none of its sessions but `except` is running any longer. */
  stopSessions(account: number, except: number): Promise<void>;
  /** Removes sessions, invites, bans and mutes that are over. */
  sweep(at: number): Promise<void>;
}
