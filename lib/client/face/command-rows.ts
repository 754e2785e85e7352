/** The slash commands of talking, one row each, in the order of /help. Knows what is typed and what it asks for. */
import { limits } from '../../protocol/limits.js';
import type { Act } from './act.js';
import { type Command, firstWord, named, nothing, parseId, roomed } from './command-row.js';
import { momentForms, parseMoment } from './moment.js';
import { peopleCommands } from './people-rows.js';
import { parseSearch } from './search-terms.js';

const talkCommands: readonly Command[] = [
  {
    group: 'talk',
    name: 'msg',
    aliases: ['m', 'w', 'whisper'],
    usage: 'NAME TEXT',
    help: 'say something to one person alone, even if away',
    parse(rest) {
      const [name, text] = firstWord(rest);
      if (text.trim() === '') return '';
      return named(name, (to) => ({ do: 'tell', to, text }));
    },
  },
  {
    group: 'talk',
    name: 'reply',
    aliases: ['r'],
    usage: 'TEXT',
    help: 'answer whoever wrote to you alone last',
    parse: (rest) => (rest.trim() === '' ? '' : { do: 'reply', text: rest }),
  },
  {
    group: 'talk',
    name: 'query',
    aliases: ['q', 'dm'],
    usage: 'NAME [TEXT]',
    help: 'open a conversation with one person',
    parse(rest) {
      const [name, text] = firstWord(rest);
      return named(name, (to) => ({ do: 'query', name: to, text: text.trim() === '' ? '' : text }));
    },
  },
  {
    group: 'talk',
    name: 'me',
    aliases: [],
    usage: 'TEXT',
    help: 'say what you do, as in "* ana waves"',
    parse: (rest) => (rest.trim() === '' ? '' : { do: 'say', text: rest, action: true }),
  },
  {
    group: 'talk',
    name: 'edit',
    aliases: ['correct'],
    usage: 'TEXT',
    help: 'replace your last message here; without TEXT on the screen, to write it anew',
    parse(rest, { screen }) {
      if (rest.trim() !== '') return { do: 'edit', text: rest };
      return screen ? { do: 'edit-last' } : '';
    },
  },
  {
    group: 'talk',
    whole: true,
    name: 'delete',
    aliases: ['redact'],
    usage: '[NAME|ID]',
    help: 'remove your last message here, or that of an ID; moderators: the last of NAME',
    parse(rest) {
      const which = rest.trim();
      if (which === '') return { do: 'delete' };
      const id = parseId(which);
      return id === undefined
        ? named(which, (name) => ({ do: 'delete', which: name }))
        : { do: 'delete', which: id };
    },
  },
  {
    group: 'talk',
    name: 'block',
    aliases: [],
    usage: '[NAME]',
    help: 'refuse what NAME says to you alone; without NAME, who is blocked',
    parse: (rest) =>
      rest.trim() === '' ? { do: 'block' } : named(rest.trim(), (name) => ({ do: 'block', name })),
  },
  {
    group: 'talk',
    name: 'unblock',
    aliases: [],
    usage: 'NAME',
    help: 'take it again',
    parse: (rest) => named(rest.trim(), (name) => ({ do: 'unblock', name })),
  },
  {
    group: 'rooms',
    name: 'join',
    aliases: ['j'],
    usage: '#ROOM [private]',
    help: 'go into a room; a new one is made, with "private" one that only its members see',
    parse(rest) {
      const [word, more] = firstWord(rest);
      const how = more.trim().toLowerCase();
      if (how !== '' && how !== 'private') return '';
      return roomed(word, (room) => ({
        do: 'join',
        room,
        ...(how === '' ? {} : { private: true as const }),
      }));
    },
  },
  {
    group: 'rooms',
    whole: true,
    name: 'leave',
    aliases: ['part'],
    usage: '[#ROOM] [end]',
    help: 'be in a room no longer; with "end" as its last member, which ends it',
    parse(rest) {
      const words = rest.trim().split(/\s+/).filter(Boolean);
      const end = words.at(-1)?.toLowerCase() === 'end' ? { end: true as const } : {};
      const others = 'end' in end ? words.slice(0, -1) : words;
      const [word] = others;
      if (others.length > 1) return '';
      return word === undefined
        ? { do: 'leave', ...end }
        : roomed(word, (room) => ({ do: 'leave', room, ...end }));
    },
  },
  {
    group: 'rooms',
    name: 'rooms',
    aliases: ['channels'],
    usage: '',
    help: 'which rooms there are',
    parse: nothing({ do: 'rooms' }),
  },
  {
    group: 'rooms',
    name: 'list',
    aliases: ['who', 'names', 'users', 'clients'],
    usage: '',
    help: 'who is here now, or in this room',
    parse: nothing({ do: 'list' }),
  },
  {
    group: 'rooms',
    name: 'topic',
    aliases: [],
    usage: '[TEXT|-]',
    help: 'what this room is about; owners and moderators set it, - takes it away',
    parse(rest) {
      const topic = rest.trim();
      return topic === '' ? { do: 'topic' } : { do: 'topic', topic: topic === '-' ? '' : topic };
    },
  },
  {
    group: 'rooms',
    name: 'invite',
    aliases: [],
    usage: 'NAME [#ROOM]',
    help: 'ask somebody into this room, or another one',
    parse(rest) {
      const [name, room] = firstWord(rest);
      return named(name, (to) => inRoom(room, { do: 'invite', name: to }));
    },
  },
  {
    group: 'reading',
    name: 'history',
    aliases: [],
    usage: '[NUMBER | 2h | DATE]',
    help: 'what was said here before',
    parse(rest, { now }) {
      const typed = rest.trim();
      if (/^\d{1,4}$/.test(typed) || typed === '') {
        const last = Number(typed === '' ? 50 : typed);
        return last >= 1 && last <= mostBack
          ? { do: 'history', last }
          : `It takes 1 to ${mostBack} messages.`;
      }
      const since = parseMoment(typed, now);
      return since === undefined
        ? `It takes a number of messages, or ${momentForms}.`
        : { do: 'history', since };
    },
  },
  {
    group: 'reading',
    name: 'search',
    aliases: ['lastlog', 'grep'],
    usage: 'WORDS [from:NAME] [in:#ROOM] [before:DATE] [after:DATE]',
    help: 'find messages, the newest first; alone: the next ones. "two words" stand together',
    parse(rest, { now }) {
      if (rest.trim() === '') return { do: 'search-more' };
      const terms = parseSearch(rest, now);
      return terms === undefined
        ? `Search for ${limits.searchBytes} bytes at most.`
        : { do: 'search', terms };
    },
  },
  {
    group: 'reading',
    name: 'jump',
    aliases: [],
    usage: 'ID',
    help: 'show a message in its place; /search tells IDs',
    parse(rest) {
      const seq = parseId(rest.trim());
      return seq === undefined ? '' : { do: 'jump', seq };
    },
  },
  {
    group: 'reading',
    screen: true,
    name: 'save',
    aliases: ['savechat'],
    usage: 'FILE',
    help: 'write this conversation to a text file',
    parse: (rest) => (rest.trim() === '' ? '' : { do: 'save', path: rest.trim() }),
  },
  {
    group: 'files',
    name: 'send',
    aliases: [],
    usage: 'PATH [to NAME|#ROOM]',
    help: 'send a file to this room or person, or another one',
    parse: parseSend,
  },
  {
    group: 'files',
    name: 'files',
    aliases: [],
    usage: '',
    help: 'which files were sent here',
    parse: nothing({ do: 'files' }),
  },
  {
    group: 'files',
    name: 'get',
    aliases: [],
    usage: 'ID [PATH]',
    help: 'fetch a file; nothing is overwritten or opened',
    parse(rest) {
      const [word, path] = firstWord(rest);
      const seq = parseId(word);
      if (seq === undefined) return '';
      return path.trim() === '' ? { do: 'get', seq } : { do: 'get', seq, path: path.trim() };
    },
  },
  {
    group: 'files',
    name: 'cancel',
    aliases: [],
    usage: '[NUMBER]',
    help: 'stop the last transfer, or that of a number',
    parse(rest) {
      const typed = rest.trim();
      const transfer = parseId(typed);
      if (typed === '') return { do: 'cancel' };
      return transfer === undefined ? '' : { do: 'cancel', transfer };
    },
  },
  {
    group: 'files',
    name: 'transfers',
    aliases: [],
    usage: '',
    help: 'what is on its way',
    parse: nothing({ do: 'transfers' }),
  },
  {
    group: 'screen',
    name: 'window',
    aliases: ['win', 'buffer'],
    usage: 'NUMBER|NAME',
    help: 'go to a conversation, as Alt-1 does',
    parse(rest) {
      const which = rest.trim();
      if (which === '') return '';
      return { do: 'window', which: /^\d{1,3}$/.test(which) ? Number(which) : which.toLowerCase() };
    },
  },
  screenCommand('close', 'put a direct conversation away'),
  screenCommand('clear', 'empty the screen; nothing is lost'),
  screenCommand('compose', 'write in $EDITOR, as Ctrl-X Ctrl-E does'),
  screenCommand('retry', 'send again what failed here'),
  {
    group: 'screen',
    screen: true,
    name: 'notify',
    aliases: [],
    usage: '[off|mention|all]',
    help: 'when this conversation rings',
    parse(rest) {
      const what = rest.trim().toLowerCase();
      if (what === '') return { do: 'notify' };
      return what === 'off' || what === 'mention' || what === 'all' ? { do: 'notify', what } : '';
    },
  },
  {
    group: 'screen',
    screen: true,
    name: 'ignore',
    aliases: [],
    usage: '[NAME]',
    help: 'hide what somebody says, here',
    parse: (rest) =>
      rest.trim() === '' ? { do: 'ignore' } : named(rest.trim(), (name) => ({ do: 'ignore', name })),
  },
  {
    group: 'screen',
    screen: true,
    name: 'unignore',
    aliases: [],
    usage: 'NAME',
    help: 'show it again',
    parse: (rest) => named(rest.trim(), (name) => ({ do: 'unignore', name })),
  },
  {
    group: 'more',
    name: 'help',
    aliases: [],
    usage: '[COMMAND]',
    help: 'the commands, or one of them',
    parse: (rest) => ({ do: 'help', about: rest.trim().replace(/^\//, '').toLowerCase() }),
  },
  {
    group: 'more',
    name: 'quit',
    aliases: ['exit'],
    usage: '[REASON]',
    help: 'leave; the others see the reason',
    parse(rest) {
      const reason = rest.trim();
      if (reason === '') return { do: 'quit' };
      const long = new TextEncoder().encode(reason).length > limits.reasonBytes;
      return long
        ? `A reason may have ${limits.reasonBytes} bytes; this one is longer.`
        : { do: 'quit', reason };
    },
  },
];

/** Every slash command. */
export const commands: readonly Command[] = [...talkCommands, ...peopleCommands];

/** Of one /history; what is older comes by scrolling or by the next one. */
const mostBack = 1_000;

function screenCommand(name: 'close' | 'clear' | 'compose' | 'retry', help: string): Command {
  return { group: 'screen', screen: true, name, aliases: [], usage: '', help, parse: nothing({ do: name }) };
}

function inRoom<A extends { do: 'invite' }>(typed: string, act: A & Act): Act | string {
  return typed.trim() === '' ? act : roomed(typed.trim(), (room) => ({ ...act, room }));
}

/** `PATH`, `PATH to NAME`, `PATH to #ROOM`; a path in quotes may say " to " itself. */
function parseSend(rest: string): Act | string {
  const quoted = /^\s*("[^"]+"|'[^']+')(?:\s+to\s+(\S+))?\s*$/i.exec(rest);
  const [, path = '', to] = quoted ?? /^\s*(.+?)(?:\s+to\s+([#@]?\S+))?\s*$/i.exec(rest) ?? [];
  if (path === '') return '';
  if (to === undefined) return { do: 'send', path };
  if (to.startsWith('#')) return roomed(to, (room) => ({ do: 'send', path, to: { room } }));
  return named(to, (name) => ({ do: 'send', path, to: { to: name } }));
}
