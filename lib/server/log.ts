/** The server's log. Knows events and fields, not where they are written. */

/** Never a password, a token, a code or a message's text. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where a server's log goes. */
export interface Log {
  /** Something that happens every day, such as a sign-in. */
  info(event: string, fields?: LogFields): void;
  /** Something for the operator to look at. */
  warn(event: string, fields?: LogFields): void;
  /** A bug or a failure of the machine; `error` is written with its stack and causes. */
  error(event: string, error: unknown, fields?: LogFields): void;
}

export const silentLog: Log = { info() {}, warn() {}, error() {} };

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
