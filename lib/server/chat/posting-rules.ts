/**
 * Whether an account may post in a conversation now: rate, mutes and the room's rules. Knows live rooms, not what becomes of
 * the post.
 */
import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import { findLinks } from '../../protocol/links.js';
import { duration } from '../../protocol/quantities.js';
import type { Account } from '../../store/account-store.js';
import type { Clock } from '../../system/clock.js';
import { createRateLimiter, type Rate, type RateLimiter } from '../rate-limiter.js';
import type { LiveRoom, LiveRooms } from './live-rooms.js';
import { type ConversationRef, roomRef } from './lookup.js';
import { actorOf, type Permissions } from './permissions.js';

/** What is to be posted. */
export interface Post {
  readonly text: string;
  readonly file?: true;
  /** Not a new message but an edit, a topic or a notice: it doesn't count in slow mode. */
  readonly slowModeExempt?: true;
}

export interface PostingRules {
  /** Counts a message, or an action that others see. @throws ProtocolError `rate-limited` */
  countMessage(account: Account): void;
  /** @throws ProtocolError `muted`, `room-locked`, `restricted`, `slow-mode` */
  check(account: Account, conversation: ConversationRef, post: Post): void;
  /** The account of that name has posted in the room at another server: it counts in slow mode. */
  postedElsewhere(room: LiveRoom, name: string): void;
  /** For a text that everyone sees: an away message or the reason for leaving. @throws ProtocolError as `check` */
  checkNotice(account: Account, text: string): void;
}

interface PostingRulesDeps {
  readonly rooms: LiveRooms;
  readonly clock: Clock;
  readonly permissions: Permissions;
  readonly live: {
    /** Messages of one account. May change. */
    readonly rate: Rate;
  };
}

export function createPostingRules({ rooms, clock, permissions, live }: PostingRulesDeps): PostingRules {
  const messages = createRateLimiter<number>(() => live.rate, clock);
  const slowModeWait = createSlowMode(clock);

  function checkMutes(account: Account, { target, room }: ConversationRef): void {
    const now = clock.now();
    const here = 'room' in target ? target.room : undefined;
    const mute = rooms
      .mutesOf(account.id)
      .find((each) => (each.room === undefined || each.room === here) && (each.until ?? now + 1) > now);
    if (mute === undefined) return;
    const where = mute.room === undefined ? '' : ` in #${room}`;
    const left = mute.until === undefined ? '' : ` for another ${duration(mute.until - now)}`;
    throw new ProtocolError('muted', `You are muted${where}${left}.`);
  }

  function check(account: Account, conversation: ConversationRef, post: Post): void {
    checkMutes(account, conversation);
    const { room: name } = conversation;
    const membership = name === undefined ? undefined : rooms.membershipsOf(account.id).get(name);
    if (membership === undefined) return;
    if (permissions.allows(actorOf(account, membership), 'say-restricted')) return;
    checkRestrictions(membership.room, post);
    if (post.slowModeExempt) return;
    const wait = slowModeWait(membership.room, account.name);
    if (wait === 0) return;
    const message = `Slow mode: you can post again in ${Math.ceil(wait / 1000)} s.`;
    throw new ProtocolError('slow-mode', message, wait);
  }

  return {
    countMessage({ id }) {
      const wait = messages.take(id);
      if (wait === 0) return;
      const message = `You are sending more than ${live.rate.perSecond} messages a second.`;
      throw new ProtocolError('rate-limited', message, wait);
    },
    check,
    postedElsewhere: (room, name) => void slowModeWait(room, name),
    checkNotice(account, text) {
      if (text === '') return;
      for (const membership of rooms.membershipsOf(account.id).values()) {
        if (membership.room.lobby) check(account, roomRef(membership), { text, slowModeExempt: true });
      }
    },
  };
}

function checkRestrictions({ name, rules }: LiveRoom, post: Post): void {
  const { restrict = [], locked = false } = rules;
  if (locked) {
    throw new ProtocolError('room-locked', `#${name} is locked. Only owners and moderators can post here.`);
  }
  if (restrict.includes('files') && post.file === true) {
    throw new ProtocolError('restricted', `Files are not allowed in #${name}.`);
  }
  if (restrict.includes('links') && findLinks(post.text).length > 0) {
    throw new ProtocolError('restricted', `Links are not allowed in #${name}.`);
  }
  if (restrict.includes('caps') && isMostlyCapitals(post.text)) {
    throw new ProtocolError('restricted', `All-caps messages are not allowed in #${name}.`);
  }
}

function isMostlyCapitals(text: string): boolean {
  const capitals = text.match(/\p{Lu}/gu)?.length ?? 0;
  const small = text.match(/\p{Ll}/gu)?.length ?? 0;
  // Fewer could be an abbreviation.
  return capitals >= 8 && capitals > 2 * small;
}

/** The limiters of one room; they are replaced when its rules change. */
interface RoomLimiters {
  readonly slow: number | undefined;
  readonly restricted: boolean;
  /** By the account's name. */
  readonly limiters: readonly RateLimiter<string>[];
}

const restrictedRateMs = 30_000;

/** @returns counts a message unless it has to wait: then for how many milliseconds, else 0 */
function createSlowMode(clock: Clock): (room: LiveRoom, name: string) => number {
  const known = new WeakMap<LiveRoom, RoomLimiters>();

  function limitersOf(room: LiveRoom): RoomLimiters {
    const { slow, restrict = [] } = room.rules;
    const restricted = restrict.includes('rate');
    const before = known.get(room);
    if (before !== undefined && before.slow === slow && before.restricted === restricted) return before;
    const burst = limits.restrictedRate;
    const rates: Rate[] = [
      ...(slow === undefined ? [] : [{ burst: 1, perSecond: 1000 / slow }]),
      ...(restricted ? [{ burst, perSecond: (burst * 1000) / restrictedRateMs }] : []),
    ];
    const now = { slow, restricted, limiters: rates.map((rate) => createRateLimiter<string>(rate, clock)) };
    known.set(room, now);
    return now;
  }

  return (room, name) => {
    const { limiters } = limitersOf(room);
    const wait = Math.max(0, ...limiters.map((limiter) => limiter.wait(name)));
    if (wait === 0) for (const limiter of limiters) limiter.take(name);
    return wait;
  };
}
