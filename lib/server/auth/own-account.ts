/** What people do with their own account: password, sessions, codes. Each change ends what the old one let in. */
import { ProtocolError } from '../../protocol/errors.js';
import type { SessionInfo } from '../../protocol/records.js';
import type { RequestOf } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import type { Member, Presence } from '../chat/presence.js';
import { type Accounts, notYourPassword } from './accounts.js';
import type { SecondFactor } from './second-factor.js';
import { newRecoveryCode } from './secrets.js';

export interface OwnAccount {
  /** All other sessions of the account end. @throws ProtocolError `not-allowed`, `wrong-credentials`, `password-unsuitable` */
  setPassword(member: Member, request: RequestOf<'set-password'>): Promise<void>;
  sessions(member: Member): Promise<SessionInfo[]>;
  /** One session, all, or the one that asks, which then ends. @throws ProtocolError `no-such-name` */
  logout(member: Member, request: RequestOf<'logout'>): Promise<void>;
  /** @returns the code, which takes the place of the one before. @throws ProtocolError `wrong-credentials` */
  makeRecovery(member: Member, password: string): Promise<string>;
  beginFactor(member: Member, password: string): Promise<{ secret: string; uri: string }>;
  confirmFactor(member: Member, otp: string): Promise<void>;
  endFactor(member: Member, password: string): Promise<void>;
  /** Ends what is open of an account whose password was set anew, its tickets and transfers too. */
  dismissed(account: Account): void;
}

export interface OwnAccountDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly accounts: Accounts;
  readonly factor: SecondFactor;
  readonly presence: Pick<Presence, 'terminals'>;
  /** Ends every ticket and every transfer of an account. */
  readonly revokeFiles: (account: number) => void;
}

export function createOwnAccount(deps: OwnAccountDeps): OwnAccount {
  const { store, clock, accounts, factor, presence } = deps;

  function audit({ name }: Account, action: string): Promise<void> {
    return store.record({ at: clock.now(), by: name, action, on: name });
  }

  function dismiss({ id }: Account, words: string, which: (member: Member) => boolean = () => true): void {
    for (const terminal of [...presence.terminals(id)]) {
      if (which(terminal)) terminal.dismiss('signed-out', words);
    }
  }

  return {
    async setPassword(member, { old, password }) {
      const { account, session } = member;
      if (account.role === 'bot')
        throw new ProtocolError('not-allowed', 'A bot has a token, not a password.');
      const was = await accounts.prove(account, old, member.address);
      const phc = await accounts.hash(account, password);
      const change = {
        account: account.id,
        was,
        password: phc,
        ...(session !== undefined && { except: session }),
      };
      // Whoever set it anew meanwhile did so to keep this one out.
      if (!(await store.changePassword(change))) throw notYourPassword();
      await audit(account, 'password');
      deps.revokeFiles(account.id);
      dismiss(account, 'Your password was changed on another terminal.', (other) => other !== member);
    },

    async sessions({ account, session }) {
      const rows = await store.sessions(account.id, clock.now());
      return rows.map(({ id, at, used, address, bot }) => ({
        ...{ id, at: new Date(at).toISOString(), used: new Date(used).toISOString() },
        ...(address !== undefined && { address }),
        ...(bot && { bot: true as const }),
        ...(id === session && { current: true as const }),
      }));
    },

    async logout(member, { session = member.session, all = false }) {
      const { account } = member;
      if (all) {
        await store.revokeSessions(account.id);
        deps.revokeFiles(account.id);
      } else if (session === undefined || !(await store.revokeSession(account.id, session))) {
        throw new ProtocolError('no-such-name', 'You have no such session. /sessions lists them.');
      }
      await audit(account, 'logout');
      dismiss(account, 'You logged out.', (other) => all || other.session === session);
    },

    async makeRecovery({ account, address }, password) {
      const was = await accounts.prove(account, password, address);
      const code = newRecoveryCode();
      if (!(await store.setRecovery(account.id, code.hash, was))) throw notYourPassword();
      await audit(account, 'recovery-code');
      return code.text;
    },

    async beginFactor({ account, address }, password) {
      await accounts.prove(account, password, address);
      return factor.begin(account);
    },

    async confirmFactor({ account }, otp) {
      await factor.confirm(account, otp);
      await audit(account, 'second-factor-on');
    },

    async endFactor({ account, address }, password) {
      await accounts.prove(account, password, address);
      await Promise.all([store.setFactor(account.id, undefined), audit(account, 'second-factor-off')]);
    },

    dismissed(account) {
      deps.revokeFiles(account.id);
      dismiss(account, 'Your password was set anew.');
    },
  };
}
