/** Option values as typed, for commander's `argParser`. Each throws InvalidArgumentError, which becomes exit code 64. */
import { InvalidArgumentError } from 'commander';
import { momentForms, parseMoment } from '../client/commands/arguments.js';
import { parseDuration } from '../protocol/quantities.js';
import type { Retention } from '../server/files/cleanup.js';
import { canonicalHost, parseEndpoint } from '../trust/endpoint.js';

export function hostArgument(text: string): string {
  const host = canonicalHost(text);
  if (host === undefined) throw new InvalidArgumentError('Give an address or a host name.');
  return host;
}

/** Checked, and left as typed. */
export function endpointArgument(text: string): string {
  const parsed = parseEndpoint(text);
  if (!parsed.ok) throw new InvalidArgumentError(parsed.message);
  return text;
}

export function portArgument(least: 0 | 1): (text: string) => number {
  return ranged(/^\d{1,5}$/, [least, 65535], 'Give a port');
}

/** A decimal number in a range. */
export function numberArgument(least: number, most: number): (text: string) => number {
  return ranged(/^\d+(\.\d+)?$/, [least, most], 'Give a number');
}

/** A whole number in a range. */
export function countArgument(least: number, most: number): (text: string) => number {
  return ranged(/^\d{1,9}$/, [least, most], 'Give a whole number');
}

function ranged(
  form: RegExp,
  [least, most]: readonly [least: number, most: number],
  what: string,
): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (form.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`${what} from ${least} to ${most}.`);
  };
}

const sizeUnits: Readonly<Record<string, number>> = {
  '': 1,
  K: 1024,
  M: 1024 ** 2,
  G: 1024 ** 3,
  T: 1024 ** 4,
};

/** `500K`, `100M`, `2G` in bytes; a bare number is bytes. */
export function sizeArgument(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,12}(?:\.\d{1,3})?)([KMGT]?)i?B?$/i.exec(text.trim()) ?? [];
  const bytes = Math.floor(Number(number) * (sizeUnits[unit.toUpperCase()] ?? Number.NaN));
  if (number !== '' && bytes >= 1 && Number.isSafeInteger(bytes)) return bytes;
  throw new InvalidArgumentError('Give a size such as 500K, 100M or 2G.');
}

/** A moment in the past, in milliseconds since the epoch. */
export function momentArgument(text: string): number {
  const at = parseMoment(text, Date.now());
  if (at === undefined) throw new InvalidArgumentError(`Give ${momentForms}.`);
  return at;
}

/** An age (`90d`) or a count of messages (`10000`). */
export function keepArgument(text: string): Retention {
  const ms = parseDuration(text);
  if (ms !== undefined) return { ms };
  if (/^\d{1,9}$/.test(text) && Number(text) >= 1) return { messages: Number(text) };
  throw new InvalidArgumentError('Give an age such as 90d or 12h, or a number of messages.');
}
