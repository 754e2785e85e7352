/** Folders, dates and the openssl command for tests of lib/trust. */
import { type ExecFileException, execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { needs } from './other-program.js';

/** 2026-11-20, an ordinary date. */
export const someDay = Date.UTC(2026, 10, 20, 12);
export const day = 24 * 60 * 60 * 1000;

/** A temporary folder, removed after the test. */
export function temporaryFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'secure-chat-trust-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const needsOpenssl = needs('openssl');

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function run(program: string, args: readonly string[], cwd?: string): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd }, (error: ExecFileException | null, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
    });
  });
}

/** openssl's output; throws if it fails. */
export function openssl(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args[0]}: ${stdout}${stderr}`);
  return stdout;
}
