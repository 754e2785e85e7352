/**
 * What a typed line means: something to say, or a slash command. Knows the table of commands; neither a
 * session nor a terminal.
 */
import { limits } from '../../protocol/limits.js';
import { parseName } from '../../protocol/names.js';
import { nearest } from './nearest.js';

export type Act =
  | { readonly do: 'nothing' }
  | { readonly do: 'say'; readonly text: string; readonly action?: true }
  | { readonly do: 'tell'; readonly to: string; readonly text: string }
  | { readonly do: 'list' }
  | { readonly do: 'help'; readonly lines: readonly string[] }
  | { readonly do: 'quit'; readonly reason?: string }
  /** Nothing is done and nothing is sent; `message` says why. */
  | { readonly do: 'error'; readonly message: string };

export interface Command {
  readonly name: string;
  readonly aliases: readonly string[];
  /** What comes after the name. */
  readonly usage: string;
  readonly help: string;
  /** What the rest of the line, without the space before it, makes the command do. */
  readonly parse: (rest: string) => Act;
}

export const commands: readonly Command[] = [
  {
    name: 'msg',
    aliases: ['m', 'w', 'whisper'],
    usage: 'NAME TEXT',
    help: 'say something to one person alone, even if away',
    parse: parseTell,
  },
  {
    name: 'list',
    aliases: ['who', 'names', 'users'],
    usage: '',
    help: 'who is here now',
    parse: (rest) => (rest.trim() === '' ? { do: 'list' } : usageError('list')),
  },
  {
    name: 'me',
    aliases: [],
    usage: 'TEXT',
    help: 'say what you do, as in "* ana waves"',
    parse: (rest) => (rest.trim() === '' ? usageError('me') : { do: 'say', text: rest, action: true }),
  },
  {
    name: 'help',
    aliases: [],
    usage: '[COMMAND]',
    help: 'the commands, or one of them',
    parse: parseHelp,
  },
  {
    name: 'quit',
    aliases: ['exit'],
    usage: '[REASON]',
    help: 'leave; the others see the reason',
    parse: parseQuit,
  },
];

/** What a line, without its line end, asks for. Only a slash in the very first column makes a command. */
export function parseInput(line: string): Act {
  if (line.trim() === '') return { do: 'nothing' };
  if (!line.startsWith('/')) return { do: 'say', text: line };
  if (line.startsWith('//')) return { do: 'say', text: line.slice(1) };
  const space = line.search(/\s/);
  const word = (space < 0 ? line.slice(1) : line.slice(1, space)).toLowerCase();
  const rest = space < 0 ? '' : line.slice(space + 1);
  const found = findCommand(word);
  if (Array.isArray(found)) return { do: 'error', message: unknown(word, found) };
  return found.parse(rest);
}

/** Every word that can follow a slash, for completion. */
export function commandWords(): string[] {
  return commands.flatMap((command) => [command.name, ...command.aliases]);
}

/** The command, or the names that may have been meant. A prefix needs two letters, so that /q never leaves. */
function findCommand(word: string): Command | string[] {
  const exact = commands.find((command) => command.name === word || command.aliases.includes(word));
  if (exact !== undefined) return exact;
  const begins = (text: string): boolean => word.length >= 2 && text.startsWith(word);
  const some = commands.filter((command) => begins(command.name) || command.aliases.some(begins));
  if (some.length === 1 && some[0] !== undefined) return some[0];
  if (some.length > 1) return some.map((command) => [command.name, ...command.aliases].find(begins) ?? '');
  const near = nearest(word, commandWords());
  return near === undefined ? [] : [near];
}

function unknown(word: string, meant: readonly string[]): string {
  const said = `/${word.slice(0, 20)}`;
  const hint =
    meant.length > 0 ? `Did you mean ${meant.map((name) => `/${name}`).join(' or ')}?` : 'See /help.';
  return `There is no command ${said}; nothing was sent. ${hint} To say it, type it with two slashes: /${said}`;
}

function usageError(name: string): Act {
  const command = commands.find((each) => each.name === name);
  return { do: 'error', message: `Usage: ${command === undefined ? `/${name}` : synopsis(command)}` };
}

function synopsis(command: Command): string {
  return `/${command.name} ${command.usage}`.trimEnd();
}

function parseTell(rest: string): Act {
  const [, name = '', text = ''] = /^\s*(\S*)\s?([\s\S]*)$/.exec(rest) ?? [];
  if (text.trim() === '') return usageError('msg');
  const to = parseName(name);
  if (!to.ok) {
    return { do: 'error', message: `Nobody can have that name; nothing was sent. /list says who is here.` };
  }
  return { do: 'tell', to: to.name, text };
}

function parseQuit(rest: string): Act {
  const reason = rest.trim();
  if (reason === '') return { do: 'quit' };
  if (new TextEncoder().encode(reason).length > limits.reasonBytes) {
    return { do: 'error', message: `A reason may have ${limits.reasonBytes} bytes; this one is longer.` };
  }
  return { do: 'quit', reason };
}

function parseHelp(rest: string): Act {
  const word = rest.trim().replace(/^\//, '').toLowerCase();
  if (word === '') return { do: 'help', lines: overview() };
  const found = findCommand(word);
  if (Array.isArray(found)) return { do: 'error', message: unknown(word, found) };
  const also = found.aliases.map((alias) => `/${alias}`).join(', ');
  const lines = [`${synopsis(found)} - ${found.help}`];
  return { do: 'help', lines: also === '' ? lines : [...lines, `also: ${also}`] };
}

function overview(): string[] {
  const width = Math.max(...commands.map((command) => synopsis(command).length));
  return [
    ...commands.map((command) => `${synopsis(command).padEnd(width)}  ${command.help}`),
    `${'//TEXT'.padEnd(width)}  say TEXT with a slash before it`,
    'Commands may be shortened, as in /li for /list.',
  ];
}
