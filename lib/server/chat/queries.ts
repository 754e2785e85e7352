/**
 * Requests that read: pages of history and of files, search, lists of rooms and members. Changes nothing.
 *
 * Each waits for the reader first and looks up what is the reader's after it: who does not read for an hour gets nothing
 * of a room left meanwhile.
 */
import { ProtocolError } from '../../protocol/errors.js';
import type { ServerFrameOf } from '../../protocol/events.js';
import { limits } from '../../protocol/limits.js';
import type { Found, Person, RoomInfo } from '../../protocol/records.js';
import type { RequestOf } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type { Entry, Page } from '../../store/message-store.js';
import type { Store } from '../../store/store.js';
import { messageEvent, type Place } from './entry-event.js';
import type { Hub } from './hub.js';
import { topicOf } from './membership.js';
import type { Member } from './presence.js';

interface Desk {
  readonly store: Store;
  readonly hub: Hub;
}

type Answer = Partial<ServerFrameOf<'ok'>>;

const searchDefault = 20;

export async function readHistory(
  { store, hub }: Desk,
  member: Member,
  request: RequestOf<'history'>,
): Promise<Answer> {
  const { room, with: peer, before, since, limit = limits.historyPage } = request;
  const sinceTime = timeOf('since', since);
  await member.drained();
  const place = await hub.places.find(member.account, { room, peer });
  const from = sinceTime === undefined ? undefined : await store.seqBefore(sinceTime);
  const after = from === undefined ? request.after : Math.max(from, request.after ?? 0);
  const keep = after !== undefined && before === undefined ? 'oldest' : 'newest';
  const page = { target: place.target, keep, what: 'messages', ...range({ after, before }) } as const;
  return answer(await pageOf(store, page, limit), { place, member });
}

export async function listFiles(
  { store, hub }: Desk,
  member: Member,
  { room, with: peer, before, limit = limits.historyPage }: RequestOf<'files'>,
): Promise<Answer> {
  await member.drained();
  const place = await hub.places.find(member.account, { room, peer });
  const page = { target: place.target, keep: 'newest', what: 'files', ...range({ before }) } as const;
  return answer(await pageOf(store, page, limit), { place, member });
}

export async function runSearch(
  { store, hub }: Desk,
  member: Member,
  request: RequestOf<'search'>,
): Promise<Answer> {
  const { words, room, with: peer, from, since, until, before, limit = searchDefault } = request;
  const { account } = member;
  const [start, end] = [timeOf('since', since), timeOf('until', until)];
  await member.drained();
  const place =
    room === undefined && peer === undefined ? undefined : await hub.places.find(account, { room, peer });
  const writer = from === undefined ? undefined : await hub.places.person(account, from);
  const { hits, more } = await store.search({
    account: account.id,
    words,
    limit,
    ...(place === undefined ? {} : { target: place.target }),
    ...(writer === undefined ? {} : { from: writer.id }),
    ...(start === undefined ? {} : { since: start }),
    ...(end === undefined ? {} : { until: end }),
    ...(before === undefined ? {} : { before }),
  });
  const found = hits.map(({ kind, name, at, marks, ...hit }): Found => {
    const where = kind === 'room' ? { room: name } : { with: name };
    return { ...hit, ...where, at: new Date(at).toISOString(), marks: marks.map((mark) => [...mark]) };
  });
  return { found, more };
}

/** Public rooms, and those that this account is in or invited to. */
export async function listRooms(store: Store, { id }: Account): Promise<RoomInfo[]> {
  const [rooms, standings, invitations] = await Promise.all([
    store.rooms(),
    store.standings(id),
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
        room: room.name,
        ...topicOf(room),
        members: room.members,
        ...(room.private ? { private: true } : {}),
        ...(role === undefined ? {} : { role }),
        ...(invited === undefined ? {} : { invited }),
      };
    });
}

export async function listMembers(store: Store, hub: Hub, room: number): Promise<Person[]> {
  const members = await store.members(room);
  return members.map(({ account: { id, name, role }, role: roomRole }) => {
    const away = hub.presence.awayOf(id);
    const terminals = hub.presence.terminals(id).size;
    return { name, role, terminals, room: roomRole, ...(away !== undefined && { away }) };
  });
}

/** @throws ProtocolError `bad-request` for a date that no calendar has */
function timeOf(field: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new ProtocolError('bad-request', `There is no such time as ${field} says.`);
  return time;
}

interface Paged {
  readonly entries: readonly Entry[];
  readonly more: boolean;
}

async function pageOf(store: Store, page: Omit<Page, 'limit'>, limit: number): Promise<Paged> {
  // One more than asked tells whether there are more.
  const entries = await store.history({ ...page, limit: limit + 1 });
  const more = entries.length > limit;
  if (!more) return { entries, more };
  return { entries: page.keep === 'oldest' ? entries.slice(0, limit) : entries.slice(1), more };
}

function answer({ entries, more }: Paged, { place, member }: { place: Place; member: Member }): Answer {
  return { messages: entries.map((entry) => messageEvent(entry, place, member.account)), more };
}

function range(bounds: { after?: number | undefined; before?: number | undefined }): {
  after?: number;
  before?: number;
} {
  const { after, before } = bounds;
  return { ...(after === undefined ? {} : { after }), ...(before === undefined ? {} : { before }) };
}

/** Those that follow a name in the order of names, as many as fit into a frame. */
export function peoplePage(people: readonly Person[], after = ''): { people: Person[]; more?: true } {
  const following = people
    .filter(({ name }) => name > after)
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  const page = following.slice(0, limits.peoplePage);
  return { people: page, ...(page.length < following.length && { more: true }) };
}
