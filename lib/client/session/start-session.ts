/**
 * The life of a session: connecting, online, reconnecting, ended. Knows when to do what; the parts it moves
 * know how.
 */
import { randomBytes } from 'node:crypto';
import { errorOf, type Reply } from '../../protocol/events.js';
import { limits } from '../../protocol/limits.js';
import { reasonText } from '../../protocol/message-text.js';
import { type Clock, systemClock } from '../../system/clock.js';
import { type Endpoint, formatEndpoint, isSameEndpoint } from '../../trust/endpoint.js';
import { ConnectionLost, type RequestBody } from '../wire/connection.js';
import type { ServerIdentity } from '../wire/handshake.js';
import type { Answering } from '../wire/liveness.js';
import { openConnection, openFileConnection, type VerifyServer } from '../wire/open-connection.js';
import { type Addresses, createAddresses } from './addresses.js';
import { type BlockList, createBlockList } from './block-list.js';
import { createInbox, type Inbox } from './inbox.js';
import { createOutbox, type Outbox } from './outbox.js';
import {
  type Backoff,
  createBackoff,
  Distrusted,
  type Hurry,
  isShuttingDown,
  openInTurn,
  reconnect,
} from './reconnect.js';
import type { Session, SessionEnd, SessionOptions, SessionStatus } from './session.js';
import {
  type CredentialChain,
  createCredentialChain,
  openSignedInConnection,
  type SignedInConnection,
} from './signed-in-connection.js';
import { createSilenceWatch } from './silence.js';
import { createStanding, type Standing } from './standing.js';

/** Time and randomness, the system's by default. */
interface SessionEnvironment {
  readonly clock: Clock;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  /** A key for a message, unique. */
  readonly makeKey: () => string;
}

const system: SessionEnvironment = {
  clock: systemClock,
  random: Math.random,
  // Unique among the messages of one account; everyone in the room gets it with the message, so it is short.
  makeKey: () => randomBytes(9).toString('base64url'),
};

/**
 * Connects and signs in; resolves before the first event is reported. A lost connection is then tried again for
 * `retryMs`. Where `keepToken` rejects the session ends, here with that error.
 * @throws the signal's reason; Unreachable, NotSecureChat; what `verify` rejected with; ProtocolError with the server's code where
 *   it refuses (`wrong-credentials`, `name-in-use`, …), so that the caller can ask again; ConnectionLost where
 *   the reply did not come: a `register` may have happened then
 */
export async function startSession(
  options: SessionOptions,
  environment: SessionEnvironment = system,
): Promise<Session> {
  const { signal } = options;
  signal?.throwIfAborted();
  const life = createLife(options, environment);
  const abort = () => life.leaving.abort(signal?.reason);
  signal?.addEventListener('abort', abort);
  try {
    return createSession(life, await connect(life));
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

interface Life {
  readonly options: SessionOptions;
  readonly addresses: Addresses;
  readonly clock: Clock;
  readonly random: () => number;
  readonly credentials: CredentialChain;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly backoff: Backoff;
  readonly blockList: BlockList;
  readonly standing: Standing;
  /** Aborted when the person quits. */
  readonly leaving: AbortController;
  readonly report: (status: SessionStatus) => void;
  /** Signed in and not closed. */
  link: SignedInConnection | undefined;
  /** Told when replies on that connection are late or overdue, and when they came. */
  answering: ((how: Answering) => void) | undefined;
  /** While it waits for the next try. */
  hurry: Hurry | undefined;
  loggedOut: SessionEnd | undefined;
  /** When a server that shut down was last left without a wait. */
  movedAt: number;
  /** Where it was online last. */
  lastOnline: Endpoint | undefined;
}

function createLife(options: SessionOptions, { clock, random, makeKey }: SessionEnvironment): Life {
  const { endpoint, listener, retryMs } = options;
  const outbox = createOutbox({
    clock,
    makeKey,
    report: (key, delivery) => listener({ kind: 'delivery', key, delivery }),
  });
  const life: Life = {
    options,
    addresses: 'inOrder' in endpoint ? endpoint : createAddresses({ given: [endpoint] }),
    clock,
    random,
    credentials: createCredentialChain(options),
    outbox,
    inbox: createInbox({
      listener,
      ownMessage(message) {
        life.link?.connection.acknowledge(message);
        outbox.acknowledge(message);
      },
    }),
    backoff: createBackoff({ clock, random, retryMs }),
    blockList: createBlockList((request) => ask(life, request)),
    standing: createStanding(),
    leaving: new AbortController(),
    report: (status) => listener({ kind: 'status', status }),
    link: undefined,
    answering: undefined,
    hurry: undefined,
    loggedOut: undefined,
    movedAt: Number.NEGATIVE_INFINITY,
    lastOnline: undefined,
  };
  return life;
}

interface Connecting {
  readonly verify?: VerifyServer;
  /** Why the connection before was lost, where no wait has told it. */
  readonly lostBy?: string | undefined;
}

/** One round over the addresses of the chat. */
async function connect(
  life: Life,
  { verify = life.options.verify, lostBy }: Connecting = {},
): Promise<SignedInConnection> {
  const { options, addresses, clock, credentials, inbox, standing, leaving, report } = life;
  const several = addresses.inOrder.length > 1;
  inbox.hold();
  const open = (endpoint: Endpoint, why = lostBy) => {
    const where = several && { address: formatEndpoint(endpoint), ...(why !== undefined && { why }) };
    report({ state: 'connecting', ...where });
    return openSignedInConnection({
      endpoint,
      verify,
      credentials,
      keepToken: options.keepToken,
      clock,
      signal: leaving.signal,
      onEvent(event) {
        standing.notice(event);
        inbox.receive(event, life.link?.name);
      },
      onAnswering: (how) => life.answering?.(how),
    });
  };
  // What works once may have worked, with only the reply lost.
  const once = ['register', 'recover'].includes(credentials.request().type);
  const link = await openInTurn(addresses.inOrder, open, (error) => once && error instanceof ConnectionLost);
  addresses.greeted(link.connection.identity.endpoint, link.connection.hello);
  return link;
}

/** @throws as `connect`, but Distrusted for what `verify` rejected with */
async function connectAgain(life: Life, lostBy: string | undefined): Promise<SignedInConnection> {
  let refused = false;
  const verify = async (identity: ServerIdentity) => {
    refused = true;
    await life.options.verify(identity);
    refused = false;
  };
  return connect(life, { verify, lostBy }).catch((error) => {
    throw refused ? new Distrusted(error) : error;
  });
}

// A chat whose servers all shut down at once is not worth a busy loop.
const betweenMovesMs = 5_000;

/** Where a server said that it shuts down: goes on to the next one. @returns whether without a wait */
function moveOn(life: Life, { connection }: SignedInConnection, cause: Error): boolean {
  const { addresses, clock } = life;
  if (!isShuttingDown(cause) || addresses.inOrder.length === 1) return false;
  addresses.leave(connection.identity.endpoint);
  const atOnce = clock.ticks() - life.movedAt >= betweenMovesMs;
  if (atOnce) life.movedAt = clock.ticks();
  return atOnce;
}

/** Resolves when the session has ended, across lost connections. */
async function live(
  life: Life,
  first: SignedInConnection,
  reconnected: (link: SignedInConnection) => void,
): Promise<void> {
  const { backoff, clock, leaving, report } = life;
  let unansweredSince: number | undefined;
  for (let current = first; ; ) {
    const cause = await serve(life, current);
    if (life.loggedOut !== undefined) return finish(life, life.loggedOut);
    // It connects every time, and would be tried without end.
    unansweredSince = isUnanswered(cause) ? (unansweredSince ?? clock.ticks()) : undefined;
    if (clock.ticks() - (unansweredSince ?? Number.POSITIVE_INFINITY) >= life.options.retryMs) {
      return finish(life, { why: 'lost', message: cause.message });
    }
    const next = await reconnect(cause, {
      ...{ backoff, clock, signal: leaving.signal, report, atOnce: moveOn(life, current, cause) },
      open: (lostBy) => connectAgain(life, lostBy),
      onWait(hurry) {
        life.hurry = hurry;
      },
    });
    if ('end' in next) return finish(life, next.end);
    current = next.opened;
    reconnected(current);
  }
}

function isUnanswered(cause: Error): boolean {
  return cause instanceof ConnectionLost && cause.unanswered;
}

/** Catches up, then serves one connection; resolves when it is closed, with why. */
async function serve(life: Life, link: SignedInConnection): Promise<Error> {
  const { inbox, outbox } = life;
  const { connection, conversations } = link;
  let refusal: Error | undefined;
  let online = false;
  const watch = watchSilence(life, link);
  life.link = link;
  life.answering = (how) => {
    if (online) life.report({ state: stateOf[how] });
    watch.change(how === 'not');
  };
  inbox.signedIn(conversations);
  connection.request({ type: 'sync', ...inbox.since() }, (outcome) => {
    if (outcome instanceof Error) return;
    if (outcome.type === 'ok') {
      online = true;
      return caughtUp(life, link);
    }
    refusal = errorOf(outcome);
    connection.destroy();
  });
  const lost = await connection.closed;
  watch.stop();
  life.answering = undefined;
  life.link = undefined;
  inbox.hold();
  outbox.hold();
  return refusal ?? lost;
}

const stateOf = { 'in-time': 'online', late: 'late', not: 'no-answer' } as const;

// An attempt that takes longer is begun anew: at first TCP tries again after 1, 2 and 4 s, later ever more slowly.
const otherTryMs = 5_000;

function watchSilence(life: Life, { connection }: SignedInConnection) {
  const { options, addresses, clock, random, leaving } = life;
  return createSilenceWatch({
    connection,
    clock,
    random,
    async tryAnother(signal) {
      const either = AbortSignal.any([signal, leaving.signal]);
      const settings = { verify: options.verify, clock, timeoutMs: otherTryMs, signal: either };
      // The one that is silent comes last.
      const inTurn = [...addresses.inOrder.slice(1), addresses.current];
      const other = await openInTurn(inTurn, (endpoint) => openConnection({ endpoint, ...settings }));
      addresses.greeted(other.identity.endpoint, other.hello);
      other.end();
      await other.closed;
    },
  });
}

function caughtUp(life: Life, { connection, conversations }: SignedInConnection) {
  const { backoff, report, inbox, outbox, blockList, standing, lastOnline } = life;
  const { endpoint } = connection.identity;
  const moved = lastOnline !== undefined && !isSameEndpoint(lastOnline, endpoint);
  life.lastOnline = endpoint;
  backoff.recovered();
  blockList.reconnected();
  standing.restore(connection.request);
  report({ state: 'online', ...(moved && { address: formatEndpoint(endpoint) }) });
  inbox.caughtUp(conversations);
  outbox.open(connection.request);
}

function finish({ outbox, report }: Life, end: SessionEnd) {
  outbox.close();
  report({ state: 'ended', end });
}

function createSession(life: Life, first: SignedInConnection): Session {
  const { options, outbox, leaving, clock } = life;
  let latest = first;
  let quitting: Promise<void> | undefined;
  const finished = live(life, first, (link) => {
    latest = link;
  });
  return {
    get name() {
      return latest.name;
    },
    get role() {
      return latest.role;
    },
    get hello() {
      return latest.connection.hello;
    },
    get motd() {
      return latest.motd;
    },
    recovery: first.recovery,
    say: outbox.say,
    ask: (request) => ask(life, request),
    blocked: life.blockList.names,
    get watched() {
      return life.standing.watched;
    },
    openFileConnection(signal) {
      return openFileConnection({
        // A ticket is known to the server that gave it.
        endpoint: latest.connection.identity.endpoint,
        verify: options.verify,
        clock,
        signal: AbortSignal.any([signal, leaving.signal]),
      });
    },
    reconnect: () => life.hurry?.() ?? false,
    settled: outbox.settled,
    quit(reason) {
      quitting ??= quit(life, reason).then(() => finished);
      return quitting;
    },
  };
}

function ask(life: Life, request: RequestBody): Promise<Reply> {
  return new Promise((resolve, reject) => {
    if (life.link === undefined) throw new ConnectionLost('not connected at the moment; try again later');
    life.blockList.sent(request);
    const settled = life.standing.sent(request);
    life.link.connection.request(request, (outcome) => {
      settled(outcome);
      if (!(outcome instanceof Error)) return resolve(outcome);
      const closing = outcome instanceof ConnectionLost ? outcome.closing : undefined;
      if (request.type !== 'logout' || closing?.code !== 'signed-out') return reject(outcome);
      // A logout that ends the very connection it came by gets no other reply.
      life.loggedOut = { why: 'logged-out', message: closing.message };
      resolve({ type: 'ok', re: 0 });
    });
  });
}

/** Resolves when the connection is closed, within 2 s. */
async function quit({ leaving, outbox, link, clock }: Life, reason: string | undefined): Promise<void> {
  leaving.abort();
  outbox.close();
  if (link === undefined) return;
  const { connection } = link;
  const cancel = clock.after(limits.closingMs, connection.destroy);
  const request: RequestBody = { type: 'quit', ...(reason !== undefined && { reason: reasonText(reason) }) };
  connection.request(request, connection.end);
  await connection.closed;
  cancel();
}
