/** Commands that list conversations, and that join, leave and describe rooms. */
import type { Conversation } from '../../protocol/records.js';
import { oldestDirect } from '../session/pages.js';
import { conversationLines, roomLines } from '../text/lists.js';
import { peopleWords } from '../text/wording.js';
import { firstWord, withName, withRoom, wordsIn } from './arguments.js';
import { type CommandContext, CommandRefused, command } from './command.js';

/** The room where the line was typed. @throws CommandRefused in a direct message */
export function roomHere({ conversation }: CommandContext): string {
  if ('room' in conversation) return conversation.room;
  throw new CommandRefused(
    'This is a direct message. Name a room, or go to one first, as in /window #lobby.',
  );
}

/** On a screen of 24 rows, with the lines after them. */
const listPage = 17;
/** More would hide the list. */
const mostNamed = 20;

/** Unread ones first, those for this person before the others; then the last active. */
function inListOrder(conversations: readonly Conversation[] = []): Conversation[] {
  const rank = ({ room, unread, mentions }: Conversation): number => {
    if (unread === 0) return 2;
    return room === undefined || mentions > 0 ? 0 : 1;
  };
  return conversations.toSorted((one, other) => rank(one) - rank(other) || other.last - one.last);
}

async function listConversations(further: boolean, context: CommandContext): Promise<void> {
  const { ask, answer, memory, time } = context;

  async function page(before?: number): Promise<NonNullable<typeof memory.unlisted>> {
    const reply = await ask({ type: 'conversations', ...(before !== undefined && { before }) });
    const { conversations = [], more = false } = reply;
    return {
      conversations: inListOrder(conversations),
      before: more ? oldestDirect(conversations) : undefined,
    };
  }

  if (further && memory.unlisted === undefined) throw new CommandRefused('No more. /list starts again.');
  let list = (further ? memory.unlisted : undefined) ?? (await page());
  if (list.conversations.length === 0 && list.before !== undefined) list = await page(list.before);
  const rest = { ...list, conversations: list.conversations.slice(listPage) };
  const more = rest.conversations.length > 0 || rest.before !== undefined;
  memory.unlisted = more ? rest : undefined;
  const lines = conversationLines(list.conversations.slice(0, listPage), { more, time });
  answer(further ? lines : [...lines, await whoIsHere(context)]);
}

async function whoIsHere({ ask, session }: CommandContext): Promise<string> {
  const { people = [], more = false } = await ask({ type: 'who' });
  if (people.length <= mostNamed) return peopleWords(people, { me: session.name });
  return `${people.length}${more ? '+' : ''} people are here: /who lists them.`;
}

export const roomCommands = [
  command<{ further: boolean }>({
    name: 'list',
    usage: '[more]',
    help: 'list your rooms and direct messages, unread ones first, and who is here; /list more continues',
    parse(rest) {
      const typed = rest.trim().toLowerCase();
      return typed === '' || typed === 'more' ? { further: typed === 'more' } : '';
    },
    run: ({ further }, context) => listConversations(further, context),
  }),
  command<{ room: string; private?: true }>({
    name: 'join',
    aliases: ['j'],
    usage: '#ROOM [private]',
    help: 'join a room, or create it; only members can see a private room',
    opensConversation: true,
    parse(rest) {
      const [typed, more] = firstWord(rest);
      const how = more.trim().toLowerCase();
      if (how !== '' && how !== 'private') return '';
      return withRoom(typed, (room) => (how === '' ? { room } : { room, private: true }));
    },
    async run(args, { ask, open }) {
      await ask({ type: 'join', ...args });
      open({ room: args.room });
    },
  }),
  command<{ room?: string; end?: true }>({
    name: 'leave',
    aliases: ['part'],
    usage: '[#ROOM] [end]',
    help: 'leave a room; if you are its last member, "end" closes it',
    fullNameOnly: true,
    parse(rest) {
      const words = wordsIn(rest);
      const end = words.at(-1)?.toLowerCase() === 'end' ? { end: true as const } : {};
      const [typed, ...more] = 'end' in end ? words.slice(0, -1) : words;
      if (more.length > 0) return '';
      return typed === undefined ? end : withRoom(typed, (room) => ({ room, ...end }));
    },
    async run(args, context) {
      const { room = roomHere(context), ...end } = args;
      await context.ask({ type: 'leave', room, ...end });
      context.left?.(room);
    },
  }),
  command({
    name: 'rooms',
    aliases: ['channels'],
    help: 'list the rooms of this server, which you can join',
    async run(_, { ask, answer }) {
      answer(roomLines((await ask({ type: 'rooms' })).rooms ?? []));
    },
  }),
  command<{ topic?: string }>({
    name: 'topic',
    usage: '[TEXT|-]',
    help: 'show the topic of this room; owners and moderators can set it, - clears it',
    parse(rest) {
      const topic = rest.trim();
      return topic === '' ? {} : { topic: topic === '-' ? '' : topic };
    },
    async run({ topic }, context) {
      const { ask, answer } = context;
      const room = roomHere(context);
      if (topic !== undefined) return void (await ask({ type: 'set-topic', room, topic }));
      const { rooms = [] } = await ask({ type: 'rooms' });
      const about = rooms.find((each) => each.room === room)?.topic;
      answer([
        about === undefined ? `#${room} has no topic. Set one with /topic TEXT.` : `#${room}: ${about}`,
      ]);
    },
  }),
  command<{ name: string; room?: string }>({
    name: 'invite',
    usage: 'NAME [#ROOM]',
    help: 'invite a person to this room, or to another one',
    parse(rest) {
      const [typed, more] = firstWord(rest);
      return withName(typed, (name) =>
        more.trim() === '' ? { name } : withRoom(more.trim(), (room) => ({ name, room })),
      );
    },
    async run({ name, room: named }, context) {
      const room = named ?? roomHere(context);
      await context.ask({ type: 'invite', room, name });
      context.answer([`You invited ${name} to #${room}.`]);
    },
  }),
];
