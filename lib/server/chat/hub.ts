/** The hub: posts go to the store, then to everyone they are for. Knows members, not sockets. */
import { messageText } from '../../protocol/message-text.js';
import type { FileInfo } from '../../protocol/records.js';
import type { RequestOf } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type { NewEntry } from '../../store/message-store.js';
import { messageEvent, type Receipt, receiptOf } from './frames.js';
import { type ConversationName, type ConversationRef, notDelivered } from './lookup.js';
import type { ChatParts } from './parts.js';
import type { Post, PostingRules } from './posting-rules.js';
import type { LeaveDetails, Member } from './presence.js';

/** A file that is kept and can be posted. */
interface Announcement {
  readonly conversation: ConversationName;
  readonly file: FileInfo;
  readonly key: string;
  /** Called right before the file is posted; throws if it may not be posted any longer. */
  readonly check: () => void;
}

export interface Hub {
  /**
   * Resolves once the message is on disk and on its way; undefined if the sender's own copy of it is the answer.
   * @throws ProtocolError `rate-limited`, `message-empty`, `message-too-long`, `not-delivered`, and as
   *   Lookup.conversation and PostingRules.check
   */
  say(member: Member, request: RequestOf<'say'>): Promise<Receipt | undefined>;
  /**
   * Posts a file. Its sender may have signed out or left the room in the meantime.
   * @throws ProtocolError `not-delivered`, and as Lookup.conversation, PostingRules.check and `check`
   */
  announce(account: Account, announcement: Announcement): Promise<Receipt>;
  /** Makes a member live; see LiveRooms.subscribe. */
  attach(member: Member): () => boolean;
  /** Forgets a member whose connection is over. @param details for the notice to others */
  leave(member: Member, details?: LeaveDetails): void;
}

export function createHub(deps: ChatParts): Hub {
  const { rooms, presence, lookup, postingRules } = deps;

  return {
    async say(member, request) {
      const { room, to, key, action = false } = request;
      const { account } = member;
      const text = messageText(request.text);
      postingRules.countMessage(account);
      const conversation = await lookup.conversation(account, { room, peer: to });
      const before = await postedBefore(deps, account, conversation, { text, key });
      if (before !== undefined) return before;
      const { repeated, ...receipt } = await post(deps, account, conversation, { key, text, action });
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

    attach: (member) => (presence.has(member) ? rooms.subscribe(member) : () => true),

    leave(member, details = {}) {
      const shown = allowedDetails(postingRules, member.account, details);
      rooms.unsubscribe(member);
      presence.remove(member, shown);
      rooms.unload(member.account.id);
    },
  };
}

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
  { store, clock, rooms }: ChatParts,
  account: Account,
  conversation: ConversationRef,
  entry: Pick<NewEntry, 'key' | 'text' | 'action' | 'file'>,
): Promise<Receipt & { repeated: boolean }> {
  const { target } = conversation;
  const appended = await store.append({ ...entry, target, account: account.id, at: clock.now() });
  if (appended.outcome === 'blocked') throw notDelivered();
  const { seq, at, repeated } = appended;
  if (!repeated) {
    const kind = entry.file !== undefined ? 'file' : entry.action ? 'action' : 'text';
    const kept = { ...entry, seq, at, from: account.name, kind } as const;
    rooms.sendToConversation(target, messageEvent(kept, conversation, account));
  }
  return { ...receiptOf(appended), repeated };
}

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
