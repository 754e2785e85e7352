/**
 * The life of a session: connecting, online, reconnecting, ended. Knows when to do what; the parts it moves
 * know how.
 */
import { randomBytes } from 'node:crypto';
import { ProtocolError } from '../../protocol/errors.js';
import type { Reply } from '../../protocol/events.js';
import { limits } from '../../protocol/limits.js';
import { reasonText } from '../../protocol/message-text.js';
import { type Clock, systemClock } from '../../system/clock.js';
import { ConnectionLost, openConnection, openFileConnection, type RequestBody } from '../wire/connection.js';
import type { ServerIdentity } from '../wire/handshake.js';
import type { Answering } from '../wire/wire.js';
import { type BlockList, createBlockList } from './block-list.js';
import { createInbox, type Inbox } from './inbox.js';
import { createOutbox, type Outbox } from './outbox.js';
import { type Backoff, createBackoff, Distrusted, type Hurry, reconnect } from './reconnect.js';
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
 * @throws Unreachable, NotSecureChat; what `verify` rejected with; ProtocolError with the server's code where
 *   it refuses (`wrong-credentials`, `name-in-use`, …), so that the caller can ask again; ConnectionLost where
 *   the reply did not come: a `register` may have happened then
 */
export async function startSession(
  options: SessionOptions,
  environment: SessionEnvironment = system,
): Promise<Session> {
  const life = createLife(options, environment);
  life.report({ state: 'connecting' });
  return createSession(life, await connect(life));
}

interface Life {
  readonly options: SessionOptions;
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
}

function createLife(options: SessionOptions, { clock, random, makeKey }: SessionEnvironment): Life {
  const { listener, retryMs } = options;
  const outbox = createOutbox({
    clock,
    makeKey,
    report: (key, delivery) => listener({ kind: 'delivery', key, delivery }),
  });
  const life: Life = {
    options,
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
  };
  return life;
}

function connect(life: Life, verify = life.options.verify): Promise<SignedInConnection> {
  const { options, clock, credentials, inbox, standing, leaving } = life;
  inbox.hold();
  return openSignedInConnection({
    endpoint: options.endpoint,
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
}

/** @throws as `connect`, but Distrusted for what `verify` rejected with */
async function connectAgain(life: Life): Promise<SignedInConnection> {
  let refused = false;
  const verify = async (identity: ServerIdentity) => {
    refused = true;
    await life.options.verify(identity);
    refused = false;
  };
  return connect(life, verify).catch((error) => {
    throw refused ? new Distrusted(error) : error;
  });
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
      ...{ backoff, clock, signal: leaving.signal, report },
      open: () => connectAgain(life),
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
    refusal = new ProtocolError(outcome.code, outcome.message, outcome.retryAfter);
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

function watchSilence({ options, clock, random, leaving }: Life, { connection }: SignedInConnection) {
  const { endpoint, verify } = options;
  return createSilenceWatch({
    connection,
    clock,
    random,
    async tryAnother(signal) {
      const either = AbortSignal.any([signal, leaving.signal]);
      const other = await openConnection({ endpoint, verify, clock, timeoutMs: otherTryMs, signal: either });
      other.end();
      await other.closed;
    },
  });
}

function caughtUp(
  { backoff, report, inbox, outbox, blockList, standing }: Life,
  { connection, conversations }: SignedInConnection,
) {
  backoff.recovered();
  blockList.reconnected();
  standing.restore(connection.request);
  report({ state: 'online' });
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
      const { endpoint, verify } = options;
      return openFileConnection({
        endpoint,
        verify,
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
