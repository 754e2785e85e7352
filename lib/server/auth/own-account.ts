/** Requests about your own account: password, sessions, recovery code, second factor. Knows no sockets. */
import { ProtocolError } from '../../protocol/errors.js';
import type { SessionInfo } from '../../protocol/records.js';
import type { RequestOf } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type { ChatParts } from '../chat/parts.js';
import type { Member } from '../chat/presence.js';
import { type Accounts, wrongPassword } from './accounts.js';
import type { SecondFactor } from './second-factor.js';
import { newRecoveryCode } from './tokens.js';

export interface OwnAccount {
  /** Ends all other sessions of the account. @throws ProtocolError `not-allowed`, `wrong-credentials`, `password-unsuitable` */
  setPassword(member: Member, request: RequestOf<'set-password'>): Promise<void>;
  sessions(member: Member): Promise<SessionInfo[]>;
  /** Ends one session, all of them, or by default the current one. @throws ProtocolError `no-such-name` */
  logout(member: Member, request: RequestOf<'logout'>): Promise<void>;
  /** @returns a new code, which replaces the old one. @throws ProtocolError `wrong-credentials` */
  makeRecovery(member: Member, password: string): Promise<string>;
  beginFactor(member: Member, password: string): Promise<{ secret: string; uri: string }>;
  confirmFactor(member: Member, otp: string): Promise<void>;
  endFactor(member: Member, password: string): Promise<void>;
  /** Ends all connections, tickets and transfers of an account whose password was reset. */
  passwordReset(account: Account): void;
}

interface OwnAccountDeps extends ChatParts {
  readonly accounts: Accounts;
  readonly secondFactor: SecondFactor;
  /** Revokes all tickets and transfers of an account. */
  readonly revokeFiles: (account: number) => void;
}

export function createOwnAccount(deps: OwnAccountDeps): OwnAccount {
  const { store, clock, accounts, secondFactor } = deps;
  return {
    setPassword: (member, request) => setPassword(deps, member, request),
    logout: (member, request) => logout(deps, member, request),

    async sessions({ account, session }) {
      const rows = await store.sessions(account.id, clock.now());
      return rows.map(({ id, at, used, address, bot }) => ({
        ...{ id, at: new Date(at).toISOString(), used: new Date(used).toISOString() },
        ...(address !== undefined && { address }),
        ...(bot && { bot: true as const }),
        ...(id === session && { current: true as const }),
      }));
    },

    async makeRecovery(member, password) {
      const { account } = member;
      const was = await accounts.checkPassword(member, password);
      const code = newRecoveryCode();
      if (!(await store.setRecovery(account.id, code.hash, was))) throw wrongPassword();
      await audit(deps, account, 'recovery-code');
      return code.text;
    },

    async beginFactor(member, password) {
      await accounts.checkPassword(member, password);
      return secondFactor.begin(member.account);
    },

    async confirmFactor({ account }, otp) {
      await secondFactor.confirm(account, otp);
      await audit(deps, account, 'second-factor-on');
    },

    async endFactor(member, password) {
      const { account } = member;
      await accounts.checkPassword(member, password);
      await Promise.all([store.setFactor(account.id, undefined), audit(deps, account, 'second-factor-off')]);
    },

    passwordReset(account) {
      deps.revokeFiles(account.id);
      endConnections(deps, account, 'Your password was reset.');
    },
  };
}

async function setPassword(
  deps: OwnAccountDeps,
  member: Member,
  { old, password }: RequestOf<'set-password'>,
): Promise<void> {
  const { store, accounts } = deps;
  const { account, session } = member;
  if (account.role === 'bot') {
    throw new ProtocolError('not-allowed', 'Bots have a token instead of a password.');
  }
  const was = await accounts.checkPassword(member, old);
  const changed = await store.changePassword({
    ...{ account: account.id, was, password: await accounts.hashPassword(account, password, member) },
    ...(session !== undefined && { except: session }),
  });
  // It was changed meanwhile, perhaps to lock this session out.
  if (!changed) throw wrongPassword();
  deps.revokeFiles(account.id);
  const words = 'Your password was changed on another terminal.';
  endConnections(deps, account, words, session === undefined ? {} : { except: session });
  await audit(deps, account, 'password');
}

async function logout(
  deps: OwnAccountDeps,
  { account, session: own }: Member,
  { session = own, all }: RequestOf<'logout'>,
): Promise<void> {
  const { store } = deps;
  if (all) {
    await store.revokeSessions(account.id);
    deps.revokeFiles(account.id);
  } else if (session === undefined || !(await store.revokeSession(account.id, session))) {
    throw new ProtocolError('no-such-name', 'You have no such session. See /sessions.');
  }
  endConnections(deps, account, 'You logged out.', all || session === undefined ? {} : { only: session });
  await audit(deps, account, 'logout');
}

function audit({ store, clock }: OwnAccountDeps, { name }: Account, action: string): Promise<void> {
  return store.recordAudit({ at: clock.now(), by: name, action, on: name });
}

function endConnections(
  { announce }: OwnAccountDeps,
  { id }: Account,
  message: string,
  which: { only?: number; except?: number } = {},
): void {
  announce.ended({ account: id, code: 'signed-out', message, ...which });
}
