/**
 * Unread mentions in SQL: a row for each member whom a message mentions and who has not read it. A row goes with its message
 * and with its membership, by foreign keys. Knows who is a member, not what mentions look like.
 */
import { findNames } from '../../protocol/mentions.js';
import type { Database } from './database.js';
import type { IndexedMessage } from './search.js';

export interface MentionRows {
  /** Notes whom a message mentions, its author aside. */
  add(message: IndexedMessage): void;
  /** Forgets whom a message mentions. */
  remove(seq: number): void;
  /** There is an account with this name now. */
  learn(name: string): void;
}

export function createMentionRows(db: Database): MentionRows {
  const names = db.prepare('SELECT id, name FROM accounts WHERE id > ? ORDER BY id');
  const insert = db.prepare(
    `INSERT INTO mentions (account, conversation, seq)
     SELECT accounts.id, ?2, ?3 FROM accounts JOIN members ON members.account = accounts.id AND conversation = ?2
     WHERE accounts.name = ?1 AND accounts.id <> ?4 AND read < ?3`,
  );
  const remove = db.prepare('DELETE FROM mentions WHERE seq = ?');
  // Most words are no names: with all names at hand, they cost no query. One of a registration that was rolled back
  // costs one.
  const known = new Set<string>();
  let newest = 0;
  let learned: number | undefined;

  function learnNew(): void {
    const rows: { id: number; name: string }[] = names.all(newest);
    for (const { name } of rows) known.add(name);
    newest = rows.at(-1)?.id ?? newest;
    learned = db.epoch;
  }

  return {
    add({ seq, text, conversation, account }) {
      if (newest === 0 || learned !== db.epoch) learnNew();
      const mentioned = findNames(text, (word) => known.has(word));
      for (const name of new Set(mentioned.map((mention) => mention.name))) {
        insert.run(name, conversation, seq, account);
      }
    },
    remove: (seq) => void remove.run(seq),
    learn: (name) => void known.add(name),
  };
}
