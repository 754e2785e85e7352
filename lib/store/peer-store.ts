/**
 * The part of a Store that servers with the same database share while they run: where people are signed in, and what the
 * others do. Only databases that several servers can open have it.
 */
import type { Role, RoomRole } from '../protocol/records.js';
import type { Account } from './account-store.js';
import type { ConversationKey, LogEntry } from './message-store.js';
import type { Mute } from './moderation-store.js';

/** What another server committed. */
export type Change =
  | {
      readonly kind: 'entry';
      readonly entry: LogEntry;
      readonly target: ConversationKey;
      /** Of a direct message: the other one of the two, by name. */
      readonly to?: string;
    }
  | { readonly kind: 'news'; readonly server: string; readonly news: unknown }
  /** So much that this server has to begin anew with what is stored. */
  | { readonly kind: 'too-much' };

/** A terminal that is about to sign in. */
export interface NewTerminal {
  /** A UUID. */
  readonly id: string;
  readonly account: number;
  /**
   * What becomes of the account's terminals on other servers; without it there may be none. `continue`: one of them is a lost
   * connection of this one, and counts no longer.
   */
  readonly mode?: 'attach' | 'continue' | 'take-over';
}

export type EnterResult =
  | {
      readonly outcome: 'entered';
      /** Terminals on other servers that it replaces. */
      readonly replaced: readonly string[];
    }
  /** `in-use`: signed in elsewhere. `too-many`: there are `limits.terminalsPerName`, on all servers together. */
  | { readonly outcome: 'in-use' }
  | { readonly outcome: 'too-many' };

/** An account that is signed in, on one server. */
export interface SignedInThere {
  readonly server: string;
  readonly account: { readonly id: number; readonly name: string; readonly role: Role };
  readonly terminals: readonly string[];
  readonly away?: string;
}

/** What a server keeps in memory of an account that is online, as it is stored. */
export interface StoredAccount {
  readonly account: Account;
  readonly banned: boolean;
  /** Ids of those that are valid. */
  readonly sessions: readonly number[];
  readonly mutes: readonly Mute[];
  readonly rooms: readonly { readonly room: number; readonly role: RoomRole }[];
}

/** A program that has the database open. */
export interface ServerBeat {
  readonly server: string;
  /** 1 for a server, 0 for a command. */
  readonly serves: number;
  /** Grows while it works. */
  readonly beat: number;
}

export interface Told {
  /** For the other servers: anything that JSON has. */
  readonly news: readonly unknown[];
  /** Terminals of this server that are gone. */
  readonly left: readonly string[];
}

/** What a server asks. See store.ts for what all of it promises. */
export interface PeerStore {
  /** Brings what the others committed; that arrives, in order, before the answer. @returns all programs, this one too */
  look(): Promise<readonly ServerBeat[]>;
  /** Shows the others that this server works. @returns false if they have buried it: no one of it counts as signed in */
  beat(): Promise<boolean>;
  /** The wall time of the database, in milliseconds since the epoch. */
  now(): Promise<number>;
  /** Removes a server whose beat stands still, with its terminals. @returns false if it has moved meanwhile */
  bury(dead: ServerBeat): Promise<boolean>;
  /** Counts the terminal as signed in, and the replaced ones no longer. */
  enter(terminal: NewTerminal): Promise<EnterResult>;
  tell(told: Told): Promise<void>;
  /** Undefined: no longer away. */
  setAway(account: number, text: string | undefined): Promise<void>;
  /** Of each of these accounts that there is. */
  stored(accounts: readonly number[], at: number): Promise<readonly StoredAccount[]>;
  /** Everyone on all servers. */
  signedIn(): Promise<readonly SignedInThere[]>;
}

/** The servers that share a database, as one of them sees them. */
export interface Peering extends PeerStore {
  /** The id of this server. */
  readonly server: string;
  /**
   * `onChanges` gets what the others have committed since the store was opened, and from now on what they commit; `onHint` is
   * called when there may be something to look for.
   */
  attend(attendant: { onChanges(changes: readonly Change[]): void; onHint(): void }): void;
}
