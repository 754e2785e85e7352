/**
 * The words of messages and searches, in any script: where they begin and end, the terms of a search and the index's
 * expression for them, an excerpt with marks. Knows neither SQL nor languages.
 */
import { limits } from '../../protocol/limits.js';

interface Word {
  /** Without capitals and accents. */
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

/** A word, or several next to each other. */
export interface SearchTerm {
  /** As typed, for the index to split as it splits messages. */
  readonly text: string;
  /** Without capitals and accents. */
  readonly words: readonly string[];
  /** The last word is a prefix. */
  readonly open: boolean;
}

interface MarkedExcerpt {
  readonly excerpt: string;
  readonly marks: readonly (readonly [start: number, end: number])[];
}

// Scripts that put no spaces between words: every sign is a word, and words in a row are a phrase.
const sign =
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}';
const latin = '\\p{Script=Latin}\\p{N}';
const other = `(?![${sign}${latin}])\\p{L}`;

// A word with its marks. Latin letters and digits end where letters of another script begin: names are often
// written amid them without a space.
const wordPattern = new RegExp(
  `(?=[\\p{L}\\p{N}])[${sign}]\\p{M}*|[${latin}][${latin}\\p{M}]*|${other}(?:\\p{M}|${other})*`,
  'gu',
);

/** One letter begins a word in half of all messages. */
const shortestPrefix = 2;
/** More terms cost time and narrow nothing down. */
const mostTerms = 32;
/** Characters of an excerpt before its first match. */
const lead = 40;

/** Text with a space after each word, for the index, which would take letters in a row for one word. */
export function spaced(text: string): string {
  // ASCII, as most texts are, has spaces already.
  return /^[\0-\x7f]*$/.test(text) ? text : text.replace(wordPattern, '$& ');
}

/** Text as an FTS5 string, in which nothing is an operator. */
function quoted(text: string): string {
  // The driver cuts a text at U+0000.
  return `"${spaced(text).replaceAll('\0', ' ').replaceAll('"', '""')}"`;
}

/** Words and "quoted phrases", without what has no letter or digit. */
export function parseTerms(typed: string): SearchTerm[] {
  const pieces = Array.from(typed.matchAll(/"([^"]*)"?|[^\s"]+/g), ({ 0: all, 1: phrase }) => ({
    text: phrase ?? all,
    open: phrase === undefined,
  }));
  const found = pieces
    .map(({ text, open }) => ({ text, open, words: foldedWords(text) }))
    .filter(({ words }) => words.length > 0)
    .slice(0, mostTerms);
  return found.map(({ text, words, open }, index) => ({
    text,
    words,
    open: open && index === found.length - 1 && (words.at(-1) ?? '').length >= shortestPrefix,
  }));
}

/** The terms as an FTS5 expression for the column `text`; '' for none. */
export function expressionOf(terms: readonly SearchTerm[]): string {
  return terms.map(({ text, open }) => `text : ${quoted(text)}${open ? ' *' : ''}`).join(' AND ');
}

/** The words of a text, in order, without capitals and accents. */
export const foldedWords = (text: string): string[] => wordsOf(text).map(({ word }) => word);

/** One line of the text around the first match, and where the matches are in it. */
export function excerptOf(text: string, terms: readonly SearchTerm[]): MarkedExcerpt {
  const line = text.replaceAll('\n', ' ');
  const matches = findMatches(line, terms);
  const { from, to } = windowAround(line, matches[0]?.[0] ?? 0);
  const before = from > 0 ? '…' : '';
  const shift = before.length - from;
  return {
    excerpt: `${before}${line.slice(from, to)}${to < line.length ? '…' : ''}`,
    marks: matches
      .filter(([start, end]) => start >= from && end <= to)
      .map(([start, end]) => [start + shift, end + shift]),
  };
}

/** From left to right, without overlaps. */
function findMatches(line: string, terms: readonly SearchTerm[]): [start: number, end: number][] {
  const words = wordsOf(line);
  const matches: [number, number][] = [];
  for (let at = 0; at < words.length; at++) {
    const term = longest(terms.filter((each) => matchesAt(words, at, each)));
    if (term === undefined) continue;
    const last = words[at + term.words.length - 1];
    matches.push([words[at]?.start ?? 0, last?.end ?? 0]);
    at += term.words.length - 1;
  }
  return matches;
}

function matchesAt(words: readonly Word[], at: number, { words: wanted, open }: SearchTerm): boolean {
  return wanted.every((word, index) => {
    const here = words[at + index]?.word;
    return here === word || (open && index === wanted.length - 1 && here?.startsWith(word) === true);
  });
}

function longest(terms: readonly SearchTerm[]): SearchTerm | undefined {
  return terms.toSorted((one, other) => other.words.length - one.words.length)[0];
}

/** At most `limits.excerptLength` with both ellipses, beginning between words where possible. */
function windowAround(line: string, first: number): { from: number; to: number } {
  if (line.length <= limits.excerptLength) return { from: 0, to: line.length };
  const size = limits.excerptLength - 2;
  const early = Math.min(Math.max(0, first - lead), line.length - size);
  const space = line.indexOf(' ', early);
  const from = early === 0 ? 0 : space >= 0 && space < Math.max(first, early + 1) ? space + 1 : early;
  const begin = characterStart(line, from);
  return { from: begin, to: characterStart(line, Math.min(line.length, begin + size)) };
}

/** Never between the halves of a surrogate pair. */
function characterStart(line: string, at: number): number {
  return /[\udc00-\udfff]/.test(line[at] ?? '') ? at - 1 : at;
}

function wordsOf(text: string): Word[] {
  return Array.from(text.matchAll(wordPattern), ({ 0: found, index }) => ({
    word: folded(found),
    start: index,
    end: index + found.length,
  }));
}

function folded(word: string): string {
  return word.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
