/** The Store's methods as functions on a database, inside a transaction that somebody else began and ends. */
import { createAccounts } from './accounts.js';
import { createAudit } from './audit.js';
import { createBans } from './bans.js';
import { createBlocks } from './blocks.js';
import type { Method, Operations } from './call.js';
import { createConversations } from './conversations.js';
import type { Database } from './database.js';
import { createChanges } from './edits.js';
import { createInvites } from './invites.js';
import { createLog } from './log.js';
import { createRetention } from './retention.js';
import { createRooms } from './rooms.js';
import { createSearch } from './search.js';
import { createWords } from './search-index.js';
import { createSessions } from './sessions.js';
import { createUpkeep } from './upkeep.js';

const reads: ReadonlySet<Method> = new Set<Method>([
  'account',
  'accounts',
  'directory',
  'bans',
  'banOf',
  'mutes',
  'audit',
  'invite',
  'invites',
  'sessions',
  'rooms',
  'members',
  'sharedRooms',
  'invitations',
  'blocks',
  'standings',
  'floor',
  'history',
  'said',
  'locate',
  'seqBefore',
  'search',
  'fileBytes',
  'fileHashes',
  'unreferenced',
  'copy',
  'damage',
]);

/** What SQLite does not do inside a transaction. */
export function standsAlone(method: Method): boolean {
  return method === 'copy';
}

export function writes(method: Method): boolean {
  return !reads.has(method);
}

/** Prepares every statement once. */
export function createOperations(db: Database): Operations {
  const words = createWords(db);
  const conversations = createConversations(db, words);
  const log = createLog(db, { conversations, words });
  const { seqBefore } = log;
  const sessions = createSessions(db);
  const revoke = (account: number, except?: number) => sessions.revokeSessions(account, except);
  const { leaveAll, ...rooms } = createRooms(db);
  const { lastAdmin, withdraw, ...accounts } = createAccounts(db, { revoke, leaveRooms: leaveAll });
  return {
    ...accounts,
    ...createInvites(db),
    ...sessions,
    ...createBans(db, { revoke, lastAdmin, withdraw }),
    ...createAudit(db),
    rooms: conversations.rooms,
    standings: conversations.standings,
    markRead: conversations.markRead,
    ...rooms,
    ...createBlocks(db),
    ...log,
    ...createChanges(db, words),
    ...createSearch(db, { conversations, words, seqBefore }),
    ...createRetention(db, { words, seqBefore }),
    ...createUpkeep(db),
  };
}
