/** Servers to compare with each other, each with TLS 1.3 and a P-256 key, as processes. Knows how they start, not how they talk. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { ensureKeyPair } from '../../lib/trust/renewal.js';
import { seed, startProgram } from './program.js';

export interface ChatServer {
  readonly process: ChildProcess;
  readonly port: number;
  /** With frames a sender gets its own message, too. */
  readonly protocol: 'frames' | 'irc';
  /** One for each member; an empty list where no one signs in. */
  readonly tokens: readonly string[];
  /** How many members may be joining at the same moment. */
  readonly joinsAtOnce: number;
}

/** This program has a limit for unfinished sign-ins of one address, ngircd ends connections when there are hundreds. */
const fewAtOnce = 8;
/** inspircd lets people in once a second. */
const manyAtOnce = 250;

export type StartServer = (folder: string, members: number) => Promise<ChatServer>;

const ownServers: Readonly<Record<string, StartServer>> = {
  'secure-chat': startSecureChat,
  'Node adaptive': startAdaptive,
};
const ircServers: Readonly<Record<string, StartServer>> = { ngircd: startNgircd, inspircd: startInspircd };

/** The build in this folder, as a server of its own. */
const before = process.env.SECURE_CHAT_BEFORE;

/** The IRC servers only where they are installed. */
export const servers: Readonly<Record<string, StartServer>> = {
  ...ownServers,
  ...(before !== undefined && {
    before: (folder: string, members: number) => startSecureChat(folder, members, before),
  }),
  ...Object.fromEntries(Object.entries(ircServers).filter(([name]) => versionOf(name) !== undefined)),
};

/** What the installed program says of itself; undefined if it is not there. */
export function versionOf(program: string): string | undefined {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return /\d+(?:\.\d+)*/.exec(stdout ?? '')?.[0];
}

async function startSecureChat(folder: string, members: number, build?: string): Promise<ChatServer> {
  const tokens = await seed(folder, members, { build });
  const { server, port } = await startProgram(folder, [], { build });
  return { process: server, port, protocol: 'frames', tokens, joinsAtOnce: fewAtOnce };
}

async function startAdaptive(folder: string): Promise<ChatServer> {
  const { cert, key } = await prepare(folder);
  const program = fileURLToPath(new URL('adaptive-server.js', import.meta.url));
  const child = spawn(process.execPath, [program, cert, key], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = await once(createInterface({ input: child.stdout }), 'line');
  return { process: child, port: Number(port), protocol: 'frames', tokens: [], joinsAtOnce: fewAtOnce };
}

async function startNgircd(folder: string): Promise<ChatServer> {
  const { cert, key, port } = await prepare(folder);
  const config = join(folder, 'ngircd.conf');
  await writeFile(
    config,
    `[Global]\nName = irc.test\nInfo = bench\nListen = 127.0.0.1\nPorts = 0\nServerUID = 0\nServerGID = 0\n
     [Limits]\nMaxConnections = 0\nMaxConnectionsIP = 0\nPingTimeout = 3600\nMaxPenaltyTime = 0\n
     [Options]\nDNS = no\nIdent = no\nPAM = no\n
     [SSL]\nCertFile = ${cert}\nKeyFile = ${key}\nPorts = ${port}\n`.replace(/^ +/gm, ''),
  );
  const process = spawn('ngircd', ['-n', '-f', config], { stdio: 'ignore' });
  await untilListens(process, port);
  return { process, port, protocol: 'irc', tokens: [], joinsAtOnce: fewAtOnce };
}

async function startInspircd(folder: string): Promise<ChatServer> {
  const { cert, key, port } = await prepare(folder);
  const config = join(folder, 'inspircd.conf');
  await writeFile(
    config,
    `<server name="irc.test" description="bench" network="bench">
     <admin name="a" nick="a" email="a@irc.test">
     <module name="ssl_gnutls">
     <sslprofile name="tls" provider="gnutls" certfile="${cert}" keyfile="${key}">
     <bind address="127.0.0.1" port="${port}" type="clients" sslprofile="tls">
     <connect allow="*" localmax="100000" globalmax="100000" resolvehostnames="no" fakelag="no" pingfreq="3600"
       threshold="1000000" commandrate="1000000" recvq="1M" hardsendq="100M" softsendq="100M">
     <performance softlimit="100000" somaxconn="1024">
     <log method="file" type="*" level="default" target="/dev/null">
     <pid file="${join(folder, 'pid')}">\n`,
  );
  const args = ['--config', config, '--nofork', '--runasroot'];
  const process = spawn('inspircd', args, { stdio: 'ignore' });
  await untilListens(process, port);
  return { process, port, protocol: 'irc', tokens: [], joinsAtOnce: manyAtOnce };
}

async function prepare(folder: string) {
  await mkdir(folder, { recursive: true });
  const { certFile, keyFile } = await ensureKeyPair({ folder, hosts: ['127.0.0.1'], now: Date.now() });
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { cert: certFile, key: keyFile, port: address.port };
}

/** IRC servers say nowhere that they listen. */
async function untilListens(process: ChildProcess, port: number): Promise<void> {
  for (let tries = 0; ; tries++) {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    const listens = await once(socket, 'secureConnect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (listens) return;
    if (tries === 100 || process.exitCode !== null) throw new Error(`${process.spawnfile} did not start`);
    await setTimeout(100);
  }
}
