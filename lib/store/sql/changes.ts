/**
 * Edits, removals, pins and topics in SQL: each changes what is kept, and is an entry of the log itself. Knows the search index
 * and mentions, which follow the text.
 */
import { randomUUID } from 'node:crypto';
import { limits } from '../../protocol/limits.js';
import type { LogPosition } from '../message-store.js';
import type { Database } from './database.js';
import type { MentionRows } from './mentions.js';
import type { Operations } from './methods.js';
import type { SearchIndex } from './search.js';

interface MessageRow {
  readonly conversation: number;
  readonly account: number;
  readonly kind: string;
  readonly text: string;
}

interface ChangeEntry {
  readonly kind: 'edit' | 'removal' | 'pin' | 'unpin' | 'topic';
  readonly conversation: number;
  readonly account: number;
  readonly at: number;
  readonly text?: string;
  /** The seq of the message that it is about. */
  readonly of?: number;
}

interface ChangeParts {
  readonly index: SearchIndex;
  readonly mentions: MentionRows;
}

export function createChangeOperations(db: Database, { index, mentions }: ChangeParts) {
  const byId = db.prepare(
    `SELECT conversation, account, kind, text FROM log
     WHERE seq = ? AND removed IS NULL AND kind IN ('text', 'action', 'file')`,
  );
  const insert = db.prepare(
    `INSERT INTO log (conversation, at, account, key, kind, text, target)
     VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING seq`,
  );
  const rewrite = db.prepare('UPDATE log SET text = ?, edited = ? WHERE seq = ?');
  const wipe = db.prepare(
    "UPDATE log SET text = '', removed = ?, target = NULL, reactions = NULL WHERE seq = ?",
  );
  const dropReactions = db.prepare('DELETE FROM reactions WHERE message = ?');
  const pin = db.prepare('INSERT INTO pins (message, conversation, seq) VALUES (?, ?, ?)');
  const unpin = db.prepare('DELETE FROM pins WHERE message = ?');
  const pinned = db.prepare(
    `SELECT count(*) AS count, count(*) FILTER (WHERE message = ?2) AS here FROM pins WHERE conversation = ?1`,
  );
  const dropFile = db.prepare('DELETE FROM files WHERE seq = ?');
  const setTopic = db.prepare(
    "UPDATE conversations SET topic = ?2 WHERE id = ?1 AND kind = 'room' AND topic <> ?2",
  );

  function messageOf(seq: number): MessageRow | undefined {
    return byId.get(seq);
  }

  function log({ kind, at, account, conversation, text = '', of }: ChangeEntry): LogPosition {
    // A key with a space, which no client can send.
    const key = `change ${randomUUID()}`;
    const { seq }: { seq: number } = insert.get(conversation, at, account, key, kind, text, of ?? null);
    return { seq, at };
  }

  return {
    edit({ of, account, at, text }) {
      if (text.includes('\0')) throw new Error('a text contains U+0000');
      const message = messageOf(of);
      if (message === undefined || message.kind === 'file') return undefined;
      index.remove({ seq: of, ...message });
      rewrite.run(text, at, of);
      index.add({ seq: of, ...message, text });
      mentions.remove(of);
      mentions.add({ seq: of, ...message, text });
      // Without the text, which is read from the message: a later removal leaves nothing of it here.
      return log({ kind: 'edit', conversation: message.conversation, account, at, of });
    },
    remove({ of, account, at }) {
      const message = messageOf(of);
      if (message === undefined) return undefined;
      index.remove({ seq: of, ...message });
      mentions.remove(of);
      dropFile.run(of);
      dropReactions.run(of);
      unpin.run(of);
      wipe.run(account, of);
      return log({ kind: 'removal', conversation: message.conversation, account, at, of });
    },
    pin({ of, account, at }) {
      const message = messageOf(of);
      if (message === undefined) return { outcome: 'no-such-message' };
      const { conversation } = message;
      const { count, here }: { count: number; here: number } = pinned.get(conversation, of);
      if (here > 0) return { outcome: 'unchanged' };
      if (count >= limits.pins) return { outcome: 'too-many' };
      const entry = log({ kind: 'pin', conversation, account, at, of });
      pin.run(of, conversation, entry.seq);
      return { outcome: 'kept', ...entry };
    },
    unpin({ of, account, at }) {
      const message = messageOf(of);
      if (message === undefined || unpin.run(of).changes === 0) return undefined;
      return log({ kind: 'unpin', conversation: message.conversation, account, at, of });
    },
    setTopic({ room, account, topic, at }) {
      if (setTopic.run(room, topic).changes === 0) return undefined;
      return log({ kind: 'topic', conversation: room, account, at, text: topic });
    },
  } satisfies Partial<Operations>;
}
