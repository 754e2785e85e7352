/** Files. */
import type { Act } from './act.js';
import { type Command, firstWord, named, nothing, parseId, roomed } from './command-row.js';

export const fileCommands: readonly Command[] = [
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
];

/** `PATH`, `PATH to NAME`, `PATH to #ROOM`; a path in quotes may say " to " itself. */
function parseSend(rest: string): Act | string {
  const quoted = /^\s*("[^"]+"|'[^']+')(?:\s+to\s+(\S+))?\s*$/i.exec(rest);
  const [, path = '', to] = quoted ?? /^\s*(.+?)(?:\s+to\s+([#@]?\S+))?\s*$/i.exec(rest) ?? [];
  if (path === '') return '';
  if (to === undefined) return { do: 'send', path };
  if (to.startsWith('#')) return roomed(to, (room) => ({ do: 'send', path, to: { room } }));
  return named(to, (name) => ({ do: 'send', path, to: { to: name } }));
}
