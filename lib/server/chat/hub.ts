/** The hub: what is said goes to the store, then to everybody it is for. Knows members, not sockets. */
import { ProtocolError } from '../../protocol/errors.js';
import { encodeFrame } from '../../protocol/frame.js';
import { messageText } from '../../protocol/message-text.js';
import type { FileInfo } from '../../protocol/records.js';
import type { RequestOf } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type { NewEntry } from '../../store/message-store.js';
import type { Mute } from '../../store/moderation-store.js';
import type { Standing } from '../../store/room-store.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import { createRateLimiter, type Rate } from '../rate-limiter.js';
import { createEdits, type Edits } from './edits.js';
import { messageEvent, type Place } from './entry-event.js';
import { createSubscriber, type Subscriber } from './fan-out.js';
import type { Circumstances } from './join-notices.js';
import { createDelivery, createLiveRooms, type Delivery, type LiveRooms } from './live-rooms.js';
import { createLookup, type Lookup, notDelivered, type Where } from './lookup.js';
import { createMembership, type Membership, topicOf } from './membership.js';
import type { Policy } from './permissions.js';
import { createPostingRules, type PostingRules, type Saying } from './posting-rules.js';
import { createPresence, type Member, type Presence } from './presence.js';

/** What the sender gets where no message event tells it. */
export interface Receipt {
  readonly seq: number;
  readonly at: string;
}

/** A file whose bytes are there. */
export interface Announcement {
  readonly where: Where;
  readonly file: FileInfo;
  readonly key: string;
  /** Called right before it is said: throws where it may not be any more. */
  readonly check: () => void;
}

export interface Hub {
  readonly presence: Presence;
  readonly seats: LiveRooms;
  readonly places: Lookup;
  readonly delivery: Delivery;
  readonly speech: PostingRules;
  readonly membership: Membership;
  readonly changes: Edits;
  /**
   * Resolves once the message is on disk and on its way; undefined where the sender's own copy of it is the
   * answer.
   * @throws ProtocolError `rate-limited`, `message-empty`, `message-too-long`, `not-delivered`, and as Places.find
   */
  say(member: Member, request: RequestOf<'say'>): Promise<Receipt | undefined>;
  /**
   * Says that a file is there, also for somebody who has gone meanwhile.
   * @throws ProtocolError `not-delivered`, as Places.find (they may have left the room), and as `check`
   */
  announce(account: Account, announcement: Announcement): Promise<Receipt>;
  /** Does `work` as if the account was signed in, which it need not be any more. */
  seated<Value>(account: Account, work: () => Promise<Value>): Promise<Value>;
  /** Counts something that is said. @throws ProtocolError `rate-limited` */
  count(account: Account): void;
  /** Notes what somebody is in who signs in, and where they are muted. */
  seat(account: Account, known: { standings: readonly Standing[]; mutes: readonly Mute[] }): void;
  /** Tells the other terminals of a member how far it has read. */
  read(member: Member, place: Place, seq: number): Promise<void>;
  /** Tells a member who invites it. */
  remind(member: Member): Promise<void>;
  /**
   * Makes a member live: what is said from now on is held for it, and goes out once the function returned is
   * called. That one returns false where it was too much to keep: what was held is then in the store only.
   */
  attach(member: Member): () => boolean;
  /** Forgets a member whose connection is over. */
  leave(member: Member, circumstances?: Circumstances): void;
  /** Sends to everybody what still waits in a room's buffer. */
  flush(): void;
}

export interface HubDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly rate: Rate;
  readonly policy: Policy;
  /** Names that are here at once. */
  readonly most?: number;
  /** Something was removed that has files, or a room ended: there may be things to clear away. */
  readonly onRemoved: () => void;
}

export async function openHub({ store, clock, rate, policy, most, onRemoved }: HubDeps): Promise<Hub> {
  const allowance = createRateLimiter<number>(rate, clock);
  const live = new Map<Member, Subscriber>();
  const seats = createLiveRooms(clock);
  for (const room of await store.rooms()) seats.open(room);
  const presence = createPresence(clock, seats.everybody, most);
  const places = createLookup({ store, seats });
  const delivery = createDelivery({ seats, presence, live });
  const membership = createMembership({
    ...{ store, clock, seats, places, delivery, presence, live, policy },
    onEnded: onRemoved,
  });
  const speech = createPostingRules({ seats, clock, policy });
  const changes = createEdits({
    ...{ store, clock, places, delivery, speech, policy },
    onFileRemoved: onRemoved,
  });

  function count({ id }: Account): void {
    const wait = allowance.take(id);
    if (wait === 0) return;
    const message = `You are sending faster than ${rate.perSecond} messages a second.`;
    throw new ProtocolError('rate-limited', message, wait);
  }

  /** Keeps a message and sends it to everybody it is for, unless that was done before. */
  async function append(account: Account, place: Place, entry: Said): Promise<Receipt & { told: boolean }> {
    const { target } = place;
    const appended = await store.append({ ...entry, target, account: account.id, at: clock.now() });
    if (appended.outcome === 'blocked') throw notDelivered();
    const { seq, at, repeated } = appended;
    const receipt = { seq, at: new Date(at).toISOString() };
    if (repeated) return { ...receipt, told: false };
    const { key, text, action, file } = entry;
    const kind = file === undefined ? (action ? 'action' : 'text') : 'file';
    const from = account.name;
    const kept = { seq, at, from, key, text, kind, ...(file === undefined ? {} : { file }) } as const;
    delivery.toConversation(target, messageEvent(kept, place, account));
    return { ...receipt, told: true };
  }

  /** Whether what is said there reaches a member now: it may have left the room meanwhile. */
  function hears(member: Member, { target }: Place): boolean {
    const gate = live.get(member);
    if (gate?.isOpen !== true) return false;
    return 'direct' in target || seats.rooms.get(target.room)?.gates.has(gate) === true;
  }

  async function seated<Value>(account: Account, work: () => Promise<Value>): Promise<Value> {
    const { id } = account;
    const [standings, mutes] = await Promise.all([store.standings(id), store.mutes(id, clock.now())]);
    seat(account, { standings, mutes });
    try {
      return await work();
    } finally {
      forget(id);
    }
  }

  function seat({ id }: Account, { standings, mutes }: Parameters<Hub['seat']>[1]): void {
    seats.fill(id, standings);
    speech.fill(id, mutes);
  }

  /** Unless a terminal of theirs is here. */
  function forget(id: number): void {
    if (presence.terminals(id).size > 0) return;
    seats.forget(id);
    speech.forget(id);
  }

  /** @returns the receipt of what was said under that key before, though it would be refused by now */
  async function admit(
    account: Account,
    place: Place,
    entry: Saying & { key: string },
  ): Promise<Receipt | undefined> {
    try {
      speech.admit(account, place, entry);
      return undefined;
    } catch (refusal) {
      const said = await store.said(account.id, entry.key);
      if (said === undefined) throw refusal;
      return { seq: said.seq, at: new Date(said.at).toISOString() };
    }
  }

  /** Without words of their own that they may not say. */
  function tellable(account: Account, circumstances: Circumstances): Circumstances {
    const { by, reason = '' } = circumstances;
    if (by !== undefined) return circumstances;
    try {
      speech.admitNotice(account, reason);
      return circumstances;
    } catch {
      return {};
    }
  }

  return {
    presence,
    seats,
    places,
    delivery,
    speech,
    membership,
    changes,
    count,

    async say(member, request) {
      const { room, to, key, action = false } = request;
      const { account } = member;
      const text = messageText(request.text);
      count(account);
      const place = await places.find(account, { room, peer: to });
      const before = await admit(account, place, { text, key });
      if (before !== undefined) return before;
      const { told, ...receipt } = await append(account, place, { key, text, action });
      return told && hears(member, place) ? undefined : receipt;
    },

    announce: (account, { where, file, key, check }) =>
      seated(account, async () => {
        const place = await places.find(account, where);
        const said = { key, file, text: file.name, action: false };
        const before = await admit(account, place, { text: '', file: true, key });
        if (before !== undefined) return before;
        check();
        const { told: _, ...receipt } = await append(account, place, said);
        return receipt;
      }),

    seated,

    seat,

    async read(member, { target, room, peer }, seq) {
      const { account } = member;
      const mark = await store.markRead(account.id, target, seq);
      if (mark === undefined) return;
      const where = room === undefined ? { with: peer ?? '' } : { room };
      delivery.toAccounts([account.id], { type: 'seen', ...where, seq: mark }, member);
    },

    async remind(member) {
      for (const { room, by } of await store.invitations(member.account.id)) {
        live.get(member)?.send(encodeFrame({ type: 'invited', room: room.name, by, ...topicOf(room) }));
      }
    },

    attach(member) {
      if (!presence.has(member)) return () => true;
      const gate = live.get(member) ?? createSubscriber(member.send);
      gate.hold();
      if (!live.has(member)) {
        live.set(member, gate);
        for (const { room } of seats.of(member.account.id).values()) {
          // What waits in the buffer is in the store, where this member reads it.
          room.fanOut.flush();
          room.gates.add(gate);
        }
      }
      return gate.open;
    },

    leave(member, circumstances = {}) {
      const gate = live.get(member);
      const { id } = member.account;
      const told = tellable(member.account, circumstances);
      live.delete(member);
      if (gate !== undefined) for (const { room } of seats.of(id).values()) room.gates.delete(gate);
      presence.leave(member, told);
      forget(id);
    },

    flush() {
      for (const room of seats.rooms.values()) room.fanOut.flush();
    },
  };
}

type Said = Pick<NewEntry, 'key' | 'text' | 'action' | 'file'>;
