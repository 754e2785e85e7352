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
