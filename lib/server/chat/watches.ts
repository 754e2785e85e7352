/**
 * Watches: who wants to hear when a person comes online, once. Kept in memory for each terminal until it is gone. Knows
 * members and names, not rooms.
 */
import { ProtocolError } from '../../protocol/errors.js';
import { encodeFrame } from '../../protocol/frame.js';
import { limits } from '../../protocol/limits.js';
import type { Account } from '../../store/account-store.js';
import type { Store } from '../../store/store.js';
import type { Lookup } from './lookup.js';
import { notAllowed } from './permissions.js';
import type { Member, Presence } from './presence.js';

export interface Watches {
  /** If that person is online already, the event comes at once. @throws ProtocolError `no-such-name`, `not-allowed`, `limit-reached` */
  watch(member: Member, name: string): Promise<void>;
  /** Without effect for a name that is not watched. @throws ProtocolError `no-such-name` */
  unwatch(member: Member, name: string): Promise<void>;
  /** Tells those who watch the account, but no one whom it has blocked. Never rejects. */
  cameOnline(account: Pick<Account, 'id' | 'name'>): Promise<void>;
  /** The terminal is gone. */
  forget(member: Member): void;
}

interface WatchesDeps {
  readonly store: Pick<Store, 'blocks'>;
  readonly lookup: Pick<Lookup, 'person'>;
  readonly presence: Pick<Presence, 'has' | 'count'>;
}

export function createWatches({ store, lookup, presence }: WatchesDeps): Watches {
  const watchersOf = new Map<number, Set<Member>>();
  const watchedBy = new Map<Member, Set<number>>();

  function add(member: Member, account: number): void {
    const watched = watchedBy.get(member) ?? new Set();
    if (watched.size >= limits.watches && !watched.has(account)) {
      const message = `You can wait for ${limits.watches} people at once. Cancel one first.`;
      throw new ProtocolError('limit-reached', message);
    }
    watchedBy.set(member, watched.add(account));
    watchersOf.set(account, (watchersOf.get(account) ?? new Set()).add(member));
  }

  /** @returns false if it was not there */
  function remove(member: Member, account: number): boolean {
    const watched = watchedBy.get(member);
    if (watched?.delete(account) !== true) return false;
    if (watched.size === 0) watchedBy.delete(member);
    const watchers = watchersOf.get(account);
    watchers?.delete(member);
    if (watchers?.size === 0) watchersOf.delete(account);
    return true;
  }

  return {
    async watch(member, name) {
      const other = await lookup.person(member.account, name);
      if (other.id === member.account.id) throw notAllowed("You can't wait for yourself.");
      // Its connection may have ended meanwhile.
      if (!presence.has(member)) return;
      if (presence.count(other.id) > 0) member.send(onlineFrame(other));
      else add(member, other.id);
    },
    async unwatch(member, name) {
      remove(member, (await lookup.person(member.account, name)).id);
    },
    async cameOnline(account) {
      const watchers = watchersOf.get(account.id);
      if (watchers === undefined) return;
      const blocks = await store.blocks(account.id).catch(() => undefined);
      // The database fails, which others tell. They go on waiting.
      if (blocks === undefined) return;
      const frame = onlineFrame(account);
      for (const member of [...watchers]) {
        if (!blocks.includes(member.account.name) && remove(member, account.id)) member.send(frame);
      }
    },
    forget(member) {
      for (const account of [...(watchedBy.get(member) ?? [])]) remove(member, account);
    },
  };
}

function onlineFrame({ name }: Pick<Account, 'name'>): Buffer {
  return encodeFrame({ type: 'online', name });
}
