/**
 * Hashes and verifies passwords with argon2id, one at a time in a low-priority child process, which is replaced if it
 * ends or does not answer. Knows passwords and PHC strings, not accounts, nor whose turn it is.
 *
 * In the main process, two concurrent hashes doubled the 99th percentile of a broadcast (29 ms instead of 14 ms)
 * and a hundred queued ones blocked the file system for 3 s. One at a time in the child affects neither.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import { childEnvironment } from '../../system/process-secrets.js';
import { type Log, silentLog } from '../log.js';

export type HashJob =
  | { readonly id: number; readonly do: 'hash'; readonly password: string }
  /** Without `phc` it takes as long, and fails. */
  | { readonly id: number; readonly do: 'verify'; readonly password: string; readonly phc?: string };

export interface HashAnswer {
  readonly id: number;
  readonly failed?: string;
  readonly phc?: string;
  readonly right?: boolean;
  /** A new PHC string for a right password whose hash has old parameters. */
  readonly rehashed?: string;
}

interface Verified {
  readonly right: boolean;
  readonly rehashed?: string;
}

export interface Hasher {
  /** How many jobs it works on at a time; the others wait. */
  readonly atOnce: number;
  /** @throws ProtocolError `busy` if it failed twice, `shutting-down` */
  hash(password: string): Promise<string>;
  /**
   * Takes as long without `phc` as with a wrong one.
   * @throws Error for a hash that is none, or asks for more work than any of this program's; and as `hash`
   */
  verify(password: string, phc: string | undefined): Promise<Verified>;
  close(): void;
}

interface HasherOptions {
  /** Milliseconds that a job may take; by default `limits.hashMs`. */
  readonly jobMs?: number;
  readonly log?: Log;
}

/** When a refused caller should retry: about ten hashes. */
const busyMs = 2_000;

export function createHasher({ jobMs = limits.hashMs, log = silentLog }: HasherOptions = {}): Hasher {
  let worker: ReturnType<typeof startWorker> | undefined;
  let nextId = 1;
  let closed = false;
  let last: Promise<unknown> = Promise.resolve();

  /** Tries twice: the child may have been killed or stopped for reasons of its own. */
  async function run(job: HashJob): Promise<HashAnswer> {
    for (let tries = 0; tries < 2; tries++) {
      if (closed) break;
      worker ??= startWorker();
      const outcome = await worker.run(job, jobMs);
      if (typeof outcome !== 'string') return outcome;
      worker?.kill();
      worker = undefined;
      if (!closed) log.warn('password hasher replaced', { why: outcome });
    }
    if (closed) throw new ProtocolError('shutting-down', 'The server is shutting down.');
    throw busy('The server could not check the password in time. Try again in a moment.');
  }

  function inTurn(job: HashJob): Promise<HashAnswer> {
    const answer = last.then(() => run(job));
    last = answer.catch(() => {});
    return answer;
  }

  return {
    atOnce: 1,
    async hash(password) {
      const { phc, failed } = await inTurn({ id: nextId++, do: 'hash', password });
      if (phc === undefined) throw new Error(`Hashing failed: ${failed}`);
      return phc;
    },
    async verify(password, phc) {
      if (phc !== undefined && !isAffordable(phc)) {
        throw new Error(
          'The stored password hash is refused: it is not argon2id, or its parameters are too large.',
        );
      }
      const job = { id: nextId++, do: 'verify', password } as const;
      const { right, rehashed, failed } = await inTurn(phc === undefined ? job : { ...job, phc });
      if (right === undefined) throw new Error(`Hashing failed: ${failed}`);
      return { right, ...(rehashed !== undefined && { rehashed }) };
    },
    close() {
      closed = true;
      worker?.kill();
    },
  };
}

export function busy(message: string): ProtocolError {
  return new ProtocolError('busy', message, busyMs);
}

/** 22 times the work of a hash of ours: under 5 s where ours takes 220 ms. */
const cap = { kib: 256 * 1024, passes: 16, lanes: 16 } as const;

/** Someone who can write to the database must not get all memory and processor time with it. */
function isAffordable(phc: string): boolean {
  const [, kib, passes, lanes] =
    /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$[\w+/]{11,86}\$[\w+/]{22,86}$/.exec(phc) ?? [];
  return Number(kib) <= cap.kib && Number(passes) <= cap.passes && Number(lanes) <= cap.lanes;
}

/** Starts the child process. */
function startWorker() {
  const child = fork(new URL('./hasher-child.js', import.meta.url), {
    execArgv: [],
    env: childEnvironment(process.env),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  let ended = false;
  let settle: (outcome: HashAnswer | 'it ended' | 'no answer') => void = () => {};

  function end(): void {
    ended = true;
    settle('it ended');
  }
  child.on('message', (answer: HashAnswer) => settle(answer));
  child.on('error', end);
  child.on('exit', end);

  return {
    /** One job at a time. @returns why there is no answer */
    async run(job: HashJob, ms: number): Promise<HashAnswer | 'it ended' | 'no answer'> {
      if (ended) return 'it ended';
      let timer: NodeJS.Timeout | undefined;
      keepAlive(child, true);
      try {
        return await new Promise((resolve) => {
          settle = resolve;
          timer = setTimeout(resolve, ms, 'no answer');
          child.send(job, (error) => {
            if (error !== null) end();
          });
        });
      } finally {
        clearTimeout(timer);
        keepAlive(child, false);
      }
    },
    /** Also ends a child that is stopped or in the middle of a hash. */
    kill(): void {
      end();
      child.kill('SIGKILL');
    },
  };
}

/** Whether the child keeps this process alive. */
function keepAlive(child: ChildProcess, keep: boolean): void {
  for (const handle of [child, child.channel]) {
    if (keep) handle?.ref();
    else handle?.unref();
  }
}
