/** A second factor: codes of an authenticator (RFC 6238: SHA-1, 6 digits, 30 s). Knows secrets and time, no passwords. */
import { Secret, TOTP } from 'otpauth';
import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import type { Account } from '../../store/account-store.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import { createRateLimiter } from '../rate-limiter.js';

export interface SecondFactor {
  /**
   * @param before runs where all but that is right; what it throws leaves the code unused
   * @throws ProtocolError `second-factor-needed`, `second-factor-wrong`, `too-many-attempts` for an account that has one
   */
  check(account: Account, otp: string | undefined, before: () => void): Promise<void>;
  /** A secret to be put into an authenticator; it counts once `confirm` was given a code of it. */
  begin(account: Account): { secret: string; uri: string };
  /** @throws ProtocolError `second-factor-wrong` */
  confirm(account: Account, otp: string): Promise<void>;
}

const stepMs = 30_000;
const secretBytes = 20;
/** Secrets that nobody has confirmed; the oldest goes. */
const mostPending = 1_000;

/** @param issuer what an authenticator calls the server */
export function createSecondFactor(store: Store, clock: Clock, issuer: string): SecondFactor {
  const pending = new Map<number, string>();
  // RFC 4226, 7.3, for each account: addresses can be had by the thousand, and three codes of a million are good.
  const perHour = limits.factorFailuresPerHour;
  const failures = createRateLimiter<number>({ burst: perHour, perSecond: perHour / 3_600 }, clock);

  const totp = (name: string, secret: string) =>
    new TOTP({ issuer, label: name, secret: Secret.fromBase32(secret) });

  /** @returns the time step whose code it is, one before or after the present one included */
  function stepOf({ name }: Account, secret: string, otp: string): number | undefined {
    const timestamp = clock.now();
    const delta = totp(name, secret).validate({ token: otp, timestamp, window: 1 });
    return delta === null ? undefined : Math.floor(timestamp / stepMs) + delta;
  }

  function wrong(): ProtocolError {
    return new ProtocolError(
      'second-factor-wrong',
      'That code is wrong, or was used before. Wait for the next one.',
    );
  }

  return {
    async check(account, otp, before) {
      const { id, factor } = account;
      if (factor === undefined) return;
      if (otp === undefined) {
        throw new ProtocolError(
          'second-factor-needed',
          'Your authenticator shows a code of 6 digits: it is needed too.',
        );
      }
      const wait = failures.wait(id);
      if (wait > 0) {
        const minutes = Math.ceil(wait / 60_000);
        const message = `Too many wrong codes for your account. Try again in ${minutes} min, or use your recovery code.`;
        throw new ProtocolError('too-many-attempts', message, wait);
      }
      const step = stepOf(account, factor, otp);
      if (step === undefined) {
        failures.take(id);
        throw wrong();
      }
      before();
      if (!(await store.useFactor(id, step))) throw wrong();
    },

    begin({ id, name }) {
      const secret = new Secret({ size: secretBytes }).base32;
      pending.delete(id);
      pending.set(id, secret);
      for (const oldest of pending.keys()) {
        if (pending.size <= mostPending) break;
        pending.delete(oldest);
      }
      return { secret, uri: totp(name, secret).toString() };
    },

    async confirm(account, otp) {
      const { id } = account;
      const secret = pending.get(id);
      const step = secret === undefined ? undefined : stepOf(account, secret, otp);
      if (secret === undefined || step === undefined) throw wrong();
      pending.delete(id);
      await Promise.all([store.setFactor(id, secret), store.useFactor(id, step)]);
    },
  };
}
