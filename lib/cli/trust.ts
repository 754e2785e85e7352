/** `secure-chat trust`: the trusted servers. Knows the known-hosts file, no server. */

import { join } from 'node:path';
import type { Command } from 'commander';
import { printable } from '../protocol/printable.js';
import { formatEndpoint, parseEndpoint } from '../trust/endpoint.js';
import { type KnownHosts, openKnownHosts } from '../trust/known-hosts.js';
import { failureExit } from './client-failure.js';
import { addHelpEnd, Exit, exitCode, type Io } from './command.js';
import { folders } from './folders.js';

/** The known-hosts file of the user with this environment. */
export function knownHostsOf(env: Io['env']): KnownHosts {
  return openKnownHosts(join(folders(env).data, 'known_hosts'));
}

const exits = [exitCode.io, exitCode.configuration] as const;

export function addTrust(program: Command, io: Io): void {
  const trust = program.command('trust').summary('list or forget trusted servers');
  trust.description('Lists or forgets the servers whose keys you trust.');
  addHelpEnd(trust, { examples: ['secure-chat trust list'], exits });
  const listing = trust
    .command('list')
    .summary('list trusted servers')
    .description('Prints one server per line: HOST:PORT and the pin of its key.')
    .action(() => withExit(list(io)));
  addHelpEnd(listing, { examples: ['secure-chat trust list'], exits });
  const forgetting = trust
    .command('forget')
    .summary('forget the key of a server')
    .argument('<HOST[:PORT]>', 'the server, as `trust list` prints it')
    .description('Forgets the key of a server. The next connection verifies it by a join link, or asks.')
    .action((server: string) => withExit(forget(io, server)));
  addHelpEnd(forgetting, {
    examples: ['secure-chat trust forget chat.example'],
    exits: [[exitCode.data, 'the server is not a trusted one'], ...exits],
  });
}

async function list(io: Io): Promise<void> {
  const { hosts, faults } = await knownHostsOf(io.env).list();
  for (const { endpoint, pin } of hosts) io.stdout.write(`${formatEndpoint(endpoint)} ${pin}\n`);
  for (const { line, problem } of faults) io.stderr.write(`skipped line ${line}: ${printable(problem)}\n`);
  if (hosts.length === 0) io.stderr.write('No trusted servers yet.\n');
}

async function forget(io: Io, server: string): Promise<void> {
  const parsed = parseEndpoint(server);
  if (!parsed.ok) throw new Exit(exitCode.usage, parsed.message);
  const where = formatEndpoint(parsed.value);
  const known = knownHostsOf(io.env);
  const pins = (await known.list()).hosts.filter((host) => formatEndpoint(host.endpoint) === where);
  if (!(await known.forget(parsed.value))) {
    throw new Exit(exitCode.data, `${where} is not a trusted server. List them: secure-chat trust list`);
  }
  io.stdout.write(`Forgot ${where}${pins.map(({ pin }) => ` ${pin}`).join('')}\n`);
}

async function withExit(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw failureExit(error);
  }
}
