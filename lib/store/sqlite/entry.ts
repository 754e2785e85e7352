/** An entry of the log as a row of SQL. Knows columns, not which entries are wanted. */
import type { Entry } from '../message-store.js';

export interface EntryRow {
  readonly seq: number;
  readonly at: number;
  readonly from: string;
  readonly key: string;
  readonly kind: Entry['kind'];
  readonly text: string;
  readonly target: number | null;
  readonly edited: number | null;
  readonly removed: string | null;
  readonly file: string | null;
  readonly size: number | null;
  readonly hash: string | null;
}

/** The beginning of a SELECT for rows of this shape, up to its WHERE; `log` may be given an index. */
export const selectEntries = (index = ''): string =>
  `SELECT log.seq, log.at, accounts.name AS "from", log.key, log.kind, coalesce(changed.text, log.text) AS text,
     log.target, log.edited, removers.name AS removed, files.name AS file, size, hash
   FROM log ${index} JOIN accounts ON accounts.id = log.account
   LEFT JOIN accounts AS removers ON removers.id = log.removed
   LEFT JOIN files ON files.seq = log.seq
   LEFT JOIN log AS changed ON changed.seq = log.target AND log.kind = 'edit'`;

export function entryOf(row: EntryRow): Entry {
  const { seq, at, from, key, kind, text, target, edited, removed, file, size, hash } = row;
  return {
    seq,
    at,
    from,
    key,
    kind,
    text,
    ...(target === null ? {} : { of: target }),
    ...(file === null || size === null || hash === null ? {} : { file: { name: file, size, hash } }),
    ...(edited === null ? {} : { edited }),
    ...(removed === null ? {} : { removed }),
  };
}
