/** The server's log. Knows events and fields, not where they are written. */

/** Never a password, a token, a code or a message's text. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  /** A bug or a failure of the machine; `error` is written with its stack and causes. */
  error(event: string, error: unknown, fields?: LogFields): void;
}

export const silentLog: Log = { info() {}, warn() {}, error() {} };
