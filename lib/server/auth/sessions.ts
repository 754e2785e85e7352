/** Sessions: opens them at sign-in and resumes them by token. Knows the store, not connections. */
import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import type { Account } from '../../store/account-store.js';
import type { ResumedSession } from '../../store/sign-in-store.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import type { Member } from '../chat/presence.js';
import { createRush } from '../rush.js';
import { wrongCredentials } from './accounts.js';
import type { AttemptLimits } from './attempt-limits.js';
import { hashToken, newToken } from './tokens.js';

/** Expiry of a bot's token. */
const botMs = 3650 * 24 * 60 * 60_000;

export interface OpenedSession {
  readonly session: number;
  readonly token: string;
}

export interface SessionTokens {
  /** Creates a token for a bot: valid for ten years, not replaced on use. */
  createBotToken(account: Account): Promise<string>;
  /**
   * Call it once the account is present, so that a later password change finds and ends the session.
   * @throws ProtocolError `wrong-credentials` if the password was changed since it was checked
   */
  open(account: Account, opening: { remember: boolean; address: string }): Promise<OpenedSession>;
  /**
   * Whether the session of a signed-in person outlives a graceful end.
   * @throws ProtocolError `not-allowed` for a bot, `session-expired` where the session is gone
   */
  setRemember(member: Pick<Member, 'account' | 'session'>, remember: boolean): Promise<void>;
  /**
   * A valid token is never refused for what others of its address did.
   * @param comeIn is called at the store's answer, before those who asked the store later get theirs
   * @throws ProtocolError `session-expired`, `too-many-attempts`, and as `comeIn`
   */
  resume<Value>(
    token: string,
    caller: { readonly address: string; checkSigningIn(): void },
    comeIn: (resumed: OpenedSession & ResumedSession) => Promise<Value>,
  ): Promise<Value>;
}

interface SessionsDeps {
  readonly store: Store;
  readonly attempts: AttemptLimits;
  readonly clock: Clock;
}

export function createSessionTokens({ store, attempts, clock }: SessionsDeps): SessionTokens {
  const rush = createRush(clock);
  return {
    async createBotToken({ id, name }) {
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
        store.recordAudit({ at, by: 'operator', action: 'token', on: name }),
      ]);
      return token.text;
    },

    async open({ id, name, password }, { remember, address }) {
      const at = clock.now();
      const token = newToken();
      const expires = expiry(at, remember);
      const opened = { account: id, token: token.hash, expires, at, remember, address };
      const [session, now] = await Promise.all([store.openSession(opened), store.account(name)]);
      if (now?.password !== password) {
        await store.revokeSession(id, session);
        throw wrongCredentials();
      }
      return { session, token: token.text };
    },

    async setRemember({ account, session }, remember) {
      if (account.role === 'bot') throw new ProtocolError('not-allowed', "A bot's token lasts without this.");
      const expires = expiry(clock.now(), remember);
      const found = session !== undefined && (await store.rememberSession({ session, remember, expires }));
      if (!found) throw sessionExpired();
    },

    async resume(token, caller, comeIn) {
      const { address } = caller;
      await rush();
      // Before its token is replaced.
      caller.checkSigningIn();
      const at = clock.now();
      const next = newToken();
      const expires = { remembered: expiry(at, true), passing: expiry(at, false) };
      const asked = store.resumeSession({
        token: hashToken(token),
        ...{ next: next.hash, at, expires, address },
      });
      return asked.then((resumed) => {
        if (resumed === undefined) {
          attempts.countWrongCode(address);
          throw sessionExpired();
        }
        attempts.cameIn(resumed.account.name, address);
        return comeIn({ ...resumed, token: resumed.bot ? token : next.text });
      });
    },
  };
}

function expiry(at: number, remember: boolean): number {
  return at + (remember ? limits.rememberedMs : limits.sessionMs);
}

export function sessionExpired(): ProtocolError {
  return new ProtocolError(
    'session-expired',
    'This session has ended. Sign in with your password; a bot needs a new token.',
  );
}
