/** Where one chat can be reached: which address is in use, and which come next. Knows no sockets, and trusts none of them. */
import type { ServerFrameOf } from '../../protocol/events.js';
import { limits } from '../../protocol/limits.js';
import { type Endpoint, isSameEndpoint, parseEndpoint, uniqueEndpoints } from '../../trust/endpoint.js';

export interface Addresses {
  /** The one in use, or to be tried next. */
  readonly current: Endpoint;
  /** All of them in the order of a round of tries: `current` first. */
  readonly inOrder: readonly Endpoint[];
  /** This one is going away: if it is `current`, the one after it becomes that. */
  leave(endpoint: Endpoint): void;
  /** A server that is trusted greeted at this address: it is in use, and the others are those that it tells. */
  greeted(endpoint: Endpoint, hello: Pick<ServerFrameOf<'hello'>, 'peers'>): void;
}

interface AddressesDeps {
  /** By the person, the one to begin with first: stay, whatever a server tells. */
  readonly given: readonly [Endpoint, ...Endpoint[]];
  /** As the chat's servers told before; replaced by what they tell next. */
  readonly known?: readonly Endpoint[];
  /** Given what a server told, and its own address. */
  readonly keep?: (told: readonly Endpoint[]) => void;
}

export function createAddresses({ given, known = [], keep }: AddressesDeps): Addresses {
  let current: Endpoint = given[0];
  let told = known;

  function inOrder(): readonly Endpoint[] {
    const all = uniqueEndpoints([...given, ...told]);
    const at = all.findIndex((each) => isSameEndpoint(each, current));
    return [...all.slice(at), ...all.slice(0, at)];
  }

  return {
    get current() {
      return current;
    },
    get inOrder() {
      return inOrder();
    },
    leave(endpoint) {
      if (isSameEndpoint(endpoint, current)) current = inOrder()[1] ?? current;
    },
    greeted(endpoint, { peers = [] }) {
      current = endpoint;
      told = uniqueEndpoints([endpoint, ...endpointsFrom(peers)]);
      keep?.(told);
    },
  };
}

/** Those that are addresses, of the first 16: no server makes a client try more. */
function endpointsFrom(peers: readonly string[]): Endpoint[] {
  const parsed = peers.slice(0, limits.peerHosts).map(parseEndpoint);
  return parsed.flatMap((each) => (each.ok ? [each.value] : []));
}
