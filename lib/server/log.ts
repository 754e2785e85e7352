/** What the server tells its operator. Knows events and fields, not where they are written. */

/** Fields of one log line. Never a password, a token, a code or a message's text. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  /** Ours to mend; `error` goes with its stack and causes. */
  error(event: string, error: unknown, fields?: LogFields): void;
}

export const silentLog: Log = { info() {}, warn() {}, error() {} };
