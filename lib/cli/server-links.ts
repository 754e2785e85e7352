/** By what addresses others reach a server: join links, and where webhooks post. Starts nothing. */
import { hostname, networkInterfaces } from 'node:os';
import { limits } from '../protocol/limits.js';
import { webhookPath } from '../server/webhooks/webhook-listener.js';
import {
  canonicalHost,
  type Endpoint,
  formatHost,
  formatJoinLink,
  parseEndpoint,
  uniqueEndpoints,
} from '../trust/endpoint.js';
import { type Machine, usableAddresses } from '../trust/machine-addresses.js';
import type { ServerSettings } from './server-settings.js';

/** By each address of the server, the best first; each also names other servers of the chat. */
export function joinLinks(
  settings: Pick<ServerSettings, 'publicHost' | 'host' | 'peerHosts'>,
  { pin, port, code }: { pin: string; port: number; code?: string | undefined },
): string[] {
  const { peerHosts = [] } = settings;
  return reachable(settings, port).map((endpoint) => {
    const [, ...others] = uniqueEndpoints([endpoint, ...peerHosts]).slice(0, limits.linkHosts);
    return formatJoinLink({ ...endpoint, others, pin, ...(code === undefined ? {} : { code }) });
  });
}

/** What a secret is appended to. */
export function webhookBase({ publicHost, webhooks }: ServerSettings, port = webhooks?.port ?? 0): string {
  const [best] = reachable(
    { ...(publicHost && { publicHost }), ...(webhooks && { host: webhooks.host }) },
    port,
  );
  const { host } = best ?? { host: hostname() };
  return `https://${formatHost(host)}:${port}${webhookPath}`;
}

/** Where join links can point, the best first. */
export function reachable(
  { publicHost, host }: Pick<ServerSettings, 'publicHost' | 'host'>,
  port: number,
): Endpoint[] {
  if (publicHost !== undefined) {
    const bare = canonicalHost(publicHost);
    if (bare !== undefined) return [{ host: bare, port }];
    const parsed = parseEndpoint(publicHost);
    if (!parsed.ok) throw new RangeError(parsed.message);
    return [parsed.value];
  }
  if (host !== undefined && host !== '::' && host !== '0.0.0.0') return [{ host, port }];
  return usableAddresses(thisMachine())
    .filter((address) => host !== '0.0.0.0' || !address.includes(':'))
    .map((address) => ({ host: address, port }));
}

export function thisMachine(): Machine {
  return { interfaces: networkInterfaces(), hostname: hostname() };
}
