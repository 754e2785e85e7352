/**
 * What a stored change does for those who are online, on every server of the chat: rooms open and close, people come and go in
 * them, roles, rules and mutes hold, connections end. Knows live rooms and presence, not who may change what.
 */
import type { ErrorCode } from '../../protocol/errors.js';
import type { ServerFrame } from '../../protocol/events.js';
import type { Conversation, Role, RoomRole, RoomRules } from '../../protocol/records.js';
import type { Mute } from '../../store/moderation-store.js';
import type { Room } from '../../store/room-store.js';
import type { Peers } from '../peers.js';
import type { LeaveDetails } from './join-notices.js';
import type { LiveRoom, LiveRooms } from './live-rooms.js';
import type { Member, Presence } from './presence.js';
import type { Reread } from './reread.js';

interface InRoom {
  readonly account: number;
  readonly name: string;
  /** Its id. */
  readonly room: number;
}

interface Ending {
  readonly account: number;
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: LeaveDetails;
  /** Only the terminals of this session. */
  readonly only?: number;
  /** Without the terminals of this session. */
  readonly except?: number;
}

/** Each takes ids, as accounts and rooms are other objects on another server. */
export interface Announcements {
  opened(room: Room): void;
  closed(room: { readonly id: number }): void;
  /** @param entered `conversation` as its terminals get it */
  entered(entered: InRoom & { readonly role: RoomRole; readonly conversation: Conversation }): void;
  parted(parted: InRoom & { readonly details: LeaveDetails }): void;
  roomRole(change: InRoom & { readonly role: RoomRole; readonly by: string }): void;
  rules(change: { readonly room: number; readonly rules: RoomRules; readonly by: string }): void;
  /** A role on the server. */
  rank(change: { readonly account: number; readonly role: Role; readonly by: string }): void;
  muted(change: { readonly account: number; readonly mute: Mute; readonly event: ServerFrame }): void;
  unmuted(change: { readonly account: number; readonly room?: number; readonly event: ServerFrame }): void;
  /** An event for an account's terminals. */
  told(event: { readonly account: number; readonly event: ServerFrame }): void;
  /** The same, but not for the terminal that caused it. */
  toldOthers(member: Member, event: ServerFrame): void;
  /** Ends terminals of an account. */
  ended(ending: Ending): void;
}

interface AnnouncementsDeps {
  readonly peers: Peers;
  readonly rooms: LiveRooms;
  readonly presence: Presence;
  readonly reread: Pick<Reread, 'account' | 'rooms'>;
}

const roomRoles: Readonly<Record<Role, RoomRole>> = {
  admin: 'owner',
  moderator: 'moderator',
  member: 'member',
  bot: 'member',
};

export function createAnnouncements({ peers, rooms, presence, reread }: AnnouncementsDeps): Announcements {
  const { everywhere } = peers;
  const toAccount = <News extends { readonly account: number }>(type: string, act: (news: News) => void) =>
    everywhere(type, act, ({ account }) => reread.account(account));
  const tell = ({ account, event }: { account: number; event: ServerFrame }): void =>
    rooms.sendToAccounts([account], event);
  const tellElsewhere = peers.elsewhere('told-others', tell);
  /** @param act not done for a room that is gone by now */
  const inRoom =
    <News extends { readonly room: number }>(act: (room: LiveRoom, news: News) => void) =>
    (news: News): void => {
      const room = rooms.byId.get(news.room);
      if (room !== undefined) act(room, news);
    };

  return {
    opened: everywhere('room-opened', (room) => void (rooms.byId.has(room.id) || rooms.open(room))),
    closed: everywhere('room-closed', ({ id }) => {
      const room = rooms.byId.get(id);
      if (room !== undefined) rooms.close(room);
    }),
    entered: toAccount(
      'room-entered',
      inRoom((room, { account, name, role, conversation }) => {
        rooms.enter(account, { room, role });
        rooms.sendToTerminals(account, { type: 'room', conversation });
        room.joinNotices.joined(name);
      }),
    ),
    parted: toAccount(
      'room-parted',
      inRoom((room, { account, name, details }) => {
        rooms.leave(account, room);
        rooms.sendToTerminals(account, { type: 'parted', room: room.name, ...details });
        room.joinNotices.left(name, details);
      }),
    ),
    roomRole: toAccount(
      'room-role',
      inRoom((room, { account, name, role, by }) => {
        rooms.setRole(account, room, role);
        rooms.sendToConversation({ room: room.id }, { type: 'role', room: room.name, name, role, by });
      }),
    ),
    rules: everywhere(
      'room-rules',
      inRoom((room, { rules, by }) => {
        room.rules = rules;
        rooms.sendToConversation({ room: room.id }, { type: 'rules', room: room.name, by, rules });
      }),
      reread.rooms,
    ),
    rank: toAccount('rank', ({ account, role, by }) => {
      presence.setRole(account, role, by);
      for (const { room } of [...rooms.membershipsOf(account).values()]) {
        if (room.lobby) rooms.setRole(account, room, roomRoles[role]);
      }
    }),
    muted: toAccount('muted', ({ account, mute, event }) => {
      rooms.mute(account, mute);
      // An away message is something they wrote.
      if (mute.room === undefined && presence.awayOf(account) !== undefined) presence.setAway(account, '');
      tell({ account, event });
    }),
    unmuted: toAccount('unmuted', ({ account, room, event }) => {
      rooms.unmute(account, room);
      tell({ account, event });
    }),
    told: everywhere('told', tell),
    toldOthers(member, event) {
      const account = member.account.id;
      rooms.sendToAccounts([account], event, member);
      if (presence.count(account) > presence.terminals(account).size) tellElsewhere({ account, event });
    },
    ended: everywhere('ended', ({ account, code, message, details, only, except }) => {
      for (const terminal of [...presence.terminals(account)]) {
        const chosen =
          only === undefined
            ? except === undefined || terminal.session !== except
            : terminal.session === only;
        if (chosen) terminal.dismiss(code, message, details);
      }
    }),
  };
}
