/**
 * Reads again what is kept in memory of accounts that are online here: after another server died without telling what it did
 * last, and where it told something. Two servers that change the same at one moment each do their own first and hear of the
 * other's later, so that only the store knows what holds. Knows live rooms and presence, not who changed what.
 */
import type { PeerStore, StoredAccount } from '../../store/peer-store.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import { conversationRecord } from './frames.js';
import type { LiveRooms } from './live-rooms.js';
import type { Presence } from './presence.js';

export interface Reread {
  /** @throws StoreError; what was read until then holds */
  everyone(): Promise<void>;
  /** Soon. Without effect for one that is not online here. */
  account(id: number): void;
  /** The same of the rooms there are, and their rules. */
  rooms(): void;
}

interface RereadDeps {
  readonly store: Pick<Store, 'conversations' | 'rooms'> & { readonly peering?: Pick<PeerStore, 'stored'> };
  readonly clock: Clock;
  readonly rooms: LiveRooms;
  readonly presence: Presence;
}

/** Accounts of one question: with ten rooms each some 20 ms, in which posts wait. */
const together = 200;

export function createReread(deps: RereadDeps): Reread {
  const { store, clock, rooms, presence } = deps;

  async function read(ids: readonly number[]): Promise<void> {
    const all = (await store.peering?.stored(ids, clock.now())) ?? [];
    for (const stored of all) if (takeOver(deps, stored)) await readRooms(deps, stored.account.id);
  }

  // The database fails, which others tell.
  const leave = (): void => {};

  return {
    async everyone() {
      const ids = [...new Set(presence.members().map(({ account }) => account.id))];
      for (let from = 0; from < ids.length; from += together) await read(ids.slice(from, from + together));
    },
    account(id) {
      if (presence.terminals(id).size > 0) read([id]).catch(leave);
    },
    rooms: () => void store.rooms().then(rooms.sync).catch(leave),
  };
}

/** All but rooms. @returns whether the account is in other rooms than was known, or has another role in one */
function takeOver(
  { rooms, presence }: RereadDeps,
  { account, banned, sessions, mutes, rooms: stored }: StoredAccount,
): boolean {
  const { id } = account;
  for (const terminal of [...presence.terminals(id)]) {
    const { session } = terminal;
    const ended = banned || (session !== undefined && !sessions.includes(session));
    if (ended) terminal.dismiss('signed-out', 'Your session was ended on another server.');
  }
  if (presence.terminals(id).size === 0) return false;
  presence.update(account);
  for (const { room } of rooms.mutesOf(id)) rooms.unmute(id, room);
  for (const mute of mutes) rooms.mute(id, mute);
  const known = [...rooms.membershipsOf(id).values()];
  // Not even in the lobby: it is signing in, and has yet to read all of this.
  if (known.length === 0) return false;
  const roles = new Map(stored.map(({ room, role }) => [room, role]));
  return known.length !== roles.size || known.some(({ room, role }) => roles.get(room.id) !== role);
}

async function readRooms({ store, rooms }: RereadDeps, account: number): Promise<void> {
  const standings = await store.conversations(account);
  const known = rooms.membershipsOf(account);
  const ids = new Set(standings.flatMap(({ target }) => ('room' in target ? [target.room] : [])));
  for (const { room } of [...known.values()]) {
    if (ids.has(room.id)) continue;
    rooms.leave(account, room);
    rooms.sendToTerminals(account, { type: 'parted', room: room.name });
  }
  for (const standing of standings) {
    if (standing.kind !== 'room') continue;
    const { role } = standing;
    const room = rooms.byId.get(standing.room.id);
    if (room === undefined) continue;
    const membership = known.get(room.name);
    if (membership?.room === room && membership.role === role) continue;
    rooms.enter(account, { room, role });
    rooms.sendToTerminals(account, { type: 'room', conversation: conversationRecord(standing) });
  }
}
