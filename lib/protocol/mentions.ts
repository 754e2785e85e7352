/** Whether a text speaks of somebody. Knows names as people write them, not who is who. */

import type { Range } from './links.js';
import { findLinks } from './links.js';

// Begins where a word does, so that it takes linear time.
const email = /(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/gu;

/** The name stands in the text as a word of its own: in any case, also `name's`, not in a link or an e-mail address. */
export function mentions(text: string, name: string): boolean {
  return findMentions(text, name).length > 0;
}

/** Every place where the name stands in the text, as `mentions` counts them. */
export function findMentions(text: string, name: string): Range[] {
  const wanted = name.toLowerCase();
  // Lower case can be longer or shorter than the capital; this says no to most texts, and never wrongly.
  if (wanted === '' || !text.toLowerCase().includes(wanted)) return [];
  const taken: Range[] = findLinks(text);
  for (const { 0: found, index } of text.matchAll(email))
    taken.push({ start: index, end: index + found.length });
  return Array.from(text.matchAll(wordOf(wanted)), ({ 0: found, index }) => ({
    start: index,
    end: index + found.length,
  })).filter(({ start, end }) => !taken.some((other) => start < other.end && end > other.start));
}

let last: { readonly name: string; readonly word: RegExp } | undefined;

/** Of other letters than Latin ones a name, which is ASCII, is no part; `.` and `-` join names, not sentences. */
function wordOf(name: string): RegExp {
  if (last?.name === name) return last.word;
  const letter = '[\\p{Script=Latin}\\p{M}\\p{Nd}_]';
  // All of it: a name that the server sent is no name for sure.
  const escaped = name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  const word = new RegExp(`(?<!${letter})(?<!${letter}[.-])${escaped}(?!${letter})(?![.-]${letter})`, 'giu');
  last = { name, word };
  return word;
}
