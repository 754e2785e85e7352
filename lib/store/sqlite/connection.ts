/**
 * One open database that runs batches of calls, for writing under the lock or for reading beside it. Blocks meanwhile. Puts
 * the SQL files together, for one thread.
 */
import { type Clock, systemClock } from '../../system/clock.js';
import { createAccountOperations, createCredentialOperations, createInviteOperations } from './accounts.js';
import { createConversationOperations } from './conversations.js';
import {
  closeDatabase,
  createFileOperations,
  type Database,
  type DatabaseOptions,
  openDatabase,
  openReader,
  takeLock,
} from './database.js';
import { type BatchResult, createBatchRunner } from './group-commit.js';
import { createEditOperations, createLogOperations } from './log.js';
import { createMentionRows } from './mentions.js';
import { type MethodCall, methods, type Operations } from './methods.js';
import { createAuditOperations, createBanOperations, createBlockOperations } from './moderation.js';
import { createReactionOperations } from './reactions.js';
import { createRetentionOperations } from './retention.js';
import { createRoomOperations } from './rooms.js';
import { createSearchIndex, createSearchOperations } from './search.js';
import { createSessionOperations } from './sessions.js';
import { createSignInOperations } from './sign-in.js';
import { createUpkeep } from './upkeep.js';

export interface DatabaseConnectionOptions extends DatabaseOptions {
  /** Reads only, beside a connection that writes and holds the lock. */
  readonly reader?: boolean;
}

export interface DatabaseConnection {
  run(calls: readonly MethodCall[]): BatchResult;
  close(): void;
}

/** @throws DatabaseRefusal for a locked, foreign or newer file, or SQLite's own error */
export function openDatabaseConnection({
  reader = false,
  ...options
}: DatabaseConnectionOptions): DatabaseConnection {
  if (reader) {
    const db = openReader(options);
    return { run: createBatchRunner(db, createOperations(db)), close: () => db.close() };
  }
  const lock = takeLock(options.file);
  try {
    const db = openDatabase(options);
    const runBatch = createBatchRunner(db, createOperations(db));
    const upkeep = createUpkeep(db, options.file);
    return {
      run(calls) {
        const result = runBatch(calls);
        if (calls.some(({ method }) => methods[method].transaction === 'write')) upkeep.wrote();
        return result;
      },
      close() {
        upkeep.close();
        closeDatabase(db);
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The Store's methods as functions on a database. Prepares every statement once. @param ticks times searches */
export function createOperations(db: Database, { ticks }: Pick<Clock, 'ticks'> = systemClock): Operations {
  const index = createSearchIndex(db);
  const mentions = createMentionRows(db);
  const { find, findOrBegin, keyOf, positions, ...conversations } = createConversationOperations(db);
  const log = createLogOperations(db, { index, mentions, find, findOrBegin, keyOf });
  const { seqBefore } = log;
  const { resumeRow, ...sessions } = createSessionOperations(db);
  const { revokeSessions } = sessions;
  const { leaveAll, ...rooms } = createRoomOperations(db);
  const { isLastAdmin, withdraw, ...accounts } = createAccountOperations(db, {
    ...{ revokeSessions, leaveAll },
    onNewName: mentions.learn,
  });
  const bans = createBanOperations(db, { revokeSessions, isLastAdmin, withdraw });
  return {
    ...accounts,
    ...sessions,
    ...bans,
    ...createSignInOperations(db, { resumeRow, positions, ...bans, ...conversations, ...rooms }),
    ...createCredentialOperations(db, { revokeSessions }),
    ...createInviteOperations(db),
    ...createBlockOperations(db),
    ...createAuditOperations(db),
    ...conversations,
    ...rooms,
    ...log,
    ...createEditOperations(db, { index, mentions }),
    ...createReactionOperations(db),
    ...createSearchOperations(db, { index, find, seqBefore, ticks }),
    ...createRetentionOperations(db, { index, seqBefore }),
    ...createFileOperations(db),
  };
}
