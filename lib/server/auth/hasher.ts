/**
 * Hashes and verifies passwords with argon2id, one at a time in a low-priority child process. Knows passwords
 * and PHC strings, not accounts.
 *
 * In the main process, two concurrent hashes doubled the 99th percentile of a broadcast (29 ms instead of 14 ms)
 * and a hundred queued ones blocked the file system for 3 s. One at a time in the child affects neither.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';

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
  /** @throws ProtocolError `busy` if `limits.hashQueue` jobs are waiting */
  hash(password: string): Promise<string>;
  /** Takes as long without `phc` as with a wrong one. @throws ProtocolError `busy` */
  verify(password: string, phc: string | undefined): Promise<Verified>;
  close(): void;
}

/** When a refused caller should retry: about ten hashes. */
const busyMs = 2_000;

export function createHasher(): Hasher {
  let worker: ReturnType<typeof startWorker> | undefined;
  let nextId = 1;
  let closed = false;

  async function run(job: HashJob): Promise<HashAnswer> {
    if (closed) throw new ProtocolError('shutting-down', 'The server is shutting down.');
    if (worker !== undefined && worker.pending >= limits.hashQueue) {
      throw new ProtocolError('busy', 'Too many people are signing in. Try again in a moment.', busyMs);
    }
    // A failed worker is replaced on the next call.
    if (worker === undefined || worker.failed) worker = startWorker();
    return worker.run(job);
  }

  return {
    async hash(password) {
      const { phc } = await run({ id: nextId++, do: 'hash', password });
      if (phc === undefined) throw new Error('The hasher process returned no hash.');
      return phc;
    },
    async verify(password, phc) {
      const job = { id: nextId++, do: 'verify', password } as const;
      const answer = await run(phc === undefined ? job : { ...job, phc });
      const right = answer.right === true;
      return answer.rehashed === undefined ? { right } : { right, rehashed: answer.rehashed };
    },
    close() {
      closed = true;
      worker?.close();
      worker = undefined;
    },
  };
}

/** Starts the child process. */
function startWorker() {
  const child = fork(new URL('./hasher-child.js', import.meta.url), {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const jobs = new Map<number, { resolve(answer: HashAnswer): void; reject(error: Error): void }>();
  let failed = false;

  function fail(): void {
    if (failed) return;
    failed = true;
    const rejected = [...jobs.values()];
    jobs.clear();
    for (const { reject } of rejected) reject(new Error('The hasher process ended.'));
  }

  child.on('message', (answer: HashAnswer) => {
    const job = jobs.get(answer.id);
    jobs.delete(answer.id);
    if (answer.failed === undefined) job?.resolve(answer);
    else job?.reject(new Error(`Hashing failed: ${answer.failed}`));
    if (jobs.size === 0) keepAlive(child, false);
  });
  child.on('error', fail);
  child.on('exit', fail);

  return {
    get pending() {
      return jobs.size;
    },
    get failed() {
      return failed;
    },
    run(job: HashJob): Promise<HashAnswer> {
      keepAlive(child, true);
      return new Promise((resolve, reject) => {
        jobs.set(job.id, { resolve, reject });
        child.send(job, (error) => {
          if (error !== null) fail();
        });
      });
    },
    close(): void {
      fail();
      child.kill();
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
