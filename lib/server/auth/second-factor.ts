/** The second factor: authenticator codes (TOTP, RFC 6238: SHA-1, 6 digits, 30 s). Knows no passwords. */
import { Secret, TOTP } from 'otpauth';
import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import { duration } from '../../protocol/quantities.js';
import type { Account } from '../../store/account-store.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import { createRateLimiter } from '../rate-limiter.js';

export interface SecondFactor {
  /**
   * Does nothing for an account without a second factor.
   * @param checkEntry called once the code is right; if it throws, the code stays unused
   * @throws ProtocolError `second-factor-needed`, `second-factor-wrong`, `too-many-attempts`
   */
  check(account: Account, otp: string | undefined, checkEntry: () => void): Promise<void>;
  /** A new secret for an authenticator, in force once `confirm` gets a code of it. */
  begin(account: Account): { secret: string; uri: string };
  /** @throws ProtocolError `second-factor-wrong` */
  confirm(account: Account, otp: string): Promise<void>;
}

const stepMs = 30_000;
const secretBytes = 20;
const maxUnconfirmed = 1_000;

/** @param issuer the server's name, as an authenticator shows it */
export function createSecondFactor(store: Store, clock: Clock, issuer: string): SecondFactor {
  /** Secrets by account that were shown but not confirmed, the latest last. */
  const unconfirmed = new Map<number, string>();
  // RFC 4226 section 7.3. Per account, not per address: three codes of a million are valid at any time, and
  // attackers can have thousands of addresses.
  const perHour = limits.factorFailuresPerHour;
  const failures = createRateLimiter<number>({ burst: perHour, perSecond: perHour / 3_600 }, clock);

  const totp = (name: string, secret: string) =>
    new TOTP({ issuer, label: name, secret: Secret.fromBase32(secret) });

  /** @returns the code's time step: the current one, the one before or the one after */
  function stepOf({ name }: Account, secret: string, otp: string): number | undefined {
    const timestamp = clock.now();
    const delta = totp(name, secret).validate({ token: otp, timestamp, window: 1 });
    return delta === null ? undefined : Math.floor(timestamp / stepMs) + delta;
  }

  return {
    async check(account, otp, checkEntry) {
      const { id, factor } = account;
      if (factor === undefined) return;
      if (otp === undefined) {
        throw new ProtocolError('second-factor-needed', 'Enter the 6-digit code from your authenticator.');
      }
      const wait = failures.wait(id);
      if (wait > 0) {
        const message = `Too many wrong codes for your account. Try again in ${duration(wait)}, or use your recovery code.`;
        throw new ProtocolError('too-many-attempts', message, wait);
      }
      const step = stepOf(account, factor, otp);
      if (step === undefined) {
        failures.take(id);
        throw wrongCode();
      }
      checkEntry();
      if (!(await store.useFactor(id, step))) throw wrongCode();
    },

    begin({ id, name }) {
      const secret = new Secret({ size: secretBytes }).base32;
      unconfirmed.delete(id);
      unconfirmed.set(id, secret);
      const [oldest = id] = unconfirmed.keys();
      if (unconfirmed.size > maxUnconfirmed) unconfirmed.delete(oldest);
      return { secret, uri: totp(name, secret).toString() };
    },

    async confirm(account, otp) {
      const { id } = account;
      const secret = unconfirmed.get(id);
      const step = secret === undefined ? undefined : stepOf(account, secret, otp);
      if (secret === undefined || step === undefined) throw wrongCode();
      unconfirmed.delete(id);
      await Promise.all([store.setFactor(id, secret), store.useFactor(id, step)]);
    },
  };
}

function wrongCode(): ProtocolError {
  return new ProtocolError('second-factor-wrong', 'Wrong or already used code. Wait for the next one.');
}
