/**
 * Attempt limits against guessed passwords and mass sign-ups: an address that fails too often must wait, and
 * sign-ins to an account that is under attack are delayed. No account is ever locked. Sees no passwords.
 */

import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import { duration } from '../../protocol/quantities.js';
import type { Clock } from '../../system/clock.js';
import { addressKey } from '../net/address.js';
import { createRateLimiter } from '../rate-limiter.js';

export interface AttemptLimits {
  /**
   * Call before a password, code or token is checked; resolves after the account's current delay. The name is
   * '' for invites and tokens, where only the address counts.
   * @throws ProtocolError `too-many-attempts` for an address that failed too often
   */
  admit(name: string, address: string): Promise<void>;
  failed(name: string, address: string): void;
  succeeded(name: string): void;
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

export function createAttemptLimits(clock: Clock): AttemptLimits {
  const { loginFailuresPerMinute, accountsPerHour } = limits;
  const failures = createRateLimiter<string>(
    { burst: loginFailuresPerMinute, perSecond: loginFailuresPerMinute / 60 },
    clock,
  );
  const newAccounts = createRateLimiter<string>(
    { burst: accountsPerHour, perSecond: accountsPerHour / 3_600 },
    clock,
  );
  const names = createNameFailures(clock);

  return {
    async admit(name, address) {
      const wait = failures.wait(addressKey(address));
      if (wait > 0) {
        const message = `Too many failed attempts from your address. Try again in ${duration(wait)}.`;
        throw new ProtocolError('too-many-attempts', message, wait);
      }
      const delay = names.delay(name);
      if (delay > 0) await new Promise<void>((resolve) => clock.after(delay, resolve));
    },
    failed(name, address) {
      failures.charge(addressKey(address));
      if (name !== '') names.failed(name);
    },
    succeeded: names.forget,
    admitNewAccount(address) {
      const wait = newAccounts.wait(addressKey(address));
      if (wait === 0) return;
      const message = `Too many new accounts from your address. Try again in ${duration(wait)}, or use a join link.`;
      throw new ProtocolError('too-many-attempts', message, wait);
    },
    accountCreated: (address) => newAccounts.charge(addressKey(address)),
  };
}

/** Recent failures per account name. */
function createNameFailures(clock: Clock) {
  const failures = new Map<string, { count: number; at: number }>();

  function recentFailures(name: string): number {
    const found = failures.get(name);
    return found === undefined || clock.ticks() - found.at > forgetMs ? 0 : found.count;
  }

  return {
    /** Milliseconds that the next attempt must wait. */
    delay(name: string): number {
      const over = recentFailures(name) - freeFailures;
      return over < 0 ? 0 : Math.min(limits.loginDelayMaxMs, firstDelayMs * 2 ** Math.min(over, 10));
    },
    failed(name: string): void {
      const count = recentFailures(name) + 1;
      // Deleted first, so that the map is ordered by last failure and the oldest is dropped.
      failures.delete(name);
      failures.set(name, { count, at: clock.ticks() });
      const [oldest = name] = failures.keys();
      if (failures.size > rememberedNames) failures.delete(oldest);
    },
    forget: (name: string) => void failures.delete(name),
  };
}
