/** Puts the SQL files together: the Store's methods as functions on a database, for one thread. */
import { createAccountOperations, createCredentialOperations, createInviteOperations } from './accounts.js';
import { createConversationOperations } from './conversations.js';
import { createFileOperations, type Database } from './database.js';
import { createEditOperations, createLogOperations } from './log.js';
import type { Operations } from './methods.js';
import { createAuditOperations, createBanOperations, createBlockOperations } from './moderation.js';
import { createRetentionOperations } from './retention.js';
import { createRoomOperations } from './rooms.js';
import { createSearchIndex, createSearchOperations } from './search.js';
import { createSessionOperations } from './sessions.js';

/** Prepares every statement once. */
export function createOperations(db: Database): Operations {
  const index = createSearchIndex(db);
  const { find, findOrBegin, keyOf, ...conversations } = createConversationOperations(db, index);
  const log = createLogOperations(db, { index, find, findOrBegin, keyOf });
  const { seqBefore } = log;
  const sessions = createSessionOperations(db);
  const { revokeSessions } = sessions;
  const { leaveAll, ...rooms } = createRoomOperations(db);
  const { isLastAdmin, withdraw, ...accounts } = createAccountOperations(db, { revokeSessions, leaveAll });
  return {
    ...accounts,
    ...createCredentialOperations(db, { revokeSessions }),
    ...createInviteOperations(db),
    ...sessions,
    ...createBanOperations(db, { revokeSessions, isLastAdmin, withdraw }),
    ...createBlockOperations(db),
    ...createAuditOperations(db),
    ...conversations,
    ...rooms,
    ...log,
    ...createEditOperations(db, index),
    ...createSearchOperations(db, { index, find, seqBefore }),
    ...createRetentionOperations(db, { index, seqBefore }),
    ...createFileOperations(db),
  };
}
