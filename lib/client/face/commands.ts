/**
 * What a typed line means: something to say, or a slash command. Knows the table of commands; neither a
 * session nor a terminal.
 */
import type { RoomRole } from '../../protocol/events.js';
import { limits } from '../../protocol/limits.js';
import { parseName } from '../../protocol/names.js';
import { nearest } from './nearest.js';

export type Act =
  | Errand
  | Sight
  | TransferAct
  /** To whoever wrote to this person alone last. */
  | { readonly do: 'reply'; readonly text: string }
  | { readonly do: 'nothing' }
  | { readonly do: 'say'; readonly text: string; readonly action?: true }
  | { readonly do: 'tell'; readonly to: string; readonly text: string }
  | { readonly do: 'list' }
  | { readonly do: 'help'; readonly lines: readonly string[] }
  | { readonly do: 'quit'; readonly reason?: string }
  | ScreenAct
  /** Nothing is done and nothing is sent; `message` says why. */
  | { readonly do: 'error'; readonly message: string };

/** What is asked of the server; the answer is told in lines. Without `room`: where it was typed. */
export type Errand =
  | { readonly do: 'join'; readonly room: string; readonly private?: true }
  | { readonly do: 'leave'; readonly room?: string; readonly end?: true }
  | { readonly do: 'rooms' }
  /** Without `topic`: asks what it is; '' takes it away. */
  | { readonly do: 'topic'; readonly topic?: string }
  | { readonly do: 'invite'; readonly name: string; readonly room?: string }
  | { readonly do: 'appoint'; readonly name: string; readonly role: RoomRole; readonly room?: string }
  /** Without a name: asks who is. */
  | { readonly do: 'block'; readonly name?: string }
  | { readonly do: 'unblock'; readonly name: string }
  | { readonly do: 'search'; readonly terms: SearchTerms }
  /** The next page of the last search. */
  | { readonly do: 'search-more' }
  /** The last own message, here. */
  | { readonly do: 'edit'; readonly text: string }
  /** The last own message here; the last one of somebody here; the message of a seq. */
  | { readonly do: 'delete'; readonly which?: string | number }
  | { readonly do: 'files' };

/** What /search was given; times in milliseconds since the epoch. */
export interface SearchTerms {
  readonly words: string;
  readonly room?: string;
  readonly with?: string;
  readonly from?: string;
  readonly since?: number;
  readonly until?: number;
}

/** Shows something that was said before; each way of showing does it its own way. */
export type Sight =
  | { readonly do: 'history'; readonly last: number }
  /** Milliseconds since the epoch. */
  | { readonly do: 'history'; readonly since: number }
  /** The message of a seq, in its place. */
  | { readonly do: 'jump'; readonly seq: number };

export type TransferAct =
  /** Without `to`: to where it was typed. */
  | {
      readonly do: 'send';
      readonly path: string;
      readonly to?: { readonly room: string } | { readonly to: string };
    }
  /** The file that the message of a seq announces. */
  | { readonly do: 'get'; readonly seq: number; readonly path?: string }
  /** Without a number: the latest. */
  | { readonly do: 'cancel'; readonly transfer?: number }
  | { readonly do: 'transfers' };

/** What only makes sense on the full screen. */
export type ScreenAct =
  /** Opens what is between two people alone, and says something there. */
  | { readonly do: 'query'; readonly name: string; readonly text: string }
  | { readonly do: 'window'; readonly which: number | string }
  | { readonly do: 'close' | 'clear' | 'compose' | 'retry' }
  | { readonly do: 'save'; readonly path: string }
  /** Without `what`: asks how it is. */
  | { readonly do: 'notify'; readonly what?: 'off' | 'mention' | 'all' }
  /** Without a name: asks who is. */
  | { readonly do: 'ignore'; readonly name?: string }
  | { readonly do: 'unignore'; readonly name: string }
  | { readonly do: 'keys' };

export interface Command {
  /** Only on the full screen. */
  readonly screen?: true;
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
    screen: true,
    name: 'query',
    aliases: ['q', 'dm'],
    usage: 'NAME [TEXT]',
    help: 'open a conversation with one person',
    parse(rest) {
      const [, name = '', text = ''] = /^\s*(\S*)\s?([\s\S]*)$/.exec(rest) ?? [];
      return named(name, 'query', (to) => ({ do: 'query', name: to, text: text.trim() === '' ? '' : text }));
    },
  },
  {
    screen: true,
    name: 'window',
    aliases: ['win', 'buffer'],
    usage: 'NUMBER|NAME',
    help: 'go to a conversation, as Alt-1 does',
    parse(rest) {
      const which = rest.trim();
      if (which === '') return usageError('window');
      return { do: 'window', which: /^\d{1,3}$/.test(which) ? Number(which) : which.toLowerCase() };
    },
  },
  plainScreenCommand('close', 'put a direct conversation away', 'close'),
  plainScreenCommand('clear', 'empty the screen; nothing is lost', 'clear'),
  plainScreenCommand('compose', 'write in $EDITOR, as Ctrl-X Ctrl-E does', 'compose'),
  plainScreenCommand('retry', 'send again what failed here', 'retry'),
  {
    screen: true,
    name: 'save',
    aliases: ['savechat'],
    usage: 'FILE',
    help: 'write this conversation to a text file',
    parse: (rest) => (rest.trim() === '' ? usageError('save') : { do: 'save', path: rest.trim() }),
  },
  {
    screen: true,
    name: 'notify',
    aliases: [],
    usage: '[off|mention|all]',
    help: 'when this conversation rings',
    parse(rest) {
      const what = rest.trim().toLowerCase();
      if (what === '') return { do: 'notify' };
      if (what === 'off' || what === 'mention' || what === 'all') return { do: 'notify', what };
      return usageError('notify');
    },
  },
  {
    screen: true,
    name: 'ignore',
    aliases: [],
    usage: '[NAME]',
    help: 'hide what somebody says, here',
    parse: (rest) =>
      rest.trim() === ''
        ? { do: 'ignore' }
        : named(rest.trim(), 'ignore', (name) => ({ do: 'ignore', name })),
  },
  {
    screen: true,
    name: 'unignore',
    aliases: [],
    usage: 'NAME',
    help: 'show it again',
    parse: (rest) => named(rest.trim(), 'unignore', (name) => ({ do: 'unignore', name })),
  },
  {
    name: 'help',
    aliases: [],
    usage: '[COMMAND]',
    help: 'the commands, or one of them',
    parse: (rest) => parseHelp(rest, false),
  },
  {
    name: 'quit',
    aliases: ['exit'],
    usage: '[REASON]',
    help: 'leave; the others see the reason',
    parse: parseQuit,
  },
];

function plainScreenCommand(
  name: string,
  help: string,
  act: 'close' | 'clear' | 'compose' | 'retry',
): Command {
  const parse = (rest: string): Act => (rest.trim() === '' ? { do: act } : usageError(name));
  return { screen: true, name, aliases: [], usage: '', help, parse };
}

/**
 * What a line, without its line end, asks for. Only a slash in the very first column makes a command.
 * @param screen whether there is a full screen
 */
export function parseInput(line: string, screen = false): Act {
  if (line.trim() === '') return { do: 'nothing' };
  if (!line.startsWith('/')) return { do: 'say', text: line };
  if (line.startsWith('//')) return { do: 'say', text: line.slice(1) };
  const space = line.search(/\s/);
  const word = (space < 0 ? line.slice(1) : line.slice(1, space)).toLowerCase();
  const rest = space < 0 ? '' : line.slice(space + 1);
  const found = findCommand(word);
  if (Array.isArray(found)) return { do: 'error', message: unknown(word, found) };
  if (found.screen && !screen) {
    return { do: 'error', message: `/${found.name} is only on the full screen; nothing was sent.` };
  }
  if (found.name === 'help') return parseHelp(rest, screen);
  return found.parse(rest);
}

/** Every word that can follow a slash, for completion. */
export function commandWords(screen = false): string[] {
  return commands
    .filter((command) => screen || command.screen === undefined)
    .flatMap((command) => [command.name, ...command.aliases]);
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
  return named(name, 'msg', (to) => ({ do: 'tell', to, text }));
}

function named(typed: string, command: string, act: (name: string) => Act): Act {
  if (typed === '') return usageError(command);
  const parsed = parseName(typed);
  if (parsed.ok) return act(parsed.name);
  return { do: 'error', message: 'Nobody can have that name; nothing was sent. /list says who is here.' };
}

function parseQuit(rest: string): Act {
  const reason = rest.trim();
  if (reason === '') return { do: 'quit' };
  if (new TextEncoder().encode(reason).length > limits.reasonBytes) {
    return { do: 'error', message: `A reason may have ${limits.reasonBytes} bytes; this one is longer.` };
  }
  return { do: 'quit', reason };
}

function parseHelp(rest: string, screen: boolean): Act {
  const word = rest.trim().replace(/^\//, '').toLowerCase();
  if (word === '') return { do: 'help', lines: overview(screen) };
  if (word === 'keys' && screen) return { do: 'keys' };
  const found = findCommand(word);
  if (Array.isArray(found)) return { do: 'error', message: unknown(word, found) };
  const also = found.aliases.map((alias) => `/${alias}`).join(', ');
  const lines = [`${synopsis(found)} - ${found.help}`];
  return { do: 'help', lines: also === '' ? lines : [...lines, `also: ${also}`] };
}

function overview(screen: boolean): string[] {
  const shown = commands.filter((command) => screen || command.screen === undefined);
  const width = Math.max(...shown.map((command) => synopsis(command).length));
  return [
    ...shown.map((command) => `${synopsis(command).padEnd(width)}  ${command.help}`),
    `${'//TEXT'.padEnd(width)}  say TEXT with a slash before it`,
    'Commands may be shortened, as in /li for /list.',
    ...(screen ? ['/help keys tells the keys.'] : []),
  ];
}
