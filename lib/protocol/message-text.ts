/**
 * Normalizes what people write: messages, reasons and topics. The server applies it before it stores them, the
 * client before it sends them.
 */
import { ProtocolError } from './errors.js';
import { limits } from './limits.js';
import { cutToBytes, isBlank, printable } from './printable.js';

/**
 * A message as it is stored: printable, without trailing white space and without blank lines around it.
 * Idempotent.
 * @throws ProtocolError `message-too-long` above `limits.messageBytes` (of `raw` and of the result) or
 *   `limits.messageLines`; `message-empty` if nothing visible remains
 */
export function messageText(raw: string): string {
  // First, so that a huge text costs little.
  refuseAbove(limits.messageBytes, Buffer.byteLength(raw), 'bytes');
  const lines = printable(raw, { newlines: true })
    .split('\n')
    .map((line) => line.trimEnd());
  const first = lines.findIndex((line) => !isBlank(line));
  if (first < 0) throw new ProtocolError('message-empty', 'The message is empty.');
  const last = lines.findLastIndex((line) => !isBlank(line));
  const kept = lines.slice(first, last + 1);
  refuseAbove(limits.messageLines, kept.length, 'lines');
  const text = kept.join('\n');
  refuseAbove(limits.messageBytes, Buffer.byteLength(text), 'bytes');
  return text;
}

/**
 * A reason (of a quit, kick, ban, …): one printable line, cut to `limits.reasonBytes` between graphemes; '' if
 * nothing visible remains.
 */
export function reasonText(raw: string): string {
  // Also the marks and joiners on a leading space, which a mere trim would leave without a base.
  const line = printable(raw).replace(/^[\s\p{M}\u200c\u200d]+/u, '');
  // Again, since the cut can separate a joiner from what it joined.
  const text = printable(cutToBytes(line, limits.reasonBytes)).trimEnd();
  return isBlank(text) ? '' : text;
}

function refuseAbove(limit: number, size: number, unit: 'bytes' | 'lines'): void {
  if (size <= limit) return;
  throw new ProtocolError(
    'message-too-long',
    `Message too long: the limit is ${limit} ${unit}, this one has ${size}.`,
  );
}

/** A room's topic: one printable line, cut to `limits.topicBytes`; '' for none. */
export function topicText(raw: string): string {
  const text = printable(cutToBytes(printable(raw).trim(), limits.topicBytes)).trim();
  return isBlank(text) ? '' : text;
}

/** More than this is not looked at for a quote. */
export const quotedLength = 4 * limits.quoteLength;
let graphemes: Intl.Segmenter | undefined;

/**
 * The start of a message as a quote: one printable line of at most `limits.quoteLength` UTF-16 code units, cut between
 * graphemes and then with `…` at its end.
 */
export function quoteText(text: string): string {
  const line = printable(text.slice(0, quotedLength)).replace(/\s+/g, ' ').trim();
  if (line.length <= limits.quoteLength && text.length <= quotedLength) return printable(line);
  let kept = '';
  graphemes ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  for (const { segment } of graphemes.segment(line)) {
    if (kept.length + segment.length >= limits.quoteLength) break;
    kept += segment;
  }
  // Again, since the cut can separate a joiner from what it joined.
  return `${printable(kept).trimEnd()}…`;
}
