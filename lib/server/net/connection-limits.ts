/** Limits on connections that have not authenticated. Knows addresses, not sockets. */
import { limits } from '../../protocol/limits.js';
import { addressKey } from './address.js';

export interface ConnectionLimits {
  /** There are as many as may be, from this address or in all. */
  full(address: string): boolean;
  /** Counts a connection. @returns to be called once it has authenticated or is closed; further calls do nothing */
  add(address: string): () => void;
}

export function createConnectionLimits(): ConnectionLimits {
  const perAddress = new Map<string, number>();
  let total = 0;
  return {
    full(address) {
      const same = perAddress.get(addressKey(address)) ?? 0;
      return total >= limits.connectionsUnsigned || same >= limits.unsignedPerAddress;
    },
    add(address) {
      const key = addressKey(address);
      let counted = true;
      total++;
      perAddress.set(key, (perAddress.get(key) ?? 0) + 1);
      return () => {
        if (!counted) return;
        counted = false;
        total--;
        const left = (perAddress.get(key) ?? 1) - 1;
        if (left === 0) perAddress.delete(key);
        else perAddress.set(key, left);
      };
    },
  };
}
