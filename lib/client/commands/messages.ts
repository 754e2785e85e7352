/** Commands that send, edit and remove messages. */
import { ProtocolError } from '../../protocol/errors.js';
import { messageText } from '../../protocol/message-text.js';
import { recipientOf } from '../../protocol/names.js';
import type { Message } from '../../protocol/records.js';
import type { OutgoingMessage } from '../session/session.js';
import { excerpt } from '../text/wording.js';
import { firstWord, parseId, withName } from './arguments.js';
import { type CommandContext, type CommandFrontEnd, CommandRefused, command } from './command.js';

/**
 * Posts a message unless its text cannot be one.
 * @throws CommandRefused
 */
export function post(draft: OutgoingMessage, { say }: Pick<CommandFrontEnd, 'say'>): void {
  try {
    messageText(draft.text);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new CommandRefused(`not sent: "${excerpt(draft.text)}": ${error.message}`);
  }
  say(draft);
}

/** Messages in which /edit and /delete look for the last one of a person. */
const lookBack = 100;

/** The last message of a person in this conversation that was not removed. */
async function lastMessageOf(name: string, { ask, session, conversation }: CommandContext): Promise<Message> {
  const { messages = [] } = await ask({ type: 'history', ...conversation, limit: lookBack });
  const found = messages.findLast(({ from, removed }) => from === name && removed === undefined);
  if (found !== undefined) return found;
  throw new CommandRefused(`No recent message from ${name === session.name ? 'you' : name} here.`);
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
    name: 'reply',
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
    help: 'remove your last message here, or the one with that ID; moderators: the last one of NAME',
    fullNameOnly: true,
    parse(rest) {
      const typed = rest.trim();
      if (typed === '') return {};
      const id = parseId(typed);
      return id === undefined ? withName(typed, (name) => ({ which: name })) : { which: id };
    },
    async run({ which }, context) {
      const of =
        typeof which === 'number' ? which : (await lastMessageOf(which ?? context.session.name, context)).seq;
      await context.ask({ type: 'remove', of });
    },
  }),
];

async function editLast(text: string, context: CommandContext): Promise<void> {
  const { seq } = await lastMessageOf(context.session.name, context);
  await context.ask({ type: 'edit', of: seq, text });
}
