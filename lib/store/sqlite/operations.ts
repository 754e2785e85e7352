/** Puts the SQL files together: the Store's methods as functions on a database, for one thread. */
import { createAccounts, createCredentials, createInvites } from './accounts.js';
import { createConversations } from './conversations.js';
import { createFileOperations, type Database } from './database.js';
import { createEdits, createLog } from './log.js';
import type { Operations } from './methods.js';
import { createAudit, createBans, createBlocks } from './moderation.js';
import { createRetention } from './retention.js';
import { createRooms } from './rooms.js';
import { createSearch, createSearchIndex } from './search.js';
import { createSessions } from './sessions.js';

/** Prepares every statement once. */
export function createOperations(db: Database): Operations {
  const index = createSearchIndex(db);
  const { find, findOrBegin, keyOf, ...conversations } = createConversations(db, index);
  const log = createLog(db, { index, find, findOrBegin, keyOf });
  const { seqBefore } = log;
  const sessions = createSessions(db);
  const { revokeSessions } = sessions;
  const { leaveAll, ...rooms } = createRooms(db);
  const { isLastAdmin, withdraw, ...accounts } = createAccounts(db, { revokeSessions, leaveAll });
  return {
    ...accounts,
    ...createCredentials(db, { revokeSessions }),
    ...createInvites(db),
    ...sessions,
    ...createBans(db, { revokeSessions, isLastAdmin, withdraw }),
    ...createBlocks(db),
    ...createAudit(db),
    ...conversations,
    ...rooms,
    ...log,
    ...createEdits(db, index),
    ...createSearch(db, { index, find, seqBefore }),
    ...createRetention(db, { index, seqBefore }),
    ...createFileOperations(db),
  };
}
