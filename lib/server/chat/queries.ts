/**
 * Requests that read: pages of history and of files, search, lists of rooms and members, whois, the read marker. Changes
 * nothing but that marker.
 *
 * Long answers wait until the reader has taken what was sent, and look up what it may see only then: a reader that stalls
 * gets nothing of a room it has left by then.
 */
import { ProtocolError } from '../../protocol/errors.js';
import type { ServerFrameOf } from '../../protocol/events.js';
import { limits } from '../../protocol/limits.js';
import type { Conversation, Found, Message, Person, RoomInfo, Whois } from '../../protocol/records.js';
import type { RequestOf } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type {
  HistoryPage,
  LogEntry,
  SearchHit,
  SearchQuery,
  SearchResult,
} from '../../store/message-store.js';
import type { ConversationSummary } from '../../store/room-store.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import { conversationRecord, messageEvent, quoteOf, receiptOf, rulesField, topicField } from './frames.js';
import type { ConversationName, ConversationRef } from './lookup.js';
import type { ChatParts } from './parts.js';
import { actorOf } from './permissions.js';
import type { Member, Presence } from './presence.js';

type Fields = Partial<ServerFrameOf<'ok'>>;

const searchDefault = 20;

export async function readHistory(
  deps: ChatParts,
  member: Member,
  request: RequestOf<'history'>,
): Promise<Fields> {
  const { room, with: peer, before, since, limit } = request;
  const sinceTime = timeOf('since', since);
  await member.drained();
  const from = sinceTime === undefined ? undefined : await deps.store.seqBefore(sinceTime, deps.clock.now());
  const after = from === undefined ? request.after : Math.max(from, request.after ?? 0);
  const keep = after !== undefined && before === undefined ? 'oldest' : 'newest';
  return readPage(deps, member, { room, peer, limit, after, before, keep, what: 'messages' });
}

export async function listFiles(
  deps: ChatParts,
  member: Member,
  { room, with: peer, before, limit }: RequestOf<'files'>,
): Promise<Fields> {
  await member.drained();
  return readPage(deps, member, { room, peer, limit, before, keep: 'newest', what: 'files' });
}

async function readPage(
  { store, lookup }: ChatParts,
  { account }: Member,
  query: Required<Pick<HistoryPage, 'keep' | 'what'>> &
    ConversationName &
    Partial<Record<'after' | 'before' | 'limit', number | undefined>>,
): Promise<Fields> {
  const { room, peer, after, before, limit = limits.historyPage, keep, what } = query;
  const conversation = await lookup.conversation(account, { room, peer });
  const entries = await store.history({
    ...{ target: conversation.target, keep, what },
    ...(after !== undefined && { after }),
    ...(before !== undefined && { before }),
    // One more than asked for shows whether there are more.
    limit: limit + 1,
  });
  const more = entries.length > limit;
  const page = !more ? entries : keep === 'oldest' ? entries.slice(0, limit) : entries.slice(1);
  return { messages: await messagesFor(store, account, conversation, page), more };
}

/** Pinned messages, in the order in which they were pinned. */
export async function listPins(
  { store, lookup }: ChatParts,
  member: Member,
  { room, with: peer }: RequestOf<'pins'>,
): Promise<Fields> {
  const { account } = member;
  await member.drained();
  const conversation = await lookup.conversation(account, { room, peer });
  return {
    messages: await messagesFor(store, account, conversation, await store.pins(conversation.target)),
  };
}

/** As the account sees them: with its own reactions marked. */
async function messagesFor(
  store: Store,
  account: Account,
  conversation: ConversationRef,
  entries: readonly LogEntry[],
): Promise<Message[]> {
  const reacted = entries.filter(({ reactions }) => reactions !== undefined).map(({ seq }) => seq);
  const own = reacted.length === 0 ? [] : await store.reactionsBy(account.id, reacted);
  const byMessage = new Map(own.map(({ of, emoji }) => [of, emoji]));
  return entries.map((entry) => messageEvent(entry, conversation, account, byMessage.get(entry.seq)));
}

export async function runSearch(
  deps: ChatParts,
  member: Member,
  request: RequestOf<'search'>,
): Promise<Fields> {
  const { words, room, with: peer, from, since, until, before, limit = searchDefault } = request;
  const { clock, lookup } = deps;
  const { account } = member;
  const [start, end] = [timeOf('since', since), timeOf('until', until)];
  await member.drained();
  const everywhere = room === undefined && peer === undefined;
  const conversation = everywhere ? undefined : await lookup.conversation(account, { room, peer });
  const writer = from === undefined ? undefined : await lookup.person(account, from);
  const { hits, more, reached } = await searchInTime(deps, member, {
    ...{ account: account.id, words, now: clock.now(), limit },
    ...(conversation !== undefined && { target: conversation.target }),
    ...(writer !== undefined && { from: writer.id }),
    ...(start !== undefined && { since: start }),
    ...(end !== undefined && { until: end }),
    ...(before !== undefined && { before }),
  });
  const found = hits.map(({ kind, name, at, marks, of, quoted, ...hit }): Found => {
    const address = kind === 'room' ? { room: name } : { with: name };
    return {
      ...hit,
      ...address,
      at: new Date(at).toISOString(),
      marks: marks.map((mark) => [...mark]),
      ...(of !== undefined && { of: quoteOf({ of, ...(quoted && { quoted }) }) }),
    };
  });
  return { found, more, ...(reached !== undefined && { reached: receiptOf(reached) }) };
}

/** Takes turns with other searches until its page is full, all is searched, or its time is over. */
export async function searchInTime(
  {
    store,
    clock,
  }: { readonly store: Pick<ChatParts['store'], 'search'>; readonly clock: Pick<Clock, 'ticks'> },
  member: Pick<Member, 'alive'>,
  query: SearchQuery,
): Promise<SearchResult> {
  const end = clock.ticks() + limits.searchMs;
  const hits: SearchHit[] = [];
  let rest = query;
  for (;;) {
    const turn = await store.search(rest);
    hits.push(...turn.hits);
    const left = query.limit - hits.length;
    if (turn.reached === undefined || left === 0) return { hits, more: turn.more };
    if (clock.ticks() >= end || !member.alive) return { ...turn, hits };
    const { reached, blocks } = turn;
    rest = { ...query, before: reached.seq, limit: left, ...(blocks !== undefined && { blocks }) };
  }
}

/** For the reply to a sign-in: rooms, and direct conversations that are unread or recent, as far as they fit. */
export function currentConversations(standings: readonly ConversationSummary[], now: number): Conversation[] {
  const { rooms, directs } = byKind(standings);
  const current = directs.filter(({ unread, at = 0 }) => unread > 0 || now - at < limits.directsMs);
  return [...rooms, ...current.slice(0, limits.directsPage)].map(conversationRecord);
}

/** All rooms and the newest direct conversations; or the direct ones whose newest entry is before a seq. */
export async function listConversations(
  { store }: ChatParts,
  member: Member,
  { before }: RequestOf<'conversations'>,
): Promise<Fields> {
  await member.drained();
  const { rooms, directs } = byKind(await store.conversations(member.account.id));
  const matching = directs.filter(({ last }) => before === undefined || last < before);
  const page = matching.slice(0, limits.directsPage);
  // Of those without an entry, which have no seq to go on from, only as many are listed as fit.
  const more = matching.length > page.length && page.at(-1)?.last !== 0;
  return { conversations: [...(before === undefined ? rooms : []), ...page].map(conversationRecord), more };
}

/** Rooms in their order, direct conversations newest first. */
function byKind(standings: readonly ConversationSummary[]) {
  const rooms = standings.filter(({ kind }) => kind === 'room');
  const directs = standings
    .filter(({ kind }) => kind === 'direct')
    .toSorted((one, other) => other.last - one.last);
  return { rooms, directs };
}

/** Public rooms, and those that the account is in or invited to. */
export async function listRooms({ store }: ChatParts, member: Member): Promise<RoomInfo[]> {
  const { id } = member.account;
  await member.drained();
  const [rooms, standings, invitations] = await Promise.all([
    store.rooms(),
    store.conversations(id),
    store.invitations(id),
  ]);
  const roles = new Map(
    standings.flatMap((each) => (each.kind === 'room' ? [[each.room.id, each.role] as const] : [])),
  );
  const inviters = new Map(invitations.map(({ room, by }) => [room.id, by]));
  return rooms
    .filter((room) => !room.private || roles.has(room.id) || inviters.has(room.id))
    .map((room): RoomInfo => {
      const role = roles.get(room.id);
      const invited = inviters.get(room.id);
      return {
        ...{ room: room.name, ...topicField(room), members: room.members, ...rulesField(room) },
        ...(room.private && { private: true }),
        ...(role !== undefined && { role }),
        ...(invited !== undefined && { invited }),
      };
    });
}

/** A page of everyone online, or of all members of a room, by name. */
export async function listPeople(
  deps: ChatParts,
  member: Member,
  { room, after = '' }: RequestOf<'who'>,
): Promise<{ people: Person[]; more?: true }> {
  await member.drained();
  // One more than a page shows whether there are more.
  const page = { after, limit: limits.peoplePage + 1 };
  const people =
    room === undefined ? peopleOnline(deps, page) : await peopleIn(deps, member.account, { room, ...page });
  return {
    people: people.slice(0, limits.peoplePage),
    ...(people.length > limits.peoplePage && { more: true }),
  };
}

interface PeoplePage {
  readonly after: string;
  readonly limit: number;
}

function peopleOnline({ presence }: ChatParts, { after, limit }: PeoplePage): Person[] {
  return presence
    .people()
    .filter(({ name }) => name > after)
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .slice(0, limit);
}

async function peopleIn(
  { store, lookup, presence }: ChatParts,
  account: Account,
  { room, ...page }: PeoplePage & { room: string },
): Promise<Person[]> {
  const members = await store.members(lookup.membership(account, room).room.id, page);
  return members.map(({ account: { id, name, role }, role: roleThere }) => ({
    ...{ name, role, room: roleThere },
    ...onlineFields(presence, id),
  }));
}

/** @throws ProtocolError `no-such-name` */
export async function readWhois(deps: ChatParts, { account: me }: Member, name: string): Promise<Whois> {
  const { store, lookup, presence, permissions } = deps;
  const other = await lookup.person(me, name);
  const [info] = await store.listAccounts(other.id);
  return {
    ...{ name: other.name, role: other.role, since: new Date(info?.at ?? 0).toISOString() },
    ...onlineFields(presence, other.id),
    rooms: [...(await store.sharedRooms(me.id, other.id))],
    ...(permissions.allows(actorOf(me), 'see-addresses') && (await moderatorFields(deps, other.id))),
  };
}

function onlineFields(presence: Presence, account: number): { terminals: number; away?: string } {
  const away = presence.awayOf(account);
  return { terminals: presence.count(account), ...(away !== undefined && { away }) };
}

const mostAddresses = 10;

async function moderatorFields(
  { store, clock, presence }: ChatParts,
  account: number,
): Promise<Partial<Whois>> {
  const now = clock.now();
  const [sessions, mutes] = await Promise.all([store.sessions(account, now), store.mutes(account, now)]);
  const current = [...presence.terminals(account)].map(({ address }) => address);
  const earlier = sessions.flatMap(({ address = '' }) => (address === '' ? [] : [address]));
  const mute = mutes.find(({ room }) => room === undefined);
  return {
    addresses: [...new Set([...current, ...earlier])].slice(0, mostAddresses),
    ...(mute !== undefined && {
      mutedUntil: mute.until === undefined ? '' : new Date(mute.until).toISOString(),
    }),
  };
}

/** Moves the read marker, and tells the account's other terminals and whom the account shares receipts with. */
export async function markRead(
  { store, lookup, activity, announce }: ChatParts,
  member: Member,
  { room, with: peer, seq }: RequestOf<'read'>,
): Promise<void> {
  const { account } = member;
  const conversation = await lookup.conversation(account, { room, peer });
  const marker = await store.markRead(account.id, conversation.target, seq);
  if (marker === undefined) return;
  const address =
    conversation.room === undefined ? { with: conversation.peer ?? '' } : { room: conversation.room };
  announce.toldOthers(member, { type: 'seen', ...address, seq: marker });
  activity.read(member, conversation, marker);
}

/** @throws ProtocolError `bad-request` for a date that no calendar has */
function timeOf(field: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new ProtocolError('bad-request', `${field}: there is no such time.`);
  return time;
}
