/**
 * The operator's commands, with their arguments validated: the same ones whether the server is running or not. Knows
 * the app, not the control socket.
 */
import { isAbsolute } from 'node:path';
import { ProtocolError } from '../../protocol/errors.js';
import type { RawFrame } from '../../protocol/frame.js';
import { limits } from '../../protocol/limits.js';
import { parseName } from '../../protocol/names.js';
import type { Role } from '../../protocol/records.js';
import type { App } from '../app.js';
import { operator } from '../chat/permissions.js';
import { type ControlCommand, ControlError } from './control-socket.js';

const roles: readonly Role[] = ['admin', 'moderator', 'member', 'bot'];

/** Each resolves to the fields of its answer, and throws ControlError `refused` or ProtocolError. */
type Commands = Readonly<Record<string, (app: App, args: RawFrame) => Promise<object>>>;

export function operatorCommands(app: App): ReadonlyMap<string, ControlCommand> {
  const commands = Object.entries({ ...accountCommands, ...moderationCommands, ...storageCommands });
  return new Map(commands.map(([name, run]) => [name, (args) => run(app, args)]));
}

const accountCommands: Commands = {
  async invite({ invites }, { role = 'member', uses = 1, expiresMs }) {
    return invites.make(operator, {
      ...{ role: roleOf(role), uses: integer(uses, 'uses', 1, limits.inviteUses) },
      ...(expiresMs !== undefined && { ms: integer(expiresMs, 'expiresMs', 60_000, limits.inviteMs) }),
    });
  },
  async 'user-add'({ accounts }, { name, role = 'member', password }) {
    const added = await accounts.add({
      ...{ name: text(name, 'name'), role: roleOf(role) },
      password: password === undefined ? undefined : text(password, 'password'),
    });
    return { name: added.account.name, ...(password !== undefined && { recovery: added.recovery }) };
  },
  async 'user-list'({ store, clock, presence }) {
    const [accounts, bans] = await Promise.all([store.listAccounts(), store.bans(clock.now())]);
    const banned = new Set(bans.flatMap((ban) => ('account' in ban ? [ban.account] : [])));
    const online = (id: number) => presence.count(id);
    return {
      users: accounts.map((row) => ({ ...row, banned: banned.has(row.id), online: online(row.id) })),
    };
  },
  async 'user-passwd'({ store, lookup, accounts, audit, ownAccount }, { name, password }) {
    const account = await lookup.person(operator, text(name, 'name'));
    const phc = await accounts.hashPassword(account, text(password, 'password'));
    await Promise.all([
      store.setPassword(account.id, phc),
      store.revokeSessions(account.id),
      audit.record(operator, { action: 'password', on: account.name }),
    ]);
    ownAccount.passwordReset(account);
    return {};
  },
  'user-reset': async ({ invites }, { name }) => invites.reset(operator, text(name, 'name')),
  async 'user-token'({ store, accounts, sessions }, { name }) {
    const parsed = parseName(text(name, 'name'));
    const known = parsed.ok ? await store.account(parsed.name) : undefined;
    const made = { name: text(name, 'name'), role: 'bot', password: undefined } as const;
    const account = known ?? (await accounts.add(made)).account;
    return { token: await sessions.createBotToken(account), created: known === undefined };
  },
};

const moderationCommands: Commands = {
  async 'user-role'({ moderation }, { name, role }) {
    await moderation.setRole(operator, { name: text(name, 'name'), role: roleOf(role) });
    return {};
  },
  async 'user-remove'({ moderation }, { name }) {
    await moderation.remove(operator, text(name, 'name'));
    return {};
  },
  async 'user-ban'({ bans }, { name, address, ms, reason = '' }) {
    await bans.ban(operator, {
      ...subject({ name, address }),
      ...(ms !== undefined && { ms: integer(ms, 'ms', 1, limits.banMs) }),
      reason: text(reason, 'reason'),
    });
    return {};
  },
  async 'user-unban'({ bans }, { name, address }) {
    await bans.unban(operator, subject({ name, address }));
    return {};
  },
  bans: async ({ bans }) => ({ bans: await bans.list(operator) }),
  async audit({ audit }, { before, limit = limits.auditPage }) {
    const page = await audit.page({
      ...(before !== undefined && { before: integer(before, 'before', 1, Number.MAX_SAFE_INTEGER) }),
      ...{ limit: integer(limit, 'limit', 1, limits.auditPage), hidden: true },
    });
    return { audit: page };
  },
};

const storageCommands: Commands = {
  async copy({ store }, { file }) {
    const path = text(file, 'file');
    if (!isAbsolute(path)) throw new ControlError('refused', 'The path of a copy must be absolute.');
    await store.copy(path);
    return {};
  },
  damage: async ({ store }) => ({ damage: [...(await store.damage())] }),
  'file-hashes': async ({ store }) => ({ hashes: [...(await store.fileHashes())] }),
};

function subject({ name, address }: RawFrame): { name?: string; address?: string } {
  return {
    ...(name === undefined ? {} : { name: text(name, 'name') }),
    ...(address === undefined ? {} : { address: text(address, 'address') }),
  };
}

function text(value: unknown, what: string): string {
  if (typeof value === 'string' && value.length <= 4096) return value;
  throw new ControlError('refused', `${what} must be a string of at most 4096 characters.`);
}

function integer(value: unknown, what: string, min: number, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new ControlError('refused', `${what} must be an integer from ${min} to ${max}.`);
}

function roleOf(value: unknown): Role {
  const found = roles.find((role) => role === value);
  if (found !== undefined) return found;
  throw new ProtocolError('bad-request', `Not a role. Use one of: ${roles.join(', ')}.`);
}
