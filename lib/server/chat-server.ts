/** A running server: sessions over a listener, one app, one store. Knows no folders, signals or command lines. */
import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { ProtocolError } from '../protocol/errors.js';
import { protocolVersion, type ServerFrameOf } from '../protocol/events.js';
import { encodeFrame } from '../protocol/frame.js';
import { limits } from '../protocol/limits.js';
import { pinOf } from '../trust/key.js';
import { type App, type AppDeps, type AppOptions, type LiveSettings, openApp } from './app.js';
import { earlierNow } from './files/trusted-time.js';
import { type ConnectionLimits, createConnectionLimits } from './net/connection-limits.js';
import { createTally, type Tally } from './net/counts.js';
import { createEndOfTurn } from './net/end-of-turn.js';
import { type KeyPairPem, type ListenerOptions, listen } from './net/listener.js';
import { createSendBudget } from './net/send-budget.js';
import type { Peers } from './peers.js';
import { createRateLimiter, type Rate } from './rate-limiter.js';
import { createReadiness } from './readiness.js';
import { resync } from './resync.js';
import {
  createSession,
  createTokenHolders,
  type ServerSession,
  type SessionDeps,
} from './session/session.js';
import { listenForWebhooks, type WebhookListener, type WebhookOutcome } from './webhooks/webhook-listener.js';

export interface ChatServerOptions extends ListenerOptions, AppOptions {
  readonly live: LiveSettings;
  /** Where webhooks are taken, besides. */
  readonly webhooks?: { readonly host: string; readonly port: number };
  /** HOST:PORT of the chat's other servers. */
  readonly peers?: readonly string[];
}

type ChatServerDeps = Omit<AppDeps, 'connectionLimits'>;

export interface ChatServer {
  readonly address: { readonly host: string; readonly port: number };
  /** Where webhooks are taken. */
  readonly webhookPort: number | undefined;
  readonly app: App;
  /** How many accounts are signed in. */
  readonly online: number;
  readonly counts: ServerCounts;
  /** Why no one can come in now; undefined if people can. */
  unready(): Promise<string | undefined>;
  reload(keyPair: KeyPairPem): void;
  /** Tells everyone, lets sends drain, closes every connection. The store and the hasher stay open. */
  close(): Promise<void>;
}

/** Of what connections do; the rest is counted by the parts of the app. */
interface ServerCounts {
  /** How many there are: in their TLS handshake, before and after the sign-in, and for files. */
  readonly connections: Readonly<Record<'handshake' | 'signing-in' | 'signed-in' | 'file', number>>;
  /** `ok`, or the code of a refusal. */
  readonly signIns: Tally;
  /** Connections that are over, by the reason. */
  readonly ended: Tally;
  /** Requests to webhooks, and connections that were refused before one. */
  readonly webhooks: Tally<WebhookOutcome>;
  /** Bytes that slow readers have yet to take. */
  readonly queueBytes: number;
}

const sweepMs = 60 * 60_000;

/** @throws the listener's error (`EADDRINUSE`, `EACCES`, …) or a StoreError */
export async function startChatServer(options: ChatServerOptions, deps: ChatServerDeps): Promise<ChatServer> {
  const { store, log } = deps;
  const connectionLimits = createConnectionLimits({ clock: deps.clock, live: options.live });
  const { app, files, cleanup } = await openApp({ ...options, serves: true }, { ...deps, connectionLimits });
  const ended = createTally();
  const sessions = createLiveSessions(options, { ...deps, app, connectionLimits, ended });

  const listener = await listen(
    options,
    { ...deps, connectionLimits, ended },
    {
      chat: sessions.accept,
      file(socket, address) {
        const banned = app.bans.refusal(address);
        files.serve(socket, address, banned === undefined ? undefined : new ProtocolError('banned', banned));
      },
    },
  );

  const readiness = createReadiness({ ...deps, peers: app.peers });
  const outcomes = createTally<WebhookOutcome>(
    options.webhooks && ['posted', 'no-such-webhook', 'malformed', 'too-fast', 'bad-proxy-header'],
  );
  const webhooks = await openWebhooks(options, { ...deps, app, outcomes }).catch((error: unknown) => {
    listener.close();
    listener.destroy();
    throw error;
  });

  compareKeys(app.peers, log, pinOf(new X509Certificate(options.keyPair.cert)));
  followPeers(app, log);
  void cleanup.run();
  const stopSweeping = sweepHourly(deps);

  return {
    address: listener.address,
    webhookPort: webhooks?.port,
    app,
    get online() {
      return app.presence.online;
    },
    counts: {
      get connections() {
        const [open, outside] = sessions.count();
        const kinds = { handshake: listener.handshakes, file: files.connections };
        return { ...kinds, 'signing-in': outside, 'signed-in': open };
      },
      ...{ signIns: sessions.signIns, ended, webhooks: outcomes },
      get queueBytes() {
        return sessions.queueBytes();
      },
    },
    unready: readiness.unready,
    reload(keyPair) {
      listener.reload(keyPair);
      webhooks?.reload(keyPair);
    },
    async close() {
      readiness.close();
      stopSweeping();
      sessions.refuseNew();
      listener.close();
      await webhooks?.close();
      await files.close();
      await cleanup.close();
      // The store answers in order: after this, what was posted before is on disk and in the rooms' buffers.
      await store.countAccounts().catch((error: unknown) => log.error('draining the store failed', error));
      app.rooms.flush();
      await sessions.close();
      app.push.close();
      await app.peers.close();
      listener.destroy();
    },
  };
}

async function openWebhooks(
  { webhooks, keyPair, proxies = [] }: ChatServerOptions,
  {
    app,
    clock,
    log,
    outcomes,
  }: ChatServerDeps & { readonly app: App; readonly outcomes: Tally<WebhookOutcome> },
): Promise<WebhookListener | undefined> {
  if (webhooks === undefined) return undefined;
  const banned = app.bans.refusal;
  const { notices } = app;
  return listenForWebhooks(
    { ...webhooks, keyPair, proxies },
    { webhooks: app.webhooks, banned, notices, outcomes, clock, log },
  );
}

function followPeers(app: App, log: AppDeps['log']): void {
  const { hub, peers, presence, notices } = app;
  const readAgain = () => void resync(app).catch((error: unknown) => log.error('resync failed', error));
  peers.follow({
    onEntry: hub.posted,
    onGone(server) {
      log.warn('another server is gone', { server });
      readAgain();
    },
    onLost() {
      log.warn('out of touch with the other servers', { online: presence.online });
      const message = 'This server was out of touch with the others.';
      for (const member of presence.members()) member.dismiss('timed-out', message);
      readAgain();
    },
    onError(error) {
      if (!notices.examine(error)) log.error('reading from the other servers failed', error);
    },
    onReach(reached) {
      const event = encodeFrame({ type: 'database', reached });
      for (const member of presence.members()) member.send(event);
    },
  });
}

/** Clients of this chat refuse a server with another key. */
function compareKeys(peers: Peers, log: AppDeps['log'], pin: string): void {
  const tell = peers.elsewhere('key', ({ pin: other, asks }: { pin: string; asks: boolean }) => {
    if (other !== pin) log.warn('another server has another key: give all of them the same', { other, pin });
    if (asks) tell({ pin, asks: false });
  });
  tell({ pin, asks: true });
}

function sweepHourly({ store, clock, log }: ChatServerDeps): () => void {
  let cancel = clock.after(0, sweep);
  function sweep(): void {
    earlierNow(clock, store.peering?.now)
      .then(store.removeExpired)
      .catch((error: unknown) => log.error('removing expired sessions failed', error));
    cancel = clock.after(sweepMs, sweep);
  }
  return () => cancel();
}

function createLiveSessions(
  options: ChatServerOptions,
  deps: Pick<SessionDeps, 'app' | 'clock' | 'log' | 'ended'> & { connectionLimits: ConnectionLimits },
) {
  const { app, connectionLimits } = deps;
  const sessions = new Set<ServerSession>();
  /** What gives back each one's place among the unauthenticated connections. */
  const places = new Map<ServerSession, () => void>();
  let shuttingDown = false;
  let onEmpty = (): void => {};

  const budget = createSendBudget(limits.queueTotalBytes);
  const signIns = createTally();

  const sessionDeps: SessionDeps = {
    ...deps,
    endOfTurn: createEndOfTurn(),
    ...{ budget, signIns },
    requests: createRateLimiter(() => requestRate(options.live.rate), deps.clock),
    hello: () => encodeFrame(hello(options)),
    tokenHolders: createTokenHolders(),
    onPhase(session, phase) {
      if (phase === 'open') connectionLimits.signedIn(session.address);
      if (phase === 'open' || phase === 'closing' || phase === 'closed') admitted(session);
      if (phase === 'closed') sessions.delete(session);
      if (sessions.size === 0) onEmpty();
    },
  };

  function admitted(session: ServerSession): void {
    places.get(session)?.();
    places.delete(session);
  }

  function shutDown(session: ServerSession): void {
    session.dismiss('shutting-down', 'The server is shutting down.');
  }

  function crowdOut(session: ServerSession): void {
    session.dismiss('too-many-connections', 'Too many people are signing in. Try again soon.');
  }

  return {
    signIns,
    queueBytes: () => budget.total,
    count(): [open: number, outside: number] {
      const open = [...sessions].filter(({ phase }) => phase === 'open').length;
      return [open, sessions.size - open];
    },
    accept(socket: TLSSocket, address: string): void {
      const session = createSession(socket, address, sessionDeps);
      sessions.add(session);
      const refusal = app.bans.refusal(address);
      if (shuttingDown) shutDown(session);
      else if (refusal !== undefined) session.dismiss('banned', refusal);
      else
        places.set(
          session,
          connectionLimits.unauthenticated.take(address, () => crowdOut(session)),
        );
    },
    /** From now on, new sessions get `shutting-down`. */
    refuseNew(): void {
      shuttingDown = true;
    },
    /** Dismisses all sessions, and waits until they are closed. */
    async close(): Promise<void> {
      const empty = new Promise<void>((resolve) => {
        onEmpty = resolve;
      });
      for (const session of [...sessions]) shutDown(session);
      if (sessions.size > 0) await empty;
    },
  };
}

/** At least as fast as people may post. */
function requestRate({ burst, perSecond }: Rate): Rate {
  return {
    burst: Math.max(limits.requestBurst, burst),
    perSecond: Math.max(limits.requestsPerSecond, perSecond),
  };
}

function hello({ name, live, peers = [] }: ChatServerOptions): ServerFrameOf<'hello'> {
  const { registration, rate, files } = live;
  const { messageBytes, messageLines, frameBytes, passwordMin, nameLength, pingMs, deadMs } = limits;
  return {
    type: 'hello',
    version: protocolVersion,
    server: name,
    registration,
    ...(peers.length > 0 && { peers: [...peers] }),
    limits: {
      ...{ messageBytes, messageLines, frameBytes, passwordMin, nameLength, pingMs, deadMs },
      messageBurst: rate.burst,
      messagesPerSecond: rate.perSecond,
      // A file that exceeds every quota can't be sent.
      fileBytes: Math.min(files.file, files.account),
    },
  };
}
