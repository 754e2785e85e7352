/**
 * One chat on this machine with all that it takes to survive: a PostgreSQL primary, a synchronous standby and three servers, each
 * a process. Prints a link to come in and how to make parts of it fail. Needs PostgreSQL:
 *
 *     npm run cluster-demo
 *
 * Enter lets the primary fail over to its standby; Ctrl-C ends it and removes everything.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import {
  makePostgresNode,
  type PostgresPair,
  socketAddress,
  startPostgresPair,
} from './cluster/postgres-node.js';

const servers = 3;
const program = fileURLToPath(new URL('../bin/secure-chat.js', import.meta.url));
const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'chat-'));
  // PostgreSQL runs as another user where this is root.
  await chmod(folder, 0o711);
  const nodes = ['a', 'b'].map((name) => makePostgresNode({ folder: join(folder, name), sync: true }));
  const [one, other] = nodes;
  if (one === undefined || other === undefined) return;
  const running: ChildProcess[] = [];
  try {
    say('Starting a PostgreSQL primary and its standby …');
    const pair = await startPostgresPair(one, other);
    const database = socketAddress('chat', one.folder, other.folder);
    const ports = await Promise.all(Array.from({ length: servers }, freePort));
    let link = '';
    for (const [index, port] of ports.entries()) {
      const data = join(folder, `server-${index + 1}`);
      if (index > 0) await shareKeyPair(join(folder, 'server-1'), data);
      const started = await startServer({ folder, data, port, ports, database });
      running.push(started.server);
      link ||= started.link;
      say(`Server ${index + 1} is on port ${port} (kill -9 ${started.server.pid}).`);
    }
    say(`\nJoin as the first admin:\n  secure-chat connect ${link}\n`);
    await untilStopped(pair);
  } finally {
    say('Ending …');
    for (const server of running) await ended(server, 'SIGTERM');
    for (const node of nodes) await node.crash();
    await rm(folder, { recursive: true, force: true });
  }
}

interface StartOptions {
  readonly folder: string;
  readonly data: string;
  readonly port: number;
  readonly ports: readonly number[];
  readonly database: string;
}

async function startServer({ folder, data, port, ports, database }: StartOptions) {
  const peers = ports.filter((each) => each !== port).map((each) => `127.0.0.1:${each}`);
  const options = [
    ...['--data', data, '--database', database, '--files', join(folder, 'files'), '--name', 'Cluster'],
    ...['--host', '127.0.0.1', '--port', `${port}`, '--peer-hosts', peers.join(',')],
  ];
  const server = spawn(process.execPath, [program, 'server', ...options], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for await (const line of createInterface({ input: server.stdout as Readable })) {
    const [, link] = /^join link: (\S+)/.exec(line) ?? [];
    if (link !== undefined) return { server, link };
  }
  throw new Error(`A server ended at its start; try: secure-chat server ${options.join(' ')}`);
}

async function shareKeyPair(from: string, to: string): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  for (const name of ['server.pem', 'server-key.pem']) await copyFile(join(from, name), join(to, name));
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}

async function untilStopped(pair: PostgresPair): Promise<void> {
  say('Enter: the primary dies, and the standby takes its place. Ctrl-C: the end.');
  const lines = createInterface({ input: process.stdin });
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  lines.on('line', async () => {
    say('The primary is killed …');
    await pair.failOver();
    say('The standby is the primary now, and has a standby of its own.');
  });
  await stopped;
  lines.close();
}

async function ended(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const end = once(server, 'exit');
  server.kill(signal);
  await end;
}

await main();
