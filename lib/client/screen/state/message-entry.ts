/** A message as an entry of its conversation, and what edits, removals and reactions make of it. Pure; knows no scrolling. */
import type { ServerFrameOf } from '../../../protocol/events.js';
import { mentions } from '../../../protocol/mentions.js';
import { quoteText } from '../../../protocol/message-text.js';
import { printable } from '../../../protocol/printable.js';
import type { Message, Quote, Reaction } from '../../../protocol/records.js';
import { loadedMessage, messagesIn } from './conversation.js';
import type { ConversationState, MessageEntry, ReactionState } from './state.js';

export function messageEntry(message: Message, me: string): MessageEntry {
  const { seq, text, action, at, edited, removed, file, of, reactions = [] } = message;
  const from = printable(message.from);
  const mine = message.from === me;
  const shown = printable(text, { newlines: true });
  return {
    kind: 'message',
    id: `m${seq}`,
    seq,
    from,
    text: shown,
    at: new Date(at).getTime(),
    action: action === true,
    mine,
    mention: !mine && mentions(shown, me),
    delivery: { state: 'sent' },
    ...(edited === undefined ? {} : { edited: true }),
    ...(removed === undefined ? {} : { removed: printable(removed) }),
    ...(file === undefined ? {} : { file: { name: printable(file.name), size: file.size } }),
    ...(of === undefined ? {} : { of: quoteOf(of) }),
    ...(reactions.length === 0 ? {} : { reactions: reactions.map(reactionState) }),
  };
}

function quoteOf({ seq, from, text }: Quote): Quote {
  if (from === undefined || text === undefined) return { seq };
  return { seq, from: printable(from), text: quoteText(text) };
}

function reactionState({ emoji, count, mine }: Reaction): ReactionState {
  return { emoji: printable(emoji), count, mine: mine === true };
}

export function withEdit(
  conversation: ConversationState,
  { of, text }: ServerFrameOf<'edited'>,
  me: string,
): ConversationState {
  const shown = printable(text, { newlines: true });
  const edited = amend(conversation, of, (entry) =>
    entry.removed === undefined
      ? { ...entry, text: shown, edited: true, mention: !entry.mine && mentions(shown, me) }
      : entry,
  );
  return requoted(edited, of, (quote) => ({ ...quote, text: quoteText(text) }));
}

export function withRemoval(
  conversation: ConversationState,
  { of, from }: ServerFrameOf<'removed'>,
): ConversationState {
  const removed = amend(conversation, of, ({ edited, file, of: _, reactions, ...entry }) => ({
    ...entry,
    text: '',
    mention: false,
    removed: printable(from),
  }));
  return requoted(removed, of, ({ seq }) => ({ seq }));
}

/** Updates the reactions to a message. */
export function withReaction(
  conversation: ConversationState,
  { of, from, emoji, reactions }: ServerFrameOf<'reaction'>,
  me: string,
): ConversationState {
  return amend(conversation, of.seq, (entry) => {
    if (entry.removed !== undefined) return entry;
    const { reactions: before = [], ...rest } = entry;
    if (reactions.length === 0) return rest;
    const own = from === me ? emoji : before.find(({ mine }) => mine)?.emoji;
    const now = reactions.map((each) => ({ ...reactionState(each), mine: each.emoji === own }));
    return { ...rest, reactions: now };
  });
}

/** Marks the reactions that are the reader's, after a catch-up. */
export function withReacted(
  conversation: ConversationState,
  { reactions }: ServerFrameOf<'reacted'>,
): ConversationState {
  const own = new Map(reactions.map(({ of, emoji }) => [of, printable(emoji)]));
  const entries = conversation.entries.map((entry) => {
    if (entry.kind !== 'message' || entry.seq === undefined || entry.reactions === undefined) return entry;
    const emoji = own.get(entry.seq);
    if (emoji === undefined) return entry;
    return { ...entry, reactions: entry.reactions.map((each) => ({ ...each, mine: each.emoji === emoji })) };
  });
  return { ...conversation, entries };
}

/** Changes a message if it is loaded; the entry keeps its place and its id. */
function amend(
  conversation: ConversationState,
  seq: number,
  to: (entry: MessageEntry) => MessageEntry,
): ConversationState {
  const entry = loadedMessage(conversation, seq);
  if (entry === undefined) return conversation;
  return {
    ...conversation,
    entries: conversation.entries.with(conversation.entries.indexOf(entry), to(entry)),
  };
}

/** Changes the quote of a message in its replies. */
function requoted(
  conversation: ConversationState,
  seq: number,
  to: (quote: Quote) => Quote,
): ConversationState {
  if (!messagesIn(conversation).some(({ of }) => of?.seq === seq)) return conversation;
  const entries = conversation.entries.map((entry) =>
    entry.kind === 'message' && entry.of?.seq === seq ? { ...entry, of: to(entry.of) } : entry,
  );
  return { ...conversation, entries };
}
