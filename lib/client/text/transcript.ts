/** Messages as a text to keep: one entry per line, with its date. Knows no file. */
import { printable } from '../../protocol/printable.js';

/** `YYYY-MM-DD HH:MM`. */
export type Stamp = (at: number) => string;

// As wide as a stamp and a space.
const indent = ' '.repeat(17);

export function createStamp(timeZone: string | undefined): Stamp {
  const format = new Intl.DateTimeFormat('en-GB', {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...(timeZone !== undefined && { timeZone }),
  });
  return (at) => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    return `${parts.year}-${parts.month}-${parts.day} ${parts.hour}:${parts.minute}`;
  };
}

/** An entry with its date; its further lines are indented, so that none can look like another entry. */
export function transcribed(words: string, { at, stamp }: { at: number; stamp: Stamp }): string {
  const [first = '', ...more] = printable(words, { newlines: true }).split('\n');
  return [`${stamp(at)} ${first}`, ...more.map((line) => `${indent}${line}`)].join('\n');
}

/** `ana: text`, or `* ana text` for an action. */
export function spoken({ from, text, action }: { from: string; text: string; action: boolean }): string {
  return `${action ? `* ${from}` : `${from}:`} ${text}`;
}
