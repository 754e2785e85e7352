/** Changing what was said, and a room's topic. Knows places and rights, not sockets. */
import { ProtocolError } from '../../protocol/errors.js';
import { messageText, topicText } from '../../protocol/message-text.js';
import type { RequestOf } from '../../protocol/requests.js';
import type { Entry, Logged } from '../../store/message-store.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import { inAudit } from '../moderation/audit.js';
import { actorIn } from './actor.js';
import { entryEvent } from './entry-event.js';
import type { Delivery } from './live-rooms.js';
import { type Lookup, placeOf } from './lookup.js';
import { notAllowed } from './membership.js';
import { can, type Policy } from './permissions.js';
import type { PostingRules } from './posting-rules.js';
import type { Member } from './presence.js';

export interface Edits {
  /** @throws ProtocolError `no-such-message`, `not-allowed`, `not-delivered`, `message-empty`, `message-too-long` */
  edit(member: Member, request: RequestOf<'edit'>): Promise<Logged>;
  /** @throws ProtocolError `no-such-message`, `not-allowed` */
  remove(member: Member, request: RequestOf<'remove'>): Promise<Logged>;
  /** @throws ProtocolError `no-such-room`, `not-a-member`, `not-allowed` */
  setTopic(member: Member, request: RequestOf<'set-topic'>): Promise<Logged | undefined>;
}

export interface EditsDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly places: Lookup;
  readonly delivery: Delivery;
  readonly speech: PostingRules;
  readonly policy: Policy;
  /** A message with this file was removed; others may still have it. */
  readonly onFileRemoved: (hash: string) => void;
}

export function createEdits(deps: EditsDeps): Edits {
  const { store, clock, places, delivery, speech, policy } = deps;

  async function located(member: Member, of: number, action: 'edit' | 'remove') {
    const found = await places.message(member.account, of);
    const own = found.account === member.account.id;
    const actor = actorIn(member.account, found.membership);
    if (action === 'edit' && !(own && can(actor, 'edit-own', policy))) throw notAllowed();
    if (action === 'remove' && !can(actor, own ? 'remove-own' : 'remove-other', policy)) throw notAllowed();
    return found;
  }

  function noMessage(): ProtocolError {
    return new ProtocolError('no-such-message', 'There is no such message.');
  }

  return {
    async edit(member, request) {
      const text = messageText(request.text);
      const { place, entry } = await located(member, request.of, 'edit');
      if (entry.file !== undefined) throw notAllowed();
      // An old message is no way around a block.
      await places.deliverable(member.account, place);
      const { account } = member;
      speech.admit(account, place, { text, again: true });
      const logged = await store.edit({ of: request.of, account: account.id, at: clock.now(), text });
      if (logged === undefined) throw noMessage();
      const edit: Entry = { ...logged, from: account.name, key: '', kind: 'edit', text, of: request.of };
      delivery.toConversation(place.target, entryEvent(edit, place, account));
      return logged;
    },

    async remove(member, { of }) {
      const { place, entry, membership } = await located(member, of, 'remove');
      const { account } = member;
      const at = clock.now();
      const logged = await store.remove({ of, account: account.id, at });
      if (logged === undefined) throw noMessage();
      const removal: Entry = { ...logged, from: account.name, key: '', kind: 'removal', text: '', of };
      delivery.toConversation(place.target, entryEvent(removal, place, account));
      if (entry.file !== undefined) deps.onFileRemoved(entry.file.hash);
      if (entry.from !== account.name) {
        const { name: by } = account;
        await store.record({
          at,
          by,
          action: 'remove',
          on: entry.from,
          detail: `message ${of}`,
          ...inAudit(membership?.room),
        });
      }
      return logged;
    },

    async setTopic({ account }, request) {
      const membership = places.membership(account, request.room);
      const { room } = membership;
      if (!can(actorIn(account, membership), 'set-topic', policy)) {
        throw new ProtocolError('not-allowed', `Only owners and moderators of #${room.name} set its topic.`);
      }
      const topic = topicText(request.topic);
      speech.admit(account, placeOf(membership), { text: topic, again: true });
      const logged = await store.setTopic({ room: room.id, account: account.id, topic, at: clock.now() });
      if (logged === undefined) return undefined;
      room.topic = topic;
      const { seq, at } = logged;
      delivery.toConversation(
        { room: room.id },
        { type: 'topic', seq, room: room.name, from: account.name, at: new Date(at).toISOString(), topic },
      );
      return logged;
    },
  };
}
