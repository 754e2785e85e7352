/**
 * Attempt limits against guessed passwords and codes and mass sign-ups. Attempts with a password are counted when they
 * begin, so that many at once all count, and forgiven on success. They count for the account and the address together:
 * a neighbour's wrong passwords stop no one else, and no account is ever locked. Sees no passwords.
 */

import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import { duration } from '../../protocol/quantities.js';
import type { Clock } from '../../system/clock.js';
import { addressKey } from '../net/address.js';
import { noPeers, type Peers } from '../peers.js';
import { createRateLimiter, type RateLimiter } from '../rate-limiter.js';
import type { Turn } from './hash-queue.js';

export interface AttemptLimits {
  /**
   * Counts an attempt before its password is checked; resolves after the account's current delay.
   * @throws ProtocolError `too-many-attempts`
   */
  begin(attempt: Turn): Promise<void>;
  /** Forgives the attempt and those before it. Call it only once the account has come in: otherwise it would be free. */
  succeeded(attempt: Turn): void;
  /**
   * Counts a wrong token, invite or recovery code. Right ones are never refused: with 125 random bits or more, what
   * is limited is the work, not the guessing.
   * @throws ProtocolError `too-many-attempts` in place of the answer
   */
  countWrongCode(address: string): void;
  /**
   * Counts a name that is checked before registration. No faster than registration itself tells who has an account.
   * @throws ProtocolError `too-many-attempts`
   */
  countNameCheck(address: string): void;
  /** Notes that the account has come in from this address. */
  cameIn(name: string, address: string): void;
  /** Whether the account came in from this address lately, or is signed in. */
  isFamiliar(attempt: Turn): boolean;
  /** How fast passwords of an address are hashed, by `addressKey`. */
  readonly pace: RateLimiter<string>;
  /** Call before an account is created without an invite. @throws ProtocolError `too-many-attempts` */
  admitNewAccount(address: string): void;
  accountCreated(address: string): void;
}

/** Failures of an account before its sign-ins are delayed. */
const freeFailures = 3;
const firstDelayMs = 500;
/** An account's failures are forgotten after a quarter of an hour without another one. */
const forgetMs = 15 * 60_000;
const rememberedNames = 10_000;
/** Accounts with an address that they came in from; the earliest is forgotten. */
const rememberedEntries = 10_000;

export function createAttemptLimits(clock: Clock, peers: Pick<Peers, 'elsewhere'> = noPeers): AttemptLimits {
  const { loginFailuresPerMinute, codeFailuresPerMinute, nameChecksPerMinute, accountsPerHour } = limits;
  const limiter = (burst: number, perSecond: number) =>
    createRateLimiter<string>({ burst, perSecond }, clock);
  const passwords = limiter(loginFailuresPerMinute, loginFailuresPerMinute / 60);
  const codes = limiter(codeFailuresPerMinute, codeFailuresPerMinute / 60);
  const nameChecks = limiter(nameChecksPerMinute, nameChecksPerMinute / 60);
  const newAccounts = limiter(accountsPerHour, accountsPerHour / 3_600);
  const pace = limiter(limits.hashesPerAddress, limits.hashesPerAddressPerSecond);
  const names = createNameFailures(clock);
  const entries = new Set<string>();

  const limiters = { passwords, codes, nameChecks, newAccounts };
  // Or else who guesses could do so on each server.
  const tellCounted = peers.elsewhere(
    'attempt',
    ({ of, key, name }: { of: keyof typeof limiters; key: string; name?: string }) => {
      limiters[of].charge(key);
      if (name !== undefined) names.begin(name);
    },
  );
  const tellSucceeded = peers.elsewhere(
    'attempt-succeeded',
    ({ key, name }: { key: string; name?: string }) => {
      passwords.forget(key);
      if (name !== undefined) names.forget(name);
    },
  );

  /** As `take`, on all servers. */
  function count(of: keyof typeof limiters, key: string, name?: string): number {
    const wait = limiters[of].take(key);
    if (wait === 0) tellCounted({ of, key, ...(name !== undefined && { name }) });
    return wait;
  }

  const isFamiliar = (attempt: Turn) => attempt.signedIn || entries.has(keyOf(attempt));

  function cameIn(name: string, address: string): void {
    const key = `${addressKey(address)} ${name}`;
    entries.delete(key);
    entries.add(key);
    const [oldest = key] = entries;
    if (entries.size > rememberedEntries) entries.delete(oldest);
  }

  return {
    pace,
    cameIn,
    isFamiliar,

    async begin(attempt) {
      const { name, signedIn } = attempt;
      const delayed = name !== '' && !signedIn;
      const wait = count('passwords', keyOf(attempt), delayed ? name : undefined);
      if (wait > 0) {
        const message = `Too many attempts with this account. Try again in ${duration(wait)}.`;
        throw new ProtocolError('too-many-attempts', message, wait);
      }
      const delay = delayed ? names.begin(name) : 0;
      if (delay > 0) await new Promise<void>((resolve) => clock.after(delay, resolve));
    },

    succeeded(attempt) {
      const { asker, name, signedIn } = attempt;
      const key = keyOf(attempt);
      passwords.forget(key);
      tellSucceeded({ key, ...(!signedIn && { name }) });
      if (signedIn) return;
      if (!isFamiliar(attempt)) pace.giveBack(addressKey(asker.address));
      cameIn(name, asker.address);
      names.forget(name);
    },

    countWrongCode(address) {
      const wait = count('codes', addressKey(address));
      if (wait === 0) return;
      const message = `Too many failed attempts from your address. Try again in ${duration(wait)}.`;
      throw new ProtocolError('too-many-attempts', message, wait);
    },

    countNameCheck(address) {
      const wait = count('nameChecks', addressKey(address));
      if (wait === 0) return;
      const message = `Too many names checked from your address. Try again in ${duration(wait)}.`;
      throw new ProtocolError('too-many-attempts', message, wait);
    },

    admitNewAccount(address) {
      const wait = newAccounts.wait(addressKey(address));
      if (wait === 0) return;
      const message = `Too many new accounts from your address. Try again in ${duration(wait)}, or use a join link.`;
      throw new ProtocolError('too-many-attempts', message, wait);
    },
    accountCreated(address) {
      const key = addressKey(address);
      newAccounts.charge(key);
      tellCounted({ of: 'newAccounts', key });
    },
  };
}

function keyOf({ asker, name, signedIn }: Turn): string {
  return signedIn ? `signed in: ${name}` : `${addressKey(asker.address)} ${name}`;
}

/** Recent failures per account name, from everywhere. */
function createNameFailures(clock: Clock) {
  const failures = new Map<string, { count: number; at: number }>();

  function recentFailures(name: string): number {
    const found = failures.get(name);
    return found === undefined || clock.ticks() - found.at > forgetMs ? 0 : found.count;
  }

  return {
    /** Counts an attempt. @returns milliseconds that it must wait */
    begin(name: string): number {
      const before = recentFailures(name);
      // Deleted first, so that the map is ordered by last failure and the oldest is dropped.
      failures.delete(name);
      failures.set(name, { count: before + 1, at: clock.ticks() });
      const [oldest = name] = failures.keys();
      if (failures.size > rememberedNames) failures.delete(oldest);
      const over = before - freeFailures;
      return over < 0 ? 0 : Math.min(limits.loginDelayMaxMs, firstDelayMs * 2 ** Math.min(over, 10));
    },
    forget: (name: string) => void failures.delete(name),
  };
}
