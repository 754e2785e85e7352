/**
 * One connection's life: greeting -> signing-in -> open -> closing -> closed. Knows frames, neither TLS nor what requests do.
 */
import type { Duplex } from 'node:stream';
import { type ErrorCode, ProtocolError } from '../../protocol/errors.js';
import type { ServerFrame } from '../../protocol/events.js';
import { encodeFrame } from '../../protocol/frame.js';
import { limits } from '../../protocol/limits.js';
import type { Account } from '../../store/account-store.js';
import type { Clock } from '../../system/clock.js';
import type { App } from '../app.js';
import type { JoinMode, LeaveDetails, Member } from '../chat/presence.js';
import type { Log } from '../log.js';
import {
  createConnection,
  createIdleTimer,
  type EndOfTurn,
  type IdleTimer,
  type SendBudget,
  type ServerConnection,
} from '../net/connection.js';
import { createRateLimiter, type Rate } from '../rate-limiter.js';
import { answerFrame } from '../requests/request-table.js';
import type { Caller, Phase } from '../requests/row.js';
import { createRequestQueue, type RequestQueue } from './request-queue.js';

export interface SessionDeps {
  readonly app: App;
  readonly clock: Clock;
  readonly log: Log;
  readonly endOfTurn: EndOfTurn;
  readonly budget: SendBudget;
  /** Requests of each session: beyond it, they are read later. */
  readonly requestRate: Rate;
  /** Encoded. */
  readonly hello: Buffer;
  readonly tokenHolders: TokenHolders;
  readonly onPhase: (session: ServerSession, phase: Phase) => void;
}

export interface ServerSession {
  readonly address: string;
  readonly phase: Phase;
  /** Undefined until signed in. */
  readonly name: string | undefined;
  /** Tells the peer why, and ends the session. */
  dismiss(code: ErrorCode, message: string): void;
}

interface State {
  readonly deps: SessionDeps;
  readonly session: ServerSession;
  readonly connection: ServerConnection;
  readonly requestQueue: RequestQueue;
  readonly idleTimer: IdleTimer;
  phase: Phase;
  /** From the moment it is online. */
  member: Member | undefined;
  /** The id of its token's session. */
  token: number | undefined;
  /** The session on the lost connection that this one continues. */
  continued: ServerSession | undefined;
  /** Set when it ends: the notice to others. */
  leaving: LeaveDetails | undefined;
  cancelDeadline: () => void;
}

export function createSession(socket: Duplex, address: string, deps: SessionDeps): ServerSession {
  const { clock } = deps;
  const requests = createRateLimiter<ServerSession>(deps.requestRate, clock);
  const session: ServerSession = {
    address,
    get phase() {
      return state.phase;
    },
    get name() {
      return state.member?.account.name;
    },
    dismiss: (code, message) => dismiss(state, code, message),
  };

  const connection = createConnection(socket, {
    clock,
    endOfTurn: deps.endOfTurn,
    budget: deps.budget,
    frameLimit: () => (state.phase === 'open' ? limits.frameBytes : limits.frameUnsignedBytes),
    onFrame(frame) {
      idleTimer.reset();
      requestQueue.push(frame);
    },
    onBroken: (error) => dismiss(state, error.code, error.message),
    onSlow: (error) => dismiss(state, error.code, error.message),
    onClosed: () => connectionClosed(state),
  });
  const requestQueue = createRequestQueue({
    clock,
    countRequest: () => requests.take(session),
    answer: (frame) => answerFrame(frame, caller, deps),
    pause: connection.pause,
    resume() {
      idleTimer.reset();
      connection.resume();
    },
  });
  const idleTimer = createIdleTimer(clock, () => requestQueue.paused);
  const cancelDeadline = clock.after(limits.signInMs, () =>
    dismiss(state, 'timed-out', `You did not sign in within ${limits.signInMs / 1000} s.`),
  );

  const state: State = {
    ...{ deps, session, connection, requestQueue, idleTimer, cancelDeadline },
    ...{ phase: 'greeting', member: undefined, token: undefined, continued: undefined, leaving: undefined },
  };
  const caller = callerOf(state);
  connection.send(deps.hello);
  return session;
}

function callerOf(state: State): Caller {
  const { session, deps } = state;
  return {
    address: session.address,
    get alive() {
      return isAlive(state);
    },
    get phase() {
      return state.phase;
    },
    get member() {
      return state.member;
    },
    checkSigningIn: () => checkSigningIn(state),
    join: (account, mode) => join(state, account, mode),
    useToken: (id, { shared } = { shared: false }) => useToken(state, id, shared),
    leave(reason) {
      state.leaving = reason === undefined ? {} : { reason };
    },
    reply: (frame) => send(state, frame),
    beginSignIn: () => setPhase(state, 'signing-in'),
    granted() {
      if (state.leaving !== undefined) dismiss(state, 'signed-out', 'You signed out.');
      else if (state.phase === 'signing-in') signedIn(state);
    },
    refused(code, message) {
      if (state.phase !== 'signing-in') return;
      goOffline(state);
      deps.log.warn('sign-in refused', { address: session.address, code });
      setPhase(state, 'greeting');
      // A client that has to wait must not wait here: each refusal costs a line of the log.
      if (code === 'too-many-attempts') dismiss(state, code, message);
    },
  };
}

function send({ connection }: State, frame: ServerFrame): void {
  connection.send(encodeFrame(frame));
}

function setPhase(state: State, phase: Phase): void {
  state.phase = phase;
  state.deps.onPhase(state.session, phase);
}

function isAlive({ phase }: State): boolean {
  return phase === 'signing-in' || phase === 'open';
}

function checkSigningIn({ phase }: State): void {
  if (phase !== 'signing-in') throw new ProtocolError('signed-out', 'The connection ended.');
}

function join(state: State, account: Account, mode: JoinMode | undefined): Member {
  // If the connection was lost while the password was checked, nothing would take it offline again.
  checkSigningIn(state);
  const member = memberOf(state, account);
  state.deps.app.presence.add(member, mode);
  state.member = member;
  state.continued?.dismiss('taken-over', 'This session continues on another connection.');
  state.continued = undefined;
  return member;
}

function memberOf(state: State, account: Account): Member {
  const { connection, session } = state;
  return {
    account,
    address: session.address,
    get session() {
      return state.token;
    },
    get alive() {
      return isAlive(state);
    },
    send(bytes) {
      if (state.phase === 'open') connection.send(bytes);
    },
    drained: connection.drained,
    dismiss: (code, message, details) => dismiss(state, code, message, details),
  };
}

function useToken(state: State, id: number, shared: boolean): void {
  if (state.phase !== 'signing-in') return;
  const { tokenHolders } = state.deps;
  if (state.token !== undefined) tokenHolders.release(state.token, state.session);
  state.token = id;
  if (!shared) state.continued = tokenHolders.claim(id, state.session);
}

function signedIn(state: State): void {
  const { session, idleTimer, deps } = state;
  state.cancelDeadline();
  setPhase(state, 'open');
  idleTimer.reset();
  idleTimer.watch(limits.deadMs, () =>
    dismiss(state, 'timed-out', `Nothing was received from you for ${limits.deadMs / 1000} s.`),
  );
  deps.log.info('signed in', { name: session.name, address: session.address });
}

function goOffline(state: State): void {
  if (state.member === undefined) return;
  state.deps.app.hub.leave(state.member, state.leaving ?? { reason: 'connection lost' });
  state.member = undefined;
}

/** After these the token no longer works; a lost session can be continued. */
const endsToken: ReadonlySet<ErrorCode> = new Set(['signed-out', 'taken-over', 'kicked']);

/** To the others, these look like a lost connection. */
const looksLost: ReadonlySet<ErrorCode> = new Set(['timed-out', 'slow-consumer']);

function dismiss(state: State, code: ErrorCode, message: string, details: LeaveDetails = {}): void {
  if (state.phase === 'closing' || state.phase === 'closed') return;
  const { deps, session, connection, token } = state;
  const { name, address } = session;
  stopTimers(state);
  send(state, { type: 'closing', code, message });
  setPhase(state, 'closing');
  state.requestQueue.close();
  if (state.leaving === undefined && !looksLost.has(code)) state.leaving = details;
  goOffline(state);
  deps.log.info('connection ended', { name, address, code, reason: state.leaving?.reason });
  if (token !== undefined && deps.tokenHolders.release(token, session) && endsToken.has(code)) {
    deps.app.store.endSession(token).catch((error: unknown) => deps.log.error('session not ended', error));
  }
  state.cancelDeadline = deps.clock.after(limits.closingMs, () => connection.destroy());
  connection.end();
}

function connectionClosed(state: State): void {
  const { deps, session, token, phase } = state;
  const { name, address } = session;
  stopTimers(state);
  if (token !== undefined) deps.tokenHolders.release(token, session);
  goOffline(state);
  state.requestQueue.close();
  setPhase(state, 'closed');
  if (phase === 'closing') return;
  deps.log.info('connection lost', { name, address });
}

function stopTimers({ cancelDeadline, idleTimer }: State): void {
  cancelDeadline();
  idleTimer.stop();
}

/** Which session holds each token now. */
interface TokenHolders {
  /** @returns the session that held it before */
  claim(token: number, session: ServerSession): ServerSession | undefined;
  /** @returns false if another session has claimed it since */
  release(token: number, session: ServerSession): boolean;
}

export function createTokenHolders(): TokenHolders {
  const holders = new Map<number, ServerSession>();
  return {
    claim(token, session) {
      const before = holders.get(token);
      holders.set(token, session);
      return before === session ? undefined : before;
    },
    release(token, session) {
      if (holders.get(token) !== session) return false;
      holders.delete(token);
      return true;
    },
  };
}
