/**
 * Catch-up: sends a member what it missed of each conversation, then goes on live without a gap. Knows the store,
 * live rooms and one member.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ServerFrame } from '../../protocol/events.js';
import { encodeFrame } from '../../protocol/frame.js';
import { limits } from '../../protocol/limits.js';
import type { RequestOf } from '../../protocol/requests.js';
import type { ConversationKey, EntryKinds } from '../../store/message-store.js';
import type { ConversationPosition, ConversationSummary, RoomInvitation } from '../../store/room-store.js';
import type { Store } from '../../store/store.js';
import { conversationRecord, entryEvent } from './frames.js';
import type { ConversationRef } from './lookup.js';
import { invitedEvent } from './membership.js';
import type { ChatParts } from './parts.js';
import type { Member } from './presence.js';
import { encodedEntry, type LogEnd, reactedTo } from './recent-entries.js';

type Positions = Pick<RequestOf<'sync'>, 'rooms' | 'direct'>;

interface Replay extends ChatParts {
  readonly member: Member;
  /** Where the client is. */
  readonly positions: Positions;
  /** How far each conversation was replayed, by `kind` and name. */
  readonly reached: Map<string, number>;
  /** Bytes sent since the member had last read everything. */
  unread: number;
}

/** Messages read at a time, so that memory is bounded however much was missed. */
const pageSize = 100;
/** Entries of a room that are read for all who come back: a page, and the reactions since. */
const recentEntries = 4 * pageSize;
/** Bytes that a member is sent before it has to read: little enough that most get all they missed in one write. */
const pacedBytes = 16 * 1024;

/**
 * Sends what each conversation had after the client's position, then what was posted meanwhile, then goes on live.
 * What was posted meanwhile may come twice (replayed and live), never in the wrong order: a client drops what is not newer
 * than what it has of that conversation.
 */
export async function catchUp(member: Member, positions: Positions, deps: ChatParts): Promise<void> {
  const { store, rooms, rush } = deps;
  const { account } = member;
  await rush();
  const replay: Replay = { ...deps, member, positions, reached: new Map(), unread: 0 };
  let before: readonly ConversationPosition[] | undefined;
  let invitations: readonly RoomInvitation[];
  let goLive: () => boolean;
  // Live first: reading the store until nothing is new would never end where people post faster than the store answers.
  do {
    goLive = rooms.subscribe(member);
    const { standings, ...state } = await store.catchUpState(account.id);
    invitations = state.invitations;
    if (before !== undefined) send(member, roomChanges(before, await store.conversations(account.id)));
    before = standings;
    // All at once, so that the store gets what it is asked in one batch.
    const starts = await Promise.all(standings.map((standing) => startOf(replay, standing)));
    for (const [index, standing] of standings.entries()) {
      await replayConversation(replay, standing, starts[index] ?? { from: 0, what: 'entries' });
      if (!member.alive) return;
    }
  } while (!goLive());
  const mine = rooms.membershipsOf(account.id);
  for (const invitation of invitations) {
    // Unless it was accepted on another terminal meanwhile.
    if (!mine.has(invitation.room.name)) rooms.sendToMember(member, invitedEvent(invitation));
  }
}

async function replayConversation(
  replay: Replay,
  { kind, name, target, last }: ConversationPosition,
  start: Start,
): Promise<void> {
  const conversation: ConversationRef = {
    target,
    room: kind === 'room' ? name : undefined,
    peer: kind === 'direct' ? name : undefined,
  };
  const reached = start.from < last ? await replayFrom(replay, conversation, start) : start.from;
  replay.reached.set(`${kind} ${name}`, reached);
}

interface Start {
  readonly from: number;
  /** A client that has nothing of a conversation needs no reactions: the messages that it gets have them. */
  readonly what: EntryKinds;
}

/** Where the replay of a conversation starts; tells the client if that leaves a gap. */
async function startOf(
  replay: Replay,
  { kind, name, target, last, read }: ConversationPosition,
): Promise<Start> {
  const { positions, member } = replay;
  const reached = replay.reached.get(`${kind} ${name}`);
  if (reached !== undefined) return { from: reached, what: 'everything' };
  const claims = (kind === 'room' ? positions.rooms : positions.direct) ?? {};
  // A person may be called `constructor`.
  const claimed = Object.hasOwn(claims, name) ? claims[name] : undefined;
  // A position beyond the newest message is from a history that no longer exists: start as if new.
  const known = claimed !== undefined && claimed <= last ? claimed : undefined;
  const wanted = known ?? (kind === 'direct' ? read : 0);
  const what = known === undefined ? 'entries' : 'everything';
  // Most often nothing was missed.
  if (wanted === last) return { from: last, what };
  const most = known === undefined ? limits.backlog : limits.catchUp;
  const floor = await floorOf(replay, target, { most, wanted, what });
  if (floor > wanted) {
    const address = kind === 'room' ? { room: name } : { with: name };
    send(member, [{ type: 'gap', ...address, after: wanted, before: floor + 1 }]);
  }
  return { from: Math.max(floor, wanted), what };
}

/** As MessageStore.floor, from what the room remembers if that goes back far enough. */
async function floorOf(
  { rooms, store }: Replay,
  target: ConversationKey,
  { most, wanted, what }: { most: number; wanted: number; what: EntryKinds },
): Promise<number> {
  const room = 'room' in target ? rooms.byId.get(target.room) : undefined;
  await room?.recent.load(() => readEnd(store, target, room.name));
  return room?.recent.floor(most, wanted) ?? store.floor(target, most, wanted, what);
}

/** The end of a room's log, as all its members get it. */
async function readEnd(store: Store, target: ConversationKey, room: string): Promise<LogEnd> {
  // Of whatever anyone reacted to lately, there may be more than of what was posted.
  const after = await store.floor(target, pageSize);
  const page = { target, after, limit: recentEntries, keep: 'newest', what: 'everything' } as const;
  const entries = await store.history(page);
  const conversation: ConversationRef = { target, room, peer: undefined };
  return {
    entries: entries.map((entry) => {
      const event = entryEvent(entry, conversation, { name: '' });
      return encodedEntry(event, encodeFrame(event));
    }),
    after: entries.length < recentEntries ? after : (entries[0]?.seq ?? 1) - 1,
  };
}

/** @returns how far it came */
async function replayFrom(
  replay: Replay,
  conversation: ConversationRef,
  { from, what }: Start,
): Promise<number> {
  const { store, lookup, member, rooms } = replay;
  const { target } = conversation;
  const room = 'room' in target ? rooms.byId.get(target.room) : undefined;
  let seq = from;
  for (;;) {
    const recent = room?.recent.after(seq);
    const page = { target, after: seq, limit: pageSize, keep: 'oldest', what } as const;
    const entries = recent === undefined ? await store.history(page) : [];
    const events = entries.map((entry) => entryEvent(entry, conversation, member.account));
    const told = recent?.reactedTo ?? events.flatMap((event) => reactedTo(event) ?? []);
    const own = told.length === 0 ? [] : await store.reactionsBy(member.account.id, told);
    // Left meanwhile: nothing of it may come after `parted`.
    if (!lookup.isIn(member.account, target)) return seq;
    const frames = recent?.frames ?? Buffer.concat(events.map(encodeFrame));
    seq = recent?.newest ?? entries.at(-1)?.seq ?? seq;
    if (frames.length > 0) member.send(frames);
    if (own.length > 0) send(member, [reactedEvent(conversation, own)]);
    replay.unread += frames.length;
    if (replay.unread >= pacedBytes) {
      await member.drained();
      replay.unread = 0;
    }
    if (entries.length < pageSize || !member.alive) return seq;
  }
}

function reactedEvent(
  { room, peer = '' }: ConversationRef,
  own: readonly { readonly of: number; readonly emoji: string }[],
): ServerFrame {
  return { type: 'reacted', ...(room === undefined ? { with: peer } : { room }), reactions: [...own] };
}

function send(member: Member, frames: readonly ServerFrame[]): void {
  if (frames.length > 0) member.send(Buffer.concat(frames.map(encodeFrame)));
}

/** Rooms entered and left, and roles and rules that changed, while there was too much to hold. Topics are entries of the log. */
function roomChanges(
  before: readonly ConversationPosition[],
  now: readonly ConversationSummary[],
): ServerFrame[] {
  const [known, current] = [roomsOf(before), roomsOf(now)];
  const left = [...known].filter(([id]) => !current.has(id));
  const changed = [...current].filter(([id, { role, room }]) => {
    const earlier = known.get(id);
    return earlier?.role !== role || !isDeepStrictEqual(earlier.room.rules, room.rules);
  });
  return [
    ...left.map(([, { name }]): ServerFrame => ({ type: 'parted', room: name })),
    ...changed.map(
      ([, standing]): ServerFrame => ({ type: 'room', conversation: conversationRecord(standing) }),
    ),
  ];
}

function roomsOf<Standing extends ConversationPosition>(standings: readonly Standing[]) {
  type InRoom = Extract<Standing, { kind: 'room' }>;
  const inRooms = standings.filter((each): each is InRoom => each.kind === 'room');
  return new Map(inRooms.map((each) => [each.room.id, each]));
}
