/** Commands of moderators and admins: what they do to people and to the rules of a room. */
import { limits } from '../../protocol/limits.js';
import { duration, parseDuration } from '../../protocol/quantities.js';
import type { Restriction, Role, RoomRole } from '../../protocol/records.js';
import { restrictions, withArticle } from '../text/event-words.js';
import { auditLines, banLines } from '../text/lists.js';
import { firstWord, parseId, tooLong, withName, withRoom, wordsIn } from './arguments.js';
import {
  type CommandContext,
  CommandRefused,
  command,
  type SlashCommand,
  type UsageError,
} from './command.js';
import { roomHere } from './rooms.js';

const serverRoles = ['admin', 'moderator', 'member', 'bot'] as const satisfies readonly Role[];
const roomRoles = ['owner', 'moderator', 'member'] as const satisfies readonly RoomRole[];
const auditPage = 20;

/** A name or an address. */
type BanTarget = { readonly name: string } | { readonly address: string };

interface Sanction {
  /** Without it, permanent. */
  readonly ms?: number;
  readonly reason?: string;
}

interface RoleArguments {
  readonly name: string;
  /** What the typed role means on the server and in a room; the room decides. */
  readonly onServer?: Role;
  readonly inRoom?: RoomRole;
  readonly room?: string;
}

export const moderationCommands = [
  command<{ name: string; reason?: string }>({
    name: 'kick',
    usage: 'NAME [REASON]',
    help: 'kick a person from this room; in #lobby, from the server',
    fullNameOnly: true,
    parse(rest) {
      const [typed, reason] = firstWord(rest);
      return withName(typed, (name) => withReason({ name }, reason));
    },
    async run(args, context) {
      const scope = scopeHere(context);
      await context.ask({ type: 'kick', ...args, ...scope });
      context.answer([
        scope.room === undefined
          ? `You kicked ${args.name}, who can come back. /ban ${args.name} prevents that.`
          : `You kicked ${args.name} from #${scope.room}.`,
      ]);
    },
  }),
  command<BanTarget & Sanction>({
    name: 'ban',
    usage: 'NAME|ADDRESS[/BITS] [2h] [REASON]',
    help: 'ban a person or an address from the server, for a time or permanently',
    fullNameOnly: true,
    parse(rest) {
      const [typed, more] = firstWord(rest);
      return withTarget(typed, (target) => withSanction(target, more));
    },
    async run(args, { ask, answer }) {
      await ask({ type: 'ban', ...args });
      answer([`You banned ${labelOf(args)} ${lengthWords(args.ms)}. See /bans and /unban.`]);
    },
  }),
  command({
    name: 'unban',
    usage: 'NAME|ADDRESS[/BITS]',
    help: 'lift a ban',
    parse: (rest) => withTarget(rest.trim(), (target) => target),
    async run(target, { ask, answer }) {
      await ask({ type: 'unban', ...target });
      answer([`${labelOf(target)} is no longer banned.`]);
    },
  }),
  command({
    name: 'bans',
    aliases: ['banned'],
    help: 'list the bans',
    async run(_, { ask, answer, time }) {
      answer(banLines((await ask({ type: 'bans' })).bans ?? [], time));
    },
  }),
  command<{ name: string } & Sanction>({
    name: 'mute',
    usage: 'NAME [10m] [REASON]',
    help: 'stop a person from posting in this room; in #lobby, anywhere on the server',
    parse(rest) {
      const [typed, more] = firstWord(rest);
      return withName(typed, (name) => withSanction({ name }, more));
    },
    async run(args, context) {
      const { ask, answer } = context;
      await ask({ type: 'mute', ...args, ...scopeHere(context) });
      answer([`You muted ${args.name} ${lengthWords(args.ms)}. /unmute ${args.name} undoes this.`]);
    },
  }),
  command({
    name: 'unmute',
    usage: 'NAME',
    help: 'let a muted person post again',
    parse: (rest) => withName(rest.trim(), (name) => ({ name })),
    async run({ name }, context) {
      await context.ask({ type: 'unmute', name, ...scopeHere(context) });
      context.answer([`${name} can post again.`]);
    },
  }),
  command({
    name: 'role',
    usage: 'NAME owner|moderator|member|admin|bot [#ROOM]',
    help: 'set the role of a person in this room (owners), or in #lobby on the server (admins)',
    parse: parseRole,
    run: setRole,
  }),
  command<{ room?: string; restrict: readonly Restriction[] }>({
    name: 'restrict',
    usage: '[#ROOM] links files caps rate | none',
    help: 'block links, files or all-caps from members, or limit their rate; none allows all again',
    parse(rest) {
      const { room, words } = optionalRoom(rest);
      const none = words.length === 1 && words[0] === 'none';
      const restrict = none ? [] : restrictions.filter((kind) => words.includes(kind));
      if (words.length === 0 || (!none && restrict.length !== new Set(words).size)) return '';
      return inRoom(room, { restrict });
    },
    run: ({ restrict, ...args }, context) => setRules({ ...args, restrict: [...restrict] }, context),
  }),
  command<{ room?: string; slow: number }>({
    name: 'slow',
    usage: '[#ROOM] 10s | off',
    help: 'slow mode: how long members wait between two messages',
    parse(rest) {
      const { room, words } = optionalRoom(rest);
      const [word = '', ...more] = words;
      const slow = word === 'off' ? 0 : parseDuration(word);
      if (slow === undefined || more.length > 0) return '';
      return slow > limits.slowMs ? 'Slow mode goes up to 1h.' : inRoom(room, { slow });
    },
    run: setRules,
  }),
  lockCommand('lock', true, 'let only owners and moderators post in this room'),
  lockCommand('unlock', false, 'let all members post again'),
  command<{ before?: number }>({
    name: 'audit',
    usage: '[NUMBER]',
    help: 'show the last moderation actions, or those before that number',
    parse(rest) {
      if (rest.trim() === '') return {};
      const before = parseId(rest.trim());
      return before === undefined ? '' : { before };
    },
    async run(args, { ask, answer, time }) {
      const { audit = [] } = await ask({ type: 'audit', limit: auditPage, ...args });
      answer(auditLines(audit, time, auditPage));
    },
  }),
];

function lockCommand(name: 'lock' | 'unlock', locked: boolean, help: string): SlashCommand {
  return command({
    ...{ name, usage: '[#ROOM]', help },
    parse(rest) {
      const { room, words } = optionalRoom(rest);
      return words.length > 0 ? '' : inRoom(room, { locked });
    },
    run: setRules,
  });
}

type Rules = { restrict?: Restriction[]; slow?: number; locked?: boolean };

/** The event that follows says what changed. */
async function setRules(args: Rules & { room?: string }, context: CommandContext): Promise<void> {
  const { room = roomHere(context), ...rules } = args;
  await context.ask({ type: 'set-rules', room, ...rules });
}

/** The room where the line was typed; the lobby stands for the whole server. */
function scopeHere({ conversation }: CommandContext): { room?: string } {
  if ('room' in conversation) return conversation.room === 'lobby' ? {} : conversation;
  throw new CommandRefused(
    'This is a direct message. Type it in #lobby for the whole server, or in a room for that room.',
  );
}

async function setRole(args: RoleArguments, context: CommandContext): Promise<void> {
  const { name, onServer, inRoom } = args;
  // Admins and bots are that everywhere.
  const room = inRoom === undefined ? 'lobby' : (args.room ?? scopeHere(context).room ?? 'lobby');
  // In the lobby all roles are the server's.
  if (onServer !== undefined && room === 'lobby') {
    await context.ask({ type: 'set-role', name, role: onServer });
    context.answer([`${name} is now ${withArticle(onServer)} on this server.`]);
  } else if (inRoom !== undefined) {
    await context.ask({ type: 'appoint', room, name, role: inRoom });
  }
}

function parseRole(rest: string): RoleArguments | UsageError {
  const [typedName, more] = firstWord(rest);
  const [typedRole, typedRoom] = firstWord(more);
  const role = typedRole.toLowerCase();
  const onServer = serverRoles.find((each) => each === role);
  const roomRole = roomRoles.find((each) => each === role);
  return withName<RoleArguments>(typedName, (name) => {
    if (roomRole === undefined && onServer === undefined) return '';
    const args = { name, ...(onServer && { onServer }), ...(roomRole && { inRoom: roomRole }) };
    if (typedRoom.trim() === '') return args;
    return roomRole === undefined ? '' : withRoom(typedRoom.trim(), (room) => ({ ...args, room }));
  });
}

/** A name, or an address with an optional number of bits. */
function withTarget<A extends object>(
  word: string,
  then: (target: BanTarget) => A | UsageError,
): A | UsageError {
  const address = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:.]*)(\/\d{1,3})?$/i.test(word);
  return address ? then({ address: word }) : withName(word, (name) => then({ name }));
}

function labelOf(target: BanTarget): string {
  return 'name' in target ? target.name : target.address;
}

/**
 * A duration, if the text begins with one, and a reason. A malformed duration such as 2h30m is an error, because a ban
 * without one is permanent.
 */
function withSanction<A extends object>(args: A, text: string): (A & Sanction) | UsageError {
  const [word, rest] = firstWord(text.trimStart());
  const ms = parseDuration(word);
  if (ms === undefined) {
    return /^\d/.test(word)
      ? `"${word}" is not a duration: write 30m, 12h, 7d or 2w. Without one it is permanent.`
      : withReason(args, text);
  }
  return ms > limits.banMs
    ? 'Ten years is the longest. Without a duration it is permanent.'
    : withReason({ ...args, ms }, rest);
}

function withReason<A extends object>(args: A, typed: string): (A & { reason?: string }) | UsageError {
  const reason = typed.trim();
  return tooLong(reason) ?? { ...args, ...(reason !== '' && { reason }) };
}

function lengthWords(ms: number | undefined): string {
  return ms === undefined ? 'permanently' : `for ${duration(ms)}`;
}

function optionalRoom(rest: string): { room: string | undefined; words: string[] } {
  const [first = '', ...more] = wordsIn(rest);
  const named = first.startsWith('#');
  const words = named ? more : wordsIn(rest);
  return { room: named ? first : undefined, words: words.map((word) => word.toLowerCase()) };
}

function inRoom<A extends object>(typed: string | undefined, args: A): (A & { room?: string }) | UsageError {
  return typed === undefined ? args : withRoom(typed, (room) => ({ ...args, room }));
}
