/** Whether a server is the one that was meant. Knows pins, neither sockets nor files nor people. */

export interface Evidence {
  /** Pin of the key that the server showed. */
  readonly presented: string;
  /** A certificate authority of this system vouches for it under the host name asked for. */
  readonly authorized: boolean;
  readonly linkPin?: string | undefined;
  readonly knownPin?: string | undefined;
}

export type Verdict =
  | { readonly verdict: 'trusted'; readonly by: 'link' | 'known-hosts' | 'authority' }
  /** Somebody else answers, or the server has a new key: a hard stop. */
  | { readonly verdict: 'changed'; readonly expected: string; readonly by: 'link' | 'known-hosts' }
  /** Nothing speaks for or against it: a person decides. */
  | { readonly verdict: 'unknown' };

/** The strongest evidence at hand decides alone: a pin is never outvoted by an authority. */
export function judge({ presented, authorized, linkPin, knownPin }: Evidence): Verdict {
  if (linkPin !== undefined) return compare(presented, linkPin, 'link');
  if (knownPin !== undefined) return compare(presented, knownPin, 'known-hosts');
  if (authorized) return { verdict: 'trusted', by: 'authority' };
  return { verdict: 'unknown' };
}

function compare(presented: string, expected: string, by: 'link' | 'known-hosts'): Verdict {
  return presented === expected ? { verdict: 'trusted', by } : { verdict: 'changed', expected, by };
}
