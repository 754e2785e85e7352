/** The machine's measure of time, and what a data folder remembers of it. Knows files, not what the time is for. */

import { constants, readFileSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { uptime } from 'node:os';
import { join } from 'node:path';
import type { Timekeeping, TimeSeen } from '../server/files/trusted-time.js';

const { O_CREAT, O_WRONLY } = constants;

export function machineTime(data: string): Timekeeping {
  const file = join(data, 'clock');
  return {
    uptimeMs: () => Math.round(uptime() * 1000),
    boot: bootId(),
    async read() {
      const text = await readFile(file, 'utf8').catch(() => '');
      const [, at, up, boot] = /^(\d{1,15}) (\d{1,15}) (\S+)\n/.exec(text) ?? [];
      if (at === undefined || up === undefined || boot === undefined) return undefined;
      return { at: Number(at), uptimeMs: Number(up), ...(boot !== unknown && { boot }) };
    },
    async write({ at, uptimeMs, boot = unknown }: TimeSeen) {
      const text = `${digits(at)} ${digits(uptimeMs)} ${boot}\n`;
      try {
        // Over the old one, always of one length, so that a crash cannot cut it.
        const handle = await open(file, O_WRONLY | O_CREAT, 0o600);
        await handle.write(text, 0).finally(() => handle.close());
      } catch {
        // On a full disk the old one stays, from which as much time has passed.
      }
    },
  };
}

const unknown = '-';
const digits = (value: number): string => String(value).padStart(15, '0');

/** Linux has one; elsewhere it cannot be told whether the machine was restarted. */
function bootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}
