/** PostgreSQL clusters of a test's own, alone or with a standby: temporary folders, Unix sockets, no TCP, nothing synced to disk. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { parseDatabaseAddress } from '../../lib/store/postgres/address.js';
import { openBlocking } from '../../lib/store/postgres/blocking.js';
import { openCurrent } from '../../lib/store/postgres/connection.js';
import {
  initializePostgres,
  makePostgresNode,
  type PostgresNode,
  postgresPrograms,
  socketAddress,
  startPostgresPair,
} from '../../scripts/cluster/postgres-node.js';

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

/** Why tests that need PostgreSQL are skipped on this machine; false where they run. In CI they always do. */
export const withoutPostgres: string | false =
  postgresPrograms() === undefined && process.env.CI === undefined && 'PostgreSQL (initdb) is not installed';

function makeNode(t: Test, options: { port?: number; listen?: string } = {}): PostgresNode {
  const folder = mkdtempSync(join(tmpdir(), 'pg-'));
  const node = makePostgresNode({ folder, sync: false, ...options });
  t.teardown(async () => {
    await node.crash();
    rmSync(folder, { recursive: true, force: true });
  });
  return node;
}

const nameOf = (address: string): string => parseDatabaseAddress(address).database;

/** @throws where PostgreSQL is not installed */
export async function startCluster(t: Test): Promise<Cluster> {
  const node = makeNode(t);
  initializePostgres(node);
  await node.start();
  const admin = openBlocking(parseDatabaseAddress(socketAddress('postgres', node.folder)));
  t.teardown(() => admin.close());
  admin.exec('CREATE DATABASE template');
  openCurrent(parseDatabaseAddress(socketAddress('template', node.folder))).close();
  let databases = 0;
  return {
    sql: (address, text) => node.sql(nameOf(address), text),
    crash: node.crash,
    restart: node.start,
    signal: node.signal,
    database({ empty = false } = {}) {
      const name = `chat_${++databases}`;
      admin.exec(`CREATE DATABASE ${name}${empty ? '' : ' TEMPLATE template'}`);
      return socketAddress(name, node.folder);
    },
  };
}

const otherPort = 5433;

export interface Pair {
  /** With both hosts. */
  readonly address: string;
  /** Runs SQL on the primary. */
  sql(text: string): string;
  /** Ends the primary as a crash does. */
  crash(): Promise<void>;
  /** Sends a signal to all processes of the primary. */
  signal(name: NodeJS.Signals): void;
  /** The standby becomes the primary, and what was the primary begins anew as its standby. */
  restart(): Promise<void>;
}

/**
 * A primary, and a standby that has all that is acknowledged.
 * @param listen an IP address on which no other PostgreSQL listens; without it they have Unix sockets only
 * @throws where PostgreSQL is not installed
 */
export async function startPair(t: Test, listen?: string): Promise<Pair> {
  const [one, other] =
    listen === undefined
      ? ([makeNode(t), makeNode(t)] as const)
      : ([makeNode(t, { listen }), makeNode(t, { listen, port: otherPort })] as const);
  const pair = await startPostgresPair(one, other);
  return {
    address:
      listen === undefined
        ? socketAddress('chat', one.folder, other.folder)
        : `postgres://chat@${listen},${listen}:${otherPort}/chat?sslmode=disable`,
    sql: (text) => pair.primary.sql('chat', text),
    crash: () => pair.primary.crash(),
    signal: (name) => pair.primary.signal(name),
    restart: pair.failOver,
  };
}
