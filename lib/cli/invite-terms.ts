/** What an invite may be: how often, how long, as whom. Turns what an operator wrote into what the accounts take. */
import { parseDuration } from '../protocol/duration.js';
import type { Role } from '../protocol/events.js';
import type { Accounts } from '../server/accounts.js';
import type { Clock } from '../server/clock.js';
import { ControlError } from '../server/control.js';

const minuteMs = 60_000;
export const usesMax = 10_000;
const expiresMax = 365 * 24 * 60 * minuteMs;
export const defaultExpiry = '7d';

/** As lib/protocol/duration.ts has it, from a minute to a year; undefined for anything else. */
export function parseExpiry(text: string): number | undefined {
  const ms = parseDuration(text);
  return ms !== undefined && ms >= minuteMs && ms <= expiresMax ? ms : undefined;
}

/**
 * The command behind the control socket and the library's `invite`: `{role?, uses?, expiresMs?}` to a code.
 * @throws ControlError `refused`
 */
export function inviteCommand(accounts: Accounts, clock: Clock) {
  return ({ role = 'member', uses = 1, expiresMs = parseExpiry(defaultExpiry) }: Record<string, unknown>) => {
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
