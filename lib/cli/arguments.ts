/**
 * Option values as people write them, for commander's `argParser`. Each throws InvalidArgumentError, which
 * becomes exit code 64.
 */
import { InvalidArgumentError } from 'commander';
import { canonicalHost, parseEndpoint } from '../trust/endpoint.js';

export function hostArgument(text: string): string {
  const host = canonicalHost(text);
  if (host === undefined) throw new InvalidArgumentError('It takes an address or a host name.');
  return host;
}

/** Checked, and left as it was written. */
export function endpointArgument(text: string): string {
  const parsed = parseEndpoint(text);
  if (!parsed.ok) throw new InvalidArgumentError(parsed.message);
  return text;
}

export function portArgument(least: 0 | 1): (text: string) => number {
  return (text) => {
    const port = Number(text);
    if (/^\d{1,5}$/.test(text) && port >= least && port <= 65535) return port;
    throw new InvalidArgumentError(`A port is a number from ${least} to 65535.`);
  };
}

/** A decimal number in a range. */
export function numberArgument(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+(\.\d+)?$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It takes a number from ${least} to ${most}.`);
  };
}
