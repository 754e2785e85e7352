/** The Store's methods as functions on a database, inside a transaction that somebody else began and ends. */
import { createAccounts } from './accounts.js';
import type { Method, Operations } from './call.js';
import { createConversations } from './conversations.js';
import type { Database } from './database.js';
import { createInvites } from './invites.js';
import { createLog } from './log.js';
import { createSessions } from './sessions.js';

const reads: ReadonlySet<Method> = new Set<Method>([
  'account',
  'accounts',
  'invite',
  'rooms',
  'standings',
  'floor',
  'history',
]);

function pending(): never {
  throw new Error('not there yet');
}

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
    makeRoom: pending,
    enterRoom: pending,
    leaveRoom: pending,
    members: pending,
    setRoomRole: pending,
    inviteToRoom: pending,
    invitations: pending,
    dismissInvitation: pending,
    setTopic: pending,
    block: pending,
    unblock: pending,
    blocks: pending,
    locate: pending,
    edit: pending,
    remove: pending,
    seqBefore: pending,
    search: pending,
    fileBytes: pending,
    unreferenced: pending,
    prune: pending,
  };
}
