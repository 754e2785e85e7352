/** Whole servers on 127.0.0.1 with folders of their own, passwords that cost nothing, and people who are signed in. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { ServerSettings } from '../../lib/cli/server-settings.js';
import { type RunningServer, startServerWith } from '../../lib/cli/start-server.js';
import type { RequestBody } from '../../lib/client/wire/connection.js';
import type { Reply } from '../../lib/protocol/events.js';
import { parseName } from '../../lib/protocol/names.js';
import { newToken } from '../../lib/server/auth/tokens.js';
import type { Account } from '../../lib/store/account-store.js';
import type { Store } from '../../lib/store/store.js';
import { openInlineStore } from './inline-store.js';
import { quickHasher } from './session-scene.js';
import { dial, type WireClient } from './wire-client.js';

export interface Scene {
  /** Accounts, of members, that are there when the server starts. */
  readonly people?: readonly string[];
  /** Gives all of them `password`. Without it, no one can sign in with one. */
  readonly passwords?: boolean;
  /** Fills the store before the server starts. */
  readonly prepare?: (store: Store, accounts: ReadonlyMap<string, Account>) => Promise<void>;
  /** By default openInlineStore. */
  readonly openStore?: typeof openInlineStore;
}

export interface TestServer {
  readonly running: RunningServer;
  readonly port: number;
  readonly data: string;
  /** Events that were logged, and the server's own errors. */
  readonly events: readonly string[];
  readonly errors: readonly unknown[];
  /** A connection that has been greeted; destroyed at the end of the test. */
  dial(): Promise<WireClient>;
  /** A token of a session that this person began before the server started; each one once. */
  token(name: string): string;
  /** A connection of this person: resumed and, unless `sync` is false, synced from these positions. */
  enter(
    name: string,
    options?: { sync?: Omit<Extract<RequestBody, { type: 'sync' }>, 'type'> | false },
  ): Promise<WireClient>;
  close(): Promise<void>;
}

export const password = 'a good password';
const tokensEach = 20;

/** Starts a server that the end of the test closes. Rate: 10,000 a second, so that it limits no test. */
export async function runServer(
  t: Test,
  {
    people = [],
    passwords = false,
    prepare: furnish,
    openStore = openInlineStore,
    ...settings
  }: Scene & Partial<ServerSettings> = {},
): Promise<TestServer> {
  const data = settings.data ?? (await folder(t));
  const tokens = new Map<string, string[]>();
  if (people.length > 0 || furnish !== undefined) {
    const phc = passwords ? await quickHasher.hash(password) : 'none';
    const store = await openInlineStore({
      file: join(data, 'secure-chat.db'),
      onFailure: (error) => t.error(error),
    });
    const accounts = new Map<string, Account>();
    for (const name of people) {
      const account = await makeAccount(store, name, phc);
      accounts.set(name, account);
      tokens.set(name, await openSessions(store, account));
    }
    await furnish?.(store, accounts);
    await store.close();
  }

  const events: string[] = [];
  const errors: unknown[] = [];
  const log = {
    info: (event: string) => void events.push(event),
    warn: (event: string) => void events.push(event),
    error: (event: string, error: unknown) => void errors.push(event, error),
  };
  const running = await startServerWith(
    { hasher: quickHasher, openStore },
    { host: '127.0.0.1', port: 0, rate: 10_000, log, ...settings, data },
  );
  const { port } = running.address;
  const clients = new Set<WireClient>();
  async function close(): Promise<void> {
    for (const client of clients) client.destroy();
    await running.close();
  }
  t.teardown(close);

  async function connect(): Promise<WireClient> {
    const client = await dial(port);
    clients.add(client);
    return client;
  }

  function token(name: string): string {
    const next = tokens.get(name)?.pop();
    if (next === undefined) throw new Error(`There is no token of ${name} left.`);
    return next;
  }

  return {
    running,
    port,
    data,
    events,
    errors,
    dial: connect,
    token,
    async enter(name, { sync = {} } = {}) {
      const client = await connect();
      ok(await client.ask({ type: 'resume', token: token(name) }));
      if (sync !== false) ok(await client.ask({ type: 'sync', ...sync }));
      return client;
    },
    close,
  };
}

/** A reply that has to be `ok`, as such. */
export function ok(reply: { readonly type: string }): Extract<Reply, { type: 'ok' }> {
  if (reply.type !== 'ok') throw new Error(`Not ok: ${JSON.stringify(reply)}`);
  return reply as Extract<Reply, { type: 'ok' }>;
}

/** An empty folder that the end of the test removes. */
export async function folder(t: Test): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'secure-chat-server-'));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}

export async function makeAccount(store: Store, name: string, phc: string): Promise<Account> {
  const parsed = parseName(name);
  if (!parsed.ok) throw new Error(parsed.message);
  const { skeleton } = parsed;
  const made = await store.register({ name, skeleton, password: phc, at: Date.now() });
  if (made.outcome !== 'created') throw new Error(`${name}: ${made.outcome}`);
  return made.account;
}

async function openSessions(store: Store, { id: account }: Account): Promise<string[]> {
  const at = Date.now();
  const made = Array.from({ length: tokensEach }, newToken);
  for (const { hash } of made) {
    await store.openSession({ account, token: hash, expires: at + 3_600_000, at, remember: false });
  }
  return made.map(({ text }) => text);
}
