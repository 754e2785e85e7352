/**
 * One connection's life: greeting -> signing-in -> open -> closing -> closed. Knows frames, neither TLS nor what requests do.
 */
import type { Duplex } from 'node:stream';
import { type ErrorCode, ProtocolError } from '../../protocol/errors.js';
import type { ServerFrame } from '../../protocol/events.js';
import { encodeFrame, type RawFrame } from '../../protocol/frame.js';
import { limits } from '../../protocol/limits.js';
import type { Account } from '../../store/account-store.js';
import type { App } from '../app.js';
import type { LeaveDetails } from '../chat/join-notices.js';
import type { JoinMode, Member } from '../chat/presence.js';
import type { Log } from '../log.js';
import {
  type ConnectionDeps,
  type ConnectionOwner,
  createConnection,
  type ServerConnection,
} from '../net/connection.js';
import type { Tally } from '../net/counts.js';
import { createIdleTimer, type IdleTimer, type IdleTimerOwner } from '../net/idle-timer.js';
import type { RateLimiter } from '../rate-limiter.js';
import { answerFrame } from '../requests/request-table.js';
import type { Caller, Phase } from '../requests/row.js';
import { createRequestQueue, type RequestQueue, type RequestQueueOwner } from './request-queue.js';

export interface SessionDeps extends ConnectionDeps {
  readonly app: App;
  readonly log: Log;
  /** Requests of each session: beyond its rate, they are read later. */
  readonly requests: RateLimiter<ServerSession>;
  /** Encoded. */
  readonly hello: () => Buffer;
  readonly tokenHolders: TokenHolders;
  readonly onPhase: (session: ServerSession, phase: Phase) => void;
  /** Sign-ins: `ok`, or the code of a refusal. */
  readonly signIns: Tally;
  /** Connections: the code with which each was ended, or `connection-lost`. */
  readonly ended: Tally;
}

export interface ServerSession {
  readonly address: string;
  readonly phase: Phase;
  /** Undefined until signed in. */
  readonly name: string | undefined;
  /** Tells the peer why, and ends the session. */
  dismiss(code: ErrorCode, message: string): void;
}

export function createSession(socket: Duplex, address: string, deps: SessionDeps): ServerSession {
  return new Session(socket, address, deps);
}

/** After these the token no longer works; a lost session can be continued. */
const endsToken: ReadonlySet<ErrorCode> = new Set(['signed-out', 'taken-over', 'kicked']);

/** To the others, these look like a lost connection. */
const looksLost: ReadonlySet<ErrorCode> = new Set(['timed-out', 'slow-consumer']);

const nothing = (): void => {};

/** A class, and what belongs to it knows it by an interface: closures of each for thousands of sessions take megabytes. */
class Session
  implements ServerSession, Caller, ConnectionOwner, RequestQueueOwner, IdleTimerOwner, TerminalOwner
{
  readonly address: string;
  readonly #deps: SessionDeps;
  readonly #connection: ServerConnection;
  readonly #requestQueue: RequestQueue;
  readonly #idleTimer: IdleTimer;
  #phase: Phase = 'greeting';
  /** From the moment it is online. */
  #member: Member | undefined;
  /** The id of its token's session. */
  #token: number | undefined;
  /** The session on the lost connection that this one continues. */
  #continued: ServerSession | undefined;
  /** Set when it ends: the notice to others. */
  #leaving: LeaveDetails | undefined;
  #cancelDeadline: () => void;

  constructor(socket: Duplex, address: string, deps: SessionDeps) {
    const { clock } = deps;
    this.address = address;
    this.#deps = deps;
    this.#connection = createConnection(socket, this, deps);
    this.#requestQueue = createRequestQueue(clock, this);
    this.#idleTimer = createIdleTimer(clock, this);
    this.#cancelDeadline = clock.after(limits.signInMs, () =>
      this.dismiss('timed-out', `You did not sign in within ${limits.signInMs / 1000} s.`),
    );
    this.#connection.send(deps.hello());
  }

  get phase(): Phase {
    return this.#phase;
  }

  get member(): Member | undefined {
    return this.#member;
  }

  get name(): string | undefined {
    return this.#member?.account.name;
  }

  get alive(): boolean {
    return this.#phase === 'signing-in' || this.#phase === 'open';
  }

  get token(): number | undefined {
    return this.#token;
  }

  // What the connection reads.

  frameLimit(): number {
    return this.#phase === 'open' ? limits.frameBytes : limits.frameUnsignedBytes;
  }

  onFrame(frame: RawFrame): void {
    this.#idleTimer.reset();
    this.#requestQueue.push(frame);
  }

  onBroken({ code, message }: ProtocolError): void {
    this.dismiss(code, message);
  }

  onSlow({ code, message }: ProtocolError): void {
    this.dismiss(code, message);
  }

  onClosed(): void {
    const { name, address } = this;
    const phase = this.#phase;
    this.#stopTimers();
    if (this.#token !== undefined) this.#deps.tokenHolders.release(this.#token, this);
    this.#goOffline();
    this.#requestQueue.close();
    this.#setPhase('closed');
    this.#deps.requests.forget(this);
    if (phase === 'closing') return;
    this.#deps.ended.count('connection-lost');
    this.#deps.log.info('connection lost', { name, address });
  }

  // The pace of its requests.

  countRequest(): number {
    return this.#deps.requests.take(this);
  }

  answer(frame: RawFrame): Promise<void> | undefined {
    return answerFrame(frame, this, this.#deps);
  }

  get paused(): boolean {
    return this.#requestQueue.paused;
  }

  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#idleTimer.reset();
    this.#connection.resume();
  }

  onIdle(): void {
    this.dismiss('timed-out', `Nothing was received from you for ${limits.deadMs / 1000} s.`);
  }

  // What its requests do.

  reply(frame: ServerFrame): void {
    this.#connection.send(encodeFrame(frame));
  }

  beginSignIn(): void {
    this.#setPhase('signing-in');
  }

  checkSigningIn(): void {
    if (this.#phase !== 'signing-in') throw new ProtocolError('signed-out', 'The connection ended.');
  }

  join(account: Account, mode: JoinMode | undefined): Member {
    // If the connection was lost while the password was checked, nothing would take it offline again.
    this.checkSigningIn();
    const member = new Terminal(this, account);
    this.#deps.app.presence.add(member, mode);
    this.#member = member;
    this.#continued?.dismiss('taken-over', 'This session continues on another connection.');
    this.#continued = undefined;
    return member;
  }

  useToken(id: number, { shared } = { shared: false }): void {
    if (this.#phase !== 'signing-in') return;
    const { tokenHolders } = this.#deps;
    if (this.#token !== undefined) tokenHolders.release(this.#token, this);
    this.#token = id;
    if (!shared) this.#continued = tokenHolders.claim(id, this);
  }

  leave(reason: string | undefined): void {
    this.#leaving = reason === undefined ? {} : { reason };
  }

  granted(): void {
    if (this.#leaving !== undefined) this.dismiss('signed-out', 'You signed out.');
    else if (this.#phase === 'signing-in') this.#signedIn();
  }

  refused(code: ErrorCode, message: string): void {
    if (this.#phase === 'signing-in') {
      this.#goOffline();
      this.#deps.signIns.count(code);
      this.#deps.log.warn('sign-in refused', { address: this.address, code });
      this.#setPhase('greeting');
    }
    if (this.#phase !== 'greeting') return;
    // A client that has to wait must not wait here: each refusal costs a line of the log.
    if (code === 'too-many-attempts') this.dismiss(code, message);
  }

  sendIfOpen(bytes: Buffer): void {
    if (this.#phase === 'open') this.#connection.send(bytes);
  }

  drained(): Promise<void> {
    return this.#connection.drained();
  }

  replace(message: string): void {
    if (this.#token !== undefined) this.#deps.tokenHolders.release(this.#token, this);
    this.dismiss('taken-over', message);
  }

  dismiss(code: ErrorCode, message: string, details: LeaveDetails = {}): void {
    if (this.#phase === 'closing' || this.#phase === 'closed') return;
    const { name, address } = this;
    const { log, clock, ended } = this.#deps;
    ended.count(code);
    this.#stopTimers();
    this.reply({ type: 'closing', code, message });
    this.#setPhase('closing');
    this.#requestQueue.close();
    if (this.#leaving === undefined && !looksLost.has(code)) this.#leaving = details;
    this.#goOffline();
    log.info('connection ended', { name, address, code, reason: this.#leaving?.reason });
    this.#releaseToken(code);
    this.#cancelDeadline = clock.after(limits.closingMs, () => this.#connection.destroy());
    this.#connection.end();
  }

  #releaseToken(code: ErrorCode): void {
    const token = this.#token;
    const { tokenHolders, app, log } = this.#deps;
    if (token === undefined || !tokenHolders.release(token, this) || !endsToken.has(code)) return;
    app.store.endSession(token).catch((error: unknown) => log.error('ending a session failed', error));
  }

  #setPhase(phase: Phase): void {
    this.#phase = phase;
    this.#deps.onPhase(this, phase);
  }

  #signedIn(): void {
    this.#cancelDeadline();
    this.#cancelDeadline = nothing;
    this.#setPhase('open');
    this.#idleTimer.reset();
    this.#idleTimer.watch(limits.deadMs);
    this.#deps.signIns.count('ok');
    this.#deps.log.info('signed in', { name: this.name, address: this.address });
  }

  #goOffline(): void {
    if (this.#member === undefined) return;
    this.#deps.app.hub.leave(this.#member, this.#leaving ?? { reason: 'connection lost' });
    this.#member = undefined;
  }

  #stopTimers(): void {
    this.#cancelDeadline();
    this.#idleTimer.stop();
  }
}

/** What a member needs of its session. */
interface TerminalOwner {
  readonly address: string;
  readonly token: number | undefined;
  readonly alive: boolean;
  sendIfOpen(bytes: Buffer): void;
  drained(): Promise<void>;
  dismiss(code: ErrorCode, message: string, details?: LeaveDetails): void;
  replace(message: string): void;
}

/** A session as the hub sees it. */
class Terminal implements Member {
  account: Account;
  readonly #owner: TerminalOwner;

  constructor(owner: TerminalOwner, account: Account) {
    this.#owner = owner;
    this.account = account;
  }

  get address(): string {
    return this.#owner.address;
  }

  get session(): number | undefined {
    return this.#owner.token;
  }

  get alive(): boolean {
    return this.#owner.alive;
  }

  send(bytes: Buffer): void {
    this.#owner.sendIfOpen(bytes);
  }

  drained(): Promise<void> {
    return this.#owner.drained();
  }

  dismiss(code: ErrorCode, message: string, details?: LeaveDetails): void {
    this.#owner.dismiss(code, message, details);
  }

  replace(message: string): void {
    this.#owner.replace(message);
  }
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
