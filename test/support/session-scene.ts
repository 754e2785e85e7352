/**
 * Server sessions over pairs of streams: a real store and app, a fake clock, passwords that cost nothing. No sockets.
 */

import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Duplex, duplexPair } from 'node:stream';
import type { Test } from 'tap';
import { liveSettings } from '../../lib/cli/live-settings.js';
import { encodeFrame } from '../../lib/protocol/frame.js';
import { limits } from '../../lib/protocol/limits.js';
import { openApp } from '../../lib/server/app.js';
import type { Hasher } from '../../lib/server/auth/hasher.js';
import { createConnectionLimits } from '../../lib/server/net/connection-limits.js';
import { createTally } from '../../lib/server/net/counts.js';
import { createEndOfTurn } from '../../lib/server/net/end-of-turn.js';
import { createSendBudget } from '../../lib/server/net/send-budget.js';
import { createRateLimiter, type Rate } from '../../lib/server/rate-limiter.js';
import type { Phase } from '../../lib/server/requests/row.js';
import { createSession, type ServerSession, type SessionDeps } from '../../lib/server/session/session.js';
import { openFolderBlobs } from '../../lib/store/folder/blobs.js';
import type { Store } from '../../lib/store/store.js';
import { createFakeClock, type FakeClock } from './fake-clock.js';
import { helloOf } from './hello.js';
import { openInlineStore } from './inline-store.js';
import { createWire, type Wire } from './wire-client.js';

export interface SceneClient {
  readonly wire: Wire;
  readonly session: ServerSession;
  readonly phases: readonly Phase[];
}

export interface SessionScene {
  readonly clock: FakeClock;
  readonly store: Store;
  /** Logged errors. */
  readonly errors: readonly unknown[];
  connect(address?: string): SceneClient;
  /** A connection without a client: the peer's end of its stream. */
  dial(address: string): { readonly peer: Duplex } & Omit<SceneClient, 'wire'>;
  /** A client that has signed in and synced. Registers the account if there is none. */
  signIn(name: string, address?: string): Promise<SceneClient>;
}

/** The test of a scene, or what closes one that a test opens many times. */
export type SceneOwner = Pick<Test, 'teardown' | 'error' | 'match'>;

export const password = 'a good password';

const digest = (text: string) => createHash('sha256').update(text).digest('base64url');

/** In place of argon2id, which takes a fifth of a second of the processor. */
export const quickHasher: Hasher = {
  // So that a test can hold one hash while another goes on.
  atOnce: 100,
  hash: async (text) => digest(text),
  verify: async (text, phc) => ({ right: phc === digest(text) }),
  close() {},
};

/** Without limits. */
export const chatSettings = {
  live: { ...liveSettings({ registration: 'open' }), rate: { burst: 1_000, perSecond: 1_000 } },
  onRemoved() {},
};

export const hello = helloOf({ registration: 'open' });

export interface SceneDeps {
  readonly hasher?: Hasher;
  /** Wraps the store for the server; the scene's own is not wrapped. */
  readonly storeOf?: (store: Store) => Store;
  /** Accounts that may be online at once; by default any number. */
  readonly maxClients?: number;
  /** Messages of one account; by default without limit. */
  readonly rate?: Rate;
}

export async function sessionScene(
  t: SceneOwner,
  { hasher = quickHasher, storeOf = (store) => store, ...limited }: SceneDeps = {},
): Promise<SessionScene> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-session-'));
  const clock = createFakeClock();
  const store = await openInlineStore({
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
      live: { ...chatSettings.live, ...limited },
      name: 'scene',
      links: (code) => [`secure-chat://192.0.2.9/${code}`],
    },
    {
      ...{ store: storeOf(store), clock, log, hasher, connectionLimits: createConnectionLimits({ clock }) },
      blobs: await openFolderBlobs(join(folder, 'files')),
    },
  );
  t.teardown(cleanup.close);
  const endOfTurn = createEndOfTurn();
  const requestRate = { burst: limits.requestBurst, perSecond: limits.requestsPerSecond };
  const requests = createRateLimiter<ServerSession>(requestRate, clock);

  function dial(address: string) {
    const [socket, peer] = duplexPair();
    const phases: Phase[] = [];
    // As sockets do.
    for (const [end, other] of [[socket, peer] as const, [peer, socket] as const]) {
      end.on('end', () => end.end()).on('close', () => other.destroy());
    }
    const deps: SessionDeps = {
      app,
      clock,
      log,
      endOfTurn,
      budget: createSendBudget(limits.queueTotalBytes),
      requests,
      hello: () => encodeFrame(hello),
      tokenHolders: { claim: () => undefined, release: () => true },
      onPhase: (_session, phase) => phases.push(phase),
      ...{ signIns: createTally(), ended: createTally() },
    };
    return { peer, phases, session: createSession(socket, address, deps) };
  }

  function connect(address = '192.0.2.1'): SceneClient {
    const { peer, ...made } = dial(address);
    return { wire: createWire(peer), ...made };
  }

  return {
    clock,
    store,
    errors,
    connect,
    dial,
    async signIn(name, address) {
      const client = connect(address);
      const known = (await store.account(name)) !== undefined;
      const reply = await client.wire.ask({ type: known ? 'sign-in' : 'register', name, password });
      t.match(reply, { type: 'ok', name }, `${name} is in`);
      await client.wire.ask({ type: 'sync' });
      return client;
    },
  };
}
