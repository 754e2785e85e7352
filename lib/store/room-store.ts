/** Rooms, who is in them, and where each account stands in its conversations. */
import type { RoomRole, RoomRules } from '../protocol/records.js';
import type { Account } from './account-store.js';
import type { Logged, Target } from './message-store.js';

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

/** Part of a Store; see store.ts for what all of it promises. */
export interface RoomStore {
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
  /** Every conversation of an account. */
  standings(account: number): Promise<readonly Standing[]>;
}
