/** This machine's own names and addresses, best first. Makes no system calls: the interfaces are passed in. */
import type { NetworkInterfaceInfo } from 'node:os';
import { canonicalHost } from './endpoint.js';

export interface Machine {
  /** As os.networkInterfaces() returns it. */
  readonly interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;
  /** As os.hostname() returns it. */
  readonly hostname: string;
}

/** All hosts that a certificate for this machine should name: canonical, unique, without link-local addresses. */
export function machineHosts(machine: Machine): string[] {
  const loopbacks = ['localhost', '127.0.0.1', '::1'];
  const others = addresses(machine).map(({ address }) => address);
  return [...new Set([...loopbacks, ...ownName(machine), ...others])];
}

/**
 * Hosts for a join link, most useful first: IPv4 (public, private, tunnels), global IPv6, local IPv6, the
 * machine's name, loopback. Bridges of containers and virtual machines count only if there is nothing else.
 * Never empty.
 */
export function usableAddresses(machine: Machine): string[] {
  const ranked = addresses(machine)
    .map((found) => ({ address: found.address, rank: rankOf(found) }))
    .filter(({ rank }) => rank < ranks.never)
    .sort((left, right) => left.rank - right.rank);
  const outside = ranked.filter(({ rank }) => rank < ranks.bridge);
  const best = (outside.length > 0 ? outside : ranked).map(({ address }) => address);
  return [...new Set([...best, ...ownName(machine), '127.0.0.1'])];
}

interface FoundAddress {
  readonly device: string;
  readonly address: string;
  readonly internal: boolean;
}

const ranks = {
  public4: 0,
  private4: 1,
  tunnel4: 2,
  global6: 3,
  local6: 4,
  bridge: 5,
  never: 6,
} as const;

function addresses({ interfaces }: Machine): FoundAddress[] {
  return Object.entries(interfaces).flatMap(([device, infos]) =>
    (infos ?? []).flatMap(({ address, internal }) => {
      // A link-local IPv6 address is useless without its zone, which neither links nor certificates can carry.
      const host = canonicalHost(address);
      return host === undefined || /^fe[89ab]/.test(host) ? [] : [{ device, address: host, internal }];
    }),
  );
}

// Docker, Podman, Kubernetes, libvirt, LXD, VMware, VirtualBox and macOS sharing. Not br0 or vmbr0, which
// carry the address of a real network.
const bridge = /^(?:docker|br-[0-9a-f]|veth|virbr|vmnet|vboxnet|lxc|lxd|podman|cni|flannel|cali|bridge1\d\d)/;
const tunnel = /^(?:tun|tap|utun|wg|tailscale|zt|ppp|ipsec)/;

function rankOf({ device, address, internal }: FoundAddress): number {
  if (internal || address.startsWith('169.254.')) return ranks.never;
  if (bridge.test(device)) return ranks.bridge;
  if (address.includes(':')) return /^f[cd]/.test(address) ? ranks.local6 : ranks.global6;
  // 100.64.0.0/10 is used by carrier NAT and overlay networks (RFC 6598).
  if (tunnel.test(device) || /^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(address)) return ranks.tunnel4;
  return /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)/.test(address) ? ranks.private4 : ranks.public4;
}

function ownName({ hostname }: Machine): string[] {
  const name = canonicalHost(hostname);
  return name === undefined || name === 'localhost' ? [] : [name];
}
