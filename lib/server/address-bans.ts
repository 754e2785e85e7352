/** Which addresses are kept out at this moment. Knows bans and ranges, no connections. */
import type { Ban } from '../store/moderation-store.js';
import { type AddressRange, parseRange } from './address.js';
import type { Clock } from './clock.js';

export interface AddressBans {
  add(ban: Ban): void;
  remove(address: string): void;
  /** The ban that covers an address, undefined for none. */
  of(address: string): Ban | undefined;
}

export function createAddressBans(clock: Pick<Clock, 'now'>): AddressBans {
  const bans = new Map<string, { ban: Ban; range: AddressRange }>();
  return {
    add(ban) {
      const range = 'address' in ban ? parseRange(ban.address) : undefined;
      if (range !== undefined) bans.set(range.text, { ban, range });
    },
    remove: (address) => void bans.delete(address),
    of(address) {
      const now = clock.now();
      for (const [text, { ban, range }] of bans) {
        if ((ban.until ?? now + 1) <= now) bans.delete(text);
        else if (range.covers(address)) return ban;
      }
      return undefined;
    },
  };
}
