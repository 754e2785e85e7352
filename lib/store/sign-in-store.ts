/** The part of a Store that reads at once what a sign-in or a catch-up needs of accounts, sessions, rooms and moderation. */
import type { Account } from './account-store.js';
import type { BanRecord, Mute } from './moderation-store.js';
import type { ConversationPosition, ConversationSummary, RoomInvitation } from './room-store.js';

export interface ResumeSession {
  readonly token: Uint8Array; // SHA-256 of the token presented
  readonly next: Uint8Array; // SHA-256 of its successor
  readonly at: number;
  readonly address?: string;
  /** The new expiry, of a remembered session and of any other. */
  readonly expires: { readonly remembered: number; readonly passing: number };
}

/** What a signed-in account begins with. */
export interface SignedInAccount {
  readonly account: Account;
  /** As `mutes` and `conversations` have them. */
  readonly mutes: readonly Mute[];
  readonly standings: readonly ConversationSummary[];
}

/** Without mutes and standings where counting what is unread would hold up messages: `signInState` has them. */
export interface ResumedSession
  extends Pick<SignedInAccount, 'account'>,
    Partial<Pick<SignedInAccount, 'mutes' | 'standings'>> {
  readonly session: number;
  /** It never ended: the client goes on where the connection was lost. */
  readonly running: boolean;
  /** Its token is not replaced. */
  readonly bot: boolean;
  /** Of the account. */
  readonly ban?: BanRecord;
}

export interface SignInState {
  readonly ban?: BanRecord;
  /** Undefined where the session ended or expired, or is not of this account. */
  readonly current?: SignedInAccount;
}

interface CatchUpState {
  readonly standings: readonly ConversationPosition[];
  readonly invitations: readonly RoomInvitation[];
}

/** Part of a Store; see store.ts for what all of it promises. What a call returns is all of one moment. */
export interface SignInStore {
  /** Resumes the session of a token and replaces it; the old token stays valid until the new one is used. */
  resumeSession(resume: ResumeSession): Promise<ResumedSession | undefined>;
  /** @param session one that was just opened */
  signInState(account: number, session: number, at: number): Promise<SignInState>;
  /** As `conversations`, without what is counted, and `invitations` have them. */
  catchUpState(account: number): Promise<CatchUpState>;
}
