/**
 * Tab completion: the word before the cursor becomes a name, command, room, file, emoji's code or whatever a command takes
 * there; Tab again takes the next choice. Knows words and folders, no keys.
 */
import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { printable } from '../../../protocol/printable.js';
import { commandWords } from '../../commands/commands.js';
import { type Expected, expectedIn, wordsOf } from '../../commands/usage.js';
import { codesLike, emojiOf } from '../../text/emoji.js';
import { messagesIn } from '../state/conversation.js';
import { completing, current } from '../state/conversations.js';
import { listedPeople } from '../state/people.js';
import type { Completion, ScreenState } from '../state/state.js';

export interface Candidates {
  /** People, the most likely first, without the reader. */
  readonly names: readonly string[];
  /** Commands and their aliases without the slash. */
  readonly commands: readonly string[];
  /** Rooms without the `#`. */
  readonly rooms: readonly string[];
  /** People with direct messages, the last active first, without the `@`. */
  readonly directs: readonly string[];
  /** Short codes of emoji that begin like this, with their colons. */
  readonly codes: (begun: string) => readonly string[];
  /** Paths that begin with a prefix, as typed; those of folders end in `/`. */
  readonly files: (prefix: string) => readonly string[];
  /** What a command takes after these words. */
  readonly after: (command: string, typed: readonly string[]) => Expected;
  /** Words that a command takes, anywhere after it. */
  readonly words: (command: string) => readonly string[];
}

interface CompletionRequest {
  readonly text: string;
  readonly cursor: number;
  /** Shift-Tab: backwards through the choices. */
  readonly back: boolean;
  /** The last completion, if nothing was typed since. */
  readonly previous: Completion | undefined;
}

/** Completes what is typed in the current conversation. */
export function completeDraft(state: ScreenState, back: boolean): Completion | undefined {
  const { text, cursor } = current(state).draft;
  return complete({ text, cursor, back, previous: completing(state) }, candidatesOf(state));
}

/** The completed text, or the next choice if it was just completed; undefined if nothing fits. */
export function complete(asked: CompletionRequest, candidates: Candidates): Completion | undefined {
  const { text, cursor, back, previous } = asked;
  // A single choice may be a folder: Tab goes on into it.
  if (previous !== undefined && previous.choices.length > 1)
    return choose(previous, previous.chosen + (back ? -1 : 1));
  const head = text.slice(0, cursor);
  const { from, choices, shown = shownWord } = fitting(head, candidates);
  if (choices.length === 0) return undefined;
  const around = { before: head.slice(0, from), after: text.slice(cursor) };
  return choose({ choices, labels: choices.map(shown), ...around }, back ? -1 : 0);
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
  /** How a choice is listed, if not as it is. */
  readonly shown?: (choice: string) => string;
}

function shownWord(choice: string): string {
  return choice.replace(/:? $/, '');
}

function choose(
  { choices, labels, before, after }: Pick<Completion, 'choices' | 'labels' | 'before' | 'after'>,
  index: number,
): Completion {
  const chosen = (index + choices.length) % choices.length;
  const choice = choices[chosen] ?? '';
  // No second space.
  const word = after.startsWith(' ') ? choice.trimEnd() : choice;
  const text = `${before}${word}${after}`;
  return { text, cursor: before.length + word.length, choices, labels, chosen, before, after };
}

function fitting(head: string, candidates: Candidates): Fitting {
  const from = wordStart(head);
  const word = head.slice(from);
  if (from === 0 && /^\/[^/]*$/.test(word)) {
    return { from, choices: wordsLike(candidates.commands, { word, sign: '/' }) };
  }
  const code = codeFitting(head, candidates);
  if (code.choices.length > 0) return code;
  const [start = '', command] = /^\/([^\s/]+)[^\S\n]+/.exec(head) ?? [];
  if (command === undefined) return { from, choices: textLike(head, from, candidates) };
  const typed = head.slice(start.length, from).split(/\s+/).filter(Boolean);
  const { kinds, words, fileAfter } = candidates.after(command, typed);
  if (fileAfter !== undefined) return fileFitting(head, fileAfter, candidates);
  const expected = [
    ...kinds.flatMap((kind) => kindLike(kind, word, candidates)),
    ...wordsLike(words, { word }),
  ];
  if (expected.length > 0) return { from, choices: expected };
  const anywhere = word === '' ? [] : wordsLike(candidates.words(command), { word });
  if (anywhere.length > 0 || kinds.length > 0) return { from, choices: anywhere };
  return { from, choices: textLike(head, from, candidates) };
}

/** A short code, begun with a letter at least. */
function codeFitting(head: string, { codes }: Candidates): Fitting {
  const begun = /(?<![A-Za-z0-9_:/\\]):[a-z0-9_+-]+$/i.exec(head);
  if (begun === null) return { from: head.length, choices: [] };
  return {
    from: begun.index,
    choices: codes(begun[0]).map((code) => `${code} `),
    shown: (choice) => `${emojiOf(choice.trim()) ?? ''} ${choice.trim()}`,
  };
}

/** A path is the rest of the line; it is listed without the folder that is typed already. */
function fileFitting(head: string, after: number, { files }: Candidates): Fitting {
  const [start = ''] = new RegExp(`^/(?:\\S+\\s+){${after + 1}}`).exec(head) ?? [];
  const typed = head.slice(start.length);
  const folder = typed.lastIndexOf('/') + 1;
  return {
    from: start.length,
    // A path with characters that are not printable can't be typed either.
    choices: files(typed).filter((path) => printable(path) === path),
    shown: (path) => path.slice(folder),
  };
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

function kindLike(
  kind: Expected['kinds'][number],
  word: string,
  { names, rooms, directs, commands }: Candidates,
): string[] {
  switch (kind) {
    case 'name':
      return wordsLike(names, { word: word.replace(/^@/, '') });
    case 'room':
      return wordsLike(rooms, { word: word.startsWith('#') ? word : `#${word}`, sign: '#' });
    case 'direct':
      return wordsLike(directs, { word: word.startsWith('@') ? word : `@${word}`, sign: '@' });
    case 'command':
      return wordsLike(commands, { word: word.replace(/^\//, '') });
    default:
      return kind satisfies never;
  }
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
  const spoke = messagesIn(current(state)).map(({ from }) => from);
  const ids = state.conversations.map(({ id }) => id);
  const namesOf = (sign: string, some: readonly string[]) =>
    some.flatMap((id) => (id.startsWith(sign) ? [id.slice(1)] : []));
  return {
    names: likelyNames({ spoke, here: people.map(({ name }) => name), me: state.me }),
    commands: commandWords(true),
    rooms: namesOf('#', ids),
    directs: [...new Set(namesOf('@', [...ids, ...state.directs]))],
    codes: codesLike,
    files,
    after(command, typed) {
      const isFile = ['get', 'view'].includes(command) && typed.length === 0;
      return isFile ? { kinds: [], words: fileIds(state) } : expectedIn(command, typed);
    },
    words: wordsOf,
  };
}

/** IDs of the files announced here, the latest first. */
function fileIds(state: ScreenState): string[] {
  return messagesIn(current(state))
    .flatMap(({ file, seq }) => (file !== undefined && seq !== undefined ? [`${seq}`] : []))
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
