/** The message that an entry is about or replies to, in SQL: joined to the entry as it is now. Knows no kinds of entries. */
import { quotedLength } from '../../protocol/message-text.js';
import type { QuotedMessage } from '../message-store.js';

export interface QuoteRow {
  /** Null where there is no other message, or not any longer. */
  readonly author: string | null;
  readonly quoted: string | null;
}

/** Columns of a QuoteRow; a quote needs no more of a long text. */
export const quoteColumns = `authors.name AS author, substr(others.text, 1, ${quotedLength + 1}) AS quoted`;

/** Joins the message as `others`, if it is still there, and its author. @param seq an expression */
export const joinQuote = (seq: string): string =>
  `LEFT JOIN log AS others ON others.seq = ${seq} AND others.removed IS NULL
   LEFT JOIN accounts AS authors ON authors.id = others.account`;

export function quotedOf({ author, quoted }: QuoteRow): QuotedMessage | undefined {
  return author === null || quoted === null ? undefined : { from: author, text: quoted };
}
