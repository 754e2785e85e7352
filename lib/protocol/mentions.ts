/** Finds mentions of names in a text. Knows how people write names, not who has them. */
import { limits } from './limits.js';
import { findLinks, type TextRange } from './links.js';

interface Mention extends TextRange {
  /** In lower case. */
  readonly name: string;
}

// Anchored at the start of a word, for linear time.
const email = /(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/gu;

// What a character is to a name: `.` and `-` join names, not sentences; letters of other scripts end them.
const [other, joiner, letter] = [0, 1, 2];
const letterPattern = /[\p{Script=Latin}\p{M}\p{Nd}_]/u;
/** Kinds of characters plus 1, as far as they were asked for; 0 for not yet. */
const knownKinds = new Uint8Array(0x10000);
const underscore = 0x5f;

/** Whether the text has the name as a word: in any case, also `name's`, but not in a link or an e-mail address. */
export function mentions(text: string, name: string): boolean {
  return findMentions(text, name).length > 0;
}

/** All mentions of the name, as `mentions` counts them. */
export function findMentions(text: string, name: string): TextRange[] {
  const wanted = name.toLowerCase();
  // A quick check that rules out most texts.
  if (!text.toLowerCase().includes(wanted)) return [];
  return findNames(text, (word) => word === wanted).map(({ start, end }) => ({ start, end }));
}

/** All mentions of names that `isName` knows in lower case, in order. Takes time in proportion to the text's length. */
export function findNames(text: string, isName: (word: string) => boolean): Mention[] {
  const kinds = kindsOf(text);
  const found: Mention[] = [];
  for (let start = 0; start < text.length; start++) {
    if (!isBeginning(kinds, start) || text.charCodeAt(start) === underscore) continue;
    const longest = Math.min(text.length, start + limits.nameLength);
    for (
      let end = start + 1;
      end <= longest && text.charCodeAt(end - 1) < 0x80 && kinds[end - 1] !== other;
      end++
    ) {
      const name = isEnd(kinds, end) ? text.slice(start, end).toLowerCase() : '';
      if (name !== '' && isName(name)) found.push({ name, start, end });
    }
  }
  return found.length === 0 ? found : withoutAddresses(text, found);
}

function kindsOf(text: string): Uint8Array {
  const kinds = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const point = text.codePointAt(at) ?? 0;
    const known = knownKinds[point] ?? 0;
    const kind = known > 0 ? known - 1 : kindOf(String.fromCodePoint(point));
    kinds[at] = kind;
    if (point < knownKinds.length) knownKinds[point] = kind + 1;
    // Both halves of a surrogate pair are what it is.
    else kinds[++at] = kind;
  }
  return kinds;
}

function kindOf(character: string): number {
  if (letterPattern.test(character)) return letter;
  return character === '.' || character === '-' ? joiner : other;
}

function isBeginning(kinds: Uint8Array, at: number): boolean {
  const before = kinds[at - 1];
  return kinds[at] === letter && before !== letter && !(before === joiner && kinds[at - 2] === letter);
}

function isEnd(kinds: Uint8Array, at: number): boolean {
  return kinds[at] !== letter && !(kinds[at] === joiner && kinds[at + 1] === letter);
}

function withoutAddresses(text: string, found: readonly Mention[]): Mention[] {
  const emails = Array.from(text.matchAll(email), ({ 0: address, index }) => {
    return { start: index, end: index + address.length };
  });
  const [inLink, inEmail] = [createOverlap(findLinks(text)), createOverlap(emails)];
  return found.filter((mention) => !inLink(mention) && !inEmail(mention));
}

/** Whether a range overlaps one of these, which are in order. To be asked in the order of starts. */
function createOverlap(ranges: readonly TextRange[]): (range: TextRange) => boolean {
  let next = 0;
  return ({ start, end }) => {
    while ((ranges[next]?.end ?? Number.POSITIVE_INFINITY) <= start) next++;
    return (ranges[next]?.start ?? Number.POSITIVE_INFINITY) < end;
  };
}
