/** Edits and removals of messages, and topics of rooms. Knows conversations and permissions, not sockets. */
import { messageText, topicText } from '../../protocol/message-text.js';
import type { RequestOf } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type { LogEntry } from '../../store/message-store.js';
import { entryEvent, type Receipt, receiptOf } from './frames.js';
import { type FoundMessage, noSuchMessage, roomRef } from './lookup.js';
import type { ChatParts } from './parts.js';
import { actorOf, notAllowed } from './permissions.js';
import type { Member } from './presence.js';

export interface Edits {
  /** @throws ProtocolError `no-such-message`, `not-allowed`, `not-delivered`, `message-empty`, `message-too-long` */
  edit(member: Member, request: RequestOf<'edit'>): Promise<Receipt>;
  /** @throws ProtocolError `no-such-message`, `not-allowed` */
  remove(member: Member, request: RequestOf<'remove'>): Promise<Receipt>;
  /**
   * @returns undefined if it is the room's topic already
   * @throws ProtocolError `no-such-room`, `not-a-member`, `not-allowed`
   */
  setTopic(member: Member, request: RequestOf<'set-topic'>): Promise<Receipt | undefined>;
}

export function createEdits(deps: ChatParts): Edits {
  return {
    edit: ({ account }, request) => edit(deps, account, request),
    remove: ({ account }, request) => remove(deps, account, request),
    setTopic: ({ account }, request) => setTopic(deps, account, request),
  };
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
