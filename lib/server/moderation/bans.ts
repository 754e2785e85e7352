/**
 * Bans by name and by address. Once a ban is answered, no one it applies to is connected, whatever they signed in
 * with. Knows people and addresses, no sockets.
 */
import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import { reasonText } from '../../protocol/message-text.js';
import { duration } from '../../protocol/quantities.js';
import type { BanInfo } from '../../protocol/records.js';
import type { RequestFields } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type { BanRecord } from '../../store/moderation-store.js';
import type { Clock } from '../../system/clock.js';
import type { ChatParts } from '../chat/parts.js';
import { type Agent, actorOf, adviceFor, notAllowed } from '../chat/permissions.js';
import { type AddressRange, parseRange } from '../net/address.js';
import { lastAdmin, reasonOf } from './moderation.js';

/** All throw ProtocolError: `not-allowed`, `no-such-name`, `bad-request`. */
export interface Bans {
  /** Bans a name or an address, and ends everything that is signed in there. */
  ban(agent: Agent, request: RequestFields<'ban'>): Promise<void>;
  unban(agent: Agent, request: RequestFields<'unban'>): Promise<void>;
  list(agent: Agent): Promise<BanInfo[]>;
  /** @throws ProtocolError `banned`, with the reason and the end */
  check(account: Account, address: string): Promise<void>;
  /** The same for an account whose ban was just read from the store. */
  checkKnown(ban: BanRecord | undefined, address: string): void;
  /** The message for a banned address; undefined for any other. */
  refusal(address: string): string | undefined;
  /** Reads the bans of addresses again. */
  load(): Promise<void>;
}

interface BansDeps extends ChatParts {
  /** Revokes all tickets and transfers of an account. */
  readonly revokeFiles: (account: number) => void;
  /** The same on this server alone. */
  readonly endTransfers: (account: number) => void;
}

export async function openBans(deps: BansDeps): Promise<Bans> {
  const { store, clock, permissions } = deps;
  const addresses = createAddressBans(clock);
  const load = async () => addresses.set(await store.bans(clock.now()));
  await load();
  const readAgain = (): void => {
    load().catch(() => {
      // The database fails, which others tell.
    });
  };
  const shared = { ...deps, addresses, ...createAddressActs(deps, addresses, readAgain) };

  function refusalOf({ until, reason }: BanRecord): string {
    return banText('for another', { reason, ms: until && until - clock.now() });
  }

  function checkKnown(known: BanRecord | undefined, address: string): void {
    const ban = addresses.find(address) ?? known;
    if (ban !== undefined) throw new ProtocolError('banned', refusalOf(ban));
  }

  return {
    ...{ checkKnown, load },

    ban(agent, { name, address, ms, reason = '' }) {
      const terms = { ms, reason: reasonText(reason) };
      if (name !== undefined && address === undefined) return banName(deps, agent, { name, terms });
      if (address !== undefined && name === undefined) {
        return banAddress(shared, agent, { range: rangeOf(address), terms });
      }
      throw nameOrAddress();
    },

    unban(agent, { name, address }) {
      permissions.check(actorOf(agent), 'see-bans');
      if (name !== undefined && address === undefined) return unbanName(deps, agent, name);
      if (address !== undefined && name === undefined) {
        return unbanAddress(shared, agent, rangeOf(address));
      }
      throw nameOrAddress();
    },

    async list(agent) {
      permissions.check(actorOf(agent), 'see-bans');
      return (await store.bans(clock.now())).map(banInfo);
    },

    async check(account, address) {
      checkKnown(await store.banOf(account.id, clock.now()), address);
    },

    refusal(address) {
      const ban = addresses.find(address);
      return ban && refusalOf(ban);
    },
  };
}

interface Terms {
  /** Undefined for a permanent ban. */
  readonly ms: number | undefined;
  readonly reason: string;
}

async function banName(
  deps: BansDeps,
  agent: Agent,
  { name, terms }: { name: string; terms: Terms },
): Promise<void> {
  const { store, permissions, announce } = deps;
  const target = await deps.lookup.person(agent, name);
  permissions.check(actorOf(agent), 'ban', actorOf(target), target.name);
  const banned = await store.ban({ account: target.id }, newBan(deps, agent, terms));
  if (banned === 'last-admin') throw lastAdmin(target.name);
  deps.revokeFiles(target.id);
  announce.ended({ account: target.id, ...endingOf(agent, terms) });
  await deps.audit.record(agent, { action: 'ban', on: target.name, ...terms });
}

async function banAddress(
  deps: BansDeps & AddressActs,
  agent: Agent,
  { range, terms }: { range: AddressRange; terms: Terms },
): Promise<void> {
  const { store, permissions } = deps;
  permissions.check(actorOf(agent), 'ban-address');
  const superior = 'id' in agent ? await superiorIn(deps, agent, range) : undefined;
  if (superior !== undefined) {
    throw notAllowed(`You don't have permission to ban this address: ${superior} uses it.`);
  }
  const ban = { ...newBan(deps, agent, terms), address: range.text };
  await store.ban({ address: range.text }, ban);
  deps.banned({ ban, agent, terms });
  await deps.audit.record(agent, { action: 'ban', on: range.text, ...terms });
}

/** A person that the agent could not ban who is connected from the range, or has a session last used there. */
async function superiorIn(
  { store, clock, permissions, presence }: BansDeps,
  agent: Account,
  range: AddressRange,
): Promise<string | undefined> {
  for (const { id, name, role } of await store.listAccounts()) {
    if (permissions.allows(actorOf(agent), 'ban', actorOf({ role }))) continue;
    const known = [...presence.terminals(id), ...(await store.sessions(id, clock.now()))];
    if (known.some(({ address = '' }) => range.covers(address))) return name;
  }
  return undefined;
}

function newBan({ clock }: BansDeps, agent: Agent, { ms, reason }: Terms) {
  const at = clock.now();
  return { by: agent.name, at, reason, ...(ms !== undefined && { until: at + ms }) };
}

function endingOf({ name: by }: Pick<Agent, 'name'>, terms: Terms) {
  const details = { by, ...reasonOf(terms.reason) };
  return { code: 'banned', message: banText('for', terms), details } as const;
}

async function unbanName(deps: BansDeps, agent: Agent, name: string): Promise<void> {
  const { store, clock, permissions } = deps;
  const target = await deps.lookup.person(agent, name);
  permissions.check(actorOf(agent), 'ban', actorOf(target), target.name);
  if (!(await store.unban({ account: target.id }, clock.now()))) {
    throw notBanned(agent, target.name, 'See: secure-chat user list');
  }
  await deps.audit.record(agent, { action: 'unban', on: target.name });
}

async function unbanAddress(
  deps: BansDeps & AddressActs,
  agent: Agent,
  { text: address }: AddressRange,
): Promise<void> {
  if (!(await deps.store.unban({ address }, deps.clock.now()))) {
    throw notBanned(agent, address, 'See: secure-chat audit');
  }
  deps.unbanned({ address });
  await deps.audit.record(agent, { action: 'unban', on: address });
}

function banText(lasting: 'for' | 'for another', { ms, reason }: Terms): string {
  const end = ms === undefined ? '' : ` ${lasting} ${duration(ms)}`;
  return `You are banned${end}${reason === '' ? '.' : `: ${reason}`}`;
}

function banInfo(ban: BanRecord): BanInfo {
  const { by, at, until, reason } = ban;
  return {
    ...('address' in ban ? { address: ban.address } : { name: ban.name }),
    ...{ by, at: new Date(at).toISOString() },
    ...(until !== undefined && { until: new Date(until).toISOString() }),
    ...reasonOf(reason),
  };
}

function rangeOf(typed: string): AddressRange {
  const range = parseRange(typed);
  if (range !== undefined) return range;
  const message = `Use an address such as 192.0.2.7, or a range such as 192.0.2.0/24 (IPv4 from /${limits.banBitsIpv4}, IPv6 from /${limits.banBitsIpv6}).`;
  throw new ProtocolError('bad-request', message);
}

function nameOrAddress(): ProtocolError {
  return new ProtocolError('bad-request', 'Give either a name or an address.');
}

function notBanned(agent: Agent, subject: string, shell: string): ProtocolError {
  const advice = adviceFor(agent, { chat: 'See /bans.', shell });
  return new ProtocolError('no-such-name', `${subject} is not banned. ${advice}`);
}

interface AddressActs {
  banned(news: {
    ban: BanRecord & { readonly address: string };
    agent: Pick<Agent, 'name' | 'role'>;
    terms: Terms;
  }): void;
  unbanned(news: { address: string }): void;
}

/** What a banned address means for those who are connected, on every server. */
function createAddressActs(
  { peers, presence, permissions, endTransfers }: BansDeps,
  addresses: AddressBans,
  readAgain: () => void,
): AddressActs {
  return {
    banned: peers.everywhere(
      'address-banned',
      ({ ban, agent, terms }) => {
        addresses.add(ban);
        const range = parseRange(ban.address);
        for (const member of presence.members()) {
          const { account, address } = member;
          const spared = !permissions.allows({ role: agent.role }, 'ban', actorOf(account));
          if (range === undefined || spared || !range.covers(address)) continue;
          endTransfers(account.id);
          const { code, message, details } = endingOf(agent, terms);
          member.dismiss(code, message, details);
        }
      },
      readAgain,
    ),
    unbanned: peers.everywhere('address-unbanned', ({ address }) => addresses.remove(address), readAgain),
  };
}

type AddressBans = ReturnType<typeof createAddressBans>;

/** Address bans in memory, for a check at each new connection. */
function createAddressBans(clock: Clock) {
  const bans = new Map<string, { ban: BanRecord; range: AddressRange }>();
  function add(ban: BanRecord): void {
    const range = 'address' in ban ? parseRange(ban.address) : undefined;
    if (range !== undefined) bans.set(range.text, { ban, range });
  }

  return {
    add,
    set(all: readonly BanRecord[]): void {
      bans.clear();
      all.forEach(add);
    },
    remove: (address: string) => void bans.delete(address),
    /** The ban that covers an address. */
    find(address: string): BanRecord | undefined {
      const now = clock.now();
      for (const [text, { ban, range }] of bans) {
        if ((ban.until ?? now + 1) <= now) bans.delete(text);
        else if (range.covers(address)) return ban;
      }
      return undefined;
    },
  };
}
