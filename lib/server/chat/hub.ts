/** The hub: messages and files go to the store, then to everyone they are for. Knows members, not sockets. */
import { messageText } from '../../protocol/message-text.js';
import type { FileInfo } from '../../protocol/records.js';
import type { RequestOf } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type { LogEntry, NewEntry, StoredMessage } from '../../store/message-store.js';
import { createHistogram, type Histogram } from '../histogram.js';
import { entryEvent, messageEvent, type Receipt, receiptOf } from './frames.js';
import type { LeaveDetails } from './join-notices.js';
import {
  type ConversationName,
  type ConversationRef,
  noSuchMessage,
  noSuchRoom,
  notDelivered,
} from './lookup.js';
import type { ChatParts } from './parts.js';
import type { Post, PostingRules } from './posting-rules.js';
import type { Member } from './presence.js';

/** Since the start. */
interface HubCounts {
  /** Messages and files posted here; retries count once. */
  readonly messages: number;
  /** Milliseconds from the store's being asked until a message is on disk. */
  readonly commits: Histogram;
}

/** A file that is kept and can be posted. */
interface Announcement {
  readonly conversation: ConversationName;
  readonly file: FileInfo;
  readonly key: string;
  /** Called right before the file is posted; throws if it may not be posted any longer. */
  readonly check: () => void;
}

export interface Hub {
  readonly counts: HubCounts;
  /**
   * Resolves once the message is on disk and on its way; undefined if the sender's own copy of it is the answer.
   * @throws ProtocolError `rate-limited`, `message-empty`, `message-too-long`, `not-delivered`, `no-such-message`, and as
   *   Lookup.conversation and PostingRules.check
   */
  say(member: Member, request: RequestOf<'say'>): Promise<Receipt | undefined>;
  /**
   * Posts a file. Its sender may have signed out or left the room in the meantime.
   * @throws ProtocolError `not-delivered`, and as Lookup.conversation, PostingRules.check and `check`
   */
  announce(account: Account, announcement: Announcement): Promise<Receipt>;
  /**
   * Posts a text in a room for an account that need not be signed in, as if it were.
   * @throws ProtocolError as `say`
   */
  deliver(account: Account, message: { room: string; text: string; key: string }): Promise<Receipt>;
  /** Another server has posted it. */
  posted(posted: Pick<StoredMessage, 'entry' | 'target' | 'to'>): void;
  /** Forgets a member whose connection is over. @param details for the notice to others */
  leave(member: Member, details?: LeaveDetails): void;
}

export function createHub(parts: ChatParts): Hub {
  const { rooms, presence, elsewhere, lookup, postingRules, watches, activity } = parts;
  const counts = { messages: 0, commits: createHistogram(commitBounds) };
  const deps = { ...parts, counts };

  return {
    counts,
    async say(member, request) {
      const { room, to, key, of, action = false } = request;
      const { account } = member;
      const text = messageText(request.text);
      postingRules.countMessage(account);
      const conversation = await lookup.conversation(account, { room, peer: to });
      const before = await postedBefore(deps, account, conversation, { text, key });
      if (before !== undefined) return before;
      const entry = of === undefined ? { key, text, action } : { key, text, action, of };
      const { repeated, ...receipt } = await post(deps, account, conversation, entry);
      return repeated || !rooms.reaches(member, conversation.target) ? receipt : undefined;
    },

    announce: (account, { conversation: name, file, key, check }) =>
      lookup.asSignedIn(account, async () => {
        const conversation = await lookup.conversation(account, name);
        const before = await postedBefore(deps, account, conversation, { text: '', file: true, key });
        if (before !== undefined) return before;
        check();
        const entry = { key, file, text: file.name, action: false };
        const { repeated: _, ...receipt } = await post(deps, account, conversation, entry);
        return receipt;
      }),

    async deliver(account, { room, key, ...message }) {
      const text = messageText(message.text);
      postingRules.countMessage(account);
      return lookup.asSignedIn(account, async () => {
        const conversation = await lookup.conversation(account, { room });
        postingRules.check(account, conversation, { text });
        const { repeated: _, ...receipt } = await post(deps, account, conversation, {
          key,
          text,
          action: false,
        });
        return receipt;
      });
    },

    posted({ entry, target, to }) {
      const room = 'room' in target ? rooms.byId.get(target.room) : undefined;
      if (room !== undefined && entry.kind === 'topic') room.topic = entry.text;
      const conversation = { target, room: room?.name, peer: to };
      const event = entryEvent(entry, conversation, { name: entry.from });
      if (room !== undefined && event.type === 'message') postingRules.postedElsewhere(room, event.from);
      rooms.sendToConversation(target, event);
    },

    leave(member, details = {}) {
      const shown = allowedDetails(postingRules, member.account, details);
      rooms.unsubscribe(member);
      watches.forget(member);
      activity.forget(member);
      presence.remove(member, shown);
      elsewhere.left(member);
      rooms.unload(member.account.id);
    },
  };
}

/** Milliseconds: a fast disk takes 1, a remote database 5, a person notices 250. */
const commitBounds = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

type PostDeps = ChatParts & { readonly counts: { messages: number; readonly commits: Histogram } };

/**
 * Checks the posting rules. A retry of a message that was posted before is never refused.
 * @returns the receipt of a message that would be refused now but was posted under this key before
 */
async function postedBefore(
  { store, postingRules }: ChatParts,
  account: Account,
  conversation: ConversationRef,
  entry: Post & { key: string },
): Promise<Receipt | undefined> {
  try {
    postingRules.check(account, conversation, entry);
    return undefined;
  } catch (refusal) {
    const posted = await store.findByKey(account.id, entry.key);
    if (posted === undefined) throw refusal;
    return receiptOf(posted);
  }
}

/** Stores a message and sends it to everyone it is for, unless that was done before. */
async function post(
  { store, clock, rooms, counts, onPosted }: PostDeps,
  account: Account,
  conversation: ConversationRef,
  entry: Pick<NewEntry, 'key' | 'text' | 'action' | 'file' | 'of'>,
): Promise<Receipt & { repeated: boolean }> {
  const { target } = conversation;
  const asked = clock.ticks();
  const appended = await store.append({ ...entry, target, account: account.id, at: clock.now() });
  counts.commits.add(clock.ticks() - asked);
  if (appended.outcome !== 'kept') throw refusals[appended.outcome]();
  const { seq, at, repeated, quoted } = appended;
  if (!repeated) {
    counts.messages++;
    const kind = entry.file !== undefined ? 'file' : entry.action ? 'action' : 'text';
    const kept: LogEntry = { ...entry, seq, at, from: account.name, kind, ...(quoted && { quoted }) };
    rooms.sendToConversation(target, messageEvent(kept, conversation, account));
    onPosted({ author: account, conversation, text: entry.text });
  }
  return { ...receiptOf(appended), repeated };
}

const refusals = {
  blocked: notDelivered,
  'no-such-room': noSuchRoom,
  'no-such-message': noSuchMessage,
} as const;

/** Without a reason that the account may not post itself. */
function allowedDetails(rules: PostingRules, account: Account, details: LeaveDetails): LeaveDetails {
  const { by, reason = '' } = details;
  if (by !== undefined) return details;
  try {
    rules.checkNotice(account, reason);
    return details;
  } catch {
    return {};
  }
}
