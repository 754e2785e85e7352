/** How many accounts an address makes where nobody needs an invite. Knows addresses, not accounts. */
import { ProtocolError } from '../protocol/errors.js';
import { limits } from '../protocol/limits.js';
import { addressKey } from './address.js';
import type { Clock } from './clock.js';
import { createThrottle } from './throttle.js';

export interface Newcomers {
  /** @throws ProtocolError `too-many-attempts` for an address that made too many */
  admit(address: string): void;
  /** An account was made: only that counts. */
  made(address: string): void;
}

export function createNewcomers(clock: Clock): Newcomers {
  const perHour = limits.accountsPerHour;
  const addresses = createThrottle<string>({ burst: perHour, perSecond: perHour / 3_600 }, clock);

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
