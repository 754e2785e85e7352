/**
 * Tab completion: the word before the cursor becomes a name, command, room or file; Tab again takes the next choice.
 * Knows words and folders, no keys.
 */
import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { printable } from '../../../protocol/printable.js';
import { type Argument, argumentOf, commandWords, wordsOf } from '../../commands/commands.js';
import { current } from '../state/conversations.js';
import { listedPeople } from '../state/people.js';
import type { ScreenState } from '../state/state.js';

export interface Candidates {
  /** People, the most likely first, without the reader. */
  readonly names: readonly string[];
  /** Commands and their aliases without the slash. */
  readonly commands: readonly string[];
  /** Rooms without the `#`. */
  readonly rooms: readonly string[];
  /** Paths that begin with a prefix, as typed; those of folders end in `/`. */
  readonly files: (prefix: string) => readonly string[];
  /** What the first argument of a command is; undefined for text. A file is the rest of the line, all else one word. */
  readonly after: (command: string) => Argument | undefined;
  /** Words that a command takes, anywhere after it. */
  readonly words: (command: string) => readonly string[];
}

export interface Completion {
  readonly text: string;
  readonly cursor: number;
  /** All that fit, and which of them is in the text. */
  readonly choices: readonly string[];
  readonly chosen: number;
  /** The text before and after the choice. */
  readonly before: string;
  readonly after: string;
}

export interface CompletionRequest {
  readonly text: string;
  readonly cursor: number;
  /** Shift-Tab: backwards through the choices. */
  readonly back: boolean;
  /** The last completion, if there was one. */
  readonly previous: Completion | undefined;
}

/** Completes what is typed in the current conversation. @param previous what the last call returned */
export function completeDraft(
  state: ScreenState,
  { back, previous }: Pick<CompletionRequest, 'back' | 'previous'>,
): Completion | undefined {
  const { text, cursor } = current(state).draft;
  return complete({ text, cursor, back, previous }, candidatesOf(state));
}

/** The completed text, or the next choice if it was just completed; undefined if nothing fits. */
export function complete(asked: CompletionRequest, candidates: Candidates): Completion | undefined {
  const { text, cursor, back, previous } = asked;
  const step = back ? -1 : 1;
  // A single choice may be a folder: Tab goes on into it.
  if (previous !== undefined && previous.choices.length > 1 && isAsItWas(asked, previous)) {
    return choose(previous, previous.chosen + step);
  }
  const head = text.slice(0, cursor);
  const { from, choices } = fitting(head, candidates);
  if (choices.length === 0) return undefined;
  return choose({ choices, before: head.slice(0, from), after: text.slice(cursor) }, back ? -1 : 0);
}

/**
 * Names, most likely first: who spoke last, then all others here in alphabetical order.
 * @param spoke who posted, the latest last; may repeat names
 */
export function likelyNames({ spoke, here, me }: { spoke: Names; here: Names; me: string }): string[] {
  const names = new Set([...spoke].reverse());
  for (const name of [...here].sort()) names.add(name);
  names.delete(me);
  return [...names];
}

type Names = readonly string[];

interface Fitting {
  /** Where the word to complete begins. */
  readonly from: number;
  /** Each with a colon, a space or nothing at its end. */
  readonly choices: readonly string[];
}

function isAsItWas({ text, cursor }: CompletionRequest, previous: Completion): boolean {
  return text === previous.text && cursor === previous.cursor;
}

function choose(
  { choices, before, after }: Pick<Completion, 'choices' | 'before' | 'after'>,
  index: number,
): Completion {
  const chosen = (index + choices.length) % choices.length;
  const choice = choices[chosen] ?? '';
  // No second space.
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
    // A path with characters that are not printable can't be typed either.
    return { from: start.length, choices: paths.filter((path) => printable(path) === path) };
  }
  const first = argument !== undefined && from === start.length;
  const choices = first ? argumentsLike(argument, word, candidates) : textLike(head, from, candidates);
  // A room may be left out: the word may be the next argument.
  const open = choices.length === 0 || (first && argument === 'room' && !word.startsWith('#'));
  if (!open || command === undefined || word === '') return { from, choices };
  return { from, choices: [...choices, ...wordsLike(candidates.words(command), { word })] };
}

function wordStart(head: string): number {
  let from = head.length;
  while (from > 0 && !/\s/.test(head.charAt(from - 1))) from--;
  return from;
}

/** In a message, only for a word that was begun: Tab alone must not address someone by mistake. */
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
  /** The typed part, with its sign. */
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

const mostFiles = 200;

function candidatesOf(state: ScreenState): Candidates {
  const { people } = listedPeople(state);
  const spoke = current(state).entries.flatMap((entry) => (entry.kind === 'message' ? [entry.from] : []));
  const rooms = state.conversations.flatMap(({ id }) => (id.startsWith('#') ? [id.slice(1)] : []));
  return {
    names: likelyNames({ spoke, here: people.map(({ name }) => name), me: state.me }),
    commands: commandWords(true),
    rooms,
    files,
    after(command) {
      return command === 'get' ? fileIds(state) : argumentOf(command);
    },
    words: wordsOf,
  };
}

/** IDs of the files announced here, the latest first. */
function fileIds(state: ScreenState): string[] {
  const files = current(state).entries.filter(
    (entry) => entry.kind === 'message' && entry.file !== undefined,
  );
  return files
    .flatMap((entry) => (entry.kind === 'message' && entry.seq !== undefined ? [`${entry.seq}`] : []))
    .reverse();
}

/** Paths that begin with this one; none if the folder does not exist or can't be read. */
function files(prefix: string): string[] {
  const home = prefix.startsWith('~/');
  const path = home ? join(homedir(), prefix.slice(2)) : prefix;
  const at = prefix.lastIndexOf('/') + 1;
  const [folder, begun] = [prefix.slice(0, at), prefix.slice(at)];
  try {
    return readdirSync(resolve(path.endsWith('/') || path === '' ? path || '.' : dirname(path)), {
      withFileTypes: true,
    })
      .filter(({ name }) => name.startsWith(begun) && (begun.startsWith('.') || !name.startsWith('.')))
      .slice(0, mostFiles)
      .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`)
      .sort();
  } catch {
    return [];
  }
}
