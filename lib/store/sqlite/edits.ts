/** What changes the log in SQL: edits, removals, topics. Knows messages by their seq, not who may change them. */
import type { Logged } from '../message-store.js';
import type { OperationsOf } from './call.js';
import type { Database } from './database.js';
import type { Words } from './search-index.js';

interface MessageRow {
  readonly conversation: number;
  readonly account: number;
  readonly kind: string;
  readonly text: string;
}

export function createChanges(db: Database, words: Words): OperationsOf<'edit' | 'remove' | 'setTopic'> {
  const message = db.prepare(
    `SELECT conversation, account, kind, text FROM log
     WHERE seq = ? AND removed IS NULL AND kind IN ('text', 'action', 'file')`,
  );
  // A key with a space: no client can send that one.
  const insert = db.prepare(
    `INSERT INTO log (conversation, at, account, key, kind, text, target)
     VALUES (?, ?, ?, 'change ' || hex(randomblob(16)), ?, ?, ?) RETURNING seq`,
  );
  const rewrite = db.prepare('UPDATE log SET text = ?, edited = ? WHERE seq = ?');
  const wipe = db.prepare("UPDATE log SET text = '', removed = ? WHERE seq = ?");
  const dropFile = db.prepare('DELETE FROM files WHERE seq = ?');
  const retitle = db.prepare(
    "UPDATE conversations SET topic = ?2 WHERE id = ?1 AND kind = 'room' AND topic <> ?2",
  );

  function find(seq: number): MessageRow | undefined {
    return message.get(seq);
  }

  function logged(kind: string, { at, account, conversation, text = '', target }: Line): Logged {
    const { seq }: { seq: number } = insert.get(conversation, at, account, kind, text, target ?? null);
    return { seq, at };
  }

  return {
    edit({ of, account, at, text }) {
      if (text.includes('\0')) throw new Error('a text contains U+0000');
      const found = find(of);
      if (found === undefined || found.kind === 'file') return undefined;
      const { conversation } = found;
      words.take({ seq: of, ...found });
      rewrite.run(text, at, of);
      words.add({ seq: of, ...found, text });
      // Its text is the message's: what is removed later leaves nothing here.
      return logged('edit', { conversation, account, at, target: of });
    },
    remove({ of, account, at }) {
      const found = find(of);
      if (found === undefined) return undefined;
      words.take({ seq: of, ...found });
      dropFile.run(of);
      wipe.run(account, of);
      return logged('removal', { conversation: found.conversation, account, at, target: of });
    },
    setTopic({ room, account, topic, at }) {
      if (retitle.run(room, topic).changes === 0) return undefined;
      return logged('topic', { conversation: room, account, at, text: topic });
    },
  };
}

interface Line {
  readonly conversation: number;
  readonly account: number;
  readonly at: number;
  readonly text?: string;
  readonly target?: number;
}
