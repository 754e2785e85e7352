/**
 * Passwords to argon2id and back, one at a time in a child process of low priority. Knows passwords and PHC
 * strings, not accounts.
 *
 * In this process two hashes at once doubled the 99th percentile of a broadcast (29 ms against 14 ms) and a
 * hundred queued ones held the file system up for 3 s; one at a time in a low-priority child left both alone.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';

export type HashJob =
  | { readonly id: number; readonly do: 'hash'; readonly password: string }
  /** Without `phc` the work of a check is done all the same, and fails. */
  | { readonly id: number; readonly do: 'verify'; readonly password: string; readonly phc?: string };

export interface HashAnswer {
  readonly id: number;
  readonly failed?: string;
  readonly phc?: string;
  readonly right?: boolean;
  /** The parameters changed since: a new PHC string of the same, right password. */
  readonly rehashed?: string;
}

export interface Verified {
  readonly right: boolean;
  readonly rehashed?: string;
}

export interface Hasher {
  /** @throws ProtocolError `busy` when `limits.hashQueue` wait already */
  hash(password: string): Promise<string>;
  /** Takes as long for no `phc` as for a wrong one. @throws ProtocolError `busy` */
  verify(password: string, phc: string | undefined): Promise<Verified>;
  close(): void;
}

interface Pending {
  readonly job: HashJob;
  readonly resolve: (answer: HashAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** Milliseconds a refused caller is told to wait: about ten hashes. */
const busyMs = 2_000;

export function createHasher(): Hasher {
  const pending = new Map<number, Pending>();
  let child: ChildProcess | undefined;
  let nextId = 1;
  let closed = false;

  function start(): ChildProcess {
    const started = fork(new URL('./hasher-child.js', import.meta.url), {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    started.on('message', (answer: HashAnswer) => {
      const { id } = answer;
      const waiting = pending.get(id);
      pending.delete(id);
      if (answer.failed === undefined) waiting?.resolve(answer);
      else waiting?.reject(new Error(`Hashing failed: ${answer.failed}`));
      if (pending.size === 0) hold(started, false);
    });
    started.on('error', () => fail(started));
    started.on('exit', () => fail(started));
    return started;
  }

  /** Whether the child keeps this process alive. */
  function hold(process: ChildProcess, held: boolean): void {
    const both = [process, process.channel];
    for (const handle of both) {
      if (held) handle?.ref();
      else handle?.unref();
    }
  }

  function fail(process: ChildProcess): void {
    if (child !== process) return;
    child = undefined;
    const failed = [...pending.values()];
    pending.clear();
    for (const { reject } of failed) reject(new Error('The process that hashes passwords ended.'));
  }

  function ask(job: HashJob): Promise<HashAnswer> {
    if (closed) return Promise.reject(new ProtocolError('shutting-down', 'The server is shutting down.'));
    if (pending.size >= limits.hashQueue) {
      const message = 'Too many people are signing in. Try again in a moment.';
      return Promise.reject(new ProtocolError('busy', message, busyMs));
    }
    child ??= start();
    const process = child;
    hold(process, true);
    return new Promise((resolve, reject) => {
      pending.set(job.id, { job, resolve, reject });
      process.send(job, (error) => {
        if (error !== null) fail(process);
      });
    });
  }

  return {
    async hash(password) {
      const { phc } = await ask({ id: nextId++, do: 'hash', password });
      if (phc === undefined) throw new Error('The process that hashes passwords gave no hash.');
      return phc;
    },
    async verify(password, phc) {
      const job = { id: nextId++, do: 'verify', password } as const;
      const answer = await ask(phc === undefined ? job : { ...job, phc });
      const right = answer.right === true;
      return answer.rehashed === undefined ? { right } : { right, rehashed: answer.rehashed };
    },
    close() {
      closed = true;
      const process = child;
      if (process === undefined) return;
      fail(process);
      process.kill();
    },
  };
}
