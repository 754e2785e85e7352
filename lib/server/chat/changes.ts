/**
 * Edits, removals, reactions, pins and topics: each goes to the store, then to everyone in the conversation. Knows who may
 * change what, not what else is posted.
 */
import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import { messageText, topicText } from '../../protocol/message-text.js';
import { reactionCodes, reactionEmoji } from '../../protocol/reactions.js';
import type { RequestOf } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type { LogEntry, LogPosition } from '../../store/message-store.js';
import { entryEvent, type Receipt, receiptOf } from './frames.js';
import { type ConversationRef, type FoundMessage, noSuchMessage, roomRef } from './lookup.js';
import type { ChatParts } from './parts.js';
import { actorOf, notAllowed } from './permissions.js';
import type { Member } from './presence.js';

/** @throws ProtocolError `no-such-message`, `not-allowed`, `not-delivered`, `message-empty`, `message-too-long` */
export async function editMessage(
  deps: ChatParts,
  { account }: Member,
  request: RequestOf<'edit'>,
): Promise<Receipt> {
  const { store, clock, lookup, permissions, postingRules } = deps;
  const { of } = request;
  const text = messageText(request.text);
  const found = await lookup.message(account, of);
  const { conversation, entry, membership } = found;
  const allowed = isOwn(found, account) && permissions.allows(actorOf(account, membership), 'edit-own');
  if (!allowed || entry.file !== undefined) throw notAllowed();
  // Editing an old message must not get around a block.
  await lookup.checkNotBlocked(account, conversation);
  postingRules.check(account, conversation, { text, slowModeExempt: true });
  const logged = await store.edit({ of, account: account.id, at: clock.now(), text });
  if (logged === undefined) throw noSuchMessage();
  return send(deps, account, conversation, { kind: 'edit', logged, text, of });
}

/** @throws ProtocolError `no-such-message`, `not-allowed` */
export async function removeMessage(
  deps: ChatParts,
  { account }: Member,
  { of }: RequestOf<'remove'>,
): Promise<Receipt> {
  const { store, clock, lookup, permissions, audit, onRemoved } = deps;
  const found = await lookup.message(account, of);
  const { conversation, entry, membership } = found;
  const action = isOwn(found, account) ? 'remove-own' : 'remove-other';
  if (!permissions.allows(actorOf(account, membership), action)) throw notAllowed();
  const logged = await store.remove({ of, account: account.id, at: clock.now() });
  if (logged === undefined) throw noSuchMessage();
  const receipt = send(deps, account, conversation, { kind: 'removal', logged, of });
  if (entry.file !== undefined) onRemoved();
  if (entry.from !== account.name) {
    const detail = `message ${of}`;
    await audit.record(account, { action: 'remove', on: entry.from, detail, room: membership?.room });
  }
  return receipt;
}

/**
 * @throws ProtocolError `bad-request` for what is no emoji, `no-such-message`, `not-delivered`, `limit-reached`, and as
 *   PostingRules.check
 */
export async function reactToMessage(
  deps: ChatParts,
  { account }: Member,
  request: RequestOf<'react'>,
): Promise<Receipt> {
  const { store, clock, lookup } = deps;
  const { of } = request;
  const emoji = reactionEmoji(request.emoji);
  if (emoji === undefined) {
    const message = `Not a reaction. Use one emoji, or one of these: ${reactionCodes.join(', ')}.`;
    throw new ProtocolError('bad-request', message);
  }
  const { conversation, entry: quoted } = await lookup.message(account, of);
  await checkMayRelate(deps, account, conversation);
  const reacted = await store.react({ of, account: account.id, at: clock.now(), emoji });
  if (reacted.outcome !== 'kept') {
    throw reacted.outcome === 'too-many' ? tooManyKinds() : noSuchMessage();
  }
  const { emoji: text, reactions } = reacted;
  return send(deps, account, conversation, {
    kind: 'reaction',
    logged: reacted,
    text,
    of,
    quoted,
    reactions,
  });
}

function tooManyKinds(): ProtocolError {
  const message = `A message can have ${limits.reactionKinds} different reactions. Choose one that it has.`;
  return new ProtocolError('limit-reached', message);
}

/**
 * @returns nothing if it is pinned already
 * @throws ProtocolError `no-such-message`, `not-allowed`, `not-delivered`, `limit-reached`, and as PostingRules.check
 */
export async function pinMessage(
  deps: ChatParts,
  { account }: Member,
  { of }: RequestOf<'pin'>,
): Promise<Partial<Receipt>> {
  const { conversation, entry: quoted } = await pinnable(deps, account, of);
  const pinned = await deps.store.pin({ of, account: account.id, at: deps.clock.now() });
  switch (pinned.outcome) {
    case 'kept':
      return send(deps, account, conversation, { kind: 'pin', logged: pinned, of, quoted });
    case 'unchanged':
      return {};
    case 'no-such-message':
      throw noSuchMessage();
    case 'too-many':
      throw new ProtocolError('limit-reached', `${limits.pins} messages are pinned here. Unpin one first.`);
    default:
      return pinned satisfies never;
  }
}

/** @returns nothing if it is not pinned. @throws ProtocolError as `pinMessage` */
export async function unpinMessage(
  deps: ChatParts,
  { account }: Member,
  { of }: RequestOf<'unpin'>,
): Promise<Partial<Receipt>> {
  const { conversation, entry: quoted } = await pinnable(deps, account, of);
  const logged = await deps.store.unpin({ of, account: account.id, at: deps.clock.now() });
  return logged === undefined ? {} : send(deps, account, conversation, { kind: 'unpin', logged, of, quoted });
}

async function pinnable(deps: ChatParts, account: Account, of: number): Promise<FoundMessage> {
  const found = await deps.lookup.message(account, of);
  const { membership } = found;
  if (membership !== undefined && !deps.permissions.allows(actorOf(account, membership), 'pin')) {
    throw notAllowed(`Only owners and moderators of #${membership.room.name} can pin messages.`);
  }
  await checkMayRelate(deps, account, found.conversation);
  return found;
}

/** Reactions and pins are for those who could post: everyone in the conversation sees them. */
async function checkMayRelate(
  { lookup, postingRules }: ChatParts,
  account: Account,
  conversation: ConversationRef,
): Promise<void> {
  await lookup.checkNotBlocked(account, conversation);
  postingRules.check(account, conversation, { text: '', slowModeExempt: true });
}

/**
 * @returns nothing if it is the room's topic already
 * @throws ProtocolError `no-such-room`, `not-a-member`, `not-allowed`
 */
export async function setTopic(
  deps: ChatParts,
  { account }: Member,
  request: RequestOf<'set-topic'>,
): Promise<Partial<Receipt>> {
  const { store, clock, lookup, permissions, postingRules } = deps;
  const membership = lookup.membership(account, request.room);
  const { room } = membership;
  if (!permissions.allows(actorOf(account, membership), 'set-topic')) {
    throw notAllowed(`Only owners and moderators of #${room.name} can set its topic.`);
  }
  const text = topicText(request.topic);
  const conversation = roomRef(membership);
  postingRules.check(account, conversation, { text, slowModeExempt: true });
  const change = { room: room.id, account: account.id, topic: text, at: clock.now() };
  const logged = await store.setTopic(change);
  if (logged === undefined) return {};
  room.topic = text;
  return send(deps, account, conversation, { kind: 'topic', logged, text });
}

function isOwn(found: FoundMessage, account: Account): boolean {
  return found.account === account.id;
}

type Changed = Pick<LogEntry, 'kind' | 'of' | 'quoted' | 'reactions'> & {
  readonly logged: LogPosition;
  readonly text?: string;
};

function send(
  { rooms }: ChatParts,
  account: Account,
  conversation: ConversationRef,
  { logged, text = '', ...change }: Changed,
): Receipt {
  const { seq, at } = logged;
  const entry = { ...change, seq, at, from: account.name, key: '', text };
  rooms.sendToConversation(conversation.target, entryEvent(entry, conversation, account));
  return receiptOf(logged);
}
