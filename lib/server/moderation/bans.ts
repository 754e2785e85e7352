/**
 * Who is kept out, by name or by address: from the moment it is answered nobody who is meant is in, whatever they are
 * signed in with. Knows people and addresses, no sockets.
 */
import { duration } from '../../protocol/duration.js';
import { ProtocolError } from '../../protocol/errors.js';
import { reasonText } from '../../protocol/message-text.js';
import type { BanInfo } from '../../protocol/records.js';
import type { RequestOf } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type { Ban } from '../../store/moderation-store.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import type { AuditLog } from '../chat/audit.js';
import type { Lookup } from '../chat/lookup.js';
import { type Agent, actorOf, adviceFor, type Permissions } from '../chat/permissions.js';
import type { Presence } from '../chat/presence.js';
import { type AddressRange, parseRange } from '../net/address.js';
import { lastAdmin, reasonOf } from './moderation.js';

/** All throw ProtocolError: `not-allowed`, `no-such-name`, `bad-request`. */
export interface Bans {
  /** A name or an address. Everything that the account is signed in with ends. */
  ban(agent: Agent, request: Omit<RequestOf<'ban'>, 'type' | 'id'>): Promise<void>;
  unban(agent: Agent, request: Omit<RequestOf<'unban'>, 'type' | 'id'>): Promise<void>;
  list(agent: Agent): Promise<BanInfo[]>;
  /** @throws ProtocolError `banned`, with the reason and the end */
  admit(account: Account, address: string): Promise<void>;
  /** The words for a banned address, undefined for one that is not. */
  refusal(address: string): string | undefined;
}

export interface BansDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly permissions: Permissions;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly lookup: Pick<Lookup, 'person'>;
  readonly presence: Pick<Presence, 'terminals' | 'members'>;
  readonly addresses: AddressBans;
  /** Ends every ticket and every transfer of an account. */
  readonly revokeFiles: (account: number) => void;
}

export function createBans(deps: BansDeps): Bans {
  const { store, clock, permissions, audit, lookup, presence, addresses } = deps;

  async function banName(agent: Agent, name: string, terms: Terms): Promise<void> {
    const target = await lookup.person(agent, name);
    permissions.check(actorOf(agent), 'ban', actorOf(target), target.name);
    const banned = await store.ban({ account: target.id }, banOf(agent, terms));
    if (banned === 'last-admin') throw lastAdmin(target.name);
    deps.revokeFiles(target.id);
    const told = { by: agent.name, ...reasonOf(terms.reason) };
    for (const terminal of [...presence.terminals(target.id)]) {
      terminal.dismiss('banned', bannedWords('for', terms), told);
    }
    await recorded(agent, target.name, terms);
  }

  /** Somebody who is not below an agent and is in from there, or has a session that was last used there. */
  async function aboveIn(agent: Account, range: AddressRange): Promise<string | undefined> {
    const everybody = await store.directory();
    for (const { id, name, role } of everybody) {
      if (permissions.allows(actorOf(agent), 'ban', actorOf({ role }))) continue;
      const here = [...presence.terminals(id)];
      const known = [...here, ...(await store.sessions(id, clock.now()))];
      if (known.some(({ address = '' }) => range.covers(address))) return name;
    }
    return undefined;
  }

  async function banAddress(agent: Agent, typed: string, terms: Terms): Promise<void> {
    permissions.check(actorOf(agent), 'ban-address');
    const range = rangeOf(typed);
    const above = 'id' in agent ? await aboveIn(agent, range) : undefined;
    if (above !== undefined) {
      const message = `${above} comes from there, and is not below you: you may not do that.`;
      throw new ProtocolError('not-allowed', message);
    }
    const ban = { ...banOf(agent, terms), address: range.text };
    await store.ban({ address: range.text }, ban);
    addresses.add(ban);
    for (const member of presence.members()) {
      if (
        !range.covers(member.address) ||
        !permissions.allows(actorOf(agent), 'ban', actorOf(member.account))
      )
        continue;
      deps.revokeFiles(member.account.id);
      member.dismiss('banned', bannedWords('for', terms), { by: agent.name, ...reasonOf(terms.reason) });
    }
    await recorded(agent, range.text, terms);
  }

  function banOf(agent: Agent, { ms, reason }: Terms) {
    const at = clock.now();
    return { by: agent.name, at, reason, ...(ms !== undefined && { until: at + ms }) };
  }

  function recorded(agent: Agent, on: string, { ms, reason }: Terms): Promise<void> {
    return audit.record(agent, { action: 'ban', on, ms, reason });
  }

  function refusalOf({ until, reason }: Ban): string {
    return bannedWords('for another', { reason, ms: until && until - clock.now() });
  }

  return {
    ban(agent, { name, address, ms, reason: typed = '' }) {
      const terms = { ms, reason: reasonText(typed) };
      if (name !== undefined && address === undefined) return banName(agent, name, terms);
      if (address !== undefined && name === undefined) return banAddress(agent, address, terms);
      throw oneOf();
    },

    async unban(agent, { name, address }) {
      permissions.check(actorOf(agent), 'see-bans');
      if ((name === undefined) === (address === undefined)) throw oneOf();
      const target = name === undefined ? undefined : await lookup.person(agent, name);
      const range = address === undefined ? undefined : rangeOf(address);
      if (target !== undefined) permissions.check(actorOf(agent), 'ban', actorOf(target), target.name);
      const on = target?.name ?? range?.text ?? '';
      const lifted = store.unban(
        target === undefined ? { address: on } : { account: target.id },
        clock.now(),
      );
      if (!(await lifted)) {
        // The list of accounts has no addresses.
        const shell =
          target === undefined ? 'secure-chat audit shows every ban.' : 'secure-chat user list says who is.';
        const look = adviceFor(agent, { chat: '/bans says who is.', shell });
        throw new ProtocolError('no-such-name', `${on} is not banned. ${look}`);
      }
      await audit.record(agent, { action: 'unban', on });
      if (range !== undefined) addresses.remove(range.text);
    },

    async list(agent) {
      permissions.check(actorOf(agent), 'see-bans');
      return (await store.bans(clock.now())).map(banInfo);
    },

    async admit(account, address) {
      const ban = addresses.of(address) ?? (await store.banOf(account.id, clock.now()));
      if (ban !== undefined) throw new ProtocolError('banned', refusalOf(ban));
    },

    refusal(address) {
      const ban = addresses.of(address);
      return ban && refusalOf(ban);
    },
  };
}

interface Terms {
  /** Undefined for good. */
  readonly ms: number | undefined;
  readonly reason: string;
}

function bannedWords(lasting: 'for' | 'for another', { ms, reason }: Terms): string {
  const end = ms === undefined ? '' : ` ${lasting} ${duration(ms)}`;
  return `You are banned${end}${reason === '' ? '.' : `: ${reason}`}`;
}

function banInfo(ban: Ban): BanInfo {
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
  throw new ProtocolError(
    'bad-request',
    'An address is like 192.0.2.7, a range like 192.0.2.0/24 (/8 at least, IPv6 /16).',
  );
}

function oneOf(): ProtocolError {
  return new ProtocolError('bad-request', 'Name either a person or an address.');
}

export interface AddressBans {
  add(ban: Ban): void;
  remove(address: string): void;
  /** The ban that covers an address, undefined for none. */
  of(address: string): Ban | undefined;
}

export function createAddressBans(clock: Pick<Clock, 'now'>): AddressBans {
  const bans = new Map<string, { ban: Ban; range: AddressRange }>();
  return {
    add(ban) {
      const range = 'address' in ban ? parseRange(ban.address) : undefined;
      if (range !== undefined) bans.set(range.text, { ban, range });
    },
    remove: (address) => void bans.delete(address),
    of(address) {
      const now = clock.now();
      for (const [text, { ban, range }] of bans) {
        if ((ban.until ?? now + 1) <= now) bans.delete(text);
        else if (range.covers(address)) return ban;
      }
      return undefined;
    },
  };
}
