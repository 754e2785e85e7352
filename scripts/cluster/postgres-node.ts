/** PostgreSQL servers in folders of their own, alone or as a primary with a standby: for tests and for the demonstration. */
import {
  type ChildProcess,
  type ExecFileSyncOptionsWithStringEncoding,
  execFileSync,
  spawn,
  spawnSync,
} from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, chownSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { childrenOf } from '../soak/sample.js';

/** Where the programs are; undefined if PostgreSQL is not installed. Debian keeps them out of PATH. */
export function postgresPrograms(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
}

/** PostgreSQL refuses to run as root. */
function owner(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (option: string) => Number(spawnSync('id', [option, 'postgres'], { encoding: 'utf8' }).stdout);
  return { uid: idOf('-u'), gid: idOf('-g') };
}

const user = 'chat';

export interface PostgresNode {
  /** The host in addresses: the folder of its Unix socket. */
  readonly folder: string;
  readonly data: string;
  readonly port: number;
  /** Of its first process. */
  readonly pid: number | undefined;
  /** Runs one of PostgreSQL's programs to its end. @returns its output */
  run(program: string, ...args: string[]): string;
  /** Runs SQL in a database. */
  sql(name: string, text: string): string;
  start(): Promise<void>;
  /** Ends it as a crash does. */
  crash(): Promise<void>;
  /** Sends a signal, SIGSTOP or SIGCONT, to all its processes. */
  signal(name: NodeJS.Signals): void;
}

interface NodeOptions {
  /** To be made. Short: the path of a socket has 107 bytes at most. */
  readonly folder: string;
  readonly port?: number;
  /** IP addresses to listen on, beside the Unix socket; by default none. */
  readonly listen?: string;
  /** Writes to disk what it has to; false for tests, in which no machine loses power. */
  readonly sync: boolean;
}

/** @throws where PostgreSQL is not installed */
export function makePostgresNode({ folder, port = 5432, listen = '', sync }: NodeOptions): PostgresNode {
  const bin = postgresPrograms();
  if (bin === undefined) throw new Error('PostgreSQL is not installed; Debian: apt install postgresql');
  mkdirSync(folder, { recursive: true });
  const as = owner();
  if (as !== undefined) chownSync(folder, as.uid, as.gid);
  chmodSync(folder, 0o755);
  const data = join(folder, 'data');
  const settings = {
    listen_addresses: listen,
    port: String(port),
    unix_socket_directories: folder,
    fsync: sync ? 'on' : 'off',
    max_connections: '300',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  let server: ChildProcess | undefined;

  function run(program: string, ...args: string[]): string {
    const how: ExecFileSyncOptionsWithStringEncoding = {
      ...as,
      ...{ cwd: '/', encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
    };
    return execFileSync(join(bin as string, program), args, how).trim();
  }

  return {
    ...{ folder, data, port, run },
    get pid() {
      return server?.pid;
    },
    sql: (name, text) =>
      run(
        'psql',
        '-qtAX',
        '-v',
        'ON_ERROR_STOP=1',
        '-h',
        folder,
        '-p',
        String(port),
        '-U',
        user,
        '-c',
        text,
        name,
      ),
    async crash() {
      if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
      const ended = once(server, 'exit');
      // One that stands still would not end.
      for (const name of ['SIGQUIT', 'SIGCONT'] as const) server.kill(name);
      await ended;
    },
    signal(name) {
      const pid = server?.pid;
      if (pid === undefined) return;
      // Processes of some connections may just have ended.
      const children = process.platform === 'linux' ? childrenOf(pid) : [];
      for (const each of [pid, ...children]) trySignal(each, name);
    },
    async start() {
      const started = spawn(join(bin, 'postgres'), ['-D', data, ...options], {
        ...as,
        cwd: '/',
        stdio: 'ignore',
      });
      server = started;
      while (spawnSync(join(bin, 'pg_isready'), ['-h', folder, '-p', String(port), '-q']).status !== 0) {
        if (started.exitCode !== null) throw new Error(`PostgreSQL ended with ${started.exitCode}`);
        await pause(50);
      }
    },
  };
}

function trySignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {}
}

/** Makes an empty cluster, whose users come in without a password from wherever it listens. */
export function initializePostgres({ run, data }: PostgresNode): void {
  run('initdb', '-D', data, '-U', user, '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C');
  appendFileSync(join(data, 'pg_hba.conf'), 'host all all samenet trust\n');
}

/** @param hosts folders of Unix sockets */
export const socketAddress = (name: string, ...hosts: readonly string[]): string =>
  `postgres://${user}@/${name}?host=${hosts.join(',')}`;

export interface PostgresPair {
  readonly primary: PostgresNode;
  /** The standby becomes the primary, and what was the primary begins anew as its standby. */
  failOver(): Promise<void>;
}

/** A primary with the database `chat`, and a standby that has all that is acknowledged. */
export async function startPostgresPair(one: PostgresNode, other: PostgresNode): Promise<PostgresPair> {
  let [primary, standby] = [one, other];

  async function follow(): Promise<void> {
    rmSync(standby.data, { recursive: true, force: true });
    const from = ['-h', primary.folder, '-p', String(primary.port), '-U', user, '-D', standby.data];
    standby.run('pg_basebackup', ...from, '--write-recovery-conf', '--checkpoint=fast', '--no-sync');
    await standby.start();
    primary.sql('postgres', "ALTER SYSTEM SET synchronous_standby_names = '*'");
    primary.sql('postgres', 'SELECT pg_reload_conf()');
    const synced = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
    while (primary.sql('postgres', synced) !== '1') await pause(50);
  }

  initializePostgres(primary);
  await primary.start();
  primary.sql('postgres', 'CREATE DATABASE chat');
  await follow();
  return {
    get primary() {
      return primary;
    },
    async failOver() {
      await primary.crash();
      standby.sql('postgres', 'SELECT pg_promote()');
      [primary, standby] = [standby, primary];
      await follow();
    },
  };
}
