/** The hub: what is said goes to the store, then to everybody it is for. Knows members, not sockets. */
import { ProtocolError } from '../protocol/errors.js';
import type { ServerFrame } from '../protocol/events.js';
import { encodeFrame } from '../protocol/frame.js';
import { messageText } from '../protocol/message-text.js';
import { parseName, parseRoomName } from '../protocol/names.js';
import type { RequestOf } from '../protocol/requests.js';
import type { Store } from '../store/store.js';
import type { Clock } from './clock.js';
import { createFanOut, type FanOut } from './fan-out.js';
import { messageEvent, type Place } from './message-event.js';
import { createPresence, type Member, type Presence } from './presence.js';
import { createThrottle, type Rate } from './throttle.js';

/** What the sender gets where no message event tells it. */
export interface Receipt {
  readonly seq: number;
  readonly at: string;
}

export interface Hub {
  readonly presence: Presence;
  /**
   * Resolves once the message is on disk and on its way; undefined where the sender's own copy of it is the
   * answer.
   * @throws ProtocolError `rate-limited`, `message-empty`, `message-too-long`, `no-such-room`, `no-such-name`
   */
  say(member: Member, request: RequestOf<'say'>): Promise<Receipt | undefined>;
  /** @throws ProtocolError `no-such-room`, `no-such-name`, `bad-request` */
  place(member: Member, where: { room?: string; peer?: string }): Promise<Place>;
  /**
   * Makes a member live: it gets what is said from now on. Refused (false) while something was delivered
   * that it has not seen.
   * @param seen the last seq the member has of each room, and of all direct messages together
   */
  attach(member: Member, seen: { rooms: ReadonlyMap<string, number>; direct: number }): boolean;
  /** Forgets a member whose connection is over. */
  leave(member: Member, reason?: string): void;
  /** Sends to everybody what still waits in a room's buffer. */
  flush(): void;
}

interface Room {
  readonly id: number;
  readonly name: string;
  /** Newest seq that was delivered. */
  last: number;
  readonly members: Set<Member>;
  readonly fanOut: FanOut;
}

export interface HubDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly rate: Rate;
}

export async function openHub({ store, clock, rate }: HubDeps): Promise<Hub> {
  const rooms = new Map<string, Room>();
  const allowance = createThrottle<number>(rate, clock);
  // Live members get direct messages; the newest seq that each account was sent.
  const live = new Set<Member>();
  const lastDirect = new Map<number, number>();

  for (const { id, name, last } of await store.rooms()) {
    const members = new Set<Member>();
    const fanOut = createFanOut(clock, (frames) => {
      for (const member of members) member.send(frames);
    });
    rooms.set(name, { id, name, last, members, fanOut });
  }

  const presence = createPresence(clock, (notice: (room: string) => ServerFrame) => {
    for (const room of rooms.values()) room.fanOut.push(encodeFrame(notice(room.name)));
  });

  async function place(member: Member, where: { room?: string; peer?: string }): Promise<Place> {
    const { room, peer } = where;
    if ((room === undefined) === (peer === undefined)) {
      throw new ProtocolError('bad-request', 'Name either a room or a person.');
    }
    if (room !== undefined) {
      const parsed = parseRoomName(room);
      const found = parsed.ok ? rooms.get(parsed.name) : undefined;
      if (found === undefined) throw new ProtocolError('no-such-room', 'There is no such room.');
      return { target: { room: found.id }, room: found.name, peer: undefined };
    }
    const name = parseName(peer ?? '');
    const account = name.ok ? await store.account(name.name) : undefined;
    if (account === undefined) {
      throw new ProtocolError('no-such-name', 'Nobody here has that name. /list shows who is here.');
    }
    return { target: { direct: [member.account.id, account.id] }, room: undefined, peer: account.name };
  }

  function deliverDirect(accounts: readonly number[], frame: Buffer, seq: number): void {
    for (const id of new Set(accounts)) {
      const terminals = presence.terminals(id);
      if (terminals.size > 0) lastDirect.set(id, seq);
      for (const terminal of terminals) if (live.has(terminal)) terminal.send(frame);
    }
  }

  return {
    presence,
    place,

    async say(member, request) {
      const { room, to, key, action = false } = request;
      const text = messageText(request.text);
      const wait = allowance.take(member.account.id);
      if (wait > 0) {
        const message = `You are sending faster than ${rate.perSecond} messages a second.`;
        throw new ProtocolError('rate-limited', message, wait);
      }
      const where = await place(member, {
        ...(room === undefined ? {} : { room }),
        ...(to === undefined ? {} : { peer: to }),
      });
      const { account } = member;
      const { seq, at, repeated } = await store.append({
        target: where.target,
        account: account.id,
        key,
        text,
        action,
        at: clock.now(),
      });
      const receipt = { seq, at: new Date(at).toISOString() };
      if (repeated) return receipt;
      const frame = encodeFrame(
        messageEvent({ seq, at, from: account.name, key, text, action }, where, account),
      );
      const heard = live.has(member);
      if ('direct' in where.target) {
        deliverDirect(where.target.direct, frame, seq);
      } else {
        const found = rooms.get(where.room ?? '');
        if (found !== undefined) {
          found.last = seq;
          found.fanOut.push(frame);
        }
      }
      return heard ? undefined : receipt;
    },

    attach(member, seen) {
      if (!presence.has(member)) return true;
      if ((lastDirect.get(member.account.id) ?? 0) > seen.direct) return false;
      for (const room of rooms.values()) if (room.last > (seen.rooms.get(room.name) ?? 0)) return false;
      for (const room of rooms.values()) {
        // What waits in the buffer is what this member just read from the store.
        room.fanOut.flush();
        room.members.add(member);
      }
      live.add(member);
      return true;
    },

    leave(member, reason) {
      live.delete(member);
      for (const room of rooms.values()) room.members.delete(member);
      presence.leave(member, reason);
      if (presence.terminals(member.account.id).size === 0) lastDirect.delete(member.account.id);
    },

    flush() {
      for (const room of rooms.values()) room.fanOut.flush();
    },
  };
}
