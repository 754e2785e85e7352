/** What the usages of commands say while one is typed: its help, and what can stand next, for completion. Pure. */
import { commandNamed, commands, splitCommand, synopsis, wordsFor } from './commands.js';

/** While a command is typed: its usage and help, or the commands that it may become; '' for anything else. */
export function usageOf(line: string): string {
  if (!line.startsWith('/') || line.startsWith('//') || line.includes('\n')) return '';
  const [word] = splitCommand(line);
  const exact = commandNamed(word);
  const begun = commands.filter((each) => wordsFor(each).some((name) => name.startsWith(word)));
  const found = exact ?? (begun.length === 1 ? begun[0] : undefined);
  if (found !== undefined) return `${synopsis(found)}   ${found.help}`;
  return /\s/.test(line) ? '' : begun.map(({ name }) => `/${name}`).join(' ');
}

/** What can stand next in a command. */
export interface Expected {
  readonly kinds: readonly ('name' | 'room' | 'direct' | 'command')[];
  /** Words that are spelled out, such as roles. */
  readonly words: readonly string[];
  /** A file, which is the rest of the line after so many words. */
  readonly fileAfter?: number;
}

/** @param word the command. @param typed the words after it. Nothing for texts, numbers and unknown commands */
export function expectedIn(word: string, typed: readonly string[]): Expected {
  const found = commandNamed(word);
  if (found === undefined) return { kinds: [], words: [] };
  const next = found.next?.(typed);
  if (next !== undefined) return expectedOf(next, typed);
  const slots = slotsOf(found.usage);
  const fileAfter = slots.findIndex(({ options }) => options.some((each) => /^(FILE|PATH)$/.test(each)));
  if (fileAfter >= 0 && fileAfter <= typed.length) return { kinds: [], words: [], fileAfter };
  const options = reachable(slots.slice(typed.length)).flatMap((slot) => slot.options);
  return expectedOf(
    options.filter((each) => isLiteral(each) || each in kindOf),
    typed,
  );
}

function expectedOf(options: readonly string[], typed: readonly string[]): Expected {
  const kinds = options.flatMap((each) => kindOf[each] ?? []);
  return { kinds, words: options.filter((each) => !(each in kindOf) && !typed.includes(each)) };
}

/** Every word that the usage of a command spells out. */
export function wordsOf(word: string): readonly string[] {
  const found = commandNamed(word);
  const all = slotsOf(found?.usage ?? '').flatMap(({ options }) => options.filter(isLiteral));
  return [...new Set(all)];
}

const kindOf: Readonly<Record<string, Expected['kinds'][number]>> = {
  NAME: 'name',
  '#ROOM': 'room',
  '@NAME': 'direct',
  COMMAND: 'command',
};

/** A word of a usage: `[member|admin]` can be either, or left out. */
interface Slot {
  readonly options: readonly string[];
  readonly optional: boolean;
}

function slotsOf(usage: string): Slot[] {
  const words = usage.replaceAll(' | ', '|').split(' ').filter(Boolean);
  return words.map((each) => ({
    options: each.replace(/[[\]]/g, '').split('|'),
    optional: each.startsWith('['),
  }));
}

/** The next slot, and those after it if it can be left out, or if both are of words in any order. */
function reachable(slots: readonly Slot[]): readonly Slot[] {
  const end = slots.findIndex(({ options, optional }, i) => {
    const after = slots[i + 1]?.options ?? [];
    return !optional && !(options.every(isLiteral) && after.some(isLiteral));
  });
  return end < 0 ? slots : slots.slice(0, end + 1);
}

function isLiteral(option: string): boolean {
  return /^[a-z]{2,}$/.test(option);
}
