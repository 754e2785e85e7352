/** What is said: to whom, and what becomes of it. */
import { type Command, firstWord, named, parseId } from './command-row.js';

export const talkCommands: readonly Command[] = [
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
    turns: true,
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
];
