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
import { createGate, type Gate } from './gate.js';
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
   * Makes a member live: what is said from now on is held for it, and goes out once the function returned is
   * called. That one returns false where it was too much to keep: what was held is then in the store only.
   */
  attach(member: Member): () => boolean;
  /** Forgets a member whose connection is over. */
  leave(member: Member, reason?: string): void;
  /** Sends to everybody what still waits in a room's buffer. */
  flush(): void;
}

interface Room {
  readonly id: number;
  readonly name: string;
  readonly members: Set<Gate>;
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
  const live = new Map<Member, Gate>();

  for (const { id, name } of await store.rooms()) {
    const members = new Set<Gate>();
    const fanOut = createFanOut(clock, (frames) => {
      for (const member of members) member.send(frames);
    });
    rooms.set(name, { id, name, members, fanOut });
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

  function deliverDirect(accounts: readonly number[], frame: Buffer): void {
    for (const id of new Set(accounts)) {
      for (const terminal of presence.terminals(id)) live.get(terminal)?.send(frame);
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
      const appended = await store.append({
        target: where.target,
        account: account.id,
        key,
        text,
        action,
        at: clock.now(),
      });
      if (appended.outcome === 'blocked') throw new ProtocolError('not-delivered', 'Not delivered.');
      const { seq, at, repeated } = appended;
      const receipt = { seq, at: new Date(at).toISOString() };
      if (repeated) return receipt;
      const frame = encodeFrame(
        messageEvent(
          { seq, at, from: account.name, key, text, kind: action ? 'action' : 'text' },
          where,
          account,
        ),
      );
      const heard = live.get(member)?.isOpen === true;
      if ('direct' in where.target) {
        deliverDirect(where.target.direct, frame);
      } else {
        rooms.get(where.room ?? '')?.fanOut.push(frame);
      }
      return heard ? undefined : receipt;
    },

    attach(member) {
      if (!presence.has(member)) return () => true;
      const gate = live.get(member) ?? createGate(member.send);
      gate.hold();
      if (!live.has(member)) {
        live.set(member, gate);
        for (const room of rooms.values()) {
          // What waits in the buffer is in the store, where this member reads it.
          room.fanOut.flush();
          room.members.add(gate);
        }
      }
      return gate.open;
    },

    leave(member, reason) {
      const gate = live.get(member);
      live.delete(member);
      if (gate !== undefined) for (const room of rooms.values()) room.members.delete(gate);
      presence.leave(member, reason);
    },

    flush() {
      for (const room of rooms.values()) room.fanOut.flush();
    },
  };
}
