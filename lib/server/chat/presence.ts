/**
 * Who is online, here and on other servers: names with their terminals. Knows members, neither sockets nor what is posted.
 */
import { type ErrorCode, ProtocolError } from '../../protocol/errors.js';
import type { ServerFrame } from '../../protocol/events.js';
import { limits } from '../../protocol/limits.js';
import type { Person, Role } from '../../protocol/records.js';
import type { SignInMode } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type { Clock } from '../../system/clock.js';
import { createJoinNotices, type JoinNotices, type LeaveDetails } from './join-notices.js';

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
  /** Its session goes on at another server: ends it, but not the session. */
  replace(message: string): void;
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
  /** On this server. */
  terminals(account: number): ReadonlySet<Member>;
  /** How many terminals an account has on all servers. */
  count(account: number): number;
  /** How many terminals an account has on another server. @param details for the notice to others */
  setElsewhere(signedIn: SignedInElsewhere, details?: LeaveDetails): void;
  /** All that other servers have. */
  syncElsewhere(all: readonly SignedInElsewhere[]): void;
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

type KnownAccount = Pick<Account, 'id' | 'name' | 'role'>;

export interface SignedInElsewhere {
  readonly server: string;
  readonly account: KnownAccount;
  readonly terminals: number;
  readonly away?: string;
}

interface OnlineAccount {
  account: KnownAccount;
  readonly terminals: Set<Member>;
  /** How many there are on each other server. */
  readonly elsewhere: Map<string, number>;
  away?: string | undefined;
}

interface PresenceOptions {
  readonly live?: {
    /** Accounts online at once; admins can exceed it, and `fresh` terminals. May change; undefined for any number. */
    readonly maxClients: number | undefined;
  };
  readonly onOnline?: (account: KnownAccount) => void;
  /** Called when an account has another number of terminals on this server. */
  readonly onCount?: (signedIn: Omit<SignedInElsewhere, 'server'>, details: LeaveDetails) => void;
}

const none: ReadonlySet<Member> = new Set();

/**
 * @param notify sends a notice to everyone
 * @param onOnline called with an account that has come online
 */
export function createPresence(
  clock: Clock,
  notify: (notice: (room: string) => ServerFrame) => void,
  { live, onOnline = () => {}, onCount = () => {} }: PresenceOptions = {},
): Presence {
  const accounts = createOnlineAccounts(
    createJoinNotices(clock, () => accounts.online.size, notify),
    onOnline,
  );
  const { online } = accounts;

  function checkCapacity(role: Role): void {
    const most = live?.maxClients;
    if (most === undefined || online.size < most || role === 'admin') return;
    throw new ProtocolError('server-full', `The server is full (${most} people). Try again later.`);
  }

  function checkJoin(account: Account, mode: JoinMode | undefined): void {
    if (mode === 'fresh') return;
    const person = online.get(account.id);
    if (person === undefined) checkCapacity(account.role);
    else checkFurther(account, mode, countOf(person));
  }

  function update(account: Account): void {
    const person = online.get(account.id);
    if (person === undefined) return;
    person.account = account;
    for (const terminal of person.terminals) terminal.account = account;
  }

  function tellCount({ account, terminals, away }: OnlineAccount, details: LeaveDetails = {}): void {
    const { id, name, role } = account;
    onCount(
      { account: { id, name, role }, terminals: terminals.size, ...(away !== undefined && { away }) },
      details,
    );
  }

  return {
    checkCapacity,
    checkJoin,
    update,

    add(member, mode) {
      const { account } = member;
      const lost = mode === 'continue' && !continues(member, online.get(account.id));
      // If its lost connection is gone by now, it joins like another terminal.
      checkJoin(account, lost ? 'attach' : mode);
      const person = accounts.appear(account);
      const others = mode === 'take-over' || mode === 'fresh' ? [...person.terminals] : [];
      for (const other of others) person.terminals.delete(other);
      person.terminals.add(member);
      tellCount(person);
      for (const other of others) other.dismiss('taken-over', 'You signed in from another terminal.');
    },

    remove(member, details = {}) {
      const { account } = member;
      const person = online.get(account.id);
      if (person === undefined || !person.terminals.delete(member)) return;
      tellCount(person, details);
      accounts.disappear(person, details);
    },

    count(account) {
      const person = online.get(account);
      return person === undefined ? 0 : countOf(person);
    },

    setElsewhere: accounts.setElsewhere,
    syncElsewhere: accounts.syncElsewhere,
    has: (member) => online.get(member.account.id)?.terminals.has(member) ?? false,
    terminals: (account) => online.get(account)?.terminals ?? none,
    members: () => [...online.values()].flatMap(({ terminals }) => [...terminals]),

    setRole(id, role, by) {
      const person = online.get(id);
      if (person === undefined) return;
      const { name } = person.account;
      person.account = { ...person.account, role };
      for (const terminal of person.terminals) terminal.account = { ...terminal.account, role };
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

/** Those who have a terminal on any server. */
function createOnlineAccounts(joinNotices: JoinNotices, onOnline: (account: KnownAccount) => void) {
  const online = new Map<number, OnlineAccount>();

  function appear(account: KnownAccount): OnlineAccount {
    const known = online.get(account.id);
    if (known !== undefined) return known;
    const person: OnlineAccount = { account, terminals: new Set(), elsewhere: new Map() };
    online.set(account.id, person);
    joinNotices.joined(account.name);
    onOnline(account);
    return person;
  }

  /** Without effect while it has a terminal. */
  function disappear({ account, terminals, elsewhere }: OnlineAccount, details: LeaveDetails): void {
    if (terminals.size + elsewhere.size > 0) return;
    online.delete(account.id);
    joinNotices.left(account.name, details);
  }

  function setElsewhere(signedIn: SignedInElsewhere, details: LeaveDetails = {}): void {
    const { server, account, terminals, away } = signedIn;
    if (terminals > 0) {
      const person = appear(account);
      person.elsewhere.set(server, terminals);
      person.away ??= away;
      return;
    }
    const person = online.get(account.id);
    if (person?.elsewhere.delete(server)) disappear(person, details);
  }

  function syncElsewhere(all: readonly SignedInElsewhere[]): void {
    const keys = new Set(all.map(({ server, account }) => `${account.id} ${server}`));
    for (const person of [...online.values()]) {
      const { account, elsewhere } = person;
      const gone = [...elsewhere.keys()].filter((server) => !keys.has(`${account.id} ${server}`));
      for (const server of gone) elsewhere.delete(server);
      if (gone.length > 0) disappear(person, { reason: 'connection lost' });
    }
    for (const signedIn of all) setElsewhere(signedIn);
  }

  return { online, appear, disappear, setElsewhere, syncElsewhere };
}

function checkFurther({ name }: Account, mode: JoinMode | undefined, terminals: number): void {
  if (mode === undefined) throw nameInUse(name);
  if (mode === 'attach' && terminals >= limits.terminalsPerName) throw tooManyTerminals(name);
}

export function nameInUse(name: string): ProtocolError {
  return new ProtocolError('name-in-use', `${name} is already signed in on another terminal.`);
}

export function tooManyTerminals(name: string): ProtocolError {
  const message = `${name} is signed in on ${limits.terminalsPerName} terminals. Close one of them first.`;
  return new ProtocolError('too-many-terminals', message);
}

function continues({ session }: Member, person: OnlineAccount | undefined): boolean {
  return [...(person?.terminals ?? [])].some((terminal) => terminal.session === session);
}

function countOf({ terminals, elsewhere }: OnlineAccount): number {
  return [...elsewhere.values()].reduce((sum, count) => sum + count, terminals.size);
}

function personRecord(person: OnlineAccount): Person {
  const { account, away } = person;
  const { name, role } = account;
  return { name, role, terminals: countOf(person), ...(away !== undefined && { away }) };
}
