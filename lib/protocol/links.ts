/**
 * Finds links and mentions in a text: where links really lead, and how people write a name. Knows neither how they are
 * displayed nor who has the name.
 */

export interface Link extends TextRange {
  /** Absolute, http or https, in printable ASCII. */
  readonly href: string;
  /** The real host if the text shows another one: a look-alike, `user@`, a numeric address. */
  readonly host: string | undefined;
}

const candidate =
  /(?<![\p{L}\p{N}])https?:\/\/[^\s\u00a0\u3000<>"`\u00ab\u00bb\u201c\u201d\u3001\u3002\u300c\u300d\uff08\uff09]+/giu;
// Punctuation that ends a sentence, not a link.
const trailing = /[.,;:!?'*_~\u2019\u2026]$/;
const pairs: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };
// Terminals cut or ignore longer ones (VTE: 2,083).
const longest = 2000;

/** In order, not overlapping. */
export function findLinks(text: string): Link[] {
  if (!/https?:\/\//i.test(text)) return [];
  return Array.from(text.matchAll(candidate)).flatMap((match) => {
    const shown = withoutTrailing(match[0]);
    const url = parse(shown);
    if (url === undefined) return [];
    const start = match.index;
    const host = authorityOf(shown) === url.host ? undefined : url.host;
    return [{ start, end: start + shown.length, href: url.href, host }];
  });
}

function parse(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return /^[\x21-\x7e]+$/.test(url.href) && url.href.length <= longest ? url : undefined;
}

/** What a reader takes for the host: everything between the slashes. */
function authorityOf(text: string): string {
  return /^https?:\/\/([^/?#\\]*)/i.exec(text)?.[1]?.toLowerCase() ?? '';
}

function withoutTrailing(text: string): string {
  // Unmatched closing brackets of each kind; counted once, since a text can be all brackets.
  const unopened = new Map<string, number>();
  for (const [close, open] of Object.entries(pairs))
    unopened.set(close, count(text, close) - count(text, open));
  let end = text.length;
  for (;;) {
    const last = text[end - 1] ?? '';
    const closes = unopened.get(last) ?? 0;
    if (closes <= 0 && !trailing.test(last)) return text.slice(0, end);
    if (closes > 0) unopened.set(last, closes - 1);
    end--;
  }
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

export interface TextRange {
  readonly start: number;
  readonly end: number;
}

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
