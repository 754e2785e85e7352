/** What an invite may be: how often, how long, as whom. Turns what an operator wrote into what the accounts take. */
import type { Role } from '../protocol/events.js';
import type { Accounts } from '../server/accounts.js';
import type { Clock } from '../server/clock.js';
import { ControlError } from '../server/control.js';

const minuteMs = 60_000;
const units: Readonly<Record<string, number>> = {
  m: minuteMs,
  h: 60 * minuteMs,
  d: 24 * 60 * minuteMs,
  w: 7 * 24 * 60 * minuteMs,
};

export const usesMax = 10_000;
const expiresMax = 365 * 24 * 60 * minuteMs;
export const defaultExpiry = '7d';

/** `30m`, `12h`, `7d`, `2w` in milliseconds; undefined for anything else, for nothing, and for over a year. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,6})([mhdw])$/.exec(text.trim()) ?? [];
  const ms = Number(count) * (units[unit] ?? Number.NaN);
  return ms >= minuteMs && ms <= expiresMax ? ms : undefined;
}

/**
 * The command behind the control socket and the library's `invite`: `{role?, uses?, expiresMs?}` to a code.
 * @throws ControlError `refused`
 */
export function inviteCommand(accounts: Accounts, clock: Clock) {
  return ({
    role = 'member',
    uses = 1,
    expiresMs = parseDuration(defaultExpiry),
  }: Record<string, unknown>) => {
    if (!isRole(role)) throw new ControlError('refused', 'A role is member or admin.');
    if (!isWhole(uses, usesMax))
      throw new ControlError('refused', `--uses takes a number from 1 to ${usesMax}.`);
    if (!isWhole(expiresMs, expiresMax))
      throw new ControlError('refused', 'An invite lasts from a minute to a year.');
    return accounts.invite({ role, uses, expires: clock.now() + expiresMs });
  };
}

function isRole(value: unknown): value is Role {
  return value === 'member' || value === 'admin';
}

function isWhole(value: unknown, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max;
}
