/** Sessions: what a sign-in leaves behind, so that its token continues it. Knows the store, not connections. */
import { ProtocolError } from '../../protocol/errors.js';
import type { Account } from '../../store/account-store.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import { wrongCredentials } from './accounts.js';
import type { AttemptLimits } from './attempt-limits.js';
import { hashSecret, newToken } from './secrets.js';

const dayMs = 24 * 60 * 60_000;
/** A remembered session that nobody uses for this long ends. */
const rememberedMs = 90 * dayMs;
/** Any other one, for this long after it was opened or continued: connections last, laptops sleep. */
const passingMs = 30 * dayMs;
/** A bot's token. */
const botMs = 3650 * dayMs;

export interface OpenedSession {
  readonly session: number;
  readonly token: string;
}

export interface Sessions {
  /** A token that is good for ten years and stays the same when it is used. */
  bot(account: Account): Promise<string>;
  /**
   * For an account that has its seat, so that whoever changes the password after this finds it there.
   * @throws ProtocolError `wrong-credentials` where the password was changed since it was checked
   */
  open(account: Account, opening: { remember: boolean; address: string }): Promise<OpenedSession>;
  /** @throws ProtocolError `session-expired`, `too-many-attempts` */
  resume(
    token: string,
    address: string,
  ): Promise<OpenedSession & { account: Account; running: boolean; bot: boolean }>;
}

export interface SessionsDeps {
  readonly store: Store;
  readonly guard: AttemptLimits;
  readonly clock: Clock;
}

export function createSessions({ store, guard, clock }: SessionsDeps): Sessions {
  return {
    async bot({ id, name }) {
      const token = newToken();
      const at = clock.now();
      const opened = {
        account: id,
        token: token.hash,
        expires: at + botMs,
        at,
        remember: true,
        bot: true,
      } as const;
      await Promise.all([
        store.openSession(opened),
        store.record({ at, by: 'operator', action: 'token', on: name }),
      ]);
      return token.text;
    },

    async open({ id, name, password }, { remember, address }) {
      const at = clock.now();
      const token = newToken();
      const expires = at + (remember ? rememberedMs : passingMs);
      const opened = { account: id, token: token.hash, expires, at, remember, address };
      const [session, now] = await Promise.all([store.openSession(opened), store.account(name)]);
      if (now?.password !== password) {
        await store.revokeSession(id, session);
        throw wrongCredentials();
      }
      return { session, token: token.text };
    },

    async resume(shown, address) {
      await guard.admit('', address);
      const at = clock.now();
      const next = newToken();
      const expires = { remembered: at + rememberedMs, passing: at + passingMs };
      const token = hashSecret(shown);
      const resumed = await store.resumeSession({ token, next: next.hash, at, expires, address });
      if (resumed === undefined) {
        guard.failed('', address);
        throw sessionOver();
      }
      return { ...resumed, token: resumed.bot ? shown : next.text };
    },
  };
}

export function sessionOver(): ProtocolError {
  return new ProtocolError('session-expired', 'That session is over. Sign in with your password.');
}
