/**
 * The slash commands about people and one's own account, one row each, in the order of /help. Knows what is typed
 * and what it asks for.
 */
import { parseDuration } from '../../protocol/duration.js';
import type { Restriction } from '../../protocol/events.js';
import { limits } from '../../protocol/limits.js';
import type { Act } from './act.js';
import { type Command, firstWord, named, nothing, parseId, roomed } from './command-row.js';

const restrictions: readonly Restriction[] = ['links', 'files', 'caps', 'rate'];
const serverRoles = ['admin', 'moderator', 'member', 'bot'] as const;
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
      const { ms, reason } = timed(more);
      return subject(who, (on) => reasoned({ do: 'ban', ...on, ...ms }, reason));
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
      const { ms, reason } = timed(more);
      return named(name, (who) => reasoned({ do: 'mute', name: who, ...ms }, reason));
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
    usage: 'NAME owner|moderator|member [#ROOM], in #lobby admin|moderator|member|bot',
    help: 'what somebody is in this room, for its owners; in #lobby on the server, for admins',
    parse: parseRole,
  },
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
  {
    group: 'people',
    name: 'link',
    aliases: [],
    usage: '',
    help: 'the join link of the chat that you host; elsewhere a new one for one person',
    parse: nothing({ do: 'link' }),
  },
  {
    group: 'people',
    name: 'invite-link',
    aliases: [],
    usage: '[USES] [7d] [ROLE]',
    help: 'make a join link, good once and for a week unless you say otherwise',
    parse: parseInviteLink,
  },
  {
    group: 'people',
    name: 'invites',
    aliases: [],
    usage: '',
    help: 'which join links are still good',
    parse: nothing({ do: 'invites' }),
  },
  {
    group: 'people',
    name: 'uninvite',
    aliases: [],
    usage: 'NUMBER',
    help: 'end a join link; /invites tells numbers',
    parse(rest) {
      const invite = parseId(rest.trim());
      return invite === undefined ? '' : { do: 'uninvite', invite };
    },
  },
  {
    group: 'people',
    name: 'reset',
    aliases: [],
    usage: 'NAME',
    help: 'make a link with which somebody sets a new password, once; for admins',
    parse: (rest) => named(rest.trim(), (name) => ({ do: 'reset', name })),
  },
  {
    group: 'account',
    name: 'away',
    aliases: [],
    usage: '[TEXT]',
    help: 'say that you are not there',
    parse(rest) {
      const text = rest.trim();
      return tooLong(text) ?? { do: 'away', text };
    },
  },
  {
    group: 'account',
    name: 'back',
    aliases: [],
    usage: '',
    help: 'and that you are again',
    parse: nothing({ do: 'back' }),
  },
  {
    group: 'account',
    name: 'passwd',
    aliases: ['password'],
    usage: '',
    help: 'set a new password; all your other sessions end',
    parse: nothing({ do: 'passwd' }),
  },
  {
    group: 'account',
    name: 'sessions',
    aliases: [],
    usage: '',
    help: 'where you are signed in',
    parse: nothing({ do: 'sessions' }),
  },
  {
    group: 'account',
    whole: true,
    name: 'logout',
    aliases: [],
    usage: '[NUMBER|all]',
    help: 'end this session for good, that of a number, or all',
    parse(rest) {
      const word = rest.trim().toLowerCase();
      if (word === '') return { do: 'logout' };
      const session = parseId(word);
      if (session !== undefined) return { do: 'logout', session };
      return word === 'all' ? { do: 'logout', all: true } : '';
    },
  },
  {
    group: 'account',
    name: 'recovery',
    aliases: [],
    usage: '',
    help: 'get a new recovery code, for when the password is lost',
    parse: nothing({ do: 'recovery' }),
  },
  {
    group: 'account',
    name: '2fa',
    aliases: ['factor'],
    usage: 'on|off',
    help: 'have your sign-in ask for a code of an authenticator too',
    parse(rest) {
      const word = rest.trim().toLowerCase();
      return word === 'on' || word === 'off' ? { do: 'factor', on: word === 'on' } : '';
    },
  },
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

function parseInviteLink(rest: string): Act | string {
  let act: Extract<Act, { do: 'invite-link' }> = { do: 'invite-link' };
  for (const word of rest.trim().toLowerCase().split(/\s+/).filter(Boolean)) {
    const uses = parseId(word);
    const ms = parseDuration(word);
    const role = serverRoles.find((each) => each === word);
    if (uses !== undefined) act = { ...act, uses };
    else if (ms !== undefined) act = { ...act, ms };
    else if (role !== undefined) act = { ...act, role };
    else return '';
  }
  const { uses = 1, ms = limits.inviteMs } = act;
  if (uses > limits.inviteUses) return `A link is good ${limits.inviteUses} times at most.`;
  return ms < 60_000 || ms > limits.inviteMs ? 'A link is good from a minute to a year.' : act;
}

/** A name, or an address with an optional number of bits. */
function subject(
  word: string,
  act: (on: { name: string } | { address: string }) => Act | string,
): Act | string {
  const address = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:.]*)(\/\d{1,3})?$/i.test(word);
  return address ? act({ address: word }) : named(word, (name) => act({ name }));
}

/** A duration, if the text begins with one, and the rest. */
function timed(text: string): { ms: { ms?: number }; reason: string } {
  const [word, rest] = firstWord(text);
  const ms = parseDuration(word);
  return ms === undefined ? { ms: {}, reason: text } : { ms: { ms }, reason: rest };
}

function reasoned<A extends Act>(act: A, typed: string): Act | string {
  const reason = typed.trim();
  return tooLong(reason) ?? { ...act, ...(reason !== '' && { reason }) };
}

function tooLong(text: string): string | undefined {
  const over = new TextEncoder().encode(text).length > limits.reasonBytes;
  return over ? `It may have ${limits.reasonBytes} bytes; this is longer.` : undefined;
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
