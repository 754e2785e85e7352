/** The part of a Store that keeps rooms, their members, and how far each account has read. */
import type { RoomRole, RoomRules } from '../protocol/records.js';
import type { Account } from './account-store.js';
import type { ConversationKey, LogPosition } from './message-store.js';

export interface Room {
  readonly id: number;
  /** Unique among all rooms, private ones included. */
  readonly name: string;
  readonly private: boolean;
  /** Every account is a member and can't leave. */
  readonly lobby: boolean;
  readonly topic: string;
  readonly rules: RoomRules;
}

export interface RoomMember {
  readonly account: Account;
  readonly role: RoomRole;
}

export interface RoomInvitation {
  readonly room: Room;
  /** Who invited, by name. */
  readonly by: string;
}

export type CreateRoomResult =
  | { readonly outcome: 'created'; readonly room: Room }
  | { readonly outcome: 'name-taken' }
  /** `limits.rooms`, `roomsPerAccount`, `roomsMade` or `roomsMadePerAddress`. */
  | { readonly outcome: 'too-many'; readonly of: 'server' | 'memberships' | 'account' | 'address' };

export type JoinRoomResult =
  | { readonly outcome: 'joined' }
  | { readonly outcome: 'already-member' }
  /** Private, without an invitation. Also where the room is gone. */
  | { readonly outcome: 'not-invited' }
  /** `limits.roomsPerAccount`. */
  | { readonly outcome: 'too-many' };

export type LeaveRoomResult =
  /** `heir` became the owner because the last owner left. */
  | { readonly outcome: 'left'; readonly heir?: Account }
  | { readonly outcome: 'not-a-member' }
  /** The last member, who did not allow the room to end. */
  | { readonly outcome: 'last' }
  /** The room and its messages are gone. */
  | { readonly outcome: 'ended' };

/** A conversation of an account, and how far it has read. */
export type ConversationPosition = {
  /** The room's name, or the other person's. */
  readonly name: string;
  readonly target: ConversationKey;
  /** Newest seq in it, 0 for none, and the time of that entry. */
  readonly last: number;
  readonly at?: number;
  readonly read: number;
} & ({ readonly kind: 'room'; readonly room: Room; readonly role: RoomRole } | { readonly kind: 'direct' });

export type ConversationSummary = ConversationPosition & {
  /**
   * Messages of others after `read`, without removed ones, counted up to `limits.unreadCounted`, among the newest 10,000
   * entries if there are more.
   */
  readonly unread: number;
  /** Those of them that mention the account (lib/protocol/mentions.ts). */
  readonly mentions: number;
};

/** Part of a Store; see store.ts for what all of it promises. */
export interface RoomStore {
  rooms(): Promise<readonly (Room & { readonly members: number })[]>;
  /**
   * Creates a room with its owner as the only member.
   * @param room `address` is where it is made from, as limits count addresses; kept until the room ends. `unlimited`: the
   *   limits on rooms of one maker don't hold
   */
  createRoom(room: {
    name: string;
    private: boolean;
    owner: number;
    at: number;
    address?: string;
    unlimited?: boolean;
  }): Promise<CreateRoomResult>;
  /** Uses up an invitation. Older messages are not unread for the new member. */
  joinRoom(account: number, room: number): Promise<JoinRoomResult>;
  /**
   * When the last owner leaves, the longest-standing moderator becomes owner, or else the longest-standing member.
   * Rejects for the lobby.
   */
  leaveRoom(account: number, room: number, options: { end: boolean }): Promise<LeaveRoomResult>;
  /** By name, after a name ('' for the first page). */
  members(room: number, page: { after: string; limit: number }): Promise<readonly RoomMember[]>;
  /** Undefined where the account is not a member. */
  roomRole(account: number, room: number): Promise<RoomRole | undefined>;
  /** Names of the rooms that both are in, in the order of the first one's `conversations`. */
  sharedRooms(one: number, other: number): Promise<readonly string[]>;
  setRoomRole(account: number, room: number, role: RoomRole): Promise<'set' | 'not-a-member' | 'last-owner'>;
  /** A second invitation replaces the first. `blocked`: by the account that was to be invited. */
  inviteToRoom(invitation: {
    room: number;
    account: number;
    by: number;
    at: number;
  }): Promise<'invited' | 'already-member' | 'blocked' | 'no-such-room'>;
  invitations(account: number): Promise<readonly RoomInvitation[]>;
  /** @returns false where there was none */
  dismissInvitation(account: number, room: number): Promise<boolean>;
  /** Adds an entry to the log. Undefined where the topic is the same already. */
  setTopic(topic: {
    room: number;
    account: number;
    topic: string;
    at: number;
  }): Promise<LogPosition | undefined>;
  /** Every conversation of an account. */
  conversations(account: number): Promise<readonly ConversationSummary[]>;
}
