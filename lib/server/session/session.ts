/**
 * One connection's life: greeting -> signing-in -> open -> closing -> closed. Knows frames and the request
 * table; neither TLS nor what is said to whom.
 */
import type { Duplex } from 'node:stream';
import { type ErrorCode, ProtocolError } from '../../protocol/errors.js';
import type { Reply, ServerFrameOf } from '../../protocol/events.js';
import { encodeFrame, type RawFrame } from '../../protocol/frame.js';
import { limits } from '../../protocol/limits.js';
import { parseRequest, type Request, requestId } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type { Clock } from '../../system/clock.js';
import type { App } from '../app.js';
import type { Circumstances } from '../chat/join-notices.js';
import type { Member } from '../chat/presence.js';
import type { Log } from '../log.js';
import type { Turn } from '../net/connection.js';
import { type Connection, createConnection } from '../net/connection.js';
import type { SendBudget } from '../net/send-budget.js';
import type { RateLimiter } from '../rate-limiter.js';
import { requestTable } from '../requests/request-table.js';
import type { Caller, Row } from '../requests/row.js';
import { createIdleTimer } from './idle-timer.js';
import { createRequestQueue } from './request-queue.js';

export type Phase = 'greeting' | 'signing-in' | 'open' | 'closing' | 'closed';

export interface SessionDeps {
  readonly desk: App;
  readonly clock: Clock;
  readonly log: Log;
  readonly turn: Turn;
  readonly budget: SendBudget;
  /** Requests of one connection: too many and they are read later. */
  readonly pace: RateLimiter<number>;
  readonly hello: ServerFrameOf<'hello'>;
  readonly claims: Claims;
  readonly onPhase: (session: Session, phase: Phase) => void;
}

/** Which connection each token's session is on. */
export interface Claims {
  /** Notes that the token is this session's now. @returns the one that had it */
  claim(token: number, session: Session): Session | undefined;
  /** @returns false where another session has claimed it since */
  release(token: number, session: Session): boolean;
}

export interface Session {
  /** Counts up from 1. */
  readonly serial: number;
  readonly address: string;
  readonly phase: Phase;
  /** Undefined until signed in. */
  readonly name: string | undefined;
  /** Tells the peer why, and ends the session. */
  dismiss(code: ErrorCode, message: string): void;
}

let sessions = 0;

/** After these the token's session is over. */
const final: ReadonlySet<ErrorCode> = new Set(['signed-out', 'taken-over', 'kicked']);

export function createSession(socket: Duplex, address: string, deps: SessionDeps): Session {
  const { desk, clock, log } = deps;
  const serial = ++sessions;
  let phase: Phase = 'greeting';
  let member: Member | undefined;
  let token: number | undefined;
  // The lost connection that this one continues.
  let continued: Session | undefined;
  let leaving: Circumstances | undefined;

  const connection: Connection = createConnection(socket, {
    turn: deps.turn,
    budget: deps.budget,
    frameLimit: () => (phase === 'open' ? limits.frameBytes : limits.frameUnsignedBytes),
    onFrame,
    onBroken: (error) => dismiss(error.code, error.message),
    onClosed,
  });

  const inbox = createRequestQueue({
    clock,
    pace: () => deps.pace.take(serial),
    take: answer,
    pause: connection.pause,
    resume() {
      silence.broken();
      connection.resume();
    },
  });
  const silence = createIdleTimer(clock, () => inbox.paused);

  const session: Session = {
    serial,
    address,
    get phase() {
      return phase;
    },
    get name() {
      return member?.account.name;
    },
    dismiss,
  };

  const caller: Caller = {
    address,
    check() {
      if (phase !== 'signing-in') throw new ProtocolError('signed-out', 'The connection ended.');
    },
    enter(account, mode) {
      // Nobody would ever empty the seat of one who went away while its password was checked.
      caller.check();
      const entering = memberOf(account);
      desk.hub.presence.enter(entering, mode);
      member = entering;
      continued?.dismiss('taken-over', 'This session goes on over another connection.');
      continued = undefined;
      return entering;
    },
    opened(id, shared = false) {
      if (phase !== 'signing-in') return;
      if (token !== undefined) deps.claims.release(token, session);
      token = id;
      if (!shared) continued = deps.claims.claim(id, session);
    },
    leave(reason) {
      leaving = reason === undefined ? {} : { reason };
    },
  };

  let cancelDeadline = clock.after(limits.signInMs, () => {
    dismiss('timed-out', `Sign in within ${limits.signInMs / 1000} s of connecting.`);
  });
  connection.send(encodeFrame(deps.hello));
  return session;

  function memberOf(account: Account): Member {
    return {
      account,
      address,
      get session() {
        return token;
      },
      get alive() {
        return phase === 'signing-in' || phase === 'open';
      },
      send: (bytes) => {
        if (phase === 'open') connection.send(bytes);
      },
      drained: connection.drained,
      dismiss,
    };
  }

  function enter(next: Phase): void {
    phase = next;
    deps.onPhase(session, next);
  }

  function onFrame(frame: RawFrame): void {
    silence.broken();
    inbox.push(frame);
  }

  /** @returns a promise where the next request has to wait for this one */
  function answer(frame: RawFrame): Promise<void> | undefined {
    const re = requestId(frame);
    try {
      const request = parseRequest(frame);
      if (re === 0) throw new ProtocolError('bad-request', 'A request needs an id.');
      const row = requestTable[request.type] as Row<Request['type']>;
      const done = take(row, request);
      const together = row.needs === 'open' && row.together === true;
      if (!(done instanceof Promise)) {
        reply({ type: 'ok', re, ...done });
        if (leaving !== undefined) leave();
        return undefined;
      }
      const answered = done.then(
        (fields) => {
          if (fields !== undefined) reply({ type: 'ok', re, ...fields });
          if (phase === 'signing-in') opened();
        },
        (error: unknown) => refuse(re, error),
      );
      return together ? undefined : answered;
    } catch (error) {
      refuse(re, error);
      return undefined;
    }
  }

  function take(row: Row<Request['type']>, request: Request) {
    switch (row.needs) {
      case 'nothing':
        return row.run(caller, request as never);
      case 'greeting':
        if (phase !== 'greeting') throw new ProtocolError('already-signed-in', 'You are signed in.');
        enter('signing-in');
        return row.run(desk, caller, request as never);
      case 'open':
        if (phase !== 'open' || member === undefined)
          throw new ProtocolError('not-signed-in', 'Sign in first.');
        return row.run(desk, member, request as never);
      default:
        return row satisfies never;
    }
  }

  function reply(frame: Reply): void {
    connection.send(encodeFrame(frame));
  }

  function refuse(re: number, error: unknown): void {
    let refusal: ProtocolError;
    if (error instanceof ProtocolError) {
      refusal = error;
    } else {
      log.error('request failed', error, { name: session.name });
      refusal = new ProtocolError(
        'internal',
        'The server could not do that. Its operator finds why in the log.',
      );
    }
    const { code, message, retryAfter } = refusal;
    reply({ type: 'error', re, code, message, ...(retryAfter === undefined ? {} : { retryAfter }) });
    if (phase !== 'signing-in') return;
    unseat();
    log.warn('sign-in refused', { address, code });
    enter('greeting');
    // Whoever is told to wait does not wait here: each refusal costs a line of the log.
    if (code === 'too-many-attempts') dismiss(code, message);
  }

  function opened(): void {
    cancelDeadline();
    enter('open');
    silence.broken();
    silence.watch(limits.deadMs, () => {
      dismiss('timed-out', `Nothing was heard from you for ${limits.deadMs / 1000} s.`);
    });
    log.info('signed in', { name: session.name, address });
  }

  function leave(): void {
    dismiss('signed-out', 'You left.');
  }

  function unseat(): void {
    if (member === undefined) return;
    desk.hub.leave(member, leaving ?? { reason: 'connection lost' });
    member = undefined;
  }

  function dismiss(code: ErrorCode, message: string, circumstances: Circumstances = {}): void {
    if (phase === 'closing' || phase === 'closed') return;
    const name = session.name;
    cancelDeadline();
    silence.stop();
    connection.send(encodeFrame({ type: 'closing', code, message } satisfies ServerFrameOf<'closing'>));
    enter('closing');
    inbox.close();
    if (leaving === undefined && code !== 'timed-out') leaving = circumstances;
    unseat();
    log.info('connection ended', { name, address, code, reason: leaving?.reason });
    const mine = token !== undefined && deps.claims.release(token, session);
    // A session that its owner or another terminal ended is over; a lost one can be continued.
    if (mine && token !== undefined && final.has(code)) {
      desk.store.endSession(token).catch((error: unknown) => log.error('session not ended', error));
    }
    cancelDeadline = clock.after(limits.closingMs, () => connection.destroy());
    connection.end();
  }

  function onClosed(error?: Error): void {
    const name = session.name;
    const before = phase;
    cancelDeadline();
    silence.stop();
    if (token !== undefined) deps.claims.release(token, session);
    unseat();
    inbox.close();
    enter('closed');
    if (before === 'closing') return;
    const code = error instanceof ProtocolError ? error.code : undefined;
    log.info('connection lost', { name, address, ...(code === undefined ? {} : { code }) });
  }
}
