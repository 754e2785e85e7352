/** The Store's methods as functions on a database: puts the SQL files together, for one thread. */
import { type Clock, systemClock } from '../../system/clock.js';
import type { PeerStore } from '../peer-store.js';
import { createAccountOperations, createCredentialOperations, createInviteOperations } from './accounts.js';
import { createChangeOperations } from './changes.js';
import { createConversationOperations } from './conversations.js';
import type { Database, Dialect } from './database.js';
import { createLogOperations } from './log.js';
import { createTimeOperations } from './log-times.js';
import { createMentionRows } from './mentions.js';
import type { Operations } from './methods.js';
import { createAuditOperations, createBanOperations, createBlockOperations } from './moderation.js';
import { createPushOperations } from './pushes.js';
import { createReactionOperations } from './reactions.js';
import { createRetentionOperations } from './retention.js';
import { createRoomOperations } from './rooms.js';
import { createSearchOperations, type SearchIndex } from './search.js';
import { createSessionOperations } from './sessions.js';
import { createSignInOperations } from './sign-in.js';
import { createWebhookOperations } from './webhooks.js';

/** What each database has of its own. */
export interface OwnParts {
  readonly dialect: Dialect;
  readonly index: SearchIndex;
  readonly files: Pick<Operations, 'copy' | 'damage'>;
  /** Without them, a store has no `peering`, and these are not asked. */
  readonly peers?: Pick<Operations, keyof PeerStore>;
}

/** Prepares every statement once. @param ticks times searches */
export function createOperations(
  db: Database,
  { dialect, index, files, peers }: OwnParts,
  { ticks }: Pick<Clock, 'ticks'> = systemClock,
): Operations {
  const mentions = createMentionRows(db);
  const { find, beginDirect, keyOf, positions, ...conversations } = createConversationOperations(db);
  const { seqBefore } = createTimeOperations(db);
  const { resumeRow, ...sessions } = createSessionOperations(db);
  const { revokeSessions } = sessions;
  const { leaveAll, enter, ...rooms } = createRoomOperations(db);
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
    ...createWebhookOperations(db, { ...accounts, enter }),
    ...createPushOperations(db),
    ...createAuditOperations(db),
    ...conversations,
    ...rooms,
    ...createLogOperations(db, { index, mentions, find, beginDirect, keyOf }),
    ...createChangeOperations(db, { index, mentions }),
    ...createReactionOperations(db, dialect),
    seqBefore,
    ...createSearchOperations(db, { index, find, seqBefore, ticks }),
    ...createRetentionOperations(db, { index, seqBefore }),
    ...files,
    ...(peers as NonNullable<OwnParts['peers']>),
  };
}
