/**
 * The table of slash commands, in the order of /help: reads a typed line, finds and explains commands. Knows neither a session
 * nor a terminal.
 */
import { accountCommands } from './account.js';
import { tooLong, wordsIn } from './arguments.js';
import {
  CommandRefused,
  command,
  type ParseContext,
  type ParsedCommand,
  type SlashCommand,
  type UsageError,
} from './command.js';
import { displayCommands } from './display.js';
import { fileCommands } from './files.js';
import { historyCommands } from './history.js';
import { inviteCommands } from './invites.js';
import { messageCommands } from './messages.js';
import { moderationCommands } from './moderation.js';
import { peopleCommands } from './people.js';
import { roomCommands } from './rooms.js';
import { webhookCommands } from './webhooks.js';

type ParsedLine =
  | { readonly kind: 'blank' }
  | ({ readonly kind: 'text' } & TypedText)
  | ({ readonly kind: 'command'; readonly name: string } & ParsedCommand)
  /** Nothing is done and nothing is sent. */
  | { readonly kind: 'error'; readonly message: string };

const otherCommands = [
  command<{ address?: string }>({
    name: 'connect',
    usage: '[LINK|HOST[:PORT]]',
    help: 'join another server beside this one, or list the servers',
    screenOnly: true,
    parse(rest) {
      const words = wordsIn(rest);
      return words.length > 1 ? '' : { ...(words[0] !== undefined && { address: words[0] }) };
    },
    run: ({ address }, { screen }) => screen?.connect(address),
  }),
  command<{ reason?: string }>({
    name: 'disconnect',
    usage: '[REASON]',
    help: 'leave this server; the others stay',
    screenOnly: true,
    fullNameOnly: true,
    parse: parseReason,
    run: ({ reason }, { screen }) => screen?.disconnect(reason),
  }),
  command({
    name: 'help',
    usage: '[COMMAND]',
    help: 'list the commands, or explain a command or a group',
    parse: (rest) => ({ about: rest.trim().replace(/^\//, '').toLowerCase() }),
    run({ about }, { answer, screen }) {
      answer(about === 'keys' && screen ? screen.keyHelp() : helpLines(about, screen !== undefined));
    },
  }),
  command({
    name: 'reconnect',
    help: 'after a lost connection: try again now',
    run(_, { session }) {
      if (session.reconnect()) return;
      throw new CommandRefused("You are connected, or the next try can't start any sooner.");
    },
  }),
  command<{ reason?: string }>({
    name: 'quit',
    aliases: ['exit'],
    usage: '[REASON]',
    help: 'quit; the others see the reason',
    parse: parseReason,
    run: ({ reason }, { quit }) => quit(reason),
  }),
];

function parseReason(rest: string): { reason?: string } | UsageError {
  const reason = rest.trim();
  return reason === '' ? {} : (tooLong(reason) ?? { reason });
}

/** In the order of /help. */
const groups: Readonly<Record<string, readonly SlashCommand[]>> = {
  messages: messageCommands,
  rooms: roomCommands,
  people: peopleCommands,
  history: historyCommands,
  files: fileCommands,
  moderation: [...moderationCommands, ...webhookCommands],
  invites: inviteCommands,
  account: accountCommands,
  display: displayCommands,
  other: otherCommands,
};

export const commands: readonly SlashCommand[] = Object.values(groups).flat();

/** Reads a line without its line end. Only a slash in the very first column makes a command. */
export function parseLine(line: string, context: ParseContext): ParsedLine {
  if (line.trim() === '') return { kind: 'blank' };
  const typed = typedText(line);
  if (typed !== undefined) return { kind: 'text', ...typed };
  const [word, rest] = splitCommand(line);
  const found = findCommand(word);
  if (Array.isArray(found)) return { kind: 'error', message: unknownCommand(word, found) };
  const { name } = found;
  if (found.screenOnly && !context.screen) {
    return { kind: 'error', message: `/${name} works only on the full screen; nothing was sent.` };
  }
  const parsed = found.parse(rest, context);
  if (typeof parsed !== 'string') return { kind: 'command', name, ...parsed };
  return { kind: 'error', message: parsed === '' ? `Usage: ${synopsis(found)}` : parsed };
}

interface TypedText {
  readonly text: string;
  /** Typed with two slashes, so that it is posted to the letter. */
  readonly literal?: true;
}

/** The text that a line posts; undefined for a command. */
export function typedText(line: string): TypedText | undefined {
  if (!line.startsWith('/')) return { text: line };
  return line.startsWith('//') ? { text: line.slice(1), literal: true } : undefined;
}

/** The line that posts a text. */
export function typedAs(text: string): string {
  return text.startsWith('/') ? `/${text}` : text;
}

/** Whether a line is meant to open another conversation; also a mistyped one, such as /jion. */
export function opensConversation(line: string): boolean {
  if (!line.startsWith('/') || line.startsWith('//')) return false;
  const found = findCommand(splitCommand(line)[0]);
  if (!Array.isArray(found)) return found.opensConversation === true;
  return commands.some(
    (each) => each.opensConversation && wordsFor(each).some((word) => found.includes(word)),
  );
}

export function splitCommand(line: string): [word: string, rest: string] {
  const space = line.search(/\s/);
  if (space < 0) return [line.slice(1).toLowerCase(), ''];
  return [line.slice(1, space).toLowerCase(), line.slice(space + 1)];
}

/** Every word that can follow a slash, for completion. */
export function commandWords(screen = false): string[] {
  return usable(commands, screen).flatMap(wordsFor);
}

function usable(rows: readonly SlashCommand[] = [], screen: boolean): readonly SlashCommand[] {
  return rows.filter((each) => screen || !each.screenOnly);
}

/** The command of this name or alias. */
export function commandNamed(word: string): SlashCommand | undefined {
  return commands.find((each) => wordsFor(each).includes(word));
}

export function wordsFor({ name, aliases }: SlashCommand): string[] {
  return [name, ...aliases];
}

/**
 * What /help answers.
 * @param about a command or a group; '' for all
 * @throws CommandRefused if there is no such command
 */
export function helpLines(about: string, screen: boolean): string[] {
  if (about === '') return overview(screen);
  if (Object.hasOwn(groups, about)) {
    return usable(groups[about], screen).flatMap((each) => [synopsis(each), `  ${each.help}`]);
  }
  const found = findCommand(about);
  if (Array.isArray(found)) {
    throw new CommandRefused(`There is no command or group "${about.slice(0, 20)}". ${hintAt(found)}`);
  }
  const also = found.aliases.map((alias) => `/${alias}`).join(', ');
  const lines = [synopsis(found), `  ${found.help}`];
  return also === '' ? lines : [...lines, `  also: ${also}`];
}

/** The command, or the words that may have been meant. A prefix needs two letters, so that /q never quits. */
function findCommand(word: string): SlashCommand | string[] {
  const exact = commandNamed(word);
  if (exact !== undefined) return exact;
  const begins = (text: string): boolean => word.length >= 2 && text.startsWith(word);
  const some = commands.filter((each) => wordsFor(each).some(begins));
  const [only] = some;
  if (some.length === 1 && only !== undefined && !only.fullNameOnly) return only;
  if (some.length > 0) return some.map((each) => wordsFor(each).find(begins) ?? '');
  const near = nearest(word, commandWords());
  return near === undefined ? [] : [near];
}

/** About a line that was typed to post something, or to run a command. */
function unknownCommand(word: string, meant: readonly string[]): string {
  const typed = `/${word.slice(0, 20)}`;
  return `There is no command ${typed}; nothing was sent. ${hintAt(meant)} To post it as text, type /${typed}`;
}

function hintAt(meant: readonly string[]): string {
  return meant.length > 0 ? `Did you mean ${meant.map((name) => `/${name}`).join(' or ')}?` : 'See /help.';
}

export function synopsis({ name, usage }: SlashCommand): string {
  return `/${name} ${usage}`.trimEnd();
}

const groupColumns = 12;
/** Of the narrowest pane beside a list of people on 80 columns. */
const helpColumns = 58;

/** The commands by group, several in a line; /help COMMAND explains them. */
function overview(screen: boolean): string[] {
  const lines = Object.entries(groups).flatMap(([group, rows]) => {
    const words = usable(rows, screen).map(({ name }) => `/${name}`);
    return filled(words).map((line, at) => `${(at === 0 ? group : '').padEnd(groupColumns)}${line}`);
  });
  return [
    ...lines,
    '/help COMMAND explains one, /help rooms a group.',
    '/ed is short for /edit; //TEXT posts /TEXT as text.',
    ':tada: becomes an emoji when you type it, except in `code`.',
    ...(screen ? ['/help keys lists the keys.'] : []),
  ];
}

function filled(words: readonly string[]): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    const fits = last !== undefined && last.length + 1 + word.length <= helpColumns - groupColumns;
    if (fits) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** The candidate with the fewest changed letters, where those are at most a third of the word, at least one. */
function nearest(word: string, candidates: readonly string[]): string | undefined {
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
