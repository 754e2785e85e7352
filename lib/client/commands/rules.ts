/** What a room asks of those who do not lead it. */
import { parseDuration } from '../../protocol/duration.js';
import { limits } from '../../protocol/limits.js';
import type { Restriction } from '../../protocol/records.js';
import type { Act } from './act.js';
import { type Command, roomed } from './command-row.js';

const restrictions: readonly Restriction[] = ['links', 'files', 'caps', 'rate'];

export const ruleCommands: readonly Command[] = [
  {
    group: 'people',
    name: 'restrict',
    aliases: [],
    usage: '[#ROOM] links files caps rate | none',
    help: 'which kinds of messages this room does without; those who lead it are exempt',
    parse(rest) {
      const { room, words } = ofRoom(rest);
      const none = words.length === 1 && words[0] === 'none';
      const kinds = none ? [] : restrictions.filter((kind) => words.includes(kind));
      if (words.length === 0 || (!none && kinds.length !== new Set(words).size)) return '';
      return placed(room, { do: 'rules', restrict: kinds });
    },
  },
  {
    group: 'people',
    name: 'slow',
    aliases: [],
    usage: '[#ROOM] 10s | off',
    help: 'how long people wait between two messages in this room',
    parse(rest) {
      const { room, words } = ofRoom(rest);
      const [word = '', ...more] = words;
      const ms = word === 'off' ? 0 : parseDuration(word);
      if (ms === undefined || more.length > 0) return '';
      return ms > limits.slowMs ? 'It takes up to 1h.' : placed(room, { do: 'rules', slow: ms });
    },
  },
  lock('lock', true, 'only those who lead this room say something in it'),
  lock('unlock', false, 'everybody does again'),
];

function lock(name: 'lock' | 'unlock', locked: boolean, help: string): Command {
  return {
    ...{ group: 'people', name, aliases: [], usage: '[#ROOM]', help },
    parse(rest) {
      const { room, words } = ofRoom(rest);
      return words.length > 0 ? '' : placed(room, { do: 'rules', locked });
    },
  };
}

function ofRoom(rest: string): { room: string | undefined; words: string[] } {
  const words = rest.trim().split(/\s+/).filter(Boolean);
  const [first = ''] = words;
  if (!first.startsWith('#')) return { room: undefined, words: words.map((word) => word.toLowerCase()) };
  return { room: first, words: words.slice(1).map((word) => word.toLowerCase()) };
}

function placed<A extends Extract<Act, { do: 'rules' }>>(typed: string | undefined, act: A): Act | string {
  return typed === undefined ? act : roomed(typed, (room) => ({ ...act, room }));
}
