/** What tests of a Store begin with: an empty one, people, entries. Knows the interface only. */
import { createHash } from 'node:crypto';
import type { Test } from 'tap';
import type { Account, NewAccount } from '../../lib/store/account-store.js';
import type { Appended, NewEntry, Target } from '../../lib/store/message-store.js';
import type { Room } from '../../lib/store/room-store.js';
import type { Store } from '../../lib/store/store.js';

export interface Subject {
  readonly store: Store;
  /** Closes the store and opens it on the same data. */
  reopen(): Promise<Store>;
}

/** A new, empty store that the test's teardown closes and removes. */
export type MakeSubject = (t: Test) => Promise<Subject>;

export const at = 1_750_000_000_000;
export const hour = 3_600_000;

export function hash(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}

export function newAccount(name: string, rest: Partial<NewAccount> = {}): NewAccount {
  return { name, skeleton: `~${name}`, password: `$argon2id$${name}`, at, ...rest };
}

/** Makes an account and returns it; throws where it was not made. */
export async function register(store: Store, name: string): Promise<Account> {
  const registered = await store.register(newAccount(name));
  if (registered.outcome !== 'created') throw new Error(`${name}: ${registered.outcome}`);
  return registered.account;
}

export async function lobbyOf(store: Store): Promise<Target> {
  const [lobby] = await store.rooms();
  if (lobby === undefined) throw new Error('there is no lobby');
  return { room: lobby.id };
}

export function newEntry(account: number, target: Target, key: string): NewEntry {
  return { target, account, key, text: `text of ${key}`, action: false, at };
}

/** Appends what has to be kept, and says where it stands. */
export async function kept(store: Store, entry: NewEntry): Promise<Extract<Appended, { outcome: 'kept' }>> {
  const appended = await store.append(entry);
  if (appended.outcome !== 'kept') throw new Error(`not kept: ${appended.outcome}`);
  return appended;
}

/** Makes an account for each name. */
export async function people<const Names extends readonly string[]>(
  store: Store,
  ...names: Names
): Promise<{ readonly [Index in keyof Names]: Account }> {
  const accounts = await Promise.all(names.map((name) => register(store, name)));
  return accounts as { [Index in keyof Names]: Account };
}

/** Makes a room that has to be made. */
export async function newRoom(
  store: Store,
  owner: number,
  name: string,
  options: { readonly private?: boolean } = {},
): Promise<Room> {
  const made = await store.makeRoom({ name, private: options.private ?? false, owner, at });
  if (made.outcome !== 'made') throw new Error(`${name}: ${made.outcome}`);
  return made.room;
}
