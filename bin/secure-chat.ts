#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
/** The program: the process handed to the command line. */
import { type ExitCode, exitCode } from '../lib/cli/command.js';
import { keepMemoryOutOfCores } from '../lib/system/process-secrets.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

keepMemoryOutOfCores();

/** An error of the output, other than a reader that has closed it, as in `| head`. */
let outputError: unknown;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') outputError ??= error;
  });
}
const argv = process.argv.slice(2);
const code = /^(-V|--version)$/.test(argv.join(' ')) ? printVersion() : await runCommand();
await Promise.all([process.stdout, process.stderr].map(flushed));
if (outputError instanceof Error)
  process.stderr.write(`secure-chat: Cannot write the output: ${outputError.message}.\n`);
process.exit(outputError === undefined || code !== 0 ? code : exitCode.io);

/** Here, so that it loads nothing. */
function printVersion(): ExitCode {
  process.stdout.write(`${version}\n`);
  return exitCode.ok;
}

async function runCommand(): Promise<ExitCode> {
  const [{ main }, { findInstallation }] = await Promise.all([
    import('../lib/cli/main.js'),
    import('../lib/cli/installation.js'),
  ]);
  const script = process.argv[1] ?? '';
  const copy = { root: resolve(root), version, script, env: process.env, folder: process.cwd() };
  const io = {
    ...(await findInstallation(copy)),
    // Opened only by commands that read it.
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    signals: process,
  };
  return main(argv, io, version);
}

/** Resolves when everything was written, or the reader has gone. */
function flushed(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    stream.once('error', () => resolve());
    stream.write('', () => resolve());
  });
}
