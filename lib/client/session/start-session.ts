/**
 * The life of a session: connecting, online, waiting to connect again, ended. Knows when to do what; the
 * parts it moves know how.
 */
import { randomUUID } from 'node:crypto';
import { ProtocolError } from '../../protocol/errors.js';
import type { EntryEvent, Reply } from '../../protocol/events.js';
import { limits } from '../../protocol/limits.js';
import { reasonText } from '../../protocol/message-text.js';
import { type Clock, systemClock } from '../../system/clock.js';
import { openFileConnection } from '../wire/connection.js';
import { ConnectionLost } from '../wire/errors.js';
import { createKeyring } from './credentials.js';
import { createOutbox } from './outbox.js';
import { createPositions } from './positions.js';
import { createBackoff, Distrusted, reconnect } from './reconnect.js';
import type { Asked, End, Event, Presented, Session, SessionOptions, Status } from './session.js';
import { openSignedInConnection, type SignedInConnection } from './signed-in-connection.js';
import { changed, isEntry, isStateEvent, type StateEvent } from './state-events.js';

/** Time and randomness, the system's by default. */
export interface Surroundings {
  readonly clock: Clock;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  /** A key for a message, unique. */
  readonly makeKey: () => string;
}

// A server that tells more before it confirms the sync is not heard to the end.
const mostHeld = 1_000;

const system: Surroundings = { clock: systemClock, random: Math.random, makeKey: randomUUID };

/**
 * Connects and signs in; resolves before the first event is told. Lost connections are then tried again for
 * `retryMs`. Where `keepToken` rejects the session ends, here with that error.
 * @throws Unreachable, NotSecureChat; what `verify` rejected with; ProtocolError with the server's code where
 *   it refuses (`wrong-credentials`, `name-in-use`, …), so that one can ask again; ConnectionLost where the
 *   reply did not come: a `register` may have happened then
 */
export async function startSession(
  options: SessionOptions,
  surroundings: Surroundings = system,
): Promise<Session> {
  const life = createLife(options, surroundings);
  options.listener({ kind: 'status', status: { state: 'connecting' } });
  return life.begin(await life.connect());
}

function createLife(options: SessionOptions, { clock, random, makeKey }: Surroundings) {
  const { endpoint, keepToken, listener, retryMs } = options;
  const leaving = new AbortController();
  const keyring = createKeyring(options);
  const positions = createPositions();
  const backoff = createBackoff({ clock, random, retryMs });
  const outbox = createOutbox({
    clock,
    makeKey,
    report: (key, delivery) => listener({ kind: 'delivery', key, delivery }),
  });
  // Signed in and not closed.
  let link: SignedInConnection | undefined;
  let synced = false;
  let loggedOut: End | undefined;
  // From the beginning of a connection to the end of its catch-up, so that faces learn first what this person
  // is in; a token may take its time to be kept, and these are not told again.
  let held: StateEvent[] | undefined = [];

  const tell = (status: Status) => listener({ kind: 'status', status });

  function connect(verify = options.verify): Promise<SignedInConnection> {
    held = [];
    return openSignedInConnection({
      endpoint,
      verify,
      keyring,
      keepToken,
      clock,
      signal: leaving.signal,
      onEvent: receive,
    });
  }
  async function connectAgain(): Promise<SignedInConnection> {
    let refused = false;
    const verify = async (presented: Presented) => {
      refused = true;
      await options.verify(presented);
      refused = false;
    };
    return connect(verify).catch((error) => {
      throw refused ? new Distrusted(error) : error;
    });
  }
  function receive(event: Event) {
    if (isStateEvent(event)) {
      if (held === undefined) heed(event);
      else if (held.length < mostHeld) held.push(event);
      // Before the sync the server says nothing that the sync would not bring.
    } else if (link !== undefined) {
      if (isEntry(event)) enter(event, link);
      else listener({ kind: 'event', event });
    }
  }
  function enter(event: EntryEvent, { name, connection }: SignedInConnection) {
    if (positions.advance(event, name)) listener({ kind: 'event', event });
    if (event.type !== 'message' || event.from !== name) return;
    connection.acknowledge(event);
    outbox.acknowledge(event);
  }
  function heed(event: StateEvent) {
    move(event);
    listener({ kind: 'event', event });
  }
  function move(event: StateEvent) {
    if (event.type === 'room') positions.adopt([event.conversation]);
    if (event.type === 'parted') positions.forget(event.room);
  }
  function caughtUp({ connection, conversations: before }: SignedInConnection) {
    const notices = held ?? [];
    held = undefined;
    const conversations = notices.reduce(changed, before);
    notices.forEach(move);
    positions.adopt(conversations);
    backoff.recovered();
    const first = !synced;
    synced = true;
    tell({ state: 'online' });
    listener({ kind: 'synced', first, conversations });
    for (const event of notices) listener({ kind: 'event', event });
    outbox.open(connection.request);
  }
  /** Resolves when the link is over, with why. */
  async function serve(current: SignedInConnection): Promise<Error> {
    const { connection } = current;
    let refusal: Error | undefined;
    link = current;
    positions.correct(current.conversations);
    connection.request({ type: 'sync', ...positions.since() }, (outcome) => {
      if (outcome instanceof Error) return;
      if (outcome.type === 'ok') return caughtUp(current);
      refusal = new ProtocolError(outcome.code, outcome.message, outcome.retryAfter);
      connection.destroy();
    });
    const lost = await connection.closed;
    link = undefined;
    held = [];
    outbox.hold();
    return refusal ?? lost;
  }
  async function live(first: SignedInConnection, changed: (link: SignedInConnection) => void): Promise<void> {
    for (let current = first; ; ) {
      const trouble = await serve(current);
      if (loggedOut !== undefined) return finish(loggedOut);
      const signal = leaving.signal;
      const next = await reconnect(trouble, { open: connectAgain, backoff, clock, signal, tell });
      if ('end' in next) return finish(next.end);
      current = next.opened;
      changed(current);
    }
  }
  function finish(end: End) {
    outbox.close();
    tell({ state: 'ended', end });
  }
  function ask(request: Asked): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (link === undefined)
        throw new ConnectionLost('there is no connection at the moment: try again later');
      link.connection.request(request, (outcome) => {
        if (!(outcome instanceof Error)) return resolve(outcome);
        const closing = outcome instanceof ConnectionLost ? outcome.closing : undefined;
        if (request.type !== 'logout' || closing?.code !== 'signed-out') return reject(outcome);
        // Where it ends the connection that asks, that is all the answer there is.
        loggedOut = { why: 'logged-out', message: closing.message };
        resolve({ type: 'ok', re: 0 });
      });
    });
  }
  /** Resolves when the connection is closed, within 2 s. */
  async function depart(reason: string | undefined): Promise<void> {
    leaving.abort();
    outbox.close();
    if (link === undefined) return;
    const { connection } = link;
    const cancel = clock.after(limits.closingMs, connection.destroy);
    const quit: Asked = { type: 'quit', ...(reason !== undefined && { reason: reasonText(reason) }) };
    connection.request(quit, connection.end);
    await connection.closed;
    cancel();
  }
  function begin(first: SignedInConnection): Session {
    let latest = first;
    let departed: Promise<void> | undefined;
    const finished = live(first, (link) => {
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
      ask,
      openFileConnection(signal) {
        const { verify } = options;
        return openFileConnection({
          endpoint,
          verify,
          clock,
          signal: AbortSignal.any([signal, leaving.signal]),
        });
      },
      settled: outbox.settled,
      quit(reason) {
        departed ??= depart(reason).then(() => finished);
        return departed;
      },
    };
  }

  return { connect: () => connect(), begin };
}
