/** What is done to people, and known of them. */
import { parseDuration } from '../../protocol/duration.js';
import { limits } from '../../protocol/limits.js';
import type { Act } from './act.js';
import {
  type Command,
  firstWord,
  named,
  nothing,
  parseId,
  roomed,
  serverRoles,
  tooLong,
} from './command-row.js';

const roomRoles = ['owner', 'moderator', 'member'] as const;

export const peopleCommands: readonly Command[] = [
  {
    group: 'people',
    whole: true,
    name: 'kick',
    aliases: [],
    usage: 'NAME [REASON]',
    help: 'throw somebody out of this room; in #lobby, off the server',
    parse(rest) {
      const [name, reason] = firstWord(rest);
      return named(name, (who) => reasoned({ do: 'kick', name: who }, reason));
    },
  },
  {
    group: 'people',
    whole: true,
    name: 'ban',
    aliases: [],
    usage: 'NAME|ADDRESS[/BITS] [2h] [REASON]',
    help: 'keep somebody out of the server, for a time or for good; everything they are signed in with ends',
    parse(rest) {
      const [who, more] = firstWord(rest);
      return subject(who, (on) => timed(more, (ms, reason) => reasoned({ do: 'ban', ...on, ...ms }, reason)));
    },
  },
  {
    group: 'people',
    name: 'unban',
    aliases: [],
    usage: 'NAME|ADDRESS[/BITS]',
    help: 'let them in again',
    parse: (rest) => subject(rest.trim(), (on) => ({ do: 'unban', ...on })),
  },
  {
    group: 'people',
    name: 'bans',
    aliases: ['banned'],
    usage: '',
    help: 'who is banned',
    parse: nothing({ do: 'bans' }),
  },
  {
    group: 'people',
    name: 'mute',
    aliases: [],
    usage: 'NAME [10m] [REASON]',
    help: 'have somebody say nothing in this room; in #lobby, on the whole server',
    parse(rest) {
      const [name, more] = firstWord(rest);
      return named(name, (who) =>
        timed(more, (ms, reason) => reasoned({ do: 'mute', name: who, ...ms }, reason)),
      );
    },
  },
  {
    group: 'people',
    name: 'unmute',
    aliases: [],
    usage: 'NAME',
    help: 'let them speak again',
    parse: (rest) => named(rest.trim(), (name) => ({ do: 'unmute', name })),
  },
  {
    group: 'people',
    name: 'role',
    aliases: [],
    usage: 'NAME owner|moderator|member|admin|bot [#ROOM]',
    help: 'what somebody is in this room, for its owners; in #lobby on the server, for admins',
    parse: parseRole,
  },
  {
    group: 'people',
    name: 'audit',
    aliases: [],
    usage: '[NUMBER]',
    help: 'who did what to whom, the last ones or those before a number',
    parse(rest) {
      const before = parseId(rest.trim());
      if (rest.trim() === '') return { do: 'audit' };
      return before === undefined ? '' : { do: 'audit', before };
    },
  },
  {
    group: 'people',
    name: 'whois',
    aliases: [],
    usage: 'NAME',
    help: 'who somebody is: role, since when, which rooms you share',
    parse: (rest) => named(rest.trim(), (name) => ({ do: 'whois', name })),
  },
];

/** A role of the server or of a room: those that both have mean what the place means. */
function parseRole(rest: string): Act | string {
  const [name, more] = firstWord(rest);
  const [typed, place] = firstWord(more);
  const word = typed.toLowerCase();
  const onServer = serverRoles.find((role) => role === word);
  const inRoom = roomRoles.find((role) => role === word);
  return named(name, (who) => {
    if (inRoom === undefined && onServer === undefined) return '';
    const act = { do: 'role' as const, name: who, ...(onServer && { onServer }), ...(inRoom && { inRoom }) };
    if (place.trim() === '') return act;
    return inRoom === undefined ? '' : roomed(place.trim(), (room) => ({ ...act, room }));
  });
}

/** A name, or an address with an optional number of bits. */
function subject(
  word: string,
  act: (on: { name: string } | { address: string }) => Act | string,
): Act | string {
  const address = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:.]*)(\/\d{1,3})?$/i.test(word);
  return address ? act({ address: word }) : named(word, (name) => act({ name }));
}

/**
 * A duration, if the text begins with one, and the rest. What only looks like one, such as 2h30m, is a mistake, for
 * without one it is for good.
 */
function timed(text: string, act: (ms: { ms?: number }, reason: string) => Act | string): Act | string {
  const [word, rest] = firstWord(text.trimStart());
  const ms = parseDuration(word);
  if (ms === undefined) {
    return /^\d/.test(word)
      ? `${word} is no time: write it as 30m, 12h, 7d or 2w, or leave it out, which is for good.`
      : act({}, text);
  }
  return ms > limits.banMs ? 'It takes ten years at most; without a time it is for good.' : act({ ms }, rest);
}

function reasoned<A extends Act>(act: A, typed: string): Act | string {
  const reason = typed.trim();
  return tooLong(reason) ?? { ...act, ...(reason !== '' && { reason }) };
}
