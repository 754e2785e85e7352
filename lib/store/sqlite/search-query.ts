/** What is typed into a search, as terms of the index and as places in a text. Knows words, no SQL. */
import { limits } from '../../protocol/limits.js';
import { quoted } from './search-index.js';
import { word as wordPattern } from './tokenizer.js';

/** One term: a word, or several that stand next to each other. */
export interface Term {
  /** As typed, for the index to take apart as it does with texts. */
  readonly text: string;
  /** Without capitals and accents. */
  readonly words: readonly string[];
  /** The last word may go on. */
  readonly open: boolean;
}

export interface Excerpt {
  readonly excerpt: string;
  readonly marks: readonly (readonly [start: number, end: number])[];
}

/** A prefix of one letter is in half of all messages and means nothing. */
const shortestPrefix = 2;
/** More would make the index work, and find nothing else. */
const mostTerms = 32;
const lead = 40;

/** The terms of a text; what has no letter or digit is left out. Text that is not in quotes is word by word. */
export function parseTerms(typed: string): Term[] {
  const pieces = Array.from(typed.matchAll(/"([^"]*)"?|[^\s"]+/g), ({ 0: all, 1: phrase }) => ({
    text: phrase ?? all,
    open: phrase === undefined,
  }));
  const found = pieces
    .map(({ text, open }) => ({ text, open, words: wordsOf(text).map(({ word }) => word) }))
    .filter(({ words }) => words.length > 0)
    .slice(0, mostTerms);
  return found.map(({ text, words, open }, index) => ({
    text,
    words,
    open: open && index === found.length - 1 && (words.at(-1) ?? '').length >= shortestPrefix,
  }));
}

/** The terms as an FTS5 expression for the column `text`; '' for none. */
export function matchOf(terms: readonly Term[]): string {
  return terms.map(({ text, open }) => `text : ${quoted(text)}${open ? ' *' : ''}`).join(' AND ');
}

/** One line of the text around the first of the terms, and where they are in it. */
export function excerptOf(text: string, terms: readonly Term[]): Excerpt {
  const line = text.replaceAll('\n', ' ');
  const places = find(line, terms);
  const { from, to } = window(line, places[0]?.[0] ?? 0);
  const before = from > 0 ? '…' : '';
  const shift = before.length - from;
  return {
    excerpt: `${before}${line.slice(from, to)}${to < line.length ? '…' : ''}`,
    marks: places
      .filter(([start, end]) => start >= from && end <= to)
      .map(([start, end]) => [start + shift, end + shift]),
  };
}

/** From left to right, apart from each other. */
function find(line: string, terms: readonly Term[]): [start: number, end: number][] {
  const words = wordsOf(line);
  const places: [number, number][] = [];
  for (let at = 0; at < words.length; at++) {
    const term = longest(terms.filter((each) => standsAt(words, at, each)));
    if (term === undefined) continue;
    const last = words[at + term.words.length - 1];
    places.push([words[at]?.start ?? 0, last?.end ?? 0]);
    at += term.words.length - 1;
  }
  return places;
}

function standsAt(words: readonly Word[], at: number, { words: wanted, open }: Term): boolean {
  return wanted.every((word, index) => {
    const here = words[at + index]?.word;
    return here === word || (open && index === wanted.length - 1 && here?.startsWith(word) === true);
  });
}

function longest(terms: readonly Term[]): Term | undefined {
  return terms.toSorted((one, other) => other.words.length - one.words.length)[0];
}

/** At most `limits.excerptLength` with both ellipses, ending between words where there are some. */
function window(line: string, first: number): { from: number; to: number } {
  if (line.length <= limits.excerptLength) return { from: 0, to: line.length };
  const size = limits.excerptLength - 2;
  const early = Math.min(Math.max(0, first - lead), line.length - size);
  const space = line.indexOf(' ', early);
  const from = early === 0 ? 0 : space >= 0 && space < Math.max(first, early + 1) ? space + 1 : early;
  const begin = whole(line, from);
  return { from: begin, to: whole(line, Math.min(line.length, begin + size)) };
}

/** Not between the halves of a character beyond U+FFFF. */
function whole(line: string, at: number): number {
  return /[\udc00-\udfff]/.test(line[at] ?? '') ? at - 1 : at;
}

interface Word {
  readonly word: string;
  readonly start: number;
  readonly end: number;
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
