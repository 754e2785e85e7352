/** Creates, lists and revokes invites and reset links. Knows permissions, not how a link is written. */
import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import type { InviteInfo } from '../../protocol/records.js';
import type { RequestFields } from '../../protocol/requests.js';
import type { Issuer, NewInvite } from '../../store/account-store.js';
import type { ChatParts } from '../chat/parts.js';
import { type Action, type Actor, type Agent, actorOf, adviceFor, notAllowed } from '../chat/permissions.js';
import { newInviteCode, newResetCode } from './tokens.js';

interface IssuedLinks {
  /** One per address of the server, best first. */
  readonly links: string[];
  readonly expires: string;
}

/** All throw ProtocolError `not-allowed`. */
export interface Invites {
  /** For the operator if `by` is missing; checks no permission. @returns the code, of which only the hash is stored */
  issue(terms: InviteTerms): Promise<string>;
  make(agent: Agent, request: RequestFields<'make-invite'>): Promise<IssuedLinks>;
  list(agent: Agent): Promise<InviteInfo[]>;
  /** @throws ProtocolError `no-such-name` */
  remove(agent: Agent, id: number): Promise<void>;
  /** Creates a one-time link to set a new password. @throws ProtocolError `no-such-name` */
  reset(agent: Agent, name: string): Promise<IssuedLinks>;
}

type InviteTerms = Omit<NewInvite, 'code' | 'at'>;

interface InvitesDeps extends ChatParts {
  readonly links: (code: string) => string[];
}

export const defaultInviteMs = 7 * 24 * 60 * 60_000;

export function createInvites(deps: InvitesDeps): Invites {
  const { store, clock, permissions, audit, lookup, links } = deps;
  const check = (agent: Agent, action: Action, target?: Actor, whom?: string): void =>
    permissions.check(actorOf(agent), action, target, whom);

  async function issue(terms: InviteTerms): Promise<string> {
    const code = newInviteCode();
    const created = await store.createInvite({ ...terms, code: code.hash, at: clock.now() });
    // Its issuer was banned or has another role by now.
    if (created === undefined) throw notAllowed();
    return code.text;
  }

  return {
    issue,

    async make(agent, { uses = 1, ms = defaultInviteMs, role = 'member' }) {
      check(agent, 'make-invite', { role });
      const expires = clock.now() + ms;
      const code = await issue({ role, uses, expires, ...issuerOf(agent) });
      const detail = `${role}, ${uses === 1 ? '1 use' : `${uses} uses`}`;
      await audit.record(agent, { action: 'invite', detail });
      return { links: links(code), expires: new Date(expires).toISOString() };
    },

    async list(agent) {
      check(agent, 'see-invites');
      const rows = await store.invites(clock.now());
      return rows.map(({ expires, ...row }) => ({ ...row, expires: new Date(expires).toISOString() }));
    },

    async remove(agent, id) {
      check(agent, 'see-invites');
      if (!(await store.removeInvite(id))) {
        throw new ProtocolError('no-such-name', 'No such invite. See /invites.');
      }
      await audit.record(agent, { action: 'uninvite', detail: `invite ${id}` });
    },

    async reset(agent, name) {
      const target = await lookup.person(agent, name);
      check(agent, 'make-reset', actorOf(target), target.name);
      if (target.role === 'bot' || target.password === '') {
        const hint = adviceFor(agent, {
          chat: 'Only the operator can create one.',
          shell: `Create one with: secure-chat user token ${target.name}`,
        });
        throw new ProtocolError('not-allowed', `${target.name} signs in with a token. ${hint}`);
      }
      const code = newResetCode();
      const expires = clock.now() + limits.resetMs;
      const at = clock.now();
      const reset = { account: target.id, code: code.hash, expires, at, ...issuerOf(agent) };
      if (!(await store.addReset(reset))) throw notAllowed();
      await audit.record(agent, { action: 'reset-link', on: target.name });
      return { links: links(code.text), expires: new Date(expires).toISOString() };
    },
  };
}

function issuerOf(agent: Agent): { by?: Issuer } {
  return 'id' in agent ? { by: { id: agent.id, role: agent.role } } : {};
}
