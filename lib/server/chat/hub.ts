/**
 * The hub: messages, edits, removals, reactions, pins and topics go to the store, then to everyone they are for. Knows
 * members, not sockets.
 */
import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import { messageText, topicText } from '../../protocol/message-text.js';
import { reactionCodes, reactionEmoji } from '../../protocol/reactions.js';
import type { FileInfo } from '../../protocol/records.js';
import type { RequestOf } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type { LogEntry, LogPosition, NewEntry, StoredMessage } from '../../store/message-store.js';
import { createHistogram, type Histogram } from '../histogram.js';
import { entryEvent, messageEvent, type Receipt, receiptOf } from './frames.js';
import type { LeaveDetails } from './join-notices.js';
import {
  type ConversationName,
  type ConversationRef,
  type FoundMessage,
  noSuchMessage,
  noSuchRoom,
  notDelivered,
  roomRef,
} from './lookup.js';
import type { ChatParts } from './parts.js';
import { actorOf, notAllowed } from './permissions.js';
import type { Post, PostingRules } from './posting-rules.js';
import type { Member } from './presence.js';

/** Since the start. */
export interface HubCounts {
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
  /** @throws ProtocolError `no-such-message`, `not-allowed`, `not-delivered`, `message-empty`, `message-too-long` */
  edit(member: Member, request: RequestOf<'edit'>): Promise<Receipt>;
  /** @throws ProtocolError `no-such-message`, `not-allowed` */
  remove(member: Member, request: RequestOf<'remove'>): Promise<Receipt>;
  /**
   * @throws ProtocolError `bad-request` for what is no emoji, `no-such-message`, `not-delivered`, `limit-reached`, and as
   *   PostingRules.check
   */
  react(member: Member, request: RequestOf<'react'>): Promise<Receipt>;
  /**
   * @returns undefined if it is pinned already
   * @throws ProtocolError `no-such-message`, `not-allowed`, `not-delivered`, `limit-reached`, and as PostingRules.check
   */
  pin(member: Member, request: RequestOf<'pin'>): Promise<Receipt | undefined>;
  /** @returns undefined if it is not pinned. @throws ProtocolError as `pin` */
  unpin(member: Member, request: RequestOf<'unpin'>): Promise<Receipt | undefined>;
  /**
   * @returns undefined if it is the room's topic already
   * @throws ProtocolError `no-such-room`, `not-a-member`, `not-allowed`
   */
  setTopic(member: Member, request: RequestOf<'set-topic'>): Promise<Receipt | undefined>;
  /** Another server has posted it. */
  posted(posted: Pick<StoredMessage, 'entry' | 'target' | 'to'>): void;
  /** Makes a member live; see LiveRooms.subscribe. */
  attach(member: Member): () => boolean;
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

    edit: ({ account }, request) => edit(deps, account, request),
    remove: ({ account }, request) => remove(deps, account, request),
    react: ({ account }, request) => react(deps, account, request),
    pin: ({ account }, request) => pin(deps, account, request),
    unpin: ({ account }, request) => unpin(deps, account, request),
    setTopic: ({ account }, request) => setTopic(deps, account, request),

    posted({ entry, target, to }) {
      const room = 'room' in target ? rooms.byId.get(target.room) : undefined;
      if (room !== undefined && entry.kind === 'topic') room.topic = entry.text;
      const conversation = { target, room: room?.name, peer: to };
      const event = entryEvent(entry, conversation, { name: entry.from });
      if (room !== undefined && event.type === 'message') postingRules.postedElsewhere(room, event.from);
      rooms.sendToConversation(target, event);
    },

    attach: (member) => (presence.has(member) ? rooms.subscribe(member) : () => true),

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

async function edit(deps: ChatParts, account: Account, request: RequestOf<'edit'>): Promise<Receipt> {
  const { of } = request;
  const text = messageText(request.text);
  const found = await deps.lookup.message(account, of);
  const { conversation, entry, membership } = found;
  const allowed = isOwn(found, account) && deps.permissions.allows(actorOf(account, membership), 'edit-own');
  if (!allowed || entry.file !== undefined) throw notAllowed();
  // Editing an old message must not get around a block.
  await deps.lookup.checkNotBlocked(account, conversation);
  deps.postingRules.check(account, conversation, { text, slowModeExempt: true });
  const logged = await deps.store.edit({ of, account: account.id, at: deps.clock.now(), text });
  if (logged === undefined) throw noSuchMessage();
  send(deps, found, account, { ...logged, from: account.name, key: '', kind: 'edit', text, of });
  return receiptOf(logged);
}

async function remove(deps: ChatParts, account: Account, { of }: RequestOf<'remove'>): Promise<Receipt> {
  const found = await deps.lookup.message(account, of);
  const { entry, membership } = found;
  const action = isOwn(found, account) ? 'remove-own' : 'remove-other';
  if (!deps.permissions.allows(actorOf(account, membership), action)) throw notAllowed();
  const logged = await deps.store.remove({ of, account: account.id, at: deps.clock.now() });
  if (logged === undefined) throw noSuchMessage();
  send(deps, found, account, { ...logged, from: account.name, key: '', kind: 'removal', text: '', of });
  if (entry.file !== undefined) deps.onRemoved();
  if (entry.from !== account.name) {
    const detail = `message ${of}`;
    await deps.audit.record(account, { action: 'remove', on: entry.from, detail, room: membership?.room });
  }
  return receiptOf(logged);
}

async function react(deps: ChatParts, account: Account, request: RequestOf<'react'>): Promise<Receipt> {
  const emoji = reactionEmoji(request.emoji);
  if (emoji === undefined) {
    const message = `Not a reaction. Use one emoji, or one of these: ${reactionCodes.join(', ')}.`;
    throw new ProtocolError('bad-request', message);
  }
  const { of } = request;
  const found = await deps.lookup.message(account, of);
  await checkMayRelate(deps, account, found);
  const reacted = await deps.store.react({ of, account: account.id, at: deps.clock.now(), emoji });
  if (reacted.outcome !== 'kept') {
    throw reacted.outcome === 'too-many' ? tooManyKinds() : noSuchMessage();
  }
  const { seq, at, reactions } = reacted;
  const entry = { seq, at, from: account.name, key: '', kind: 'reaction', text: reacted.emoji } as const;
  send(deps, found, account, { ...entry, of, quoted: found.entry, reactions });
  return receiptOf(reacted);
}

function tooManyKinds(): ProtocolError {
  const message = `A message can have ${limits.reactionKinds} different reactions. Choose one that it has.`;
  return new ProtocolError('limit-reached', message);
}

async function pin(
  deps: ChatParts,
  account: Account,
  { of }: RequestOf<'pin'>,
): Promise<Receipt | undefined> {
  const found = await pinnable(deps, account, of);
  const pinned = await deps.store.pin({ of, account: account.id, at: deps.clock.now() });
  switch (pinned.outcome) {
    case 'kept':
      return sendPin(deps, account, { found, of, kind: 'pin', logged: pinned });
    case 'unchanged':
      return undefined;
    case 'no-such-message':
      throw noSuchMessage();
    case 'too-many':
      throw new ProtocolError('limit-reached', `${limits.pins} messages are pinned here. Unpin one first.`);
    default:
      return pinned satisfies never;
  }
}

async function unpin(
  deps: ChatParts,
  account: Account,
  { of }: RequestOf<'unpin'>,
): Promise<Receipt | undefined> {
  const found = await pinnable(deps, account, of);
  const logged = await deps.store.unpin({ of, account: account.id, at: deps.clock.now() });
  return logged && sendPin(deps, account, { found, of, kind: 'unpin', logged });
}

async function pinnable(deps: ChatParts, account: Account, of: number): Promise<FoundMessage> {
  const found = await deps.lookup.message(account, of);
  const { membership } = found;
  if (membership !== undefined && !deps.permissions.allows(actorOf(account, membership), 'pin')) {
    throw notAllowed(`Only owners and moderators of #${membership.room.name} can pin messages.`);
  }
  await checkMayRelate(deps, account, found);
  return found;
}

function sendPin(
  deps: ChatParts,
  account: Account,
  pinned: { found: FoundMessage; of: number; kind: 'pin' | 'unpin'; logged: LogPosition },
): Receipt {
  const { found, of, kind, logged } = pinned;
  const { seq, at } = logged;
  const entry = { seq, at, from: account.name, key: '', kind, text: '', of, quoted: found.entry } as const;
  send(deps, found, account, entry);
  return receiptOf(logged);
}

/** Reactions and pins are for those who could post: everyone in the conversation sees them. */
async function checkMayRelate(
  deps: ChatParts,
  account: Account,
  { conversation }: FoundMessage,
): Promise<void> {
  await deps.lookup.checkNotBlocked(account, conversation);
  deps.postingRules.check(account, conversation, { text: '', slowModeExempt: true });
}

async function setTopic(
  deps: ChatParts,
  account: Account,
  request: RequestOf<'set-topic'>,
): Promise<Receipt | undefined> {
  const membership = deps.lookup.membership(account, request.room);
  const { room } = membership;
  if (!deps.permissions.allows(actorOf(account, membership), 'set-topic')) {
    throw notAllowed(`Only owners and moderators of #${room.name} can set its topic.`);
  }
  const topic = topicText(request.topic);
  deps.postingRules.check(account, roomRef(membership), { text: topic, slowModeExempt: true });
  const logged = await deps.store.setTopic({
    room: room.id,
    account: account.id,
    topic,
    at: deps.clock.now(),
  });
  if (logged === undefined) return undefined;
  room.topic = topic;
  const entry: LogEntry = { ...logged, from: account.name, key: '', kind: 'topic', text: topic };
  deps.rooms.sendToConversation({ room: room.id }, entryEvent(entry, roomRef(membership), account));
  return receiptOf(logged);
}

function isOwn(found: FoundMessage, account: Account): boolean {
  return found.account === account.id;
}

function send({ rooms }: ChatParts, { conversation }: FoundMessage, account: Account, entry: LogEntry): void {
  rooms.sendToConversation(conversation.target, entryEvent(entry, conversation, account));
}
