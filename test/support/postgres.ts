/** A PostgreSQL cluster of a test's own: a temporary folder, a Unix socket, no TCP, nothing synced to disk. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Test } from 'tap';
import { parseDatabaseAddress } from '../../lib/store/postgres/address.js';
import { openBlocking } from '../../lib/store/postgres/blocking.js';
import { openPostgresConnection } from '../../lib/store/postgres/connection.js';

export interface Cluster {
  /** The address of a new database. @param options.empty without the tables */
  database(options?: { empty?: boolean }): string;
  /** Runs SQL in a database, with psql. */
  sql(address: string, text: string): string;
  /** Ends it as a crash does. */
  crash(): Promise<void>;
  restart(): Promise<void>;
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

/** @throws where PostgreSQL is not installed */
export async function startCluster(t: Test): Promise<Cluster> {
  const bin = programs();
  if (bin === undefined) throw new Error('PostgreSQL is not installed; Debian: apt install postgresql');
  // Short: the path of a socket has 107 bytes at most.
  const folder = mkdtempSync(join(tmpdir(), 'pg-'));
  const as = owner();
  if (as !== undefined) chownSync(folder, as.uid, as.gid);
  chmodSync(folder, 0o755);
  const data = join(folder, 'data');
  const user = 'chat';
  const init = ['-D', data, '-U', user, '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C'];
  execFileSync(join(bin, 'initdb'), init, { ...as, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
  const settings = {
    listen_addresses: '',
    unix_socket_directories: folder,
    fsync: 'off',
    max_connections: '300',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const launch = () =>
    spawn(join(bin, 'postgres'), ['-D', data, ...options], { ...as, cwd: '/', stdio: 'ignore' });
  let server = launch();
  t.teardown(async () => {
    await crash();
    rmSync(folder, { recursive: true, force: true });
  });

  async function crash(): Promise<void> {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGQUIT');
    await ended;
  }

  const untilReady = async (): Promise<void> => {
    while (spawnSync(join(bin, 'pg_isready'), ['-h', folder, '-q']).status !== 0) {
      if (server.exitCode !== null) throw new Error(`PostgreSQL ended with ${server.exitCode}`);
      await pause(50);
    }
  };

  const addressOf = (name: string) => `postgres://${user}@/${name}?host=${folder}`;
  const sql = (address: string, text: string) =>
    execFileSync(join(bin, 'psql'), ['-qtAX', '-v', 'ON_ERROR_STOP=1', '-c', text, address], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();

  await untilReady();
  const admin = openBlocking(parseDatabaseAddress(addressOf('postgres')));
  t.teardown(() => admin.close());
  admin.exec('CREATE DATABASE template');
  openPostgresConnection({ address: parseDatabaseAddress(addressOf('template')) }).close();
  let databases = 0;
  return {
    sql,
    crash,
    async restart() {
      server = launch();
      await untilReady();
    },
    database({ empty = false } = {}) {
      const name = `chat_${++databases}`;
      admin.exec(`CREATE DATABASE ${name}${empty ? '' : ' TEMPLATE template'}`);
      return addressOf(name);
    },
  };
}
