/** One conversation of the screen and what can happen to it. Pure; knows entries, neither the others nor keys. */

import { mentions } from '../../../protocol/mentions.js';
import { printable } from '../../../protocol/printable.js';
import type { Message } from '../../../protocol/records.js';
import type { DeliveryStatus, OutgoingMessage } from '../../session/session.js';
import { emptyEditor } from '../input/editor.js';
import type { ConversationId, ConversationState, Entry, Notify } from './state.js';

export type MessageEntry = Extract<Entry, { kind: 'message' }>;

/** Entries of the window: what is dropped comes from the server again. */
export const mostEntries = 2_000;
const dropAtOnce = 500;
/** Comings and goings further apart than this are told apart. */
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
    newFrom: undefined,
    at: undefined,
    below: 0,
    draft: emptyEditor,
    notify,
  };
}

/** The conversation that a message, or a change of one, belongs to. */
export function conversationOf(
  { room, from, to }: Pick<Message, 'room' | 'from' | 'to'>,
  me: string,
): ConversationId {
  if (room !== undefined) return `#${printable(room)}`;
  return `@${printable(from === me ? (to ?? me) : from)}`;
}

export function messageEntry(message: Message, me: string): MessageEntry {
  const { seq, text, action, at, edited, removed, file } = message;
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
  };
}

/** What is said here, before anybody acknowledged it. */
export function draftEntry(
  key: string,
  draft: OutgoingMessage,
  { me, now }: { me: string; now: number },
): MessageEntry {
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
  };
}

/** Adds a message that just came; `seen` where the reader has it before their eyes. */
export function withMessage(
  conversation: ConversationState,
  entry: MessageEntry,
  { key, seen }: { key: string; seen: boolean },
): ConversationState {
  const own = conversation.entries.findLastIndex(({ id }) => id === `k${key}`);
  const before = own < 0 ? conversation.entries : conversation.entries.toSpliced(own, 1);
  // The id stays, so that nothing jumps where the reader is at it.
  const arrived = own < 0 ? entry : { ...entry, id: `k${key}` };
  const counted = counters(conversation, arrived, seen);
  if (conversation.at !== undefined && (conversation.detached || before.length >= mostEntries * 2)) {
    return { ...conversation, ...counted, entries: before, detached: true };
  }
  return bounded({ ...conversation, ...counted, entries: inserted(before, arrived) });
}

function counters(conversation: ConversationState, { id, mine, mention }: MessageEntry, seen: boolean) {
  const below = conversation.at === undefined ? 0 : conversation.below + (mine ? 0 : 1);
  if (mine || (seen && conversation.at === undefined)) return { below };
  return {
    below,
    unread: conversation.unread + 1,
    mentions: conversation.mentions + (mention ? 1 : 0),
    newFrom: conversation.newFrom ?? id,
  };
}

/** After what the server acknowledged before it, before what it has not. */
export function inserted(entries: readonly Entry[], entry: MessageEntry): Entry[] {
  let index = entries.length;
  while (index > 0 && isPending(entries[index - 1])) index--;
  return entries.toSpliced(index, 0, entry);
}

function isPending(entry: Entry | undefined): boolean {
  return entry?.kind === 'message' && entry.delivery.state === 'sending';
}

/** Without the oldest where there are too many; where the reader is up there, without the newest. */
function bounded(conversation: ConversationState): ConversationState {
  const { entries, at } = conversation;
  if (entries.length <= mostEntries) return conversation;
  if (at === undefined) {
    const kept = entries.slice(dropAtOnce);
    return { ...conversation, entries: kept, fromStart: false };
  }
  if (entries.length <= mostEntries * 2) return conversation;
  return { ...conversation, entries: entries.slice(0, mostEntries), detached: true };
}

export function withEntry(conversation: ConversationState, entry: Entry): ConversationState {
  if (conversation.detached) return conversation;
  return bounded({ ...conversation, entries: [...conversation.entries, entry] });
}

/** What became of something that was said here. */
export function withDelivery(
  conversation: ConversationState,
  key: string,
  delivery: DeliveryStatus,
): ConversationState {
  const index = conversation.entries.findLastIndex(({ id }) => id === `k${key}`);
  const entry = conversation.entries[index];
  // Its copy in the conversation says when it is sent.
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

/** Takes what failed out of the conversation, to be said again. */
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
  /** For the id, where it begins a new entry. */
  readonly serial: number;
}

/** Folds a coming or going into those just before it: who came and went within them is not told at all. */
export function withMove(conversation: ConversationState, move: Move): ConversationState {
  const { change, name, reason, at, serial } = move;
  if (conversation.detached) return conversation;
  const last = conversation.entries.at(-1);
  const fold = last?.kind === 'presence' && at - last.at < foldMs ? last : undefined;
  const joined = fold?.joined ?? [];
  const left = fold?.left ?? [];
  const next = {
    kind: 'presence' as const,
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

/** Puts a page of older messages above the rest. `more`: there are still older ones. */
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

/** The newest page in place of a window that ended before it. */
export function reattached(
  { detached: _, ...conversation }: ConversationState,
  page: readonly MessageEntry[],
  more: boolean,
): ConversationState {
  const pending = conversation.entries.filter(isPending);
  return {
    ...conversation,
    entries: [...page, ...pending],
    fromStart: !more,
    loading: false,
    at: undefined,
    below: 0,
  };
}

/** Seq of the oldest message there is, undefined for none. */
export function firstSeq({ entries }: ConversationState): number | undefined {
  for (const entry of entries) if (entry.kind === 'message' && entry.seq !== undefined) return entry.seq;
  return undefined;
}

/** Seq of the newest message there is, 0 for none. */
export function lastSeq({ entries }: ConversationState): number {
  const last = entries.findLast((entry) => entry.kind === 'message' && entry.seq !== undefined);
  return last?.kind === 'message' ? (last.seq ?? 0) : 0;
}

/** The reader has seen all of it. */
export function seen(conversation: ConversationState): ConversationState {
  if (conversation.unread === 0 && conversation.mentions === 0) return conversation;
  return { ...conversation, unread: 0, mentions: 0 };
}
