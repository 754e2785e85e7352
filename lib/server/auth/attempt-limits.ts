/**
 * What wrong passwords cost: an address that fails too often waits, an account that is tried too often
 * answers slowly. Nobody is locked out of their own account. Knows names and addresses, no passwords.
 */
import { duration } from '../../protocol/duration.js';
import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import type { Clock } from '../../system/clock.js';
import { addressKey } from '../net/address.js';
import { createRateLimiter } from '../rate-limiter.js';

export interface AttemptLimits {
  /**
   * Called before a password or an invite is looked at; resolves after the delay that the account has earned.
   * What concerns no account (an invite, a token) has the name '' and only its address counts.
   * @throws ProtocolError `too-many-attempts` for an address that failed too often
   */
  admit(name: string, address: string): Promise<void>;
  failed(name: string, address: string): void;
  succeeded(name: string): void;
}

/** Failures of an account that cost nothing yet. */
const freeFailures = 3;
const firstDelayMs = 500;
/** A quarter of an hour without a failure and an account answers at once again. */
const forgetMs = 15 * 60_000;
const rememberedNames = 10_000;

export function createAttemptLimits(clock: Clock): AttemptLimits {
  const rate = { burst: limits.loginFailuresPerMinute, perSecond: limits.loginFailuresPerMinute / 60 };
  const addresses = createRateLimiter<string>(rate, clock);
  const names = new Map<string, { count: number; at: number }>();

  function delay(name: string): number {
    const failures = names.get(name);
    if (failures === undefined || clock.ticks() - failures.at > forgetMs) return 0;
    const over = failures.count - freeFailures;
    return over < 0 ? 0 : Math.min(limits.loginDelayMaxMs, firstDelayMs * 2 ** Math.min(over, 10));
  }

  return {
    async admit(name, address) {
      const wait = addresses.wait(addressKey(address));
      if (wait > 0) {
        const message = `Too many failed attempts from your address. Try again in ${duration(wait)}.`;
        throw new ProtocolError('too-many-attempts', message, wait);
      }
      const ms = delay(name);
      if (ms > 0) await new Promise<void>((resolve) => clock.after(ms, resolve));
    },
    failed(name, address) {
      addresses.charge(addressKey(address));
      if (name === '') return;
      const before = names.get(name);
      const recent = before !== undefined && clock.ticks() - before.at <= forgetMs;
      // Set anew, so that the map's order is that of the last failure and the oldest is dropped.
      names.delete(name);
      names.set(name, { count: recent ? before.count + 1 : 1, at: clock.ticks() });
      if (names.size > rememberedNames) {
        for (const oldest of names.keys()) {
          names.delete(oldest);
          break;
        }
      }
    },
    succeeded(name) {
      names.delete(name);
    },
  };
}

export interface Newcomers {
  /** @throws ProtocolError `too-many-attempts` for an address that made too many */
  admit(address: string): void;
  /** An account was made: only that counts. */
  made(address: string): void;
}

export function createNewcomers(clock: Clock): Newcomers {
  const perHour = limits.accountsPerHour;
  const addresses = createRateLimiter<string>({ burst: perHour, perSecond: perHour / 3_600 }, clock);

  return {
    admit(address) {
      const wait = addresses.wait(addressKey(address));
      if (wait === 0) return;
      const minutes = Math.ceil(wait / 60_000);
      const message = `Too many accounts were made from your address. Try again in ${minutes} min, or with a join link.`;
      throw new ProtocolError('too-many-attempts', message, wait);
    },
    made: (address) => addresses.charge(addressKey(address)),
  };
}
