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

let last: Promise<void> = Promise.resolve();

process.on('message', (job: HashJob) => {
  last = last.then(async () => {
    // Without a parent there is no one to answer; `disconnect` ends this process.
    if (!process.connected) return;
    const answer = await work(job).catch((error: unknown) => ({ id: job.id, failed: String(error) }));
    process.send?.(answer);
  });
});
process.on('disconnect', () => process.exit(0));
// The terminal sends these to the parent as well, and the parent decides when its child ends.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => process.exit(0));
process.on('SIGHUP', () => {});
try {
  setPriority(10);
} catch {
  // Not allowed on some systems.
}
