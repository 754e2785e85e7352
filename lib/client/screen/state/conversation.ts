/** One conversation and what can happen to its messages. Pure; knows neither the other conversations nor keys. */
import type { ServerFrameOf } from '../../../protocol/events.js';
import { mentions } from '../../../protocol/mentions.js';
import { quoteText } from '../../../protocol/message-text.js';
import { printable } from '../../../protocol/printable.js';
import type { Conversation, Message, Quote, Reaction } from '../../../protocol/records.js';
import type { DeliveryStatus, OutgoingMessage } from '../../session/session.js';
import { emptyEditor } from './editor.js';
import type {
  ConversationId,
  ConversationState,
  MessageEntry,
  Notify,
  PaneEntry,
  PresenceEntry,
  ReactionState,
  Reader,
} from './state.js';

/** Size of the window; dropped entries are loaded from the server again. */
export const mostEntries = 2_000;
const dropAtOnce = 500;
/** People who join or leave later than this after the last ones get an entry of their own. */
const foldMs = 30 * 60_000;

export function newConversation(id: ConversationId, notify: Notify): ConversationState {
  return {
    id,
    entries: [],
    fromStart: false,
    loading: false,
    topic: '',
    unread: 0,
    mentions: 0,
    newAfter: undefined,
    at: undefined,
    newBelow: 0,
    draft: emptyEditor,
    notify,
  };
}

/** The conversation of an entry other than a topic. */
export function conversationOf(
  { room, from, to }: Pick<Message, 'room' | 'from' | 'to'>,
  me: string,
): ConversationId {
  if (room !== undefined) return `#${printable(room)}`;
  return `@${printable(from === me ? (to ?? me) : from)}`;
}

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

/** The reader's own message, before the server acknowledges it. */
export function ownEntry(
  key: string,
  draft: OutgoingMessage,
  { me, now, entries }: { me: string; now: number; entries: readonly PaneEntry[] },
): MessageEntry {
  const { of } = draft;
  const quoted = entries.find((entry) => entry.kind === 'message' && entry.seq === of);
  return {
    kind: 'message',
    id: `k${key}`,
    seq: undefined,
    from: me,
    text: printable(draft.text, { newlines: true }),
    at: now,
    action: draft.action === true,
    mine: true,
    mention: false,
    delivery: { state: 'sending' },
    ...(of === undefined ? {} : { of: quoted?.kind === 'message' ? quoteTo(quoted, of) : { seq: of } }),
  };
}

function quoteTo({ from, text, removed }: MessageEntry, seq: number): Quote {
  return removed === undefined ? { seq, from, text: quoteText(text) } : { seq };
}

/** The newest message is at the bottom of the pane, also when one arrives. */
export function followsNewest({ at, selected }: Pick<ConversationState, 'at' | 'selected'>): boolean {
  return at === undefined && selected === undefined;
}

/** The message that keys act on. */
export function selectedMessage({ entries, selected }: ConversationState): MessageEntry | undefined {
  const entry = selected === undefined ? undefined : entries.findLast(({ id }) => id === selected);
  return entry?.kind === 'message' ? entry : undefined;
}

/** Id of the nearest message from an entry's index on that was not removed. */
export function selectableFrom(
  { entries }: ConversationState,
  index: number,
  direction: 'up' | 'down',
): string | undefined {
  const step = direction === 'up' ? -1 : 1;
  for (let i = index; i >= 0 && i < entries.length; i += step) {
    const entry = entries[i];
    if (entry?.kind === 'message' && entry.removed === undefined) return entry.id;
  }
  return undefined;
}

/** Adds a new message. `viewed`: the newest message is on the screen. */
export function withMessage(
  conversation: ConversationState,
  entry: MessageEntry,
  { key, viewed }: { key: string; viewed: boolean },
): ConversationState {
  const own = conversation.entries.findLastIndex(({ id }) => id === `k${key}`);
  const before = own < 0 ? conversation.entries : conversation.entries.toSpliced(own, 1);
  // The id stays, so that the scroll position does.
  const arrived = own < 0 ? entry : { ...entry, id: `k${key}` };
  const counted = counters(conversation, arrived, viewed);
  if (!followsNewest(conversation) && (conversation.detached || before.length >= mostEntries * 2)) {
    return { ...conversation, ...counted, entries: before, detached: true };
  }
  return bounded({ ...conversation, ...counted, entries: withInserted(before, arrived) });
}

function counters(conversation: ConversationState, entry: MessageEntry, viewed: boolean) {
  const { seq, mine, mention } = entry;
  const follows = followsNewest(conversation);
  const newBelow = follows ? 0 : conversation.newBelow + (mine ? 0 : 1);
  if (mine || (viewed && follows)) return { newBelow };
  return {
    newBelow,
    unread: conversation.unread + 1,
    mentions: conversation.mentions + (mention ? 1 : 0),
    newAfter: conversation.newAfter ?? (seq === undefined ? undefined : seq - 1),
  };
}

/** A screen shows only the first few. */
const mostTyping = 20;

export function withTyping(conversation: ConversationState, names: readonly string[]): ConversationState {
  const { typing = [] } = conversation;
  const added = names.filter((name) => !typing.includes(name));
  if (added.length === 0) return conversation;
  return { ...conversation, typing: [...typing, ...added].slice(0, mostTyping) };
}

export function withoutTyping(conversation: ConversationState, names: readonly string[]): ConversationState {
  const { typing, ...others } = conversation;
  const left = typing?.filter((name) => !names.includes(name)) ?? [];
  if (left.length === (typing?.length ?? 0)) return conversation;
  return left.length === 0 ? others : { ...others, typing: left };
}

/** As many as a room with receipts has people online, and some who have gone. */
const mostReaders = 50;

export function withReaders(conversation: ConversationState, readers: readonly Reader[]): ConversationState {
  const before = conversation.readers ?? [];
  const newer = readers.filter(
    ({ name, seq }) => seq > (before.find((each) => each.name === name)?.seq ?? 0),
  );
  if (newer.length === 0) return conversation;
  const others = before.filter(({ name }) => !newer.some((each) => each.name === name));
  return { ...conversation, readers: [...others, ...newer].slice(-mostReaders) };
}

/** The reader's own newest message that the server has, and who has read it; undefined for none or no one. */
export function seenMessage({
  entries,
  readers = [],
}: ConversationState): { readonly id: string; readonly by: readonly string[] } | undefined {
  if (readers.length === 0) return undefined;
  const last = entries.findLast((entry) => entry.kind === 'message' && entry.mine && entry.seq !== undefined);
  if (last?.kind !== 'message' || last.removed !== undefined) return undefined;
  const by = readers.filter(({ seq }) => seq >= (last.seq ?? 0)).map(({ name }) => name);
  return by.length === 0 ? undefined : { id: last.id, by: by.sort() };
}

/** Before the messages that the server has not acknowledged yet. */
export function withInserted(entries: readonly PaneEntry[], entry: MessageEntry): PaneEntry[] {
  let index = entries.length;
  while (index > 0 && isPending(entries[index - 1])) index--;
  return entries.toSpliced(index, 0, entry);
}

/** Own messages that only this client has: another window keeps them, at its end. */
function unsent({ entries }: Pick<ConversationState, 'entries'>): PaneEntry[] {
  return entries.filter((entry) => entry.kind === 'message' && entry.delivery.state !== 'sent');
}

function isPending(entry: PaneEntry | undefined): boolean {
  return entry?.kind === 'message' && entry.delivery.state === 'sending';
}

/** Drops the oldest entries of a window that is too large; the newest if the reader is scrolled up. */
function bounded(conversation: ConversationState): ConversationState {
  const { entries } = conversation;
  if (entries.length <= mostEntries) return conversation;
  if (followsNewest(conversation)) {
    const kept = entries.slice(dropAtOnce);
    return { ...conversation, entries: kept, fromStart: false };
  }
  if (entries.length <= mostEntries * 2) return conversation;
  return { ...conversation, entries: entries.slice(0, mostEntries), detached: true };
}

export function withEntry(conversation: ConversationState, entry: PaneEntry): ConversationState {
  if (conversation.detached) return conversation;
  return bounded({ ...conversation, entries: [...conversation.entries, entry] });
}

/** Entries below an answer when it is folded, at least. */
const newerForFold = 3;
/** How long an answer of so many characters takes to read, slowly. */
const readingMs = (characters: number): number => 30_000 + 60 * characters;

/** Folds the answers that were read. @param now milliseconds since the epoch */
export function folded(conversation: ConversationState, now: number): ConversationState {
  const { entries } = conversation;
  const wasRead = (entry: PaneEntry, index: number): boolean =>
    entry.kind === 'notice' &&
    entry.folded === false &&
    index < entries.length - newerForFold &&
    now - entry.at >= readingMs(entry.text.length);
  if (!entries.some(wasRead)) return conversation;
  const after = entries.map((entry, i) => (wasRead(entry, i) ? { ...entry, folded: true } : entry));
  return { ...conversation, entries: after };
}

/** Updates how far an own message has come. */
export function withDelivery(
  conversation: ConversationState,
  key: string,
  delivery: DeliveryStatus,
): ConversationState {
  const index = conversation.entries.findLastIndex(({ id }) => id === `k${key}`);
  const entry = conversation.entries[index];
  // With a seq it has arrived as an event already.
  if (entry?.kind !== 'message' || entry.seq !== undefined) return conversation;
  return {
    ...conversation,
    entries: conversation.entries.with(index, { ...entry, ...delivered(entry, delivery) }),
  };
}

function delivered(entry: MessageEntry, delivery: DeliveryStatus): Pick<MessageEntry, 'delivery' | 'seq'> {
  switch (delivery.state) {
    case 'sending':
      return { seq: undefined, delivery };
    case 'sent':
      return { seq: delivery.seq, delivery: { state: 'sent' } };
    case 'failed': {
      const { code, message } = delivery;
      return { seq: entry.seq, delivery: { state: 'failed', code, why: printable(message) } };
    }
    default:
      return delivery satisfies never;
  }
}

/** Takes the failed messages out, to be sent again. */
export function withoutFailed(conversation: ConversationState): {
  conversation: ConversationState;
  failed: readonly MessageEntry[];
} {
  const failed = conversation.entries.filter(
    (entry): entry is MessageEntry => entry.kind === 'message' && entry.delivery.state === 'failed',
  );
  const entries = conversation.entries.filter((entry) => !failed.includes(entry as MessageEntry));
  return { conversation: { ...conversation, entries }, failed };
}

export interface Move {
  readonly change: 'joined' | 'left';
  readonly name: string;
  readonly reason?: string;
  readonly at: number;
  /** Makes the id of a new entry. */
  readonly serial: number;
}

/** Folds a person who joined or left into the entry just before; both within it cancel out. */
export function withMove(conversation: ConversationState, move: Move): ConversationState {
  const { change, name, reason, at, serial } = move;
  if (conversation.detached) return conversation;
  const last = conversation.entries.at(-1);
  const fold = last?.kind === 'presence' && at - last.at < foldMs ? last : undefined;
  const joined = fold?.joined ?? [];
  const left = fold?.left ?? [];
  const next: PresenceEntry = {
    kind: 'presence',
    id: fold?.id ?? `p${serial}`,
    at: fold?.at ?? at,
    joined: joined.filter((each) => each !== name),
    left: left.filter((each) => each.name !== name),
  };
  const returned = change === 'joined' ? left.some((each) => each.name === name) : joined.includes(name);
  const moved = returned
    ? next
    : change === 'joined'
      ? { ...next, joined: [...next.joined, name] }
      : { ...next, left: [...next.left, reason === undefined ? { name } : { name, reason }] };
  const before = fold === undefined ? conversation.entries : conversation.entries.slice(0, -1);
  const nothing = moved.joined.length === 0 && moved.left.length === 0;
  return bounded({ ...conversation, entries: nothing ? before : [...before, moved] });
}

/** Adds a page of older messages. `more`: the server has still older ones. */
export function withOlder(
  conversation: ConversationState,
  page: readonly MessageEntry[],
  more: boolean,
): ConversationState {
  const first = firstSeq(conversation) ?? Number.POSITIVE_INFINITY;
  const older = page.filter(({ seq }) => seq !== undefined && seq < first);
  const next = {
    ...conversation,
    entries: [...older, ...conversation.entries],
    fromStart: !more,
    loading: false,
  };
  return bounded(next);
}

/** The newest page in place of a detached window. */
export function withNewest(
  { detached: _, ...conversation }: ConversationState,
  page: readonly MessageEntry[],
  more: boolean,
): ConversationState {
  return {
    ...conversation,
    entries: [...page, ...unsent(conversation)],
    fromStart: !more,
    loading: false,
    at: undefined,
    newBelow: 0,
  };
}

/** The first page of the history in place of the window, or above it if they meet. `more`: the server has newer ones. */
export function withOldest(
  conversation: ConversationState,
  page: readonly MessageEntry[],
  more: boolean,
): ConversationState {
  const [first] = page;
  if (first === undefined) return conversation;
  if ((page.at(-1)?.seq ?? 0) >= (firstSeq(conversation) ?? Number.POSITIVE_INFINITY)) {
    return withOlder(conversation, page, false);
  }
  const { detached: _, marked: __, ...before } = conversation;
  return {
    ...before,
    entries: [...page, ...unsent(conversation)],
    fromStart: true,
    at: { id: first.id, row: 0 },
    newBelow: 0,
    ...(more ? { detached: true as const } : {}),
  };
}

/** Seq of the oldest loaded message, undefined for none. */
export function firstSeq({ entries }: Pick<ConversationState, 'entries'>): number | undefined {
  for (const entry of entries) if (entry.kind === 'message' && entry.seq !== undefined) return entry.seq;
  return undefined;
}

/** Seq of the newest loaded message, 0 for none. */
export function lastSeq({ entries }: ConversationState): number {
  const last = entries.findLast((entry) => entry.kind === 'message' && entry.seq !== undefined);
  return last?.kind === 'message' ? (last.seq ?? 0) : 0;
}

/** Nothing is unread. */
export function read(conversation: ConversationState): ConversationState {
  if (conversation.unread === 0 && conversation.mentions === 0) return conversation;
  return { ...conversation, unread: 0, mentions: 0 };
}

/** Changes a message if it is loaded; the entry keeps its place and its id. */
function amend(
  conversation: ConversationState,
  seq: number,
  to: (entry: MessageEntry) => MessageEntry,
): ConversationState {
  const index = conversation.entries.findLastIndex((entry) => entry.kind === 'message' && entry.seq === seq);
  const entry = conversation.entries[index];
  if (entry?.kind !== 'message') return conversation;
  return { ...conversation, entries: conversation.entries.with(index, to(entry)) };
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

/** Changes the quote of a message in its replies. */
function requoted(
  conversation: ConversationState,
  seq: number,
  to: (quote: Quote) => Quote,
): ConversationState {
  const { entries } = conversation;
  if (!entries.some((entry) => entry.kind === 'message' && entry.of?.seq === seq)) return conversation;
  return {
    ...conversation,
    entries: entries.map((entry) =>
      entry.kind === 'message' && entry.of?.seq === seq ? { ...entry, of: to(entry.of) } : entry,
    ),
  };
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
  return {
    ...conversation,
    entries: conversation.entries.map((entry) => {
      if (entry.kind !== 'message' || entry.seq === undefined || entry.reactions === undefined) return entry;
      const emoji = own.get(entry.seq);
      if (emoji === undefined) return entry;
      return {
        ...entry,
        reactions: entry.reactions.map((each) => ({ ...each, mine: each.emoji === emoji })),
      };
    }),
  };
}

/** Drops what is loaded before a gap in the catch-up: it may have changed, and is loaded again. */
export function withGap(conversation: ConversationState, before: number): ConversationState {
  const isKept = (entry: PaneEntry): boolean =>
    entry.kind !== 'message' || entry.seq === undefined || entry.seq >= before;
  const entries = conversation.entries.filter(isKept);
  if (entries.length === conversation.entries.length) return conversation;
  return { ...conversation, entries, fromStart: false, at: undefined, newBelow: 0 };
}

/** Adds a page of newer messages to a detached window. `more`: it still ends before the newest. */
export function withNewer(
  { detached: _, ...conversation }: ConversationState,
  page: readonly MessageEntry[],
  more: boolean,
): ConversationState {
  const last = lastSeq(conversation);
  const newer = page.filter(({ seq }) => seq !== undefined && seq > last);
  const kept = unsent(conversation);
  const entries = [...conversation.entries.filter((entry) => !kept.includes(entry)), ...newer, ...kept];
  return { ...conversation, entries, loading: false, ...(more ? { detached: true as const } : {}) };
}

/** A window around one message, which is marked. `older`, `newer`: the server has more on that side. */
export function withWindowAround(
  { detached: _, ...conversation }: ConversationState,
  page: readonly MessageEntry[],
  { seq, older, newer }: { seq: number; older: boolean; newer: boolean },
): ConversationState {
  const id = `m${seq}`;
  return {
    ...conversation,
    entries: [...page, ...unsent(conversation)],
    fromStart: !older,
    loading: false,
    at: { id: page.at(-1)?.id ?? id, row: 0 },
    marked: id,
    newBelow: 0,
    ...(newer ? { detached: true as const } : {}),
  };
}

/** The reader has read up to there on another terminal. */
export function readUpTo(conversation: ConversationState, seq: number): ConversationState {
  const left = othersAfter(conversation, seq);
  if (left.length >= conversation.unread) return conversation;
  const mentioning = left.filter(({ mention }) => mention).length;
  const newAfter = left.length === 0 ? undefined : seq;
  return { ...conversation, unread: left.length, mentions: mentioning, newAfter };
}

/** What is unread when the reader signs in. */
export function withReadMark(
  conversation: ConversationState,
  { read, unread, mentions }: Pick<Conversation, 'read' | 'unread' | 'mentions'>,
): ConversationState {
  const loaded = othersAfter(conversation, read);
  const first = loaded[0]?.seq;
  const newAfter =
    unread === 0 ? undefined : loaded.length >= unread && first !== undefined ? first - 1 : read;
  return { ...conversation, unread, mentions, newAfter };
}

/** Loaded messages of other people after a seq. */
function othersAfter({ entries }: ConversationState, seq: number): MessageEntry[] {
  return entries.filter(
    (entry): entry is MessageEntry =>
      entry.kind === 'message' && !entry.mine && entry.seq !== undefined && entry.seq > seq,
  );
}

/** Id of the entry below the line "new messages"; undefined if there is none, or if it may be above the window. */
export function firstNewId(conversation: ConversationState): string | undefined {
  const { newAfter, fromStart } = conversation;
  if (newAfter === undefined) return undefined;
  const isHere = fromStart || (firstSeq(conversation) ?? 0) <= newAfter + 1;
  return isHere ? othersAfter(conversation, newAfter)[0]?.id : undefined;
}
