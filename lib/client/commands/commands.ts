/**
 * What a typed line means: something to say, or a slash command. Knows the table of commands; neither a
 * session nor a terminal.
 */
import type { Act } from './act.js';
import { type Command, groups, groupTitles } from './command-row.js';
import { commands } from './command-rows.js';

export interface Surroundings {
  /** There is a full screen. */
  readonly screen: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What a line, without its line end, asks for. Only a slash in the very first column makes a command. */
export function parseInput(line: string, surroundings: Surroundings): Act {
  if (line.trim() === '') return { do: 'nothing' };
  if (!line.startsWith('/')) return { do: 'say', text: line };
  if (line.startsWith('//')) return { do: 'say', text: line.slice(1) };
  const { screen } = surroundings;
  const [word, rest] = commandIn(line);
  const found = findCommand(word);
  if (Array.isArray(found)) return { do: 'error', message: unknown(word, found) };
  if (found.screen && !screen) {
    return { do: 'error', message: `/${found.name} is only on the full screen; nothing was sent.` };
  }
  const act = found.parse(rest, surroundings);
  if (typeof act !== 'string') return act;
  return { do: 'error', message: act === '' ? `Usage: ${synopsis(found)}` : act };
}

/** Whether a line is to change where the next ones are said. One that was mistyped, as /jion, is too. */
export function isTurn(line: string): boolean {
  if (!line.startsWith('/') || line.startsWith('//')) return false;
  const found = findCommand(commandIn(line)[0]);
  if (!Array.isArray(found)) return found.turns === true;
  return commands.some(
    ({ turns, name, aliases }) => turns && [name, ...aliases].some((word) => found.includes(word)),
  );
}

function commandIn(line: string): [word: string, rest: string] {
  const space = line.search(/\s/);
  if (space < 0) return [line.slice(1).toLowerCase(), ''];
  return [line.slice(1, space).toLowerCase(), line.slice(space + 1)];
}

/** Every word that can follow a slash, for completion. */
export function commandWords(screen = false): string[] {
  return commands
    .filter((command) => screen || command.screen === undefined)
    .flatMap((command) => [command.name, ...command.aliases]);
}

/** What the first word after a command is, as its usage says: one of a list where that names the words. */
export type Argument = 'name' | 'room' | 'file' | 'command' | readonly string[];

/** For completion; undefined for a text, a number, and a word that is no command. */
export function argumentOf(word: string): Argument | undefined {
  const command = commands.find(({ name, aliases }) => name === word || aliases.includes(word));
  const first = command?.usage.replace(/[[\]]/g, '').split(' ')[0] ?? '';
  if (/^NAME\b/.test(first)) return 'name';
  if (/^#ROOM\b/.test(first)) return 'room';
  if (first === 'FILE' || first === 'PATH') return 'file';
  if (first === 'COMMAND') return 'command';
  return /^[a-z0-9]+(\|[a-z0-9]+)+$/.test(first) ? first.split('|') : undefined;
}

/** The words that a usage spells out, such as roles, wherever they stand in it. */
export function wordsOf(word: string): readonly string[] {
  const command = commands.find(({ name, aliases }) => name === word || aliases.includes(word));
  return [...new Set(command?.usage.match(/(?<![\w:#])[a-z]{2,}(?![\w:])/g) ?? [])];
}

/** What /help answers. @param about a command or a group, '' for all */
export function helpLines(about: string, screen: boolean): string[] | { readonly unknown: string } {
  const shown = commands.filter((command) => screen || command.screen === undefined);
  if (about === '') return overview(shown, screen);
  const group = groups.find((each) => each === about || groupTitles[each] === about);
  if (group !== undefined) {
    return shown
      .filter((command) => command.group === group)
      .flatMap((command) => [synopsis(command), `  ${command.help}`]);
  }
  const found = findCommand(about);
  if (Array.isArray(found)) return { unknown: unknown(about, found) };
  const also = found.aliases.map((alias) => `/${alias}`).join(', ');
  const lines = [synopsis(found), `  ${found.help}`];
  return also === '' ? lines : [...lines, `  also: ${also}`];
}

/** The command, or the names that may have been meant. A prefix needs two letters, so that /q never leaves. */
function findCommand(word: string): Command | string[] {
  const exact = commands.find((command) => command.name === word || command.aliases.includes(word));
  if (exact !== undefined) return exact;
  const begins = (text: string): boolean => word.length >= 2 && text.startsWith(word);
  const some = commands.filter((command) => begins(command.name) || command.aliases.some(begins));
  const [only] = some;
  if (some.length === 1 && only !== undefined && !only.whole) return only;
  if (some.length > 0) return some.map((command) => [command.name, ...command.aliases].find(begins) ?? '');
  const near = nearest(word, commandWords());
  return near === undefined ? [] : [near];
}

function unknown(word: string, meant: readonly string[]): string {
  const said = `/${word.slice(0, 20)}`;
  const hint =
    meant.length > 0 ? `Did you mean ${meant.map((name) => `/${name}`).join(' or ')}?` : 'See /help.';
  return `There is no command ${said}; nothing was sent. ${hint} To say it, type it with two slashes: /${said}`;
}

function synopsis(command: Command): string {
  return `/${command.name} ${command.usage}`.trimEnd();
}

const indent = 14;
/** Of the narrowest pane that stands beside a list of people on 80 columns. */
const width = 58;

/** The commands by what they are for, several in a line; what each takes and does is told by /help COMMAND. */
function overview(shown: readonly Command[], screen: boolean): string[] {
  const lines = groups.flatMap((group) => {
    const words = shown.filter((command) => command.group === group).map(({ name }) => `/${name}`);
    return filled(words).map((line, at) => `${(at === 0 ? groupTitles[group] : '').padEnd(indent)}${line}`);
  });
  return [
    ...lines,
    '/help COMMAND tells more, /help rooms about a group of them.',
    `/ed is short for /edit; //TEXT says TEXT with a slash.${screen ? ' /help keys: the keys.' : ''}`,
  ];
}

function filled(words: readonly string[]): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    const fits = last !== undefined && last.length + 1 + word.length <= width - indent;
    if (fits) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** The candidate with the fewest changed letters, where those are at most a third of the word, at least one. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > 20) return undefined;
  const allowed = Math.max(1, Math.floor(word.length / 3));
  let best: string | undefined;
  let least = allowed + 1;
  for (const candidate of candidates.filter((each) => each.length > 1)) {
    const changes = distance(word, candidate);
    if (changes < least) {
      least = changes;
      best = candidate;
    }
  }
  return best;
}

/** Letters added, dropped, changed or swapped with their neighbour, to get from one word to the other. */
function distance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const above = rows[i - 1]?.[j] ?? 0;
      const diagonal = rows[i - 1]?.[j - 1] ?? 0;
      let least = Math.min(above + 1, (row[j - 1] ?? 0) + 1, diagonal + (from[i - 1] === to[j - 1] ? 0 : 1));
      const swapped = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (swapped) least = Math.min(least, (rows[i - 2]?.[j - 2] ?? Infinity) + 1);
      row.push(least);
    }
    rows.push(row);
  }
  return rows[from.length]?.[to.length] ?? Infinity;
}
