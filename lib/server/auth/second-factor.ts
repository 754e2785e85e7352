/** The second factor: authenticator codes (TOTP, RFC 6238: SHA-1, 6 digits, 30 s). Knows no passwords. */
import { Secret, TOTP } from 'otpauth';
import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import { duration } from '../../protocol/quantities.js';
import type { Account } from '../../store/account-store.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import { addressKey } from '../net/address.js';
import type { Peers } from '../peers.js';
import { createRateLimiter } from '../rate-limiter.js';

export interface SecondFactor {
  /**
   * Calls only `checkEntry` for an account without a second factor.
   * @param checkEntry called once the code is right; if it throws, the code stays unused
   * @throws ProtocolError `second-factor-needed`, `second-factor-wrong`, `too-many-attempts`
   */
  check(account: Account, given: GivenCode, checkEntry: () => Promise<void>): Promise<void>;
  /** A new secret for an authenticator, in force once `confirm` gets a code of it. */
  begin(account: Account): { secret: string; uri: string };
  /** @throws ProtocolError `second-factor-wrong` */
  confirm(account: Account, otp: string): Promise<void>;
}

interface GivenCode {
  readonly otp: string | undefined;
  readonly address: string;
}

const stepMs = 30_000;
const secretBytes = 20;
const maxUnconfirmed = 1_000;

interface SecondFactorDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly peers: Pick<Peers, 'everywhere'>;
}

/** @param issuer the server's name, as an authenticator shows it */
export function createSecondFactor(deps: SecondFactorDeps, issuer: string): SecondFactor {
  const { store, clock } = deps;
  /** Secrets by account that were shown but not confirmed, the latest last. */
  const unconfirmed = new Map<number, string>();
  const failures = createCodeFailures(deps);

  const totp = (name: string, secret: string) =>
    new TOTP({ issuer, label: name, secret: Secret.fromBase32(secret) });

  /** @returns the code's time step: the current one, the one before or the one after */
  function stepOf({ name }: Account, secret: string, otp: string): number | undefined {
    const timestamp = clock.now();
    const delta = totp(name, secret).validate({ token: otp, timestamp, window: 1 });
    return delta === null ? undefined : Math.floor(timestamp / stepMs) + delta;
  }

  return {
    async check(account, { otp, address }, checkEntry) {
      const { id, factor } = account;
      if (factor === undefined) return checkEntry();
      if (otp === undefined) {
        throw new ProtocolError('second-factor-needed', 'Enter the 6-digit code from your authenticator.');
      }
      const source = await failures.from(account, address);
      // No await from here to the count: many at once would all be looked at.
      const wait = source.wait();
      if (wait > 0) {
        const message = `Too many wrong codes for your account. Try again in ${duration(wait)}, sign in from an address where you are signed in, or use your recovery code.`;
        throw new ProtocolError('too-many-attempts', message, wait);
      }
      const step = stepOf(account, factor, otp);
      if (step === undefined) {
        source.count();
        throw wrongCode();
      }
      await checkEntry();
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

/**
 * Limits on wrong codes (RFC 4226 section 7.3). Only someone who knows the password gets here, and must not lock the
 * owner out. So each address has its own limit, and an attacker at one address stops no other: 5 an hour never use up
 * the 10 an hour of all. Attackers can have thousands of addresses, and three codes of a million are valid at any time:
 * the limit of all keeps them at 240 guesses or 0.07 % a day. It does not hold for addresses at which the account has a
 * session, which no one gets without a code: there the owner can sign in even while many guess.
 */
function createCodeFailures({ store, clock, peers }: SecondFactorDeps) {
  const { factorFailuresPerHour, factorFailuresInAll, factorFailuresInAllPerHour } = limits;
  const bySource = createRateLimiter<string>(
    { burst: factorFailuresPerHour, perSecond: factorFailuresPerHour / 3_600 },
    clock,
  );
  const inAll = createRateLimiter<number>(
    { burst: factorFailuresInAll, perSecond: factorFailuresInAllPerHour / 3_600 },
    clock,
  );
  // Or else who guesses could do so on each server.
  const charge = peers.everywhere(
    'wrong-code',
    ({ account, key, known }: { account: number; key: string; known: boolean }) => {
      bySource.charge(`${account} ${key}`);
      if (!known) inAll.charge(account);
    },
  );
  return {
    async from({ id }: Account, address: string) {
      const key = addressKey(address);
      const sessions = await store.sessions(id, clock.now());
      const known = sessions.some((session) => addressKey(session.address ?? '') === key);
      return {
        /** Milliseconds until another code may be tried, 0 for now. */
        wait: () => Math.max(bySource.wait(`${id} ${key}`), known ? 0 : inAll.wait(id)),
        count: () => charge({ account: id, key, known }),
      };
    },
  };
}

function wrongCode(): ProtocolError {
  return new ProtocolError('second-factor-wrong', 'Wrong or already used code. Wait for the next one.');
}
