/** The part of a Store that keeps accounts, their invites and sessions. */
import type { Role } from '../protocol/records.js';

export interface Account {
  readonly id: number;
  /** Lower case, as lib/protocol/names.ts makes it. */
  readonly name: string;
  readonly role: Role;
  /** argon2id, PHC string; '' for a bot, which signs in with a token. */
  readonly password: string;
  /** Base32 secret of the second factor; undefined for none. */
  readonly factor?: string;
}

/** An account as admins and the operator see it. */
export interface AccountRecord {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
  readonly at: number;
  /** When a session of it was last opened or resumed. */
  readonly used?: number;
  readonly factor: boolean;
  /** It can't sign in, and its name stays taken. */
  readonly removed: boolean;
}

export interface InviteRecord {
  readonly id: number;
  /** The name of the account that created it; undefined for the operator. */
  readonly by?: string;
  readonly role: Role;
  /** Left. */
  readonly uses: number;
  readonly expires: number;
}

export interface SessionRecord {
  readonly id: number;
  readonly at: number;
  readonly used: number;
  readonly expires: number;
  readonly address?: string;
  readonly bot: boolean;
}

export type RecoverResult =
  | { readonly outcome: 'recovered'; readonly account: Account }
  /** No such account, or not its code. */
  | { readonly outcome: 'invalid' };

export interface NewAccount {
  readonly name: string;
  /** The name's form for comparing look-alikes; unique. */
  readonly skeleton: string;
  readonly password: string;
  readonly at: number;
  /** SHA-256 of an invite code. The same transaction uses up the invite and gives the account its role. */
  readonly invite?: Uint8Array;
  /** SHA-256 of its recovery code. */
  readonly recovery?: Uint8Array;
  /** Used without an invite; default `member`. */
  readonly role?: Role;
}

/** Why a name cannot be registered. Names of removed accounts stay taken. */
export type NameConflict =
  | { readonly outcome: 'name-taken' }
  | { readonly outcome: 'name-look-alike'; readonly like: string };

export type RegisterResult =
  | { readonly outcome: 'created'; readonly account: Account }
  | NameConflict
  | { readonly outcome: 'invite-invalid' };

export interface NewInvite {
  readonly code: Uint8Array; // SHA-256 of the code
  readonly role: Role;
  readonly uses: number;
  readonly expires: number;
  readonly at: number;
  /** Of a server without an admin; ends when the next such invite is created, or when there is an admin. */
  readonly first?: boolean;
  /** Other servers run, whose first invites stay. */
  readonly besideOthers?: boolean;
  readonly by?: Issuer;
}

/** Who hands out an invite or a reset, in which role. Both end when the account loses that role. */
export type Issuer = Pick<Account, 'id' | 'role'>;

/** One sign-in, which its token can resume. */
export interface NewSession {
  readonly account: number;
  readonly token: Uint8Array; // SHA-256 of the token
  readonly expires: number;
  readonly at: number;
  /** Kept after a graceful end. */
  readonly remember: boolean;
  readonly address?: string;
  /** Its token, created by the operator, is not replaced when it is used. */
  readonly bot?: true;
}

/** Part of a Store; see store.ts for what all of it promises. */
export interface AccountStore {
  /** Creates the account, adds it to the lobby and uses up the invite, all or nothing. */
  register(account: NewAccount): Promise<RegisterResult>;
  /** Undefined where the name can be registered now. Reserves nothing. */
  nameConflict(name: Pick<NewAccount, 'name' | 'skeleton'>): Promise<NameConflict | undefined>;
  account(name: string): Promise<Account | undefined>;
  countAccounts(): Promise<number>;
  /** Whether there is an admin who is not banned. */
  hasAdmin(): Promise<boolean>;
  /** All accounts in the order of their creation, removed ones too; or one. */
  listAccounts(account?: number): Promise<readonly AccountRecord[]>;
  /** Ends a pending reset. */
  setPassword(account: number, password: string): Promise<void>;
  /**
   * Sets the password if its hash is still `was`, and ends all sessions but `except`.
   * @returns false where it is another by now; nothing changes then
   */
  changePassword(change: {
    account: number;
    was: string;
    password: string;
    except?: number;
  }): Promise<boolean>;
  /** Replaces the hash of an unchanged password. @returns false where the password is another by now */
  renewPassword(account: number, was: string, password: string): Promise<boolean>;
  /**
   * Never leaves the server without an admin who can sign in. Ends the account's reset and, unless it becomes an admin,
   * the invites and resets that it handed out; if it does, the server's first invite.
   */
  setRole(account: number, role: Role): Promise<'set' | 'last-admin'>;
  /** Removes its sessions, codes, memberships, invites and resets; its messages and its name stay. */
  removeAccount(account: number): Promise<'removed' | 'last-admin'>;
  /**
   * Replaces the recovery code (its SHA-256).
   * @param was the password's hash; nothing changes where it is another by now
   * @returns false where nothing changed
   */
  setRecovery(account: number, code: Uint8Array, was?: string): Promise<boolean>;
  /**
   * Replaces the reset code, which an admin or the operator hands out.
   * @returns false where its issuer was banned or lost the role meanwhile; nothing changes then
   */
  addReset(reset: {
    account: number;
    code: Uint8Array;
    expires: number;
    at: number;
    by?: Issuer;
  }): Promise<boolean>;
  /** The account that this recovery or reset code opens. Uses nothing up. */
  checkRecovery(proof: { name: string; code: Uint8Array; at: number }): Promise<Account | undefined>;
  /**
   * Uses up the recovery or reset code: sets the password, ends all sessions and removes the second factor, all or
   * nothing.
   */
  recover(recovery: { name: string; code: Uint8Array; password: string; at: number }): Promise<RecoverResult>;
  setFactor(account: number, secret: string | undefined): Promise<void>;
  /** Marks the code of this time step as used. @returns false where it or a later one was used before */
  useFactor(account: number, step: number): Promise<boolean>;

  /** @returns the number by which it is listed; undefined where its issuer may not, as for `addReset` */
  createInvite(options: NewInvite): Promise<number | undefined>;
  /** Those that can still be used, the newest first. */
  invites(at: number): Promise<readonly InviteRecord[]>;
  /** @returns false where there is none */
  removeInvite(id: number): Promise<boolean>;
  /** The role that an invite gives; undefined for an unknown, used-up or expired one. Uses nothing up. */
  inviteRole(code: Uint8Array, at: number): Promise<Role | undefined>;

  openSession(session: NewSession): Promise<number>;
  /** A graceful end: a remembered session can be resumed later, any other is removed. */
  endSession(session: number): Promise<void>;
  /** @returns false where there is no such session */
  rememberSession(change: Pick<NewSession, 'remember' | 'expires'> & { session: number }): Promise<boolean>;
  /** Removes a session, so that its token is no longer valid. @returns false where there is none */
  revokeSession(account: number, session: number): Promise<boolean>;
  /** Removes all sessions of an account but one, bot tokens included. */
  revokeSessions(account: number, except?: number): Promise<void>;
  /** Those that have not expired, the most recently used first. */
  sessions(account: number, at: number): Promise<readonly SessionRecord[]>;
  /** After a take-over: no session of the account but `except` is running. */
  stopSessions(account: number, except: number): Promise<void>;
  /** Removes sessions, invites, bans and mutes that have expired. */
  removeExpired(at: number): Promise<void>;
}
