/** A running server: sessions over a listener, one hub, one store. Knows no files, signals or command lines. */
import type { TLSSocket } from 'node:tls';
import { protocolVersion, type ServerFrameOf } from '../protocol/events.js';
import { limits } from '../protocol/limits.js';
import type { Blobs } from '../store/blobs.js';
import type { Store } from '../store/store.js';
import type { Clock } from '../system/clock.js';
import type { App } from './app.js';
import { type AppOptions, openApp } from './app.js';
import type { Hasher } from './auth/hasher.js';
import type { Log } from './log.js';
import { createTurn } from './net/connection.js';
import { type ConnectionLimits, createConnectionLimits } from './net/connection-limits.js';
import { type KeyPair, type ListenerOptions, listen } from './net/listener.js';
import { createSendBudget } from './net/send-budget.js';
import { createRateLimiter, type Rate } from './rate-limiter.js';
import { type Claims, createSession, type Phase, type Session, type SessionDeps } from './session/session.js';

export type ChatServerOptions = ListenerOptions & AppOptions;

export interface ChatServerDeps {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly hasher: Hasher;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ChatServer {
  readonly address: { readonly host: string; readonly port: number };
  readonly desk: App;
  /** Names that are signed in. */
  readonly online: number;
  reload(keyPair: KeyPair): void;
  /** Tells everybody, lets sends drain, closes every connection. The store and the hasher stay open. */
  close(): Promise<void>;
}

const sweepMs = 60 * 60_000;
const shuttingDown = 'The server is shutting down.';

/** @throws the listener's error (`EADDRINUSE`, `EACCES`, …) or a StoreError */
export async function startChatServer(options: ChatServerOptions, deps: ChatServerDeps): Promise<ChatServer> {
  const { store, clock, log } = deps;
  const doorway = createConnectionLimits();
  const { desk, files, clearing } = await openApp(options, { ...deps, doorway });
  const { hub, bans } = desk;
  const sessions = createRoster(doorway);
  let closed: (() => void) | undefined;

  const shared: SessionDeps = {
    desk,
    clock,
    log,
    turn: createTurn(),
    budget: createSendBudget(limits.queueTotalBytes),
    pace: createRateLimiter<number>(pace(options.rate), clock),
    hello: hello(options),
    claims: createClaims(),
    onPhase(session, phase) {
      sessions.moved(session, phase);
      if (closed !== undefined && sessions.size === 0) closed();
    },
  };

  function serveChat(socket: TLSSocket, address: string): void {
    const session = createSession(socket, address, shared);
    const crowded = doorway.crowded(address);
    sessions.add(session);
    const refusal = bans.refusal(address);
    if (closed !== undefined) session.dismiss('shutting-down', shuttingDown);
    else if (refusal !== undefined) session.dismiss('banned', refusal);
    else if (crowded)
      session.dismiss('too-many-connections', 'Too many people are signing in. Try again soon.');
  }

  const listener = await listen(options, log, {
    chat: serveChat,
    file(socket, address) {
      if (bans.refusal(address) === undefined) files.serve(socket, address);
      else socket.destroy();
    },
  });

  void clearing.run();
  let cancelSweep = clock.after(0, sweep);
  function sweep(): void {
    store.sweep(clock.now()).catch((error: unknown) => log.error('sweep failed', error));
    cancelSweep = clock.after(sweepMs, sweep);
  }

  return {
    address: listener.address,
    desk,
    get online() {
      return hub.presence.online;
    },
    reload: listener.reload,
    async close() {
      cancelSweep();
      const empty = new Promise<void>((resolve) => {
        closed = resolve;
      });
      listener.close();
      await files.close();
      await clearing.close();
      // The store answers in order: once this has, what was said before is on disk and in the rooms' buffers.
      await store.accounts().catch((error: unknown) => log.error('store not drained', error));
      hub.flush();
      for (const session of sessions.all()) session.dismiss('shutting-down', shuttingDown);
      if (sessions.size > 0) await empty;
      listener.destroy();
    },
  };
}

interface Roster {
  add(session: Session): void;
  /** Notes that it has signed in, or is over. */
  moved(session: Session, phase: Phase): void;
  all(): Session[];
  readonly size: number;
}

function createRoster(doorway: ConnectionLimits): Roster {
  const sessions = new Map<Session, () => void>();
  return {
    add: (session) => void sessions.set(session, doorway.enter(session.address)),
    moved(session, phase) {
      if (phase === 'open' || phase === 'closing' || phase === 'closed') sessions.get(session)?.();
      if (phase === 'closed') sessions.delete(session);
    },
    all: () => [...sessions.keys()],
    get size() {
      return sessions.size;
    },
  };
}

function createClaims(): Claims {
  const owners = new Map<number, Session>();
  return {
    claim(token, session) {
      const before = owners.get(token);
      owners.set(token, session);
      return before === session ? undefined : before;
    },
    release(token, session) {
      if (owners.get(token) !== session) return false;
      owners.delete(token);
      return true;
    },
  };
}

/** Whoever may say more than people usually ask may ask as much. */
function pace({ burst, perSecond }: Rate): Rate {
  return {
    burst: Math.max(limits.requestBurst, burst),
    perSecond: Math.max(limits.requestsPerSecond, perSecond),
  };
}

function hello({ name, registration, rate, files }: ChatServerOptions): ServerFrameOf<'hello'> {
  const { messageBytes, messageLines, frameBytes, passwordMin, nameLength, pingMs, deadMs } = limits;
  return {
    type: 'hello',
    version: protocolVersion,
    server: name,
    registration,
    limits: {
      messageBytes,
      messageLines,
      frameBytes,
      passwordMin,
      nameLength,
      pingMs,
      deadMs,
      messageBurst: rate.burst,
      messagesPerSecond: rate.perSecond,
      // One that no account has room for cannot be sent.
      fileBytes: Math.min(files.file, files.account),
    },
  };
}
