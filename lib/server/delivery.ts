/** The way out of the hub: to everybody in a room, to every terminal of some people. Knows gates and bytes. */
import type { ServerFrame } from '../protocol/events.js';
import { encodeFrame } from '../protocol/frame.js';
import type { Target } from '../store/log-store.js';
import type { Gate } from './gate.js';
import type { Member, Presence } from './presence.js';
import type { Seats } from './seats.js';

export interface Delivery {
  /** Every terminal of these accounts that is live, but for one. */
  toAccounts(accounts: readonly number[], frame: ServerFrame, except?: Member): void;
  /** Every terminal of an account, also those that have not synced: what they know of it changes. */
  toTerminals(account: number, frame: ServerFrame): void;
  /** Everybody in a conversation; encoded once. */
  toConversation(target: Target, frame: ServerFrame): void;
}

export interface DeliveryDeps {
  readonly seats: Seats;
  readonly presence: Pick<Presence, 'terminals'>;
  readonly live: ReadonlyMap<Member, Gate>;
}

export function createDelivery({ seats, presence, live }: DeliveryDeps): Delivery {
  function toAccounts(accounts: readonly number[], bytes: Buffer, except?: Member): void {
    for (const id of new Set(accounts)) {
      for (const terminal of presence.terminals(id)) {
        if (terminal !== except) live.get(terminal)?.send(bytes);
      }
    }
  }
  return {
    toAccounts: (accounts, frame, except) => toAccounts(accounts, encodeFrame(frame), except),
    toTerminals(account, frame) {
      const bytes = encodeFrame(frame);
      for (const terminal of presence.terminals(account)) (live.get(terminal) ?? terminal).send(bytes);
    },
    toConversation(target, frame) {
      const bytes = encodeFrame(frame);
      if ('direct' in target) toAccounts(target.direct, bytes);
      else seats.rooms.get(target.room)?.fanOut.push(bytes);
    },
  };
}
