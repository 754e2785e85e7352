/**
 * Who is online: names with their terminals, and the notices that people joined and left. Knows members, neither sockets nor
 * what is posted.
 */
import { type ErrorCode, ProtocolError } from '../../protocol/errors.js';
import type { ServerFrame } from '../../protocol/events.js';
import { limits } from '../../protocol/limits.js';
import type { Person, Role } from '../../protocol/records.js';
import type { SignInMode } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type { Clock } from '../../system/clock.js';

/** Shown with the notice that someone left. */
export interface LeaveDetails {
  readonly by?: string;
  readonly reason?: string;
}

/** A signed-in session as the hub sees it: one terminal of an account. */
export interface Member {
  /** Changed by `Presence` only. */
  account: Account;
  readonly address: string;
  /** The id of its token's session; undefined until it has one. */
  readonly session: number | undefined;
  send(bytes: Buffer): void;
  /** Resolves when the peer has taken what was sent, or is gone. */
  drained(): Promise<void>;
  /** False once its connection is closing. */
  readonly alive: boolean;
  /** Tells it why, and ends it. @param details for the notice to others */
  dismiss(code: ErrorCode, message: string, details?: LeaveDetails): void;
}

/**
 * What becomes of the account's other terminals: as the client asks, or the same session goes on. `fresh` takes over
 * regardless of limits: that terminal is about to get a recovery code, which is shown only once.
 */
export type JoinMode = SignInMode | 'continue' | 'fresh';

export interface Presence {
  /** @throws ProtocolError `server-full` if another account of this role can't come online */
  checkCapacity(role: Role): void;
  /** @throws ProtocolError as `add` would now */
  checkJoin(account: Account, mode: JoinMode | undefined): void;
  /**
   * Adds a terminal. Others see the account's first one join; for a further one, `mode` is required.
   * With `continue` the account never left: its own lost connection is still here.
   * @throws ProtocolError `name-in-use`, `too-many-terminals`, `server-full`
   */
  add(member: Member, mode: JoinMode | undefined): void;
  /** Without effect for a terminal that is not here. @param details for the notice to others */
  remove(member: Member, details?: LeaveDetails): void;
  has(member: Member): boolean;
  terminals(account: number): ReadonlySet<Member>;
  /** Everyone's terminals. */
  members(): Member[];
  /** Takes over an account's data from the store, such as a role that changed during its sign-in. */
  update(account: Account): void;
  /** Notes an account's new role and tells everyone. */
  setRole(account: number, role: Role, by: string): void;
  /** Notes an away message, or with undefined that the account is back; tells everyone if that changes it. */
  setAway(account: number, text: string | undefined): void;
  awayOf(account: number): string | undefined;
  people(): Person[];
  /** How many accounts are online. */
  readonly online: number;
}

interface OnlineAccount {
  account: Account;
  readonly terminals: Set<Member>;
  away?: string | undefined;
}

interface PresenceOptions {
  readonly most?: number | undefined;
  readonly onOnline?: (account: Account) => void;
}

const none: ReadonlySet<Member> = new Set();

/**
 * @param notify sends a notice to everyone
 * @param most accounts online at once; admins can exceed it, and `fresh` terminals
 * @param onOnline called with an account that has come online
 */
export function createPresence(
  clock: Clock,
  notify: (notice: (room: string) => ServerFrame) => void,
  { most = Number.POSITIVE_INFINITY, onOnline = () => {} }: PresenceOptions = {},
): Presence {
  const online = new Map<number, OnlineAccount>();
  const joinNotices = createJoinNotices(clock, () => online.size, notify);

  function checkCapacity(role: Role): void {
    if (online.size < most || role === 'admin') return;
    throw new ProtocolError('server-full', `The server is full (${most} people). Try again later.`);
  }

  function checkJoin(account: Account, mode: JoinMode | undefined): void {
    if (mode === 'fresh') return;
    const terminals = online.get(account.id)?.terminals;
    if (terminals === undefined) checkCapacity(account.role);
    else checkFurther(account, mode, terminals.size);
  }

  function update(account: Account): void {
    const person = online.get(account.id);
    if (person === undefined) return;
    person.account = account;
    for (const terminal of person.terminals) terminal.account = account;
  }

  return {
    checkCapacity,
    checkJoin,
    update,

    add(member, mode) {
      const { account } = member;
      const person = online.get(account.id);
      // If its lost connection is gone by now, it joins like another terminal.
      checkJoin(account, mode === 'continue' && !continues(member, person) ? 'attach' : mode);
      if (person === undefined) {
        online.set(account.id, { account, terminals: new Set([member]) });
        joinNotices.joined(account.name);
        onOnline(account);
        return;
      }
      const others = mode === 'take-over' || mode === 'fresh' ? [...person.terminals] : [];
      for (const other of others) person.terminals.delete(other);
      person.terminals.add(member);
      for (const other of others) other.dismiss('taken-over', 'You signed in from another terminal.');
    },

    remove(member, details = {}) {
      const { account } = member;
      const person = online.get(account.id);
      if (person === undefined || !person.terminals.delete(member) || person.terminals.size > 0) return;
      online.delete(account.id);
      joinNotices.left(account.name, details);
    },

    has: (member) => online.get(member.account.id)?.terminals.has(member) ?? false,
    terminals: (account) => online.get(account)?.terminals ?? none,
    members: () => [...online.values()].flatMap(({ terminals }) => [...terminals]),

    setRole(id, role, by) {
      const person = online.get(id);
      if (person === undefined) return;
      update({ ...person.account, role });
      const { name } = person.account;
      notify(() => ({ type: 'rank', name, role, by }));
    },

    setAway(id, text) {
      const person = online.get(id);
      if (person === undefined || person.away === text) return;
      person.away = text;
      const { name } = person.account;
      notify(() => (text === undefined ? { type: 'back', name } : { type: 'away', name, text }));
    },
    awayOf: (id) => online.get(id)?.away,

    people: () => [...online.values()].map(personRecord),
    get online() {
      return online.size;
    },
  };
}

function checkFurther({ name }: Account, mode: JoinMode | undefined, terminals: number): void {
  if (mode === undefined) {
    throw new ProtocolError('name-in-use', `${name} is already signed in on another terminal.`);
  }
  if (mode === 'attach' && terminals >= limits.terminalsPerName) {
    const message = `${name} is signed in on ${limits.terminalsPerName} terminals. Close one of them first.`;
    throw new ProtocolError('too-many-terminals', message);
  }
}

function continues({ session }: Member, person: OnlineAccount | undefined): boolean {
  return [...(person?.terminals ?? [])].some((terminal) => terminal.session === session);
}

function personRecord({ account: { name, role }, terminals, away }: OnlineAccount): Person {
  return { name, role, terminals: terminals.size, ...(away !== undefined && { away }) };
}

/** Notices that people joined and left: by name in a small room, as counts in a large one. */
export interface JoinNotices {
  joined(name: string): void;
  left(name: string, details?: LeaveDetails): void;
}

/** Milliseconds between two counts in a large room: in all, 200 of them are written a second. */
const crowdMs = (online: number): number => Math.max(1_000, online * 5);

/** @param online how many people get the notices; also what the counts report */
export function createJoinNotices(
  clock: Clock,
  online: () => number,
  notify: (notice: (room: string) => ServerFrame) => void,
): JoinNotices {
  let crowd: { joined: number; left: number } | undefined;

  /** Naming n people to n members is quadratic; counts are not. @returns false if the room is small enough for names */
  function counts(change: 'joined' | 'left'): boolean {
    if (crowd === undefined && online() <= limits.presenceNamed) return false;
    if (crowd === undefined) {
      crowd = { joined: 0, left: 0 };
      clock.after(crowdMs(online()), () => {
        const { joined, left } = crowd ?? { joined: 0, left: 0 };
        crowd = undefined;
        notify((room) => ({ type: 'crowd', room, joined, left, online: online() }));
      });
    }
    crowd[change]++;
    return true;
  }

  return {
    joined(name) {
      if (!counts('joined')) notify((room) => ({ type: 'joined', room, name }));
    },
    left(name, details = {}) {
      if (!counts('left')) notify((room) => ({ type: 'left', room, name, ...details }));
    },
  };
}
