/**
 * Limits on connections that have not authenticated: how many there are, and how fast handshakes come. Knows addresses,
 * not what is sent.
 */
import { limits } from '../../protocol/limits.js';
import type { Clock } from '../../system/clock.js';
import { createRateLimiter } from '../rate-limiter.js';
import { addressKey } from './address.js';
import { createCounts } from './counts.js';

export interface ConnectionLimits {
  /** Counts one handshake. @returns whether it may begin now */
  admit(address: string): boolean;
  /** For connections up to the end of the TLS handshake. */
  readonly handshakes: Places;
  /** For connections from then on until they have signed in or shown a ticket. */
  readonly unauthenticated: Places;
  /** Prefers this address from now on, where places or handshakes are short. */
  signedIn(address: string): void;
}

/** A limited number of places. A newcomer always gets one, if need be that of another connection. */
interface Places {
  /**
   * @param evict ends the connection, because another one gets its place
   * @returns gives the place back; further calls do nothing
   */
  take(address: string, evict: () => void): () => void;
}

interface PlacesLimits {
  readonly perAddress: number;
  readonly total: number;
}

interface ConnectionLimitsOptions {
  readonly clock: Clock;
  /** Handshakes of one address at once, which may change. Default `limits.connectionsPerAddress`. */
  readonly live?: { readonly perAddress: number };
  /** Places after it. Default `limits.unsignedPerAddress` and `limits.connectionsUnsigned`. */
  readonly unauthenticated?: PlacesLimits;
  /** From 0 up to, not including, 1. */
  readonly random?: () => number;
}

/** Addresses that signed in are remembered until so many others did. */
const rememberedAddresses = 10_000;

/** An address up to this rate does not compete with those that come all the time. */
const rare = { burst: 8, perSecond: 1 };

export function createConnectionLimits({
  clock,
  live = { perAddress: limits.connectionsPerAddress },
  unauthenticated = { perAddress: limits.unsignedPerAddress, total: limits.connectionsUnsigned },
  random = Math.random,
}: ConnectionLimitsOptions): ConnectionLimits {
  const known = new Set<string>();
  const ofAddress = createRateLimiter<string>(
    () => ({ burst: live.perAddress, perSecond: limits.handshakesPerSecondPerAddress }),
    clock,
  );
  const rareness = createRateLimiter<string>(rare, clock);
  const ofStrangers = createRateLimiter<'rare' | 'frequent'>(
    () => ({
      burst: Math.max(live.perAddress, limits.handshakeBurst),
      perSecond: limits.handshakesPerSecond,
    }),
    clock,
  );
  const deps = { random, weightOf: (key: string) => (known.has(key) ? knownWeight : 1) };
  return {
    admit(address) {
      const key = addressKey(address);
      if (ofAddress.take(key) > 0) return false;
      if (known.has(key)) return true;
      return ofStrangers.take(rareness.take(key) === 0 ? 'rare' : 'frequent') === 0;
    },
    handshakes: createPlaces({ perAddress: limits.handshakesPerAddress, total: limits.handshakes }, deps),
    unauthenticated: createPlaces(unauthenticated, deps),
    signedIn(address) {
      const key = addressKey(address);
      // Deleted first, so that the set is ordered by last sign-in.
      known.delete(key);
      known.add(key);
      const [oldest = key] = known;
      if (known.size > rememberedAddresses) known.delete(oldest);
    },
  };
}

/** Places of an address that signed in lately, for each of a stranger's: a class behind one router reconnects at once. */
const knownWeight = 8;

interface Holder {
  readonly key: string;
  readonly evict: () => void;
  /** Takes it out of the counts. */
  readonly uncount: () => void;
}

function createPlaces(
  { perAddress, total }: PlacesLimits,
  { random, weightOf }: { random: () => number; weightOf: (key: string) => number },
): Places {
  const holders = new Set<Holder>();
  const counts = createCounts();

  /** Those whose address has the most places for its weight. */
  function mostGreedy(): Holder[] {
    const greed = ({ key }: Holder) => counts.of(key) / weightOf(key);
    const most = Math.max(...[...holders].map(greed));
    return [...holders].filter((holder) => greed(holder) === most);
  }

  function ofAddress(address: string): Holder[] {
    return [...holders].filter(({ key }) => key === address);
  }

  function remove(holder: Holder): void {
    holders.delete(holder);
    holder.uncount();
  }

  /** At random, so that no one can time their arrival in order to stay. */
  function evictOneOf(candidates: readonly Holder[], newcomer: Holder): void {
    const others = candidates.filter((holder) => holder !== newcomer);
    const loser = others[Math.floor(random() * others.length)];
    if (loser === undefined) return;
    remove(loser);
    loser.evict();
  }

  return {
    take(address, evict) {
      const key = addressKey(address);
      const newcomer = { key, evict, uncount: counts.add(key) };
      holders.add(newcomer);
      if (counts.of(key) > perAddress * weightOf(key)) evictOneOf(ofAddress(key), newcomer);
      else if (holders.size > total) evictOneOf(mostGreedy(), newcomer);
      return () => remove(newcomer);
    },
  };
}
