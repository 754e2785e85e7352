/** Connections that have not shown yet who they are: how many there may be. Knows addresses, not sockets. */
import { limits } from '../../protocol/limits.js';
import { addressKey } from './address.js';

export interface ConnectionLimits {
  /** Too many stand there, of this address or of all. */
  crowded(address: string): boolean;
  /** @returns to be called once it has shown who it is, or is gone; further calls do nothing */
  enter(address: string): () => void;
}

export function createConnectionLimits(): ConnectionLimits {
  const standing = new Map<string, number>();
  let all = 0;
  return {
    crowded(address) {
      const same = standing.get(addressKey(address)) ?? 0;
      return all >= limits.connectionsUnsigned || same >= limits.unsignedPerAddress;
    },
    enter(address) {
      const key = addressKey(address);
      let there = true;
      all++;
      standing.set(key, (standing.get(key) ?? 0) + 1);
      return () => {
        if (!there) return;
        there = false;
        all--;
        const left = (standing.get(key) ?? 1) - 1;
        if (left === 0) standing.delete(key);
        else standing.set(key, left);
      };
    },
  };
}
