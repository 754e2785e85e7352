/** Checks what comes page by page, so that a loop over pages ends whatever the server sends. */
import { ProtocolError } from '../../protocol/errors.js';

/**
 * @param seqs of a page's messages. @param range what it was asked with
 * @throws ProtocolError `bad-frame` for a page that leads nowhere: one with other messages than asked for, or an empty one
 *   that is not the last
 */
export function checkPage(
  seqs: readonly number[],
  { after, before, more }: { after?: number | undefined; before?: number | undefined; more: boolean },
): void {
  const [least, most] = [after ?? Number.NEGATIVE_INFINITY, before ?? Number.POSITIVE_INFINITY];
  const inOrder = seqs.every((seq, i) => seq > (seqs[i - 1] ?? least) && seq < most);
  if (!inOrder || (more && seqs.length === 0)) throw pageRepeated();
}

export function pageRepeated(): ProtocolError {
  return new ProtocolError(
    'bad-frame',
    'The server repeats itself instead of going on, so the list is incomplete. Tell its operator.',
  );
}
