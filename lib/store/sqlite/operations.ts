/** The Store's methods as functions on a database, inside a transaction that somebody else began and ends. */
import type { Store } from '../store.js';
import { createAccounts } from './accounts.js';
import { createConversations } from './conversations.js';
import type { Database } from './database.js';
import { createInvites } from './invites.js';
import { createLog } from './log.js';
import { createSessions } from './sessions.js';

export type Method = Exclude<keyof Store, 'close'>;
export type Result<M extends Method> = Awaited<ReturnType<Store[M]>>;
/** One method with its arguments, as it crosses to the database's thread. */
export type Call = {
  [M in Method]: { readonly method: M; readonly args: Readonly<Parameters<Store[M]>> };
}[Method];
export type Operations = { readonly [M in Method]: (...args: Parameters<Store[M]>) => Result<M> };
/** Some of them, for a file to say which ones it makes. */
export type OperationsOf<M extends Method> = Pick<Operations, M>;

const reads: ReadonlySet<Method> = new Set<Method>([
  'account',
  'accounts',
  'invite',
  'rooms',
  'standings',
  'floor',
  'history',
]);

export function writes(method: Method): boolean {
  return !reads.has(method);
}

/** Prepares every statement once. */
export function createOperations(db: Database): Operations {
  const conversations = createConversations(db);
  return {
    ...createAccounts(db),
    ...createInvites(db),
    ...createSessions(db),
    rooms: conversations.rooms,
    standings: conversations.standings,
    markRead: conversations.markRead,
    ...createLog(db, conversations),
  };
}
