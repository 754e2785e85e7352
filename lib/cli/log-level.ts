/** How much a server's log says. */
import type { Log } from '../server/log.js';

/** The most important first. */
export const logLevels = ['error', 'warn', 'info'] as const;

export type LogLevel = (typeof logLevels)[number];

/** The log without what is less important than `least`. */
export function logFrom(least: LogLevel, log: Log): Log {
  switch (least) {
    case 'info':
      return log;
    case 'warn':
      return { ...log, info() {} };
    case 'error':
      return { ...log, info() {}, warn() {} };
    default:
      return least satisfies never;
  }
}
