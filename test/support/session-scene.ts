/**
 * Sessions of the server over pairs of streams: real store, hub and accounts, a clock that the test moves,
 * passwords that cost nothing. No sockets.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import type { Test } from 'tap';
import { limits } from '../../lib/protocol/limits.js';
import { openApp } from '../../lib/server/app.js';
import type { Hasher } from '../../lib/server/auth/hasher.js';
import { createEndOfTurn } from '../../lib/server/net/connection.js';
import { createConnectionLimits } from '../../lib/server/net/connection-limits.js';
import { createSendBudget } from '../../lib/server/net/send-budget.js';
import { createRateLimiter, type Rate } from '../../lib/server/rate-limiter.js';
import type { Phase } from '../../lib/server/requests/row.js';
import { createSession, type ServerSession, type SessionDeps } from '../../lib/server/session/session.js';
import { openFolderBlobs } from '../../lib/store/folder/blobs.js';
import { openSqliteStore } from '../../lib/store/sqlite/open.js';
import type { Store } from '../../lib/store/store.js';
import { createFakeClock, type FakeClock } from './fake-clock.js';
import { helloOf } from './hello.js';
import { createWire, type Wire } from './wire-client.js';

export interface Visit {
  readonly wire: Wire;
  readonly session: ServerSession;
  readonly phases: readonly Phase[];
}

export interface SessionScene {
  readonly clock: FakeClock;
  readonly store: Store;
  /** Errors that were logged as the server's own. */
  readonly errors: readonly unknown[];
  visit(address?: string): Visit;
  /** A visit of somebody who has signed in and synced. Makes the account where there is none. */
  member(name: string): Promise<Visit>;
}

export const password = 'a good password';

/** What it keeps is the password itself. */
export const plainHasher: Hasher = {
  hash: async (text) => `plain:${text}`,
  verify: async (text, phc) => ({ right: phc === `plain:${text}` }),
  close() {},
};

/** Without limits. */
export const chatSettings = {
  rate: { burst: 1_000, perSecond: 1_000 },
  rooms: 'members',
  onRemoved() {},
} as const;

export const hello = helloOf({ registration: 'open' });

export interface SceneDeps {
  readonly hasher?: Hasher;
  /** What the server has instead of the store; the scene's own stays what it is. */
  readonly storeOf?: (store: Store) => Store;
  /** Names that are here at once; without it, any number. */
  readonly maxClients?: number;
  /** How much each may say; without it, everything at once. */
  readonly rate?: Rate;
}

export async function sessionScene(
  t: Test,
  { hasher = plainHasher, storeOf = (store) => store, ...limited }: SceneDeps = {},
): Promise<SessionScene> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-session-'));
  const clock = createFakeClock();
  const store = await openSqliteStore({
    file: join(folder, 'chat.db'),
    onFailure: (error) => t.error(error),
  });
  t.teardown(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });
  const errors: unknown[] = [];
  const log = { info() {}, warn() {}, error: (_event: string, error: unknown) => void errors.push(error) };
  const { app, cleanup } = await openApp(
    {
      ...chatSettings,
      ...limited,
      name: 'scene',
      registration: 'open',
      links: (code) => [`secure-chat://192.0.2.9/${code}`],
      files: { file: limits.fileBytes, account: limits.filesPerAccountBytes },
      retention: {},
    },
    {
      ...{ store: storeOf(store), clock, log, hasher, connectionLimits: createConnectionLimits() },
      blobs: await openFolderBlobs(join(folder, 'files')),
    },
  );
  t.teardown(cleanup.close);
  const endOfTurn = createEndOfTurn();
  const requestRate = createRateLimiter<number>(
    { burst: limits.requestBurst, perSecond: limits.requestsPerSecond },
    clock,
  );

  function visit(address = '192.0.2.1'): Visit {
    const [socket, peer] = duplexPair();
    const phases: Phase[] = [];
    // As a socket does.
    peer.on('end', () => peer.end());
    const wire = createWire(peer);
    const deps: SessionDeps = {
      app,
      clock,
      log,
      endOfTurn,
      budget: createSendBudget(limits.queueTotalBytes),
      requestRate,
      hello,
      tokenHolders: { claim: () => undefined, release: () => true },
      onPhase: (_session, phase) => phases.push(phase),
    };
    return { wire, phases, session: createSession(socket, address, deps) };
  }

  return {
    clock,
    store,
    errors,
    visit,
    async member(name) {
      const visitor = visit();
      const known = (await store.account(name)) !== undefined;
      const reply = await visitor.wire.ask({ type: known ? 'sign-in' : 'register', name, password });
      t.match(reply, { type: 'ok', name }, `${name} is in`);
      await visitor.wire.ask({ type: 'sync' });
      return visitor;
    },
  };
}
