/** `secure-chat trust`: the trusted servers. Knows the known-hosts file, no server. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { printable } from '../protocol/printable.js';
import { formatEndpoint, parseEndpoint } from '../trust/endpoint.js';
import { formatChat, type KnownHosts, openKnownHosts } from '../trust/known-hosts.js';
import { failureExit } from './client-failure.js';
import { addCommand, Exit, type Io } from './command.js';
import { folders } from './folders.js';

/** The known-hosts file of the user with this environment. */
export function knownHostsOf(env: Io['env']): KnownHosts {
  return openKnownHosts(join(folders(env).data, 'known_hosts'));
}

export function addTrust(program: Command, io: Io): void {
  const examples = ['secure-chat trust list'];
  const exits = ['io', 'configuration'] as const;
  const trust = addCommand(program, 'trust', {
    description: 'Lists or forgets the servers whose keys you trust.',
    examples,
    exits,
  });
  addCommand(trust, 'list', {
    summary: 'list trusted servers',
    description:
      "Prints one server per line: HOST:PORT and the pin of its key, then the addresses of the chat's other servers.",
    examples,
    exits,
  }).action(() => withExit(list(io)));
  addCommand(trust, 'forget', {
    summary: 'forget the key of a server',
    description: 'Forgets the key of a server. The next connection verifies it by a join link, or asks.',
    examples: ['secure-chat trust forget chat.example'],
    exits: [['data', 'the server is not a trusted one'], ...exits],
  })
    .argument('<HOST[:PORT]>', 'the server, as `trust list` prints it')
    .action((server: string) => withExit(forget(io, server)));
}

async function list(io: Io): Promise<void> {
  const { hosts, faults } = await knownHostsOf(io.env).list();
  for (const host of hosts) io.stdout.write(`${formatChat(host)}\n`);
  for (const { line, problem } of faults) io.stderr.write(`skipped line ${line}: ${printable(problem)}\n`);
  if (hosts.length === 0) io.stderr.write('No trusted servers yet.\n');
}

async function forget(io: Io, server: string): Promise<void> {
  const parsed = parseEndpoint(server);
  if (!parsed.ok) throw new Exit('usage', parsed.message);
  const where = formatEndpoint(parsed.value);
  const known = knownHostsOf(io.env);
  const { hosts } = await known.list();
  const pins = hosts.filter((host) => formatEndpoint(host.endpoint) === where);
  if (!(await known.forget(parsed.value))) {
    const chat = hosts.find(({ peers }) => peers.some((peer) => formatEndpoint(peer) === where));
    if (chat !== undefined) {
      const own = formatEndpoint(chat.endpoint);
      throw new Exit(
        'data',
        `${where} is another address of ${own}. Forget that one: secure-chat trust forget ${own}`,
      );
    }
    throw new Exit('data', `${where} is not a trusted server. List them: secure-chat trust list`);
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
