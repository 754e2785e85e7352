/**
 * Who is here: names with their terminals, and the notices of coming and going. Knows members, not sockets
 * nor what is said.
 */
import { type ErrorCode, ProtocolError } from '../../protocol/errors.js';
import type { ServerFrame } from '../../protocol/events.js';
import { limits } from '../../protocol/limits.js';
import type { Person, Role } from '../../protocol/records.js';
import type { SignInMode } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type { Clock } from '../../system/clock.js';
import { type Circumstances, createJoinNotices } from './join-notices.js';

/** One signed-in session, as the hub sees it. */
export interface Member {
  /** Changed by `Presence` alone. */
  account: Account;
  readonly address: string;
  /** Of its token; undefined until it has one. */
  readonly session: number | undefined;
  send(bytes: Buffer): void;
  /** Resolves when the peer has taken what was sent, or is gone. */
  drained(): Promise<void>;
  /** False once its connection is closing. */
  readonly alive: boolean;
  /** Tells it why, and ends it. @param circumstances what the others are told */
  dismiss(code: ErrorCode, message: string, circumstances?: Circumstances): void;
}

/**
 * How a member comes: as it says, or its session goes on. `fresh` is whoever has just been given a recovery code, which
 * is told here or nowhere: a take-over that no limit stops.
 */
export type Entrance = SignInMode | 'continue' | 'fresh';

export interface Presence {
  /** @throws ProtocolError `server-full` where nobody of this role comes in who is not here yet */
  admit(role: Role): void;
  /**
   * Seats a member. The first of a name is told to the others; a further one only comes in as `mode` says.
   * With `continue` the name is not coming, it never left: its own lost connection is what is still here.
   * @throws ProtocolError `name-in-use`, `too-many-terminals`, `server-full`
   */
  enter(member: Member, mode: Entrance | undefined): void;
  /** @throws ProtocolError as `enter` would now */
  check(account: Account, mode: Entrance | undefined): void;
  /** Without effect for one that is not seated. */
  leave(member: Member, circumstances?: Circumstances): void;
  terminals(account: number): ReadonlySet<Member>;
  has(member: Member): boolean;
  /** Everybody's terminals. */
  members(): Member[];
  /** Takes note of what an account is by now: its role may have changed while it was signing in. */
  renewed(account: Account): void;
  /** Takes note of a new role of somebody, and tells everybody. */
  ranked(account: number, role: Role, by: string): void;
  /** Takes note of what somebody who is away said, or that they are back; tells everybody where that is new. */
  away(account: number, text: string | undefined): void;
  /** What somebody said who is away; undefined for whoever is not. */
  awayOf(account: number): string | undefined;
  people(): Person[];
  readonly online: number;
}

const none: ReadonlySet<Member> = new Set();

/**
 * @param most names that are here at once; admins come in beyond it, and whoever is `fresh`
 * @param notify sends a notice to everybody who is in the rooms that everybody is in
 */
export function createPresence(
  clock: Clock,
  notify: (notice: (room: string) => ServerFrame) => void,
  most = Number.POSITIVE_INFINITY,
): Presence {
  const people = new Map<number, { account: Account; terminals: Set<Member>; away?: string | undefined }>();
  const tally = createJoinNotices({ clock, audience: () => people.size, online: () => people.size, notify });

  function admit(role: Role): void {
    if (people.size < most || role === 'admin') return;
    throw new ProtocolError('server-full', `The server is full: ${most} people are here. Try again later.`);
  }

  function check(account: Account, mode: Entrance | undefined): void {
    if (mode === 'fresh') return;
    const person = people.get(account.id);
    if (person === undefined) {
      admit(account.role);
      return;
    }
    if (mode === undefined) {
      throw new ProtocolError('name-in-use', `${account.name} is signed in already, on another terminal.`);
    }
    if (mode === 'attach' && person.terminals.size >= limits.terminalsPerName) {
      const message = `${account.name} is signed in on ${limits.terminalsPerName} terminals. Close one of them.`;
      throw new ProtocolError('too-many-terminals', message);
    }
  }

  function renewed(account: Account): void {
    const person = people.get(account.id);
    if (person === undefined) return;
    person.account = account;
    for (const terminal of person.terminals) terminal.account = account;
  }

  return {
    admit,
    check,
    renewed,

    enter(member, mode) {
      const { account, session } = member;
      const person = people.get(account.id);
      const mine =
        mode === 'continue' && [...(person?.terminals ?? [])].some((each) => each.session === session);
      // Whose seat was emptied meanwhile comes like another terminal.
      check(account, mode === 'continue' && !mine ? 'attach' : mode);
      if (person === undefined) {
        people.set(account.id, { account, terminals: new Set([member]) });
        tally.joined(account.name);
        return;
      }
      const others = mode === 'take-over' || mode === 'fresh' ? [...person.terminals] : [];
      for (const other of others) person.terminals.delete(other);
      person.terminals.add(member);
      for (const other of others) other.dismiss('taken-over', 'You signed in from another terminal.');
    },

    leave(member, circumstances = {}) {
      const { account } = member;
      const person = people.get(account.id);
      if (person === undefined || !person.terminals.delete(member) || person.terminals.size > 0) return;
      people.delete(account.id);
      tally.left(account.name, circumstances);
    },

    terminals: (account) => people.get(account)?.terminals ?? none,
    has: (member) => people.get(member.account.id)?.terminals.has(member) ?? false,
    members: () => [...people.values()].flatMap(({ terminals }) => [...terminals]),
    ranked(id, role, by) {
      const person = people.get(id);
      if (person === undefined) return;
      renewed({ ...person.account, role });
      const { name } = person.account;
      notify(() => ({ type: 'rank', name, role, by }));
    },
    away(id, text) {
      const person = people.get(id);
      if (person === undefined || person.away === text) return;
      person.away = text;
      const { name } = person.account;
      notify(() => (text === undefined ? { type: 'back', name } : { type: 'away', name, text }));
    },
    awayOf: (id) => people.get(id)?.away,
    people: () =>
      [...people.values()].map(({ account, terminals, away }) => ({
        name: account.name,
        role: account.role,
        terminals: terminals.size,
        ...(away !== undefined && { away }),
      })),
    get online() {
      return people.size;
    },
  };
}
