/**
 * Push notifications: who hears of a message while they are away or have no terminal, and where. The server that takes a
 * message tells of it. Knows presence and the store, not HTTP.
 */
import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import { findNames } from '../../protocol/mentions.js';
import { cutToBytes } from '../../protocol/printable.js';
import type { PushInfo } from '../../protocol/records.js';
import type { RequestFields } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type { PushTarget } from '../../store/push-store.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import type { PostedMessage } from '../chat/parts.js';
import { notAllowed } from '../chat/permissions.js';
import type { Presence } from '../chat/presence.js';
import type { Log } from '../log.js';
import { createTally, type Tally } from '../net/counts.js';
import type { Notices } from '../notices.js';
import type { Peers } from '../peers.js';
import { createRateLimiter } from '../rate-limiter.js';
import type { PushHosts } from './push-hosts.js';
import { createPushQueue, type PushQueue, type QueuedPush } from './push-queue.js';
import { type Notification, type PushOutcome, sendPush } from './send-push.js';

/** What became of a notification: of its last try, or of one that got none. */
type PushEnd = PushOutcome['result'] | 'too-fast' | 'queue-full';

interface PushCounts {
  readonly ends: Tally<PushEnd>;
  readonly queue: Pick<PushQueue, 'waiting' | 'retries'>;
}

export interface Push {
  readonly counts: PushCounts;
  /** Tells those whom a message is for and who are away. Never waits, never throws. */
  posted(message: PostedMessage): void;
  /** @throws ProtocolError `not-allowed`, `rate-limited` */
  set(account: Account, request: RequestFields<'set-push'>): Promise<void>;
  /** Undefined for none. */
  get(account: Account): Promise<PushInfo | undefined>;
  /** At sign-in: that its notifications have stopped. Undefined where they have not. */
  note(account: Account): string | undefined;
  /** Reads again who wants to be notified. */
  load(): Promise<void>;
  close(): void;
}

interface PushDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly notices: Pick<Notices, 'examine'>;
  readonly peers: Pick<Peers, 'everywhere'>;
  readonly presence: Pick<Presence, 'count' | 'awayOf'>;
  /** The server's name for people. */
  readonly name: string;
  readonly live: {
    /** Undefined where nothing is sent. May change. */
    readonly pushHosts: PushHosts | undefined;
  };
  /** Never rejects. Default: over HTTP. */
  readonly send?: (url: string, notification: Notification) => Promise<PushOutcome>;
}

/** A URL that fails for so long is paused. */
const failingMs = 24 * 60 * 60_000;
/** Of one message: each costs the store a question. */
const mostTold = 50;

/** What is kept in memory: enough to rule out most messages. */
type Known = Pick<PushTarget, 'account' | 'paused'>;

export async function openPush(deps: PushDeps): Promise<Push> {
  const { store, clock, log, notices, live } = deps;
  const known = new Map<string, Known>();
  const { send = (url, notification) => sendPush(url, notification, live.pushHosts) } = deps;
  const failed = (error: unknown) => void (notices.examine(error) || log.error('notification failed', error));

  async function load(): Promise<void> {
    const all = await store.pushes();
    known.clear();
    for (const { name, ...push } of all) known.set(name, push);
  }
  await load();

  const changed = deps.peers.everywhere(
    'push',
    ({ name, push }: { name: string; push?: Known }) => {
      if (push === undefined) known.delete(name);
      else known.set(name, push);
    },
    () => void load().catch(failed),
  );
  const watch = createFailureWatch(clock, ({ account, url }) => {
    const [name] = [...known].find(([, each]) => each.account === account) ?? [];
    const pausing = store.pausePush(account, url).then((paused) => {
      if (paused && name !== undefined) changed({ name, push: { account, paused: true } });
    });
    pausing.catch(failed);
  });
  const ends = createTally<PushEnd>(['sent', 'rejected', 'host-failed', 'unreachable', 'timed-out']);
  const queue = createPushQueue({
    clock,
    send: ({ url, notification }) => send(url, notification),
    onDone(push, outcome) {
      ends.count(outcome.result);
      log.info('push', { host: new URL(push.url).host, outcome: outcome.what });
      watch(push, outcome);
    },
  });
  const rate = { burst: limits.pushBurst, perSecond: limits.pushesPerMinute / 60 };
  const each = createRateLimiter<number>(rate, clock);
  function enqueue(push: QueuedPush): void {
    if (!queue.add(push)) ends.count('queue-full');
  }
  // Not before it is known that it is for them: in a room of one's own, one could use up what others have.
  function add(push: QueuedPush): void {
    if (each.take(push.account) === 0) enqueue(push);
    else ends.count('too-fast');
  }

  return {
    counts: { ends, queue },
    posted(message) {
      if (live.pushHosts === undefined) return;
      for (const { account } of absentAmong(deps, known, message).slice(0, mostTold)) {
        if (each.wait(account) === 0) tell(deps, add, account, message).catch(failed);
        else ends.count('too-fast');
      }
    },

    async set({ id: account, name }, { url: typed, text = false }) {
      if (typed === undefined) {
        await store.removePush(account);
        return changed({ name });
      }
      const { pushHosts: hosts } = live;
      if (hosts === undefined) throw notAllowed(sendsNone);
      const url = hosts.parse(typed)?.href;
      if (url === undefined)
        throw notAllowed(
          `This server sends notifications to these hosts only: ${hosts.text}. The URL must not have a password in it.`,
        );
      const wait = each.take(account);
      if (wait > 0)
        throw new ProtocolError('rate-limited', 'You change this too often. Try again soon.', wait);
      await store.setPush({ account, url, text });
      changed({ name, push: { account, paused: false } });
      const notification = { title: deps.name, text: 'Notifications are on.', priority: 3 } as const;
      enqueue({ account, url, notification });
    },

    async get({ id }) {
      if (live.pushHosts === undefined) return undefined;
      const found = (await store.pushes()).find(({ account }) => account === id);
      return found && { url: found.url, text: found.text, ...(found.paused && { paused: true }) };
    },

    note: ({ name }) => (live.pushHosts !== undefined && known.get(name)?.paused ? pausedNote : undefined),
    load,
    close: queue.close,
  };
}

const sendsNone = 'This server sends no notifications. Its operator can allow hosts with --push-hosts.';

const pausedNote =
  'Your push notifications failed for a day and are paused. /notify push shows where they go; set the URL again to resume them.';

/** Those whom a message is for, who want to be notified, and are away or have no terminal. */
function absentAmong(
  { presence }: PushDeps,
  known: ReadonlyMap<string, Known>,
  { author, conversation, text }: PostedMessage,
): Known[] {
  if (known.size === 0) return [];
  const { peer } = conversation;
  const names = peer === undefined ? findNames(text, (word) => known.has(word)) : [{ name: peer }];
  return [...new Set(names.map(({ name }) => name))].flatMap((name) => {
    const push = known.get(name);
    if (push === undefined || push.paused || push.account === author.id) return [];
    const absent = presence.count(push.account) === 0 || presence.awayOf(push.account) !== undefined;
    return absent ? [push] : [];
  });
}

async function tell(
  { store, clock, name: title }: PushDeps,
  add: (push: QueuedPush) => void,
  account: number,
  { author, conversation, text }: PostedMessage,
): Promise<void> {
  const { target, room } = conversation;
  const inRoom = 'room' in target ? target.room : undefined;
  const found = await store.pushFor({ account, by: author.id, room: inRoom, at: clock.now() });
  if (found === undefined) return;
  const what =
    room === undefined ? `${author.name} sent you a message` : `${author.name} mentioned you in #${room}`;
  const whole = found.text ? `${what}: ${cutToBytes(text, limits.pushTextBytes)}` : `${what}.`;
  const priority = room === undefined ? 4 : 3;
  add({ account, url: found.url, notification: { title, text: whole, priority } });
}

/** @param onLong called with what has failed for `failingMs` without a success between */
function createFailureWatch(clock: Pick<Clock, 'ticks'>, onLong: (push: QueuedPush) => void) {
  const first = new Map<number, { readonly url: string; readonly at: number }>();
  return (push: QueuedPush, { result }: PushOutcome): void => {
    const { account, url } = push;
    const failed = first.get(account);
    if (result === 'sent') first.delete(account);
    else if (failed?.url !== url) first.set(account, { url, at: clock.ticks() });
    else if (clock.ticks() - failed.at >= failingMs) {
      first.delete(account);
      onLong(push);
    }
  };
}
