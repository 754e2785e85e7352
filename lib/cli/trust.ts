/** `secure-chat trust`: the servers whose keys this person trusts. Knows the known-hosts file, no server. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { printable } from '../protocol/printable.js';
import { formatEndpoint, parseEndpoint } from '../trust/endpoint.js';
import { type KnownHosts, openKnownHosts } from '../trust/known-hosts.js';
import { Exit, exitCode } from './exit.js';
import { failureExit } from './failure.js';
import { folders } from './folders.js';
import type { Io } from './io.js';

/** The known-hosts file of whoever has this environment. */
export function knownHostsOf(env: Io['env']): KnownHosts {
  return openKnownHosts(join(folders(env).data, 'known_hosts'));
}

export function addTrust(program: Command, io: Io): void {
  const trust = program.command('trust').summary('the servers whose keys you trust');
  trust.description('Lists or forgets the servers whose keys this computer trusts.');
  trust
    .command('list')
    .description('Prints one server a line: HOST:PORT and the pin of its key.')
    .action(() => translated(list(io)));
  trust
    .command('forget')
    .argument('<HOST[:PORT]>', 'the server, as `trust list` prints it')
    .description(
      'Forgets the key of a server, so that the next connection decides anew: by a join link, or by asking.\n' +
        'Exits with 65 where there was nothing to forget.',
    )
    .action((server: string) => translated(forget(io, server)));
}

async function list(io: Io): Promise<void> {
  const { hosts, faults } = await knownHostsOf(io.env).list();
  for (const { endpoint, pin } of hosts) io.stdout.write(`${formatEndpoint(endpoint)} ${pin}\n`);
  for (const { line, problem } of faults)
    io.stderr.write(`line ${line} was skipped: ${printable(problem)}\n`);
  if (hosts.length === 0) io.stderr.write('No server is trusted yet.\n');
}

async function forget(io: Io, server: string): Promise<void> {
  const parsed = parseEndpoint(server);
  if (!parsed.ok) throw new Exit(exitCode.usage, parsed.message);
  const where = formatEndpoint(parsed.value);
  const known = knownHostsOf(io.env);
  const pins = (await known.list()).hosts.filter((host) => formatEndpoint(host.endpoint) === where);
  if (!(await known.forget(parsed.value))) {
    throw new Exit(exitCode.data, `Nothing is known of ${where}: \`secure-chat trust list\` prints what is.`);
  }
  io.stdout.write(`Forgot ${where}${pins.map(({ pin }) => ` ${pin}`).join('')}\n`);
}

async function translated(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw failureExit(error);
  }
}
