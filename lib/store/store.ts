/**
 * What is kept, as one interface that every driver has. Knows accounts, sessions, invites and the log of
 * messages; neither sockets nor who is online.
 *
 * Every method rejects with a StoreError when the storage itself fails; nothing that rejected was kept.
 * What a user can cause (a taken name, a used invite) is a value, not an error.
 *
 * Results arrive in the order of the calls, but for those of `search`, which sees what was kept when it was asked
 * and may take longer than what is asked after it. Times are milliseconds since the epoch.
 */
import type { FileInfo, Role, RoomRole, RoomRules } from '../protocol/events.js';

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

/** A room, or what two people say to each other (ids in any order; the same id twice for notes to oneself). */
export type Target = { readonly room: number } | { readonly direct: readonly [number, number] };

/** What stands in the log of a conversation. */
export interface Entry {
  readonly seq: number;
  readonly at: number;
  /** Name of whoever said it or did it. */
  readonly from: string;
  readonly key: string;
  /** `edit` and `removal` change the message `of`; the rest stand for themselves. */
  readonly kind: 'text' | 'action' | 'file' | 'edit' | 'removal' | 'topic';
  /** As it is now: a message's last version, '' for a removed one; of an edit, the message's text now. */
  readonly text: string;
  /** Of an edit or a removal: the seq of the message. */
  readonly of?: number;
  readonly file?: FileInfo;
  /** When it was last edited. */
  readonly edited?: number;
  /** Name of whoever removed it; its text and its file are gone from the store. */
  readonly removed?: string;
}

export interface NewEntry {
  readonly target: Target;
  readonly account: number;
  /** Like the text, without U+0000, which not every storage keeps; rejected where it has one. */
  readonly key: string;
  readonly text: string;
  readonly action: boolean;
  readonly at: number;
  /** Makes it the announcement of a file, whose name is then its text. */
  readonly file?: FileInfo;
}

export type Appended =
  | {
      readonly outcome: 'kept';
      readonly seq: number;
      readonly at: number;
      /** This account used this key before; seq and at are those of the first time, and nothing was added. */
      readonly repeated: boolean;
    }
  /** Between two people, one of whom blocks the sender. */
  | { readonly outcome: 'blocked' };

/** Where a change of the log stands in it. */
export interface Logged {
  readonly seq: number;
  readonly at: number;
}

/** A message by its seq, with what decides who may change it. */
export interface Located {
  readonly entry: Entry;
  readonly target: Target;
  /** Who said it. */
  readonly account: number;
  /** Between two people: the name of the one to whom it was said. */
  readonly to?: string;
}

export interface Change {
  /** Seq of the message. */
  readonly of: number;
  /** Who changes it. */
  readonly account: number;
  readonly at: number;
}

export interface Room {
  readonly id: number;
  /** Unique among the public ones; a private room may have a name that another room has. */
  readonly name: string;
  readonly private: boolean;
  /** Whoever makes an account is a member, and nobody leaves it. */
  readonly everybody: boolean;
  readonly topic: string;
  readonly rules: RoomRules;
}

export interface RoomMember {
  readonly account: Account;
  readonly role: RoomRole;
}

export interface RoomInvitation {
  readonly room: Room;
  /** Name of whoever invited. */
  readonly by: string;
}

export type Made =
  | { readonly outcome: 'made'; readonly room: Room }
  /** A public room has that name, or one that the maker is in. */
  | { readonly outcome: 'name-taken' }
  /** `limits.roomsPerAccount` or `limits.rooms`. */
  | { readonly outcome: 'too-many' };

export type Entered =
  | { readonly outcome: 'entered' }
  | { readonly outcome: 'member-already' }
  /** Private, and nobody invited them. Also where there is no such room any more. */
  | { readonly outcome: 'not-invited' }
  /** They are in another room of that name. */
  | { readonly outcome: 'name-taken' }
  | { readonly outcome: 'too-many' };

export type RoleSet = 'set' | 'not-a-member' | 'last-owner';

/** `blocked`: by the one who was to be invited; nothing is kept. */
export type Invited = 'invited' | 'member-already' | 'blocked';

export type LeftRoom =
  /** `heir` is the account that became its owner because the last owner left. */
  | { readonly outcome: 'left'; readonly heir?: Account }
  | { readonly outcome: 'not-a-member' }
  /** They are the last one, and did not say that it may end. */
  | { readonly outcome: 'last' }
  /** The room and all that was said in it are gone. */
  | { readonly outcome: 'ended' };

export type Standing = {
  /** The room's name, or the other person's. */
  readonly name: string;
  readonly target: Target;
  /** Newest seq in it, 0 for none. */
  readonly last: number;
  readonly read: number;
  /** Messages of others after `read` that were not removed, counted up to `limits.unreadCounted`. */
  readonly unread: number;
  /** Of those, the ones whose text names the account (lib/protocol/mentions.ts). */
  readonly mentions: number;
} & ({ readonly kind: 'room'; readonly room: Room; readonly role: RoomRole } | { readonly kind: 'direct' });

export interface Page {
  readonly target: Target;
  /** Entries with a greater seq only. */
  readonly after?: number;
  /** Entries with a smaller seq only. */
  readonly before?: number;
  readonly limit: number;
  /** Which end of the range the limit keeps. */
  readonly keep: 'oldest' | 'newest';
  /**
   * Which entries: `messages` (text, action, file, removed ones too), `files` (those that were not removed), or
   * `everything` (edits, removals and topics as well). Default `messages`.
   */
  readonly what?: 'messages' | 'files' | 'everything';
}

export interface Search {
  /** Only in conversations that this account is in. */
  readonly account: number;
  /** As typed: all words must be there, "in quotes" next to each other, the last may be the beginning of one. */
  readonly words: string;
  readonly target?: Target;
  /** Account id of the sender. */
  readonly from?: number;
  /** Times, the first included, the second not. */
  readonly since?: number;
  readonly until?: number;
  /** Seqs smaller than this only. */
  readonly before?: number;
  readonly limit: number;
}

export interface Hit {
  readonly seq: number;
  readonly at: number;
  readonly from: string;
  /** Of the conversation, as in a Standing. */
  readonly kind: 'room' | 'direct';
  readonly name: string;
  /** One line of at most `limits.excerptLength` around the first match, `…` where it was cut. */
  readonly excerpt: string;
  readonly marks: readonly (readonly [start: number, end: number])[];
}

export interface Prune {
  /** Entries older than this time go. */
  readonly before?: number;
  /** Of each conversation, all but its newest so many entries go. */
  readonly keep?: number;
  /** At most so many entries at once: a long transaction would hold up what people say. */
  readonly limit: number;
}

export interface Store {
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

  /** Entries are never changed or taken away. */
  record(audit: NewAudit): Promise<void>;
  /** The newest first. */
  audit(page: { before?: number; limit: number; hidden: boolean }): Promise<readonly Audited[]>;

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

  rooms(): Promise<readonly (Room & { readonly members: number })[]>;
  /** A room with its maker as owner and only member. */
  makeRoom(room: { name: string; private: boolean; owner: number; at: number }): Promise<Made>;
  /** Uses up the invitation, where there is one. What was said before is not new to them. */
  enterRoom(account: number, room: number): Promise<Entered>;
  /**
   * When the last owner leaves, the moderator who is in it longest becomes owner, without any the member who
   * is. Never for a room that everybody is in.
   */
  leaveRoom(account: number, room: number, options: { end: boolean }): Promise<LeftRoom>;
  /** Those who were in it longest first. */
  members(room: number): Promise<readonly RoomMember[]>;
  /** Names of the rooms that both are in, as the first one's standings are ordered. */
  sharedRooms(one: number, other: number): Promise<readonly string[]>;
  setRoomRole(account: number, room: number, role: RoomRole): Promise<RoleSet>;
  /** A second invitation replaces the first. */
  inviteToRoom(invitation: { room: number; account: number; by: number; at: number }): Promise<Invited>;
  invitations(account: number): Promise<readonly RoomInvitation[]>;
  /** @returns false where there was none */
  dismissInvitation(account: number, room: number): Promise<boolean>;
  /** An entry of its own in the log; unchanged where it is that already, which is undefined. */
  setTopic(topic: { room: number; account: number; topic: string; at: number }): Promise<Logged | undefined>;

  /** @returns false where there are `limits.blocks` already */
  block(account: number, other: number): Promise<boolean>;
  /** @returns false where it was not blocked */
  unblock(account: number, other: number): Promise<boolean>;
  /** Names, in alphabetical order. */
  blocks(account: number): Promise<readonly string[]>;

  /** Every conversation of an account. */
  standings(account: number): Promise<readonly Standing[]>;
  /** Resolves once the entry is on disk. Entries get increasing seqs in the order of the calls. */
  append(entry: NewEntry): Promise<Appended>;
  /** The newest `count` entries are those with a seq greater than this; 0 where there are no more than that. */
  floor(target: Target, count: number): Promise<number>;
  /** Entries in seq order. */
  history(page: Page): Promise<readonly Entry[]>;
  /** What an account said under this key, also where it was removed since. */
  said(account: number, key: string): Promise<Logged | undefined>;
  /** The message of a seq, undefined where there is none (an edit, a removal or a topic is none). */
  locate(seq: number): Promise<Located | undefined>;
  /** Undefined where the message is removed or gone, or announces a file. */
  edit(change: Change & { readonly text: string }): Promise<Logged | undefined>;
  /** Takes text and file away for good. Undefined where that was done before. */
  remove(change: Change): Promise<Logged | undefined>;
  /** The greatest seq whose entry is older than this time, 0 for none. */
  seqBefore(at: number): Promise<number>;
  /** Newest first. `more`: there are further ones, before the last of these. */
  search(search: Search): Promise<{ readonly hits: readonly Hit[]; readonly more: boolean }>;
  /** Never goes back, nor past the newest entry. @returns the new mark, undefined where it did not move */
  markRead(account: number, target: Target, seq: number): Promise<number | undefined>;

  /** Bytes of all files that an account has sent and that are still there. */
  fileBytes(account: number): Promise<number>;
  /** Hashes of all files that are still there, each once. */
  fileHashes(): Promise<readonly string[]>;
  /** Those of these hashes (of FileInfo) that no file has. */
  unreferenced(hashes: readonly string[]): Promise<readonly string[]>;
  /** @returns how many entries went; fewer than the limit where there are no more */
  prune(prune: Prune): Promise<number>;

  /** A consistent copy of all of it in a new file, made beside what goes on. */
  copy(file: string): Promise<void>;
  /** What is damaged, one line each; none where it is sound. */
  damage(): Promise<readonly string[]>;
  /** Finishes what was asked before, then closes. Everything after it rejects. */
  close(): Promise<void>;
}
