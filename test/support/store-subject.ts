/** What tests of a Store begin with: an empty one, accounts, sessions, rooms, entries. Knows the interface only. */
import { createHash } from 'node:crypto';
import type { Test } from 'tap';
import type { Account, NewAccount, NewSession } from '../../lib/store/account-store.js';
import type { AppendResult, ConversationKey, NewEntry } from '../../lib/store/message-store.js';
import type { Room } from '../../lib/store/room-store.js';
import type { Store } from '../../lib/store/store.js';

export interface Subject {
  readonly store: Store;
  /** Closes the store and opens it on the same data. */
  reopen(): Promise<Store>;
}

/** Creates an empty store, which the test's end closes and removes. */
export type MakeSubject = (t: Test) => Promise<Subject>;

/** @param open opens the same data at each call */
export async function subjectOn(t: Test, open: () => Promise<Store>): Promise<Subject> {
  async function start(): Promise<Store> {
    const opened = await open();
    t.teardown(() => opened.close());
    return opened;
  }
  const store = await start();
  return {
    store,
    async reopen() {
      await store.close();
      return start();
    },
  };
}

export const at = 1_750_000_000_000;
export const hour = 3_600_000;

export function hash(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}

export function newAccount(name: string, rest: Partial<NewAccount> = {}): NewAccount {
  return { name, skeleton: `~${name}`, password: `$argon2id$${name}`, at, ...rest };
}

/** @throws where the account is not created */
export async function register(store: Store, name: string): Promise<Account> {
  const registered = await store.register(newAccount(name));
  if (registered.outcome !== 'created') throw new Error(`${name}: ${registered.outcome}`);
  return registered.account;
}

export async function registerAdmin(store: Store, name: string): Promise<Account> {
  const account = await register(store, name);
  await store.setRole(account.id, 'admin');
  return account;
}

/** Opens a remembered session, good for ten hours. */
export async function openSession(
  store: Store,
  account: number,
  token: string,
  rest: Partial<NewSession> = {},
): Promise<number> {
  const expires = at + 10 * hour;
  return store.openSession({ account, token: hash(token), expires, at, remember: true, ...rest });
}

/** Whether a token resumes a session. Its successor is the same with a `+`. */
export async function resumes(store: Store, token: string): Promise<boolean> {
  const expires = { remembered: at + 10 * hour, passing: at + hour };
  const resumed = await store.resumeSession({ token: hash(token), next: hash(`${token}+`), at, expires });
  return resumed !== undefined;
}

export async function lobbyOf(store: Store): Promise<ConversationKey> {
  const [lobby] = await store.rooms();
  if (lobby === undefined) throw new Error('there is no lobby');
  return { room: lobby.id };
}

export function newEntry(account: number, target: ConversationKey, key: string): NewEntry {
  return { target, account, key, text: `text of ${key}`, action: false, at };
}

/** @throws where the entry is not appended */
export async function kept(
  store: Store,
  entry: NewEntry,
): Promise<Extract<AppendResult, { outcome: 'kept' }>> {
  const appended = await store.append(entry);
  if (appended.outcome !== 'kept') throw new Error(`not kept: ${appended.outcome}`);
  return appended;
}

/** Registers an account for each name. */
export async function people<const Names extends readonly string[]>(
  store: Store,
  ...names: Names
): Promise<{ readonly [Index in keyof Names]: Account }> {
  const accounts = await Promise.all(names.map((name) => register(store, name)));
  return accounts as { [Index in keyof Names]: Account };
}

/** @throws where the room is not created */
export async function newRoom(
  store: Store,
  owner: number,
  name: string,
  options: { readonly private?: boolean; readonly unlimited?: boolean } = {},
): Promise<Room> {
  const made = await store.createRoom({ name, private: false, owner, at, ...options });
  if (made.outcome !== 'created') throw new Error(`${name}: ${made.outcome}`);
  return made.room;
}
