/**
 * What the operator does on the server's machine, as commands with their arguments checked: the same whether the
 * server runs or not. Knows the app, not how commands come to it.
 */
import { isAbsolute } from 'node:path';
import { ProtocolError } from '../../protocol/errors.js';
import type { RawFrame } from '../../protocol/frame.js';
import { limits } from '../../protocol/limits.js';
import type { Role } from '../../protocol/records.js';
import type { App } from '../app.js';
import { operator } from '../chat/permissions.js';
import { type ControlCommand, ControlError } from './control-socket.js';

const roles: readonly Role[] = ['admin', 'moderator', 'member', 'bot'];

/** By name, for the control socket. Each answers with fields, and throws ControlError `refused` or ProtocolError. */
export function operatorCommands(app: App): ReadonlyMap<string, ControlCommand> {
  const { store, clock, accounts, sessions, ownAccount, invites, bans, moderation, presence, lookup, audit } =
    app;

  const commands: Record<string, ControlCommand> = {
    async invite({ role = 'member', uses = 1, expiresMs }) {
      const ms =
        expiresMs === undefined ? {} : { ms: whole(expiresMs, 'expiresMs', 60_000, limits.inviteMs) };
      const terms = { role: roleOf(role), uses: whole(uses, 'uses', 1, limits.inviteUses), ...ms };
      return invites.make(operator, terms);
    },
    async 'user-add'({ name, role = 'member', password }) {
      const secret = password === undefined ? undefined : text(password, 'password');
      const made = await accounts.add({ name: text(name, 'name'), role: roleOf(role), password: secret });
      return { name: made.account.name, ...(secret === undefined ? {} : { recovery: made.recovery }) };
    },
    async 'user-list'() {
      const [people, found] = await Promise.all([store.directory(), store.bans(clock.now())]);
      const banned = new Set(found.flatMap((ban) => ('account' in ban ? [ban.account] : [])));
      const online = (id: number) => presence.terminals(id).size;
      return {
        users: people.map((each) => ({ ...each, banned: banned.has(each.id), online: online(each.id) })),
      };
    },
    async 'user-passwd'({ name, password }) {
      const account = await lookup.person(operator, text(name, 'name'));
      const phc = await accounts.hashPassword(account, text(password, 'password'));
      const changed = [store.setPassword(account.id, phc), store.revokeSessions(account.id)];
      const recorded = audit.record(operator, { action: 'password', on: account.name });
      await Promise.all([...changed, recorded]);
      ownAccount.passwordReset(account);
      return {};
    },
    'user-reset': async ({ name }) => invites.reset(operator, text(name, 'name')),
    async 'user-role'({ name, role }) {
      await moderation.setRole(operator, { name: text(name, 'name'), role: roleOf(role) });
      return {};
    },
    async 'user-token'({ name }) {
      return { token: await sessions.createBotToken(await lookup.person(operator, text(name, 'name'))) };
    },
    async 'user-remove'({ name }) {
      await moderation.remove(operator, text(name, 'name'));
      return {};
    },
    async 'user-ban'({ name, address, ms, reason }) {
      const end = ms === undefined ? {} : { ms: whole(ms, 'ms', 1, limits.banMs) };
      await bans.ban(operator, {
        ...subject({ name, address }),
        ...end,
        reason: text(reason ?? '', 'reason'),
      });
      return {};
    },
    async 'user-unban'({ name, address }) {
      await bans.unban(operator, subject({ name, address }));
      return {};
    },
    bans: async () => ({ bans: await bans.list(operator) }),
    async audit({ before, limit = limits.auditPage }) {
      const page = whole(limit, 'limit', 1, limits.auditPage);
      const from =
        before === undefined ? {} : { before: whole(before, 'before', 1, Number.MAX_SAFE_INTEGER) };
      return { audit: await audit.page({ ...from, limit: page, hidden: true }) };
    },
    async copy({ file }) {
      const path = text(file, 'file');
      if (!isAbsolute(path)) throw new ControlError('refused', 'A copy needs a full path.');
      await store.copy(path);
      return {};
    },
    damage: async () => ({ damage: [...(await store.damage())] }),
    'file-hashes': async () => ({ hashes: [...(await store.fileHashes())] }),
  };
  return new Map(Object.entries(commands));
}

function subject({ name, address }: RawFrame): { name?: string; address?: string } {
  return {
    ...(name === undefined ? {} : { name: text(name, 'name') }),
    ...(address === undefined ? {} : { address: text(address, 'address') }),
  };
}

function text(value: unknown, what: string): string {
  if (typeof value === 'string' && value.length <= 4096) return value;
  throw new ControlError('refused', `${what} has to be a text of at most 4096 characters.`);
}

function whole(value: unknown, what: string, least: number, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new ControlError('refused', `${what} has to be a number from ${least} to ${most}.`);
}

function roleOf(value: unknown): Role {
  const found = roles.find((role) => role === value);
  if (found !== undefined) return found;
  throw new ProtocolError('bad-request', `A role is ${roles.join(', ')}.`);
}
