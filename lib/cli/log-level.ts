/** How much a server's log says. */
import type { Log } from '../server/log.js';

/** The most important first. */
export const logLevels = ['error', 'warn', 'info'] as const;

export type LogLevel = (typeof logLevels)[number];

/** The log without what is less important than `least` says at that time. */
export function logFrom(least: () => LogLevel, log: Log): Log {
  const has = (level: LogLevel) => logLevels.indexOf(level) <= logLevels.indexOf(least());
  return {
    error: log.error,
    warn: (...event) => void (has('warn') && log.warn(...event)),
    info: (...event) => void (has('info') && log.info(...event)),
  };
}
