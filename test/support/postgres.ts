/**
 * PostgreSQL clusters of a test's own, alone or with a standby: temporary folders, Unix sockets, no TCP, nothing synced to disk.
 */
import {
  type ChildProcess,
  type ExecFileSyncOptionsWithStringEncoding,
  execFileSync,
  spawn,
  spawnSync,
} from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Test } from 'tap';
import { parseDatabaseAddress } from '../../lib/store/postgres/address.js';
import { openBlocking } from '../../lib/store/postgres/blocking.js';
import { openCurrent } from '../../lib/store/postgres/connection.js';
import { childrenOf } from '../../scripts/soak/sample.js';

export interface Cluster {
  /** The address of a new database. @param options.empty without the tables */
  database(options?: { empty?: boolean }): string;
  /** Runs SQL in a database, with psql. */
  sql(address: string, text: string): string;
  /** Ends it as a crash does. */
  crash(): Promise<void>;
  restart(): Promise<void>;
  /** Sends a signal, SIGSTOP or SIGCONT, to all its processes. */
  signal(name: NodeJS.Signals): void;
}

/** Where the programs are; undefined if PostgreSQL is not installed. Debian keeps them out of PATH. */
function programs(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
}

/** Why tests that need PostgreSQL are skipped on this machine; false where they run. In CI they always do. */
export const withoutPostgres: string | false =
  programs() === undefined && process.env.CI === undefined && 'PostgreSQL (initdb) is not installed';

/** PostgreSQL refuses to run as root. */
function owner(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (option: string) => Number(spawnSync('id', [option, 'postgres'], { encoding: 'utf8' }).stdout);
  return { uid: idOf('-u'), gid: idOf('-g') };
}

const user = 'chat';

/** A server of PostgreSQL, in a folder of its own. */
interface Node {
  readonly folder: string;
  readonly data: string;
  /** Runs one of PostgreSQL's programs to its end. @returns its output */
  run(program: string, ...args: string[]): string;
  start(): Promise<void>;
  /** Ends it as a crash does. */
  crash(): Promise<void>;
  /** Sends a signal, SIGSTOP or SIGCONT, to all its processes. */
  signal(name: NodeJS.Signals): void;
}

/** @throws where PostgreSQL is not installed */
function makeNode(t: Test): Node {
  const bin = programs();
  if (bin === undefined) throw new Error('PostgreSQL is not installed; Debian: apt install postgresql');
  // Short: the path of a socket has 107 bytes at most.
  const folder = mkdtempSync(join(tmpdir(), 'pg-'));
  const as = owner();
  if (as !== undefined) chownSync(folder, as.uid, as.gid);
  chmodSync(folder, 0o755);
  const data = join(folder, 'data');
  const settings = {
    listen_addresses: '',
    unix_socket_directories: folder,
    fsync: 'off',
    max_connections: '300',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  let server: ChildProcess | undefined;

  async function crash(): Promise<void> {
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGQUIT');
    await ended;
  }

  t.teardown(async () => {
    await crash();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    ...{ folder, data, crash },
    signal(name) {
      const pid = server?.pid;
      if (pid === undefined) return;
      // Processes of some connections may just have ended.
      const children = process.platform === 'linux' ? childrenOf(pid) : [];
      for (const each of [pid, ...children]) trySignal(each, name);
    },
    run(program, ...args) {
      const how: ExecFileSyncOptionsWithStringEncoding = {
        ...as,
        ...{ cwd: '/', encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
      };
      return execFileSync(join(bin, program), args, how).trim();
    },
    async start() {
      const started = spawn(join(bin, 'postgres'), ['-D', data, ...options], {
        ...as,
        cwd: '/',
        stdio: 'ignore',
      });
      server = started;
      while (spawnSync(join(bin, 'pg_isready'), ['-h', folder, '-q']).status !== 0) {
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

const initialize = ({ run, data }: Node) =>
  run('initdb', '-D', data, '-U', user, '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C');

const addressOf = (name: string, ...nodes: readonly Node[]): string =>
  `postgres://${user}@/${name}?host=${nodes.map(({ folder }) => folder).join(',')}`;

const runSql = ({ run }: Node, address: string, text: string): string =>
  run('psql', '-qtAX', '-v', 'ON_ERROR_STOP=1', '-c', text, address);

/** @throws where PostgreSQL is not installed */
export async function startCluster(t: Test): Promise<Cluster> {
  const node = makeNode(t);
  initialize(node);
  await node.start();
  const admin = openBlocking(parseDatabaseAddress(addressOf('postgres', node)));
  t.teardown(() => admin.close());
  admin.exec('CREATE DATABASE template');
  openCurrent(parseDatabaseAddress(addressOf('template', node))).close();
  let databases = 0;
  return {
    sql: (address, text) => runSql(node, address, text),
    crash: node.crash,
    restart: node.start,
    signal: node.signal,
    database({ empty = false } = {}) {
      const name = `chat_${++databases}`;
      admin.exec(`CREATE DATABASE ${name}${empty ? '' : ' TEMPLATE template'}`);
      return addressOf(name, node);
    },
  };
}

export interface Pair {
  /** With both hosts. */
  readonly address: string;
  /** Ends the primary as a crash does. */
  crash(): Promise<void>;
  /** Sends a signal to all processes of the primary. */
  signal(name: NodeJS.Signals): void;
  /** The standby becomes the primary, and what was the primary begins anew as its standby. */
  restart(): Promise<void>;
}

/** A primary, and a standby that has all that is acknowledged. @throws where PostgreSQL is not installed */
export async function startPair(t: Test): Promise<Pair> {
  let [primary, standby] = [makeNode(t), makeNode(t)];
  const address = addressOf('chat', primary, standby);
  const onPrimary = (text: string) => runSql(primary, addressOf('postgres', primary), text);

  async function follow(): Promise<void> {
    rmSync(standby.data, { recursive: true, force: true });
    const from = ['-h', primary.folder, '-U', user, '-D', standby.data];
    standby.run('pg_basebackup', ...from, '--write-recovery-conf', '--checkpoint=fast', '--no-sync');
    await standby.start();
    onPrimary("ALTER SYSTEM SET synchronous_standby_names = '*'");
    onPrimary('SELECT pg_reload_conf()');
    while (onPrimary("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") !== '1')
      await pause(50);
  }

  initialize(primary);
  await primary.start();
  onPrimary('CREATE DATABASE chat');
  await follow();
  return {
    address,
    crash: () => primary.crash(),
    signal: (name) => primary.signal(name),
    async restart() {
      runSql(standby, addressOf('postgres', standby), 'SELECT pg_promote()');
      [primary, standby] = [standby, primary];
      await follow();
    },
  };
}
