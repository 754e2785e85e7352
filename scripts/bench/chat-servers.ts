/** Servers to compare with each other: this program, ngircd and inspircd, each with TLS 1.3 and a P-256 key. Knows their protocols, no loads. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { createFrameReader, encodeFrame } from '../../lib/protocol/frame.js';
import { limits } from '../../lib/protocol/limits.js';
import { ensureKeyPair } from '../../lib/trust/renewal.js';
import { enter, seed, startProgram } from './program.js';

export interface ChatServer {
  readonly name: string;
  readonly process: ChildProcess;
  /** How many get each message: a sender gets its own from this program only. */
  receivers(members: number): number;
  /** A member in the one room. `onText` gets the text of each message. */
  join(index: number, onText: (text: string) => void): Promise<Member>;
}

export interface Member {
  say(text: string): void;
  leave(): void;
}

export type StartServer = (folder: string, members: number) => Promise<ChatServer>;

export const servers: ReadonlyMap<string, StartServer> = new Map([
  ['secure-chat', startSecureChat],
  ['ngircd', startNgircd],
  ['inspircd', startInspircd],
]);

/** Of those above, the ones that are on this machine. */
export function installed(): string[] {
  return [...servers.keys()].filter(
    (name) => name === 'secure-chat' || spawnSync('sh', ['-c', `command -v ${name}`]).status === 0,
  );
}

async function startSecureChat(folder: string, members: number): Promise<ChatServer> {
  const tokens = await seed(folder, members);
  const { server, port } = await startProgram(folder, []);
  return {
    name: 'secure-chat',
    process: server,
    receivers: (count) => count,
    async join(index, onText) {
      const socket = await enter(port, tokens[index] ?? '');
      const reader = createFrameReader(() => limits.frameFromServerBytes);
      let said = 2;
      socket.on('data', (chunk: Buffer) => {
        for (const frame of reader.push(chunk)) {
          if (frame.type === 'error' || frame.type === 'closing') throw new Error(JSON.stringify(frame));
          if (frame.type === 'message') onText(String(frame.text));
        }
      });
      return memberOf(socket, (text) => {
        const id = ++said;
        return encodeFrame({ type: 'say', id, room: 'lobby', text, key: `${index}-${id}` });
      });
    },
  };
}

function memberOf(socket: TLSSocket, encode: (text: string) => Buffer | string): Member {
  socket.on('error', () => {});
  return { say: (text) => void socket.write(encode(text)), leave: () => void socket.destroy() };
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
  return ircServer('ngircd', spawn('ngircd', ['-n', '-f', config], { stdio: 'ignore' }), port);
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
  return ircServer('inspircd', spawn('inspircd', args, { stdio: 'ignore' }), port);
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

/** RFC 2812, as much as one room needs. */
async function ircServer(name: string, process: ChildProcess, port: number): Promise<ChatServer> {
  const open = async (): Promise<TLSSocket> => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, minVersion: 'TLSv1.3' });
    await once(socket, 'secureConnect');
    return socket;
  };
  // It says nowhere when it listens.
  for (let tries = 0; ; tries++) {
    const first = await open().catch(() => undefined);
    first?.destroy();
    if (first !== undefined) break;
    if (tries === 100 || process.exitCode !== null) throw new Error(`${name} did not start`);
    await setTimeout(100);
  }
  return {
    name,
    process,
    receivers: (count) => count - 1,
    async join(index, onText) {
      const socket = await open();
      const joined = new Promise<void>((resolve) => {
        let rest = '';
        socket.setEncoding('utf8').on('data', (chunk: string) => {
          const lines = (rest + chunk).split('\r\n');
          rest = lines.pop() ?? '';
          for (const line of lines) {
            const text = / PRIVMSG #lobby :(.*)$/.exec(line)?.[1];
            if (text !== undefined) onText(text);
            else if (line.startsWith('PING')) socket.write(`PONG${line.slice(4)}\r\n`);
            else if (/^:\S+ 001 /.test(line)) socket.write('JOIN #lobby\r\n');
            else if (/^:\S+ 366 /.test(line)) resolve();
          }
        });
      });
      socket.write(`NICK m${index}\r\nUSER m${index} 0 * :m${index}\r\n`);
      await joined;
      return memberOf(socket, (text) => `PRIVMSG #lobby :${text}\r\n`);
    },
  };
}
