/** Commands that send messages, and those about one: edit, remove, reply, react, pin. */
import { ProtocolError } from '../../protocol/errors.js';
import { messageText } from '../../protocol/message-text.js';
import { recipientOf } from '../../protocol/names.js';
import { reactionCodes, reactionEmoji } from '../../protocol/reactions.js';
import type { Message } from '../../protocol/records.js';
import type { OutgoingMessage } from '../session/session.js';
import { emojiOf, withEmoji } from '../text/emoji.js';
import { pinLines, reactionLines } from '../text/lists.js';
import { excerpt } from '../text/wording.js';
import { firstWord, parseId, withName, wordsIn } from './arguments.js';
import {
  type CommandContext,
  type CommandFrontEnd,
  CommandRefused,
  type CopyChoice,
  command,
} from './command.js';

/**
 * Posts a message unless its text cannot be one.
 * @throws CommandRefused
 */
export function post(draft: OutgoingMessage, { say, emoji }: Pick<CommandFrontEnd, 'say' | 'emoji'>): void {
  const text = emoji ? withEmoji(draft.text) : draft.text;
  try {
    messageText(text);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new CommandRefused(`not sent: "${excerpt(draft.text)}": ${error.message}`);
  }
  say({ ...draft, text });
}

/** Messages in which the last one of a person, or of others, is looked for. */
const lookBack = 100;

/** The last message in this conversation that was not removed. @param who has written it, as the refusal names them */
async function lastMessage(
  { ask, conversation }: CommandContext,
  isMeant: (message: Message) => boolean,
  who = '',
): Promise<number> {
  const { messages = [] } = await ask({ type: 'history', ...conversation, limit: lookBack });
  const found = messages.findLast((message) => message.removed === undefined && isMeant(message));
  if (found !== undefined) return found.seq;
  throw new CommandRefused(`No recent message${who === '' ? '' : ` from ${who}`} here.`);
}

function lastMessageOf(name: string, context: CommandContext): Promise<number> {
  const { session } = context;
  return lastMessage(context, ({ from }) => from === name, name === session.name ? 'you' : name);
}

function lastMessageOfOthers(context: CommandContext): Promise<number> {
  return lastMessage(context, ({ from }) => from !== context.session.name, 'others');
}

/** Reads a command about one message: nothing, or its ID. */
function parseMessageId(rest: string): { id?: number } | '' {
  const typed = rest.trim();
  const id = parseId(typed);
  return id === undefined ? (typed === '' ? {} : '') : { id };
}

export const messageCommands = [
  command({
    name: 'msg',
    aliases: ['m', 'w', 'whisper'],
    usage: 'NAME TEXT',
    help: 'send a direct message',
    parse(rest) {
      const [typed, text] = firstWord(rest);
      return text.trim() === '' ? '' : withName(typed, (to) => ({ to, text }));
    },
    run: post,
  }),
  command({
    name: 'answer',
    aliases: ['r'],
    usage: 'TEXT',
    help: 'answer the last direct message you received',
    parse: (rest) => (rest.trim() === '' ? '' : { text: rest }),
    run({ text }, context) {
      const to = context.memory.lastPeer;
      if (to === undefined) {
        throw new CommandRefused(
          'You have no direct message to answer; nothing was sent. Use /msg NAME TEXT.',
        );
      }
      post({ to, text }, context);
    },
  }),
  command({
    name: 'query',
    aliases: ['q', 'dm'],
    usage: 'NAME [TEXT]',
    help: 'open a direct message, and send TEXT if given',
    opensConversation: true,
    parse(rest) {
      const [typed, text] = firstWord(rest);
      return withName(typed, (name) => ({ name, text: text.trim() === '' ? '' : text }));
    },
    run({ name, text }, context) {
      context.open({ with: name });
      if (text !== '') post({ to: name, text }, context);
    },
  }),
  command({
    name: 'me',
    usage: 'TEXT',
    help: 'send an action, such as "* ana waves"',
    parse: (rest) => (rest.trim() === '' ? '' : { text: rest }),
    run({ text }, context) {
      post({ ...recipientOf(context.conversation), text, action: true }, context);
    },
  }),
  command<{ id?: number; text: string }>({
    name: 'reply',
    usage: '[ID] TEXT',
    help: 'reply to the last message of someone else here, or to the one with that ID',
    parse(rest) {
      const [word, text] = firstWord(rest);
      const id = text.trim() === '' ? undefined : parseId(word);
      if (id !== undefined) return { id, text };
      return rest.trim() === '' ? '' : { text: rest };
    },
    async run({ id, text }, context) {
      const of = id ?? (await lastMessageOfOthers(context));
      post({ ...recipientOf(context.conversation), text, of }, context);
    },
  }),
  command<{ id?: number; emoji?: string }>({
    name: 'react',
    usage: '[[ID] EMOJI]',
    help: 'react to the last message of someone else here, or to the one with that ID; the same again takes it back; /react alone lists short codes',
    next: ([id]) => (id === undefined || parseId(id) !== undefined ? reactionCodes : []),
    parse(rest) {
      const words = wordsIn(rest);
      const last = words.pop();
      if (last === undefined) return {};
      const emoji = reactionEmoji(last) === undefined ? (emojiOf(last) ?? last) : last;
      if (reactionEmoji(emoji) === undefined) {
        return `"${excerpt(emoji)}" is no reaction. Type an emoji or a short code, such as +1; /react lists the codes.`;
      }
      const [typed] = words;
      if (typed === undefined) return { emoji };
      const id = parseId(typed);
      return id === undefined || words.length > 1 ? '' : { id, emoji };
    },
    async run({ id, emoji }, context) {
      if (emoji === undefined) return context.answer(reactionLines());
      await context.ask({ type: 'react', of: id ?? (await lastMessageOfOthers(context)), emoji });
    },
  }),
  command<{ text?: string }>({
    name: 'edit',
    aliases: ['correct'],
    usage: 'TEXT',
    help: 'replace your last message here; on the full screen, /edit alone lets you change it',
    parse(rest, { screen }) {
      if (rest.trim() !== '') return { text: rest };
      return screen ? {} : '';
    },
    run({ text }, context) {
      if (text !== undefined) return editLast(text, context);
      return context.screen?.editLast();
    },
  }),
  command<{ which?: string | number }>({
    name: 'delete',
    aliases: ['redact'],
    usage: '[NAME|ID]',
    help: 'delete your last message here, or the one with that ID; moderators: the last one of NAME',
    fullNameOnly: true,
    parse(rest) {
      const typed = rest.trim();
      if (typed === '') return {};
      const id = parseId(typed);
      return id === undefined ? withName(typed, (name) => ({ which: name })) : { which: id };
    },
    async run({ which }, context) {
      const of =
        typeof which === 'number' ? which : await lastMessageOf(which ?? context.session.name, context);
      await context.ask({ type: 'remove', of });
    },
  }),
  command<{ id?: number }>({
    name: 'pin',
    usage: '[ID]',
    help: 'pin the last message here, or the one with that ID; in rooms for owners and moderators',
    parse: parseMessageId,
    async run({ id }, context) {
      const of = id ?? (await lastMessage(context, () => true));
      const { seq } = await context.ask({ type: 'pin', of });
      if (seq === undefined) context.answer(['That message is pinned already.']);
    },
  }),
  command<{ id?: number }>({
    name: 'unpin',
    usage: '[ID]',
    help: 'unpin the message that was pinned last, or the one with that ID',
    parse: parseMessageId,
    async run({ id }, context) {
      const of = id ?? (await pinnedHere(context)).at(-1)?.seq;
      if (of === undefined) throw new CommandRefused('No message is pinned here.');
      const { seq } = await context.ask({ type: 'unpin', of });
      if (seq === undefined)
        throw new CommandRefused('That message is not pinned. List the pinned ones with /pins.');
    },
  }),
  command({
    name: 'pins',
    help: 'list the pinned messages',
    async run(_, context) {
      context.answer(pinLines(await pinnedHere(context), context.time));
    },
  }),
  command<{ choice: CopyChoice }>({
    name: 'copy',
    usage: '[link|code|ID]',
    help: 'copy the last message, the last link or recovery code, or the message with that ID',
    screenOnly: true,
    parse(rest) {
      const typed = rest.trim().toLowerCase();
      if (typed === '') return { choice: undefined };
      const choice = typed === 'link' || typed === 'code' ? typed : parseId(typed);
      return choice === undefined ? '' : { choice };
    },
    run: ({ choice }, context) => context.screen?.copy(choice, context),
  }),
];

async function pinnedHere({ ask, conversation }: CommandContext): Promise<readonly Message[]> {
  const { messages = [] } = await ask({ type: 'pins', ...conversation });
  return messages;
}

async function editLast(text: string, context: CommandContext): Promise<void> {
  const of = await lastMessageOf(context.session.name, context);
  await context.ask({ type: 'edit', of, text: context.emoji ? withEmoji(text) : text });
}
