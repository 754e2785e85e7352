/**
 * The child process of hasher.ts: runs argon2id jobs one after the other (RFC 9106, second recommended profile).
 * Knows its parent's messages, nothing else.
 */
import { randomBytes } from 'node:crypto';
import { setPriority } from 'node:os';
import argon2 from 'argon2';
import type { HashAnswer, HashJob } from './hasher.js';

// 64 MiB, three passes, four lanes: about 220 ms on two cores.
const profile = { type: argon2.argon2id, memoryCost: 65_536, timeCost: 3, parallelism: 4 } as const;

// For unknown names, so that their answer takes as long as any other. No password matches it.
const dummyHash = `$argon2id$v=19$m=${profile.memoryCost},t=${profile.timeCost},p=${profile.parallelism}$${unpadded(16)}$${unpadded(32)}`;

function unpadded(bytes: number): string {
  return randomBytes(bytes).toString('base64').replaceAll('=', '');
}

async function work(job: HashJob): Promise<HashAnswer> {
  const { id, password } = job;
  if (job.do === 'hash') return { id, phc: await argon2.hash(password, profile) };
  const right = (await argon2.verify(job.phc ?? dummyHash, password)) && job.phc !== undefined;
  if (!right || job.phc === undefined || !argon2.needsRehash(job.phc, profile)) return { id, right };
  return { id, right, rehashed: await argon2.hash(password, profile) };
}

process.on('message', (job: HashJob) => {
  work(job)
    .catch((error: unknown) => ({ id: job.id, failed: String(error) }))
    .then((answer) => process.send?.(answer));
});

// process.exit() would wait for the thread that hashes, with no one left to answer.
function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

process.on('disconnect', die);
// The parent can have ended before this program was loaded.
if (!process.connected) die();
// A terminal or a service manager sends these to the parent as well, and the parent decides when its child ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
try {
  setPriority(10);
} catch {
  // Not allowed on some systems.
}
