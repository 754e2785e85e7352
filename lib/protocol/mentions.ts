/** Finds mentions of a name in a text. Knows how people write names, not who has them. */
import { findLinks, type TextRange } from './links.js';

// Anchored at the start of a word, for linear time.
const email = /(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/gu;

/** Whether the text has the name as a word: in any case, also `name's`, but not in a link or an e-mail address. */
export function mentions(text: string, name: string): boolean {
  return findMentions(text, name).length > 0;
}

/** All mentions of the name, as `mentions` counts them. */
export function findMentions(text: string, name: string): TextRange[] {
  const wanted = name.toLowerCase();
  // A quick check that rules out most texts. Only that: lower case can differ in length from the original.
  if (wanted === '' || !text.toLowerCase().includes(wanted)) return [];
  const taken: TextRange[] = findLinks(text);
  for (const { 0: found, index } of text.matchAll(email))
    taken.push({ start: index, end: index + found.length });
  return Array.from(text.matchAll(wordOf(wanted)), ({ 0: found, index }) => ({
    start: index,
    end: index + found.length,
  })).filter(({ start, end }) => !taken.some((other) => start < other.end && end > other.start));
}

let last: { readonly name: string; readonly word: RegExp } | undefined;

/** Matches the name next to letters of other scripts, since names are ASCII; `.` and `-` join names, not sentences. */
function wordOf(name: string): RegExp {
  if (last?.name === name) return last.word;
  const letter = '[\\p{Script=Latin}\\p{M}\\p{Nd}_]';
  // Escaped fully: a name from a server may not be a valid one.
  const escaped = name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  const word = new RegExp(`(?<!${letter})(?<!${letter}[.-])${escaped}(?!${letter})(?![.-]${letter})`, 'giu');
  last = { name, word };
  return word;
}
