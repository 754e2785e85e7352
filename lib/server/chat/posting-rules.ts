/**
 * Whether somebody may say something in a place: mutes, and what a room restricts. Knows who is muted of those
 * who are signed in; not how it came to that.
 */
import { duration } from '../../protocol/duration.js';
import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import { findLinks } from '../../protocol/links.js';
import type { Account } from '../../store/account-store.js';
import type { Mute } from '../../store/moderation-store.js';
import type { Clock } from '../../system/clock.js';
import { createRateLimiter, type RateLimiter } from '../rate-limiter.js';
import { actorIn } from './actor.js';
import type { Place } from './entry-event.js';
import type { LiveRoom, LiveRooms, Membership } from './live-rooms.js';
import { placeOf } from './lookup.js';
import { can, type Policy } from './permissions.js';

/** What is to be said. */
export interface Saying {
  readonly text: string;
  readonly file?: true;
  /** It is no further message: an edit, a topic. */
  readonly again?: true;
}

export interface PostingRules {
  /** Takes note of the mutes of somebody who signs in, unless they are known. */
  fill(account: number, mutes: readonly Mute[]): void;
  /** Forgets somebody who has no terminal here any more. */
  forget(account: number): void;
  /** Without effect for somebody who is not signed in. */
  mute(account: number, mute: Mute): void;
  unmute(account: number, room: number | undefined): void;
  /** @throws ProtocolError `muted`, `room-locked`, `restricted`, `slow-mode` */
  admit(account: Account, place: Place, saying: Saying): void;
  /** What everybody is told besides: why somebody is away or left. '' is nothing. @throws ProtocolError as `admit` */
  admitNotice(account: Account, text: string): void;
}

export interface PostingRulesDeps {
  readonly seats: LiveRooms;
  readonly clock: Clock;
  readonly policy: Policy;
}

/** Paces of one room: changed with its rules. */
interface Pace {
  readonly slow: number | undefined;
  readonly restricted: boolean;
  readonly intervals: RateLimiter<number> | undefined;
  readonly rate: RateLimiter<number> | undefined;
}

const rateMs = 30_000;

export function createPostingRules({ seats, clock, policy }: PostingRulesDeps): PostingRules {
  const mutes = new Map<number, Mute[]>();
  const paces = new WeakMap<LiveRoom, Pace>();

  function paceOf(room: LiveRoom): Pace {
    const { slow, restrict = [] } = room.rules;
    const restricted = restrict.includes('rate');
    const known = paces.get(room);
    if (known !== undefined && known.slow === slow && known.restricted === restricted) return known;
    const burst = limits.restrictedRate;
    const pace = {
      slow,
      restricted,
      intervals:
        slow === undefined
          ? undefined
          : createRateLimiter<number>({ burst: 1, perSecond: 1000 / slow }, clock),
      rate: restricted
        ? createRateLimiter<number>({ burst, perSecond: (burst * 1000) / rateMs }, clock)
        : undefined,
    };
    paces.set(room, pace);
    return pace;
  }

  function checkMutes(account: number, place: Place): void {
    const now = clock.now();
    const here = 'room' in place.target ? place.target.room : undefined;
    const muted = mutes
      .get(account)
      ?.find(({ room, until: end }) => (room === undefined || room === here) && (end ?? now + 1) > now);
    if (muted === undefined) return;
    const where = muted.room === undefined ? 'here' : `in #${place.room}`;
    const left = muted.until === undefined ? '' : ` for another ${duration(muted.until - now)}`;
    throw new ProtocolError('muted', `You are muted ${where}${left}: nothing that you say is taken.`);
  }

  function checkRules(account: Account, { room }: Membership, saying: Saying): void {
    const { restrict = [], locked = false } = room.rules;
    const name = `#${room.name}`;
    if (locked)
      throw new ProtocolError('room-locked', `${name} is locked: only those who lead it say something.`);
    if (restrict.includes('files') && saying.file === true) {
      throw new ProtocolError('restricted', `${name} takes no files.`);
    }
    if (restrict.includes('links') && findLinks(saying.text).length > 0) {
      throw new ProtocolError('restricted', `${name} takes no links.`);
    }
    if (restrict.includes('caps') && shouts(saying.text)) {
      throw new ProtocolError('restricted', `${name} takes no messages in capitals.`);
    }
    if (saying.again) return;
    const { intervals, rate } = paceOf(room);
    const wait = Math.max(intervals?.wait(account.id) ?? 0, rate?.wait(account.id) ?? 0);
    if (wait > 0) {
      const message = `${name} is slow: you can say something in ${Math.ceil(wait / 1000)} s.`;
      throw new ProtocolError('slow-mode', message, wait);
    }
    intervals?.take(account.id);
    rate?.take(account.id);
  }

  function admit(account: Account, place: Place, saying: Saying): void {
    checkMutes(account.id, place);
    const membership = place.room === undefined ? undefined : seats.of(account.id).get(place.room);
    if (membership === undefined || can(actorIn(account, membership), 'say-restricted', policy)) return;
    checkRules(account, membership, saying);
  }

  return {
    fill(account, known) {
      if (!mutes.has(account)) mutes.set(account, [...known]);
    },
    forget: (account) => void mutes.delete(account),
    mute(account, mute) {
      const known = mutes.get(account);
      if (known !== undefined) mutes.set(account, [...known.filter(({ room }) => room !== mute.room), mute]);
    },
    unmute(account, room) {
      const known = mutes.get(account);
      if (known !== undefined) {
        mutes.set(
          account,
          known.filter((each) => each.room !== room),
        );
      }
    },
    admit,
    admitNotice(account, text) {
      if (text === '') return;
      for (const membership of seats.of(account.id).values()) {
        if (membership.room.everybody) admit(account, placeOf(membership), { text, again: true });
      }
    },
  };
}

/** Most of its letters are capitals, and there are enough of them to be sure. */
function shouts(text: string): boolean {
  const capitals = text.match(/\p{Lu}/gu)?.length ?? 0;
  const small = text.match(/\p{Ll}/gu)?.length ?? 0;
  return capitals >= 8 && capitals > 2 * small;
}
