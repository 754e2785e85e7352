/**
 * Activity: who is typing, and how far people have read (receipts). Told only between terminals that both share theirs,
 * never across a block, and kept nowhere. Knows members and rooms, not what is posted.
 */
import { ProtocolError } from '../../protocol/errors.js';
import type { ServerFrame } from '../../protocol/events.js';
import { encodeFrame } from '../../protocol/frame.js';
import { limits } from '../../protocol/limits.js';
import type { Account } from '../../store/account-store.js';
import type { ConversationKey } from '../../store/message-store.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import type { Peers } from '../peers.js';
import { createRateLimiter } from '../rate-limiter.js';
import type { LiveRoom, LiveRooms } from './live-rooms.js';
import type { ConversationName, ConversationRef, Lookup } from './lookup.js';
import { notAllowed } from './permissions.js';
import type { PostingRules } from './posting-rules.js';
import type { Member } from './presence.js';

type Kind = 'typing' | 'receipts';
/** What a terminal shares, and so gets of others. */
type Sharing = { readonly [K in Kind]?: boolean };

export interface Activity {
  /** In place of what the terminal shared before. */
  share(member: Member, sharing: Sharing): Promise<void>;
  /**
   * The member is writing there.
   * @throws ProtocolError `not-allowed` unless it shares that, `rate-limited`, and as Lookup.conversation and PostingRules.check
   */
  typing(member: Member, conversation: ConversationName): Promise<void>;
  /** The member has read up to there. Without effect unless it shares that. */
  read(member: Member, conversation: ConversationRef, seq: number): void;
  /** The account has blocked a person, or no longer. */
  blockChanged(account: Account, name: string, blocked: boolean): void;
  /** The terminal is gone. */
  forget(member: Member): void;
}

interface ActivityDeps {
  readonly store: Pick<Store, 'blocks'>;
  readonly clock: Clock;
  readonly rooms: Pick<LiveRooms, 'byId'>;
  readonly lookup: Pick<Lookup, 'conversation'>;
  readonly postingRules: Pick<PostingRules, 'check'>;
  readonly peers: Peers;
}

/** An account that shares something. */
interface Sharer {
  readonly account: Pick<Account, 'id' | 'name'>;
  /** Names that it has blocked. */
  readonly blocked: ReadonlySet<string>;
}

/** The same with a terminal here. */
interface LocalSharer extends Sharer {
  readonly terminals: Map<Member, Sharing>;
  readonly blocked: Set<string>;
}

/** What a person did. */
interface Act {
  readonly sharer: Sharer;
  /** The terminal; undefined on another server. */
  readonly by?: Member;
  /** What a receipt says. */
  readonly seq: number;
}

/** An act, for other servers. */
interface ActNews {
  readonly kind: Kind;
  readonly target: ConversationKey;
  readonly account: Sharer['account'];
  readonly blocked: readonly string[];
  readonly seq: number;
}

interface BlockNews {
  readonly account: number;
  readonly name: string;
  readonly blocked: boolean;
}

/** More people would be most of what a room sends. */
const mostOnline: Readonly<Record<Kind, number>> = {
  typing: limits.typingRoom,
  receipts: limits.receiptsRoom,
};

export function createActivity(deps: ActivityDeps): Activity {
  const { store, clock, rooms, lookup, postingRules, peers } = deps;
  const sharers = new Map<number, LocalSharer>();
  const rate = createRateLimiter<number>(
    { burst: limits.typingBurst, perSecond: limits.typingPerSecond },
    clock,
  );
  const batches = createBatches(clock, (room, kind, acts) => tellRoom(room, kind, acts));
  let blockChanges = 0;

  /** While blocks are read, they may change. */
  async function readBlocks(account: number): Promise<Set<string>> {
    for (;;) {
      const before = blockChanges;
      const names = await store.blocks(account);
      if (before === blockChanges) return new Set(names);
    }
  }

  function forget(member: Member): void {
    const { id } = member.account;
    const sharer = sharers.get(id);
    sharer?.terminals.delete(member);
    if (sharer?.terminals.size === 0) sharers.delete(id);
  }

  function shares(member: Member, kind: Kind): boolean {
    return sharers.get(member.account.id)?.terminals.get(member)?.[kind] === true;
  }

  function act(kind: Kind, target: ConversationKey, done: Act): void {
    if ('room' in target) {
      if (smallRoom(rooms, target.room, kind) !== undefined) batches.add(target.room, kind, done);
      return;
    }
    const { sharer } = done;
    const reader = sharers.get(target.direct.find((id) => id !== sharer.account.id) ?? 0);
    if (reader === undefined || !isShown(sharer, reader)) return;
    const event = activityEvent(kind, { with: sharer.account.name }, [done]);
    send(reader, kind, encodeFrame(event));
  }

  const tellAct = peers.elsewhere('activity', ({ kind, target, account, blocked, seq }: ActNews) =>
    act(kind, target, { sharer: { account, blocked: new Set(blocked) }, seq }),
  );

  function actEverywhere(kind: Kind, { target }: ConversationRef, by: Member, seq: number): void {
    const sharer = sharers.get(by.account.id);
    if (sharer === undefined) return;
    act(kind, target, { sharer, by, seq });
    if (!peers.others) return;
    const { id, name } = sharer.account;
    tellAct({ kind, target, account: { id, name }, blocked: [...sharer.blocked], seq });
  }

  const setBlocked = peers.everywhere('blocked', ({ account, name, blocked }: BlockNews) => {
    blockChanges++;
    if (blocked) sharers.get(account)?.blocked.add(name);
    else sharers.get(account)?.blocked.delete(name);
  });

  function tellRoom(id: number, kind: Kind, acts: readonly Act[]): void {
    const room = smallRoom(rooms, id, kind);
    if (room === undefined) return;
    // They may have left the room meanwhile, or share it no longer.
    const all = acts.filter(({ by }) => {
      return by === undefined || (room.online.has(by.account.id) && shares(by, kind));
    });
    const told = kind === 'typing' ? all.slice(0, limits.typingNames) : all;
    const where = { room: room.name };
    const whole = encodeFrame(activityEvent(kind, where, told));
    for (const account of room.online) {
      const reader = sharers.get(account);
      if (reader === undefined) continue;
      const shown = told.filter(({ sharer }) => isShown(sharer, reader));
      if (shown.length === 0) continue;
      const isAll = shown.length === told.length;
      send(reader, kind, isAll ? whole : encodeFrame(activityEvent(kind, where, shown)));
    }
  }

  return {
    async share(member, { typing = false, receipts = false }) {
      if (!typing && !receipts) return forget(member);
      const { account } = member;
      const known = sharers.get(account.id);
      const blocked = known?.blocked ?? (await readBlocks(account.id));
      // Its connection may have ended meanwhile, or another terminal was faster.
      if (!member.alive) return;
      const sharer = sharers.get(account.id) ?? { account, terminals: new Map(), blocked };
      sharer.terminals.set(member, { typing, receipts });
      sharers.set(account.id, sharer);
    },
    async typing(member, name) {
      const { account } = member;
      if (!shares(member, 'typing')) throw notAllowed('Share your typing first: others see it only then.');
      const wait = rate.take(account.id);
      if (wait > 0) throw new ProtocolError('rate-limited', 'Too many typing notices.', wait);
      const conversation = await lookup.conversation(account, name);
      postingRules.check(account, conversation, { text: '', slowModeExempt: true });
      if (shares(member, 'typing')) actEverywhere('typing', conversation, member, 0);
    },
    read(member, conversation, seq) {
      if (shares(member, 'receipts')) actEverywhere('receipts', conversation, member, seq);
    },
    blockChanged: ({ id }, name, blocked) => setBlocked({ account: id, name, blocked }),
    forget,
  };
}

function smallRoom({ byId }: ActivityDeps['rooms'], id: number, kind: Kind): LiveRoom | undefined {
  const room = byId.get(id);
  return room !== undefined && room.online.size <= mostOnline[kind] ? room : undefined;
}

/** Not to oneself, and not where one has blocked the other. */
function isShown(sharer: Sharer, reader: Sharer): boolean {
  if (sharer.account.id === reader.account.id) return false;
  return !sharer.blocked.has(reader.account.name) && !reader.blocked.has(sharer.account.name);
}

function send({ terminals }: LocalSharer, kind: Kind, bytes: Buffer): void {
  for (const [terminal, sharing] of terminals) if (sharing[kind]) terminal.send(bytes);
}

function activityEvent(
  kind: Kind,
  where: { readonly room: string } | { readonly with: string },
  told: readonly Act[],
): ServerFrame {
  if (kind === 'typing')
    return { type: kind, ...where, names: told.map(({ sharer }) => sharer.account.name) };
  return {
    type: kind,
    ...where,
    readers: told.map(({ sharer, seq }) => ({ name: sharer.account.name, seq })),
  };
}

/** What happens in a room: the first at once, the rest together a while later; of each person the last. */
function createBatches(clock: Clock, tell: (room: number, kind: Kind, acts: readonly Act[]) => void) {
  const batches = new Map<string, Map<number, Act>>();

  function rest(room: number, kind: Kind): void {
    const key = `${kind} ${room}`;
    batches.set(key, new Map());
    clock.after(limits.activityMs, () => {
      const acts = [...(batches.get(key)?.values() ?? [])];
      batches.delete(key);
      if (acts.length === 0) return;
      tell(room, kind, acts);
      rest(room, kind);
    });
  }

  return {
    add(room: number, kind: Kind, act: Act): void {
      const waiting = batches.get(`${kind} ${room}`);
      if (waiting !== undefined) waiting.set(act.sharer.account.id, act);
      else {
        tell(room, kind, [act]);
        rest(room, kind);
      }
    },
  };
}
