/** Rooms, and who is in them. */
import type { Act } from './act.js';
import { type Command, firstWord, named, nothing, roomed } from './command-row.js';

export const roomCommands: readonly Command[] = [
  {
    group: 'rooms',
    turns: true,
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
];

function inRoom<A extends { do: 'invite' }>(typed: string, act: A & Act): Act | string {
  return typed.trim() === '' ? act : roomed(typed.trim(), (room) => ({ ...act, room }));
}
