/** Standard streams of a front end, controlled by the test. */
import { PassThrough } from 'node:stream';
import { createLocalTime } from '../../lib/client/text/local-time.js';

export interface TestStreams {
  readonly stdin: PassThrough;
  readonly stdout: PassThrough & { columns: number };
  readonly stderr: PassThrough;
  /** What was written to stdout so far, and since the last call. */
  out(): string;
  err(): string;
}

export function createStreams(columns = 80): TestStreams {
  const stdin = new PassThrough();
  const stdout = Object.assign(new PassThrough(), { columns });
  const stderr = new PassThrough();
  const read = (stream: PassThrough) => (): string => String(stream.read() ?? '');
  return { stdin, stdout, stderr, out: read(stdout), err: read(stderr) };
}

/** 20 November 2026, 13:00 UTC, and it stays so. */
export const noon = Date.UTC(2026, 10, 20, 13, 0);
export const testTime = createLocalTime(() => noon, 'UTC');

/** Lets streams and promises come to rest, without waiting for any time. */
export async function settle(turns = 10): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}
