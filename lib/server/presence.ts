/**
 * Who is here: names with their terminals, and the notices of coming and going. Knows members, not sockets
 * nor what is said.
 */
import { type ErrorCode, ProtocolError } from '../protocol/errors.js';
import type { Person, ServerFrame } from '../protocol/events.js';
import { limits } from '../protocol/limits.js';
import type { SignInMode } from '../protocol/requests.js';
import type { Account } from '../store/store.js';
import type { Clock } from './clock.js';
import { createTally } from './tally.js';

/** One signed-in session, as the hub sees it. */
export interface Member {
  readonly account: Account;
  send(bytes: Buffer): void;
  /** Resolves when the peer has taken what was sent, or is gone. */
  drained(): Promise<void>;
  /** False once its connection is closing. */
  readonly alive: boolean;
  /** Tells it why, and ends it. */
  dismiss(code: ErrorCode, message: string): void;
}

export interface Presence {
  /**
   * Seats a member. The first of a name is told to the others; a further one only comes in as `mode` says.
   * @param continues the name is not coming, it never left: its own lost connection is what is still here
   * @throws ProtocolError `name-in-use`, `too-many-terminals`
   */
  enter(member: Member, mode: SignInMode | 'continue' | undefined): void;
  /** Without effect for one that is not seated. */
  leave(member: Member, reason?: string): void;
  terminals(account: number): ReadonlySet<Member>;
  has(member: Member): boolean;
  people(): Person[];
  readonly online: number;
}

const none: ReadonlySet<Member> = new Set();

/** @param notify sends a notice to everybody who is in the rooms that everybody is in */
export function createPresence(
  clock: Clock,
  notify: (notice: (room: string) => ServerFrame) => void,
): Presence {
  const people = new Map<number, { account: Account; terminals: Set<Member> }>();
  const tally = createTally({ clock, audience: () => people.size, online: () => people.size, notify });

  return {
    enter(member, mode) {
      const { account } = member;
      const person = people.get(account.id);
      if (person === undefined) {
        people.set(account.id, { account, terminals: new Set([member]) });
        tally.joined(account.name);
        return;
      }
      if (mode === undefined) {
        throw new ProtocolError('name-in-use', `${account.name} is signed in already, on another terminal.`);
      }
      if (mode === 'take-over') {
        const others = [...person.terminals];
        person.terminals.clear();
        person.terminals.add(member);
        for (const other of others) other.dismiss('taken-over', 'You signed in from another terminal.');
        return;
      }
      if (mode === 'attach' && person.terminals.size >= limits.terminalsPerName) {
        const message = `${account.name} is signed in on ${limits.terminalsPerName} terminals. Close one of them.`;
        throw new ProtocolError('too-many-terminals', message);
      }
      person.terminals.add(member);
    },

    leave(member, reason) {
      const { account } = member;
      const person = people.get(account.id);
      if (person === undefined || !person.terminals.delete(member) || person.terminals.size > 0) return;
      people.delete(account.id);
      tally.left(account.name, reason === undefined ? {} : { reason });
    },

    terminals: (account) => people.get(account)?.terminals ?? none,
    has: (member) => people.get(member.account.id)?.terminals.has(member) ?? false,
    people: () =>
      [...people.values()].map(({ account, terminals }) => ({
        name: account.name,
        role: account.role,
        terminals: terminals.size,
      })),
    get online() {
      return people.size;
    },
  };
}
