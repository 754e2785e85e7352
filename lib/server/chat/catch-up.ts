/**
 * What a session missed, then live: replays each conversation from where the client stands and hands over to
 * the hub with no gap. Knows the store, the hub and one member.
 */
import type { ServerFrame } from '../../protocol/events.js';
import { encodeFrame } from '../../protocol/frame.js';
import { limits } from '../../protocol/limits.js';
import type { RequestOf } from '../../protocol/requests.js';
import type { Standing } from '../../store/room-store.js';
import type { Store } from '../../store/store.js';
import { entryEvent, type Place } from './entry-event.js';
import type { Hub } from './hub.js';
import { conversationOf } from './membership.js';
import type { Member } from './presence.js';

/** Messages read and sent at a time: bounded whatever was missed. */
const pageSize = 100;

/**
 * Sends what each conversation had after the client's position, then what was said meanwhile, then goes on live.
 * What was said meanwhile may come twice (replayed and live), never in the wrong order: a client drops what is not newer
 * than what it has of that conversation.
 */
export async function catchUp(
  member: Member,
  request: Pick<RequestOf<'sync'>, 'rooms' | 'direct'>,
  { store, hub }: { store: Store; hub: Hub },
): Promise<void> {
  const { account } = member;
  // Where the replay of each conversation has come to.
  const rooms = new Map<string, number>();
  const directs = new Map<string, number>();
  let before: readonly Standing[] | undefined;

  async function start({ kind, name, target, last, read }: Standing): Promise<number> {
    const positions = (kind === 'room' ? request.rooms : request.direct) ?? {};
    // A person may be called `constructor`.
    const claimed = Object.hasOwn(positions, name) ? positions[name] : undefined;
    // A position beyond the newest message comes from a history that is no longer: start as if new.
    const known = claimed !== undefined && claimed <= last ? claimed : undefined;
    const floor = await store.floor(target, known === undefined ? limits.backlog : limits.catchUp);
    const wanted = known ?? (kind === 'direct' ? read : 0);
    if (floor > wanted) {
      const where = kind === 'room' ? { room: name } : { with: name };
      send([{ type: 'gap', ...where, after: wanted, before: floor + 1 }]);
    }
    return Math.max(floor, wanted);
  }

  function send(frames: readonly ServerFrame[]): void {
    if (frames.length > 0) member.send(Buffer.concat(frames.map(encodeFrame)));
  }

  async function replay(place: Place, from: number): Promise<number> {
    let seq = from;
    for (;;) {
      const page = {
        target: place.target,
        after: seq,
        limit: pageSize,
        keep: 'oldest',
        what: 'everything',
      } as const;
      const entries = await store.history(page);
      // Left meanwhile: nothing of it comes after `parted`.
      if (!hub.places.isIn(account, place.target)) return seq;
      send(entries.map((entry) => entryEvent(entry, place, account)));
      seq = entries.at(-1)?.seq ?? seq;
      await member.drained();
      if (entries.length < pageSize || !member.alive) return seq;
    }
  }

  /** @returns false where the member went away */
  async function replayAll(): Promise<boolean> {
    const standings = await store.standings(account.id);
    if (before !== undefined) send(changed(before, standings));
    before = standings;
    for (const standing of standings) {
      const { kind, name, target, last } = standing;
      const reached = kind === 'room' ? rooms : directs;
      const place: Place = {
        target,
        room: kind === 'room' ? name : undefined,
        peer: kind === 'direct' ? name : undefined,
      };
      const from = reached.get(name) ?? (await start(standing));
      reached.set(name, from < last ? await replay(place, from) : from);
      if (!member.alive) return false;
    }
    return true;
  }

  // Live first: a look at the store for what came during the last look would never end where people talk
  // faster than the store answers.
  let open: () => boolean;
  do {
    open = hub.attach(member);
    if (!(await replayAll())) return;
  } while (!open());
  await hub.remind(member);
}

/** What came and went with what was too much to hold: rooms entered and left, roles. Topics are entries. */
function changed(before: readonly Standing[], now: readonly Standing[]): ServerFrame[] {
  const [known, current] = [roomsOf(before), roomsOf(now)];
  const parted = [...known.keys()].filter((id) => !current.has(id));
  const entered = [...current].filter(([id, { role }]) => known.get(id)?.role !== role);
  return [
    ...parted.map((id): ServerFrame => ({ type: 'parted', room: known.get(id)?.name ?? '' })),
    ...entered.map(([, each]): ServerFrame => ({ type: 'room', conversation: conversationOf(each) })),
  ];
}

function roomsOf(standings: readonly Standing[]) {
  return new Map(standings.flatMap((each) => (each.kind === 'room' ? [[each.room.id, each] as const] : [])));
}
