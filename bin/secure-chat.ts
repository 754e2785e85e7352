#!/usr/bin/env node
/** The program: the process handed to the command line. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Writable } from 'node:stream';
import { exitCode } from '../lib/cli/exit.js';
import { main } from '../lib/cli/main.js';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

/** What cannot be written, other than to a reader who has seen enough, as in `| head`. */
let unwritten: unknown;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') unwritten ??= error;
  });
}
const code = await main(
  process.argv.slice(2),
  {
    called: calledAs(),
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
if (unwritten instanceof Error) process.stderr.write(`secure-chat: Not written: ${unwritten.message}.\n`);
process.exit(unwritten === undefined || code !== 0 ? code : exitCode.io);

/** A link named after the program is on the PATH; its file in a checkout is not. */
function calledAs(): string {
  const linked = basename(process.argv[1] ?? '') === 'secure-chat';
  return linked && process.env.npm_command === undefined ? 'secure-chat' : 'npx secure-chat';
}

/** Resolves when everything was written, or nobody reads any more. */
function flushed(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    stream.once('error', () => resolve());
    stream.write('', () => resolve());
  });
}
