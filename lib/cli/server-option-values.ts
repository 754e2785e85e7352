/** Values of options that only a server has, checked by the parts of the server that use them. A client doesn't load this. */
import { InvalidArgumentError } from 'commander';
import { parseRange } from '../server/net/address.js';
import { parsePushHosts } from '../server/push/push-hosts.js';

export function pushHostsArgument(text: string): readonly string[] {
  const hosts = text.split(',');
  if (parsePushHosts(hosts) !== undefined) return hosts;
  throw new InvalidArgumentError('Give hosts such as ntfy.sh,push.example:8443 or http://192.168.1.5:8080.');
}

/** Addresses and CIDR ranges separated by commas, in canonical form. */
export function rangesArgument(text: string): readonly string[] {
  return text.split(',').map((part) => {
    const range = parseRange(part.trim());
    if (range !== undefined) return range.text;
    throw new InvalidArgumentError(
      'Give addresses or ranges such as 192.0.2.7,10.1.0.0/16; the widest are /8, and /16 of IPv6.',
    );
  });
}
