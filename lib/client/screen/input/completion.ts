/**
 * What Tab makes of the word before the cursor, and what it makes of it when pressed again. Pure; knows words,
 * neither keys nor where names and files come from.
 */
import { printable } from '../../../protocol/printable.js';
import type { Argument } from '../../commands/commands.js';

export interface Candidates {
  /** People, the most likely first, oneself not among them. */
  readonly names: readonly string[];
  /** Commands and their aliases without the slash. */
  readonly commands: readonly string[];
  /** Rooms without the `#`. */
  readonly rooms: readonly string[];
  /** Paths that begin with what is given, as they are to be typed; those of folders end in `/`. */
  readonly files: (prefix: string) => readonly string[];
  /** What follows a command, whose word is given as it was typed; undefined for text. */
  // A file is the rest of the line, spaces too; all else is one word.
  readonly after: (command: string) => Argument | undefined;
  /** Words that a command knows, anywhere after it. */
  readonly words: (command: string) => readonly string[];
}

export interface Completed {
  readonly text: string;
  readonly cursor: number;
  /** What fitted, in its order, and which of it stands there. */
  readonly choices: readonly string[];
  readonly chosen: number;
  /** What stands before and after the choice. */
  readonly before: string;
  readonly after: string;
}

export interface CompletionAsked {
  readonly text: string;
  readonly cursor: number;
  /** Shift-Tab: the last choice first, and back from there. */
  readonly back: boolean;
  /** What was completed by the key just before, if that was one of these. */
  readonly previous: Completed | undefined;
}

/** The text completed, when asked again with the next choice; undefined where nothing fits. */
export function complete(asked: CompletionAsked, candidates: Candidates): Completed | undefined {
  const { text, cursor, back, previous } = asked;
  const step = back ? -1 : 1;
  // The only choice may be a folder, to be gone into.
  if (previous !== undefined && previous.choices.length > 1 && isAsItWas(asked, previous)) {
    return choose(previous, previous.chosen + step);
  }
  const head = text.slice(0, cursor);
  const { from, choices } = fitting(head, candidates);
  if (choices.length === 0) return undefined;
  return choose({ choices, before: head.slice(0, from), after: text.slice(cursor) }, back ? -1 : 0);
}

/**
 * Names in the order people mean them: who spoke last, then everybody else who is here by the alphabet.
 * @param spoke who said something, the latest last; may name people often
 */
export function likelyNames({ spoke, here, me }: { spoke: Names; here: Names; me: string }): string[] {
  const names = new Set([...spoke].reverse());
  for (const name of [...here].sort()) names.add(name);
  names.delete(me);
  return [...names];
}

type Names = readonly string[];

interface Fitting {
  /** Where the word begins that is completed. */
  readonly from: number;
  /** With what follows them: a colon, a space, nothing. */
  readonly choices: readonly string[];
}

function isAsItWas({ text, cursor }: CompletionAsked, previous: Completed): boolean {
  return text === previous.text && cursor === previous.cursor;
}

function choose(
  { choices, before, after }: Pick<Completed, 'choices' | 'before' | 'after'>,
  index: number,
): Completed {
  const chosen = (index + choices.length) % choices.length;
  const choice = choices[chosen] ?? '';
  // Where a space follows already, that is the one.
  const word = after.startsWith(' ') ? choice.trimEnd() : choice;
  const text = `${before}${word}${after}`;
  return { text, cursor: before.length + word.length, choices, chosen, before, after };
}

function fitting(head: string, candidates: Candidates): Fitting {
  const from = wordStart(head);
  const word = head.slice(from);
  if (from === 0 && /^\/[^/]*$/.test(word)) {
    return { from, choices: wordsLike(candidates.commands, { word, sign: '/' }) };
  }
  const [start = '', command] = /^\/([^\s/]+)[^\S\n]+/.exec(head) ?? [];
  const argument = command === undefined ? undefined : candidates.after(command);
  if (argument === 'file') {
    const paths = candidates.files(head.slice(start.length));
    // A path of which something cannot be shown cannot be typed either.
    return { from: start.length, choices: paths.filter((path) => printable(path) === path) };
  }
  const first = argument !== undefined && from === start.length;
  const choices = first ? argumentsLike(argument, word, candidates) : textLike(head, from, candidates);
  // A room may be left out: what is meant may be the word after it.
  const open = choices.length === 0 || (first && argument === 'room' && !word.startsWith('#'));
  if (!open || command === undefined || word === '') return { from, choices };
  return { from, choices: [...choices, ...wordsLike(candidates.words(command), { word })] };
}

function wordStart(head: string): number {
  let from = head.length;
  while (from > 0 && !/\s/.test(head.charAt(from - 1))) from--;
  return from;
}

/** In a text a word has to be begun: Tab on nothing would address somebody by mistake. */
function textLike(head: string, from: number, { names, rooms }: Candidates): string[] {
  const word = head.slice(from);
  if (word === '') return [];
  if (word.startsWith('#')) return wordsLike(rooms, { word, sign: '#' });
  if (word.startsWith('@')) return wordsLike(names, { word, sign: '@' });
  if (/^from:/i.test(word)) return wordsLike(names, { word, sign: 'from:' });
  if (/^in:#/i.test(word)) return wordsLike(rooms, { word, sign: 'in:#' });
  const isAddress = from === 0 || head[from - 1] === '\n';
  return wordsLike(names, { word, end: isAddress ? ': ' : ' ' });
}

function argumentsLike(
  argument: Exclude<Argument, 'file'>,
  word: string,
  { names, rooms, commands }: Candidates,
): string[] {
  if (argument === 'room')
    return wordsLike(rooms, { word: word.startsWith('#') ? word : `#${word}`, sign: '#' });
  if (argument === 'command') return wordsLike(commands, { word: word.replace(/^\//, '') });
  if (argument === 'name') return wordsLike(names, { word: word.replace(/^@/, '') });
  return wordsLike(argument, { word });
}

interface Like {
  /** What is typed of it, with its sign. */
  readonly word: string;
  readonly sign?: string;
  readonly end?: string;
}

function wordsLike(words: readonly string[], { word, sign = '', end = ' ' }: Like): string[] {
  const typed = word.toLowerCase();
  return words
    .map((each) => `${sign}${each}`)
    .filter((each) => each.toLowerCase().startsWith(typed))
    .map((each) => `${each}${end}`);
}
