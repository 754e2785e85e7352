/** What a soak keeps of each moment, and the parts of it that Linux tells about a process. */
import { readdirSync, readFileSync } from 'node:fs';

/** Of the server's process unless said otherwise. */
export interface Sample {
  /** Since the start. */
  readonly seconds: number;
  readonly rssMiB: number;
  readonly heapMiB: number;
  readonly externalMiB: number;
  /** Resident memory of its child processes. */
  readonly childrenMiB: number;
  readonly fds: number;
  readonly threads: number;
  readonly handles: number;
  /** Of one core, since the last sample. */
  readonly cpuPercent: number;
  readonly loopP50Ms: number;
  readonly loopP99Ms: number;
  /** Round trips of `ping` by a client that does nothing else. */
  readonly pingP50Ms: number;
  readonly pingP99Ms: number;
  readonly online: number;
  /** Since the start. */
  readonly messages: number;
  readonly deliveries: number;
}

/** @throws if there is no such process */
export function readProcess(pid: number) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return {
    rssMiB: field('VmRSS') / 1024,
    threads: field('Threads'),
    fds: readdirSync(`/proc/${pid}/fd`).length,
  };
}

export function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    try {
      return readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')
        .trim()
        .split(' ')
        .filter(Boolean)
        .map(Number);
    } catch {
      // The thread ended meanwhile.
      return [];
    }
  });
}

/** @param part between 0 and 1. NaN for an empty list. */
export function quantile(numbers: readonly number[], part: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
