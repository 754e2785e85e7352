/**
 * Emoji by their short codes, such as `:tada:`, as on GitHub. Knows texts, not who writes them. The list is loaded with the
 * first code, so that no start waits for it.
 */
import { createRequire } from 'node:module';
import { printable } from '../../protocol/printable.js';
import { changeProse } from './formatting.js';

/** The emoji of a code, with or without its colons; undefined for an unknown one. */
export function emojiOf(code: string): string | undefined {
  return loaded().get(code.replace(/^:(.*):$/, '$1'));
}

/** The codes that begin like this, with their colons, in alphabetical order. @param begun as `:ta` */
export function codesLike(begun: string): string[] {
  const typed = begun.replace(/^:/, '').toLowerCase();
  return [...loaded().keys()].filter((code) => code.startsWith(typed)).map((code) => `:${code}:`);
}

// Beside a letter or a digit it may be a time, an address or a path.
const codes = /(?<![A-Za-z0-9_:/\\])(?::[a-z0-9_+-]+:)+(?![A-Za-z0-9_:/\\])/g;
const code = /:[a-z0-9_+-]+:/g;

/** The text with emoji in place of their codes, except in code and in links; unknown codes stay. Linear time. */
export function withEmoji(text: string): string {
  if (text.search(code) < 0) return text;
  return changeProse(text, (prose) =>
    prose.replace(codes, (run) => run.replace(code, (each) => emojiOf(each) ?? each)),
  );
}

let list: ReadonlyMap<string, string> | undefined;

function loaded(): ReadonlyMap<string, string> {
  list ??= new Map(readList());
  return list;
}

function readList(): [code: string, emoji: string][] {
  try {
    // Not by import(): what is sent must not wait, or a line could overtake the one before.
    const { nameToEmoji } = createRequire(import.meta.url)('gemoji') as typeof import('gemoji');
    // Without those that people would not get as they are, such as the flag of Wales.
    const whole = Object.entries(nameToEmoji).filter(([, emoji]) => printable(emoji) === emoji);
    return whole.sort(([one], [other]) => (one < other ? -1 : 1));
  } catch {
    // Node 21, and 22 before 22.12, can't load it like this: codes stay as they are.
    return [];
  }
}
