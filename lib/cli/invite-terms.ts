/** How long an invite lasts, as an operator writes it. */
import { parseDuration } from '../protocol/duration.js';
import { limits } from '../protocol/limits.js';

const minuteMs = 60_000;
export const defaultExpiry = '7d';

/** As lib/protocol/duration.ts has it, from a minute to a year; undefined for anything else. */
export function parseExpiry(text: string): number | undefined {
  const ms = parseDuration(text);
  return ms !== undefined && ms >= minuteMs && ms <= limits.inviteMs ? ms : undefined;
}
