/** What changes the log in SQL: edits, removals, topics. Knows messages by their seq, not who may change them. */
import type { LogPosition } from '../message-store.js';
import type { Database } from './database.js';
import type { Operations } from './methods.js';
import type { SearchIndex } from './search-index.js';

interface MessageRow {
  readonly conversation: number;
  readonly account: number;
  readonly kind: string;
  readonly text: string;
}

interface ChangeEntry {
  readonly kind: 'edit' | 'removal' | 'topic';
  readonly conversation: number;
  readonly account: number;
  readonly at: number;
  readonly text?: string;
  /** The seq of the message that it changes. */
  readonly of?: number;
}

export function createEdits(db: Database, index: SearchIndex) {
  const byId = db.prepare(
    `SELECT conversation, account, kind, text FROM log
     WHERE seq = ? AND removed IS NULL AND kind IN ('text', 'action', 'file')`,
  );
  // A key with a space, which no client can send.
  const insert = db.prepare(
    `INSERT INTO log (conversation, at, account, key, kind, text, target)
     VALUES (?, ?, ?, 'change ' || hex(randomblob(16)), ?, ?, ?) RETURNING seq`,
  );
  const rewrite = db.prepare('UPDATE log SET text = ?, edited = ? WHERE seq = ?');
  const wipe = db.prepare("UPDATE log SET text = '', removed = ? WHERE seq = ?");
  const dropFile = db.prepare('DELETE FROM files WHERE seq = ?');
  const setTopic = db.prepare(
    "UPDATE conversations SET topic = ?2 WHERE id = ?1 AND kind = 'room' AND topic <> ?2",
  );

  function messageOf(seq: number): MessageRow | undefined {
    return byId.get(seq);
  }

  function log({ kind, at, account, conversation, text = '', of }: ChangeEntry): LogPosition {
    const { seq }: { seq: number } = insert.get(conversation, at, account, kind, text, of ?? null);
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
      // Without the text, which is read from the message: a later removal leaves nothing of it here.
      return log({ kind: 'edit', conversation: message.conversation, account, at, of });
    },
    remove({ of, account, at }) {
      const message = messageOf(of);
      if (message === undefined) return undefined;
      index.remove({ seq: of, ...message });
      dropFile.run(of);
      wipe.run(account, of);
      return log({ kind: 'removal', conversation: message.conversation, account, at, of });
    },
    setTopic({ room, account, topic, at }) {
      if (setTopic.run(room, topic).changes === 0) return undefined;
      return log({ kind: 'topic', conversation: room, account, at, text: topic });
    },
  } satisfies Partial<Operations>;
}
