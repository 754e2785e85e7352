/** The Store's methods as functions on a database, inside a transaction that somebody else began and ends. */
import { createAccounts } from './accounts.js';
import { createBlocks } from './blocks.js';
import type { Method, Operations } from './call.js';
import { createChanges } from './changes.js';
import { createConversations } from './conversations.js';
import type { Database } from './database.js';
import { createInvites } from './invites.js';
import { createLog } from './log.js';
import { createRetention } from './retention.js';
import { createRooms } from './rooms.js';
import { createSearch } from './search.js';
import { createSessions } from './sessions.js';
import { createWords } from './words.js';

const reads: ReadonlySet<Method> = new Set<Method>([
  'account',
  'accounts',
  'invite',
  'rooms',
  'members',
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
  'unreferenced',
]);

export function writes(method: Method): boolean {
  return !reads.has(method);
}

/** Prepares every statement once. */
export function createOperations(db: Database): Operations {
  const words = createWords(db);
  const conversations = createConversations(db, words);
  const log = createLog(db, { conversations, words });
  const { seqBefore } = log;
  return {
    ...createAccounts(db),
    ...createInvites(db),
    ...createSessions(db),
    rooms: conversations.rooms,
    standings: conversations.standings,
    markRead: conversations.markRead,
    ...createRooms(db),
    ...createBlocks(db),
    ...log,
    ...createChanges(db, words),
    ...createSearch(db, { conversations, words, seqBefore }),
    ...createRetention(db, { words, seqBefore }),
  };
}
