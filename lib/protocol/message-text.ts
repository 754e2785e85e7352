/**
 * What people write as it is kept: the text of a message and of a reason for leaving. The server applies it
 * to what it stores, the client to what it is about to send; neither knows the other.
 */
import { cut } from './cut.js';
import { ProtocolError } from './errors.js';
import { limits } from './limits.js';
import { isBlank, printable } from './printable.js';

/**
 * The text of a message as it is stored: printable, without white space at the end of a line and without
 * blank lines around it. Unchanged when given what it returned.
 * @throws ProtocolError `message-too-long` above `limits.messageBytes` (UTF-8, of `raw` and of the result)
 *   or `limits.messageLines`, `message-empty` when nothing visible remains
 */
export function messageText(raw: string): string {
  // Before anything else looks at the text, so that a text of any length costs little.
  refuseAbove(limits.messageBytes, Buffer.byteLength(raw), 'bytes');
  const lines = printable(raw, { newlines: true })
    .split('\n')
    .map((line) => line.trimEnd());
  const first = lines.findIndex((line) => !isBlank(line));
  if (first < 0)
    throw new ProtocolError('message-empty', 'There is nothing to see in this message: write some text.');
  const last = lines.findLastIndex((line) => !isBlank(line));
  const kept = lines.slice(first, last + 1);
  refuseAbove(limits.messageLines, kept.length, 'lines');
  const text = kept.join('\n');
  refuseAbove(limits.messageBytes, Buffer.byteLength(text), 'bytes');
  return text;
}

/**
 * A reason for leaving: one printable line of at most `limits.reasonBytes` bytes of UTF-8, cut between
 * graphemes rather than refused; '' when nothing visible remains.
 */
export function reasonText(raw: string): string {
  // A mark or joiner that stood on a space would be left without it by a mere trim.
  const line = printable(raw).replace(/^[\s\p{M}\u200c\u200d]+/u, '');
  // Once more, for the cut can part a joiner from what it joined.
  const text = printable(cut(line, limits.reasonBytes)).trimEnd();
  return isBlank(text) ? '' : text;
}

function refuseAbove(limit: number, size: number, unit: 'bytes' | 'lines'): void {
  if (size <= limit) return;
  throw new ProtocolError(
    'message-too-long',
    `A message may have ${limit} ${unit}, this one has ${size}: shorten it or send it in parts.`,
  );
}

/** A room's topic: one printable line, cut to `limits.topicBytes`; '' for none. */
export function topicText(raw: string): string {
  const text = printable(cut(printable(raw).trim(), limits.topicBytes)).trim();
  return isBlank(text) ? '' : text;
}
