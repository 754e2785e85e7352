#!/usr/bin/env node
/** The program: the process handed to the command line. */
import { readFileSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { main } from '../lib/cli/main.js';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

const code = await main(
  process.argv.slice(2),
  {
    // Opened only by commands that read it.
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    signals: process,
  },
  version,
);
await Promise.all([process.stdout, process.stderr].map(flushed));
process.exit(code);

/** Resolves when everything was written, or nobody reads any more. */
function flushed(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    stream.once('error', () => resolve());
    stream.write('', () => resolve());
  });
}
