/** What all front ends have in common: a listener, a run, and why it ended. Knows no stream. */
import type { Endpoint } from '../trust/endpoint.js';
import type { Session, SessionEnd, SessionEvent, StaySignedIn } from './session/session.js';
import type { Transfer } from './transfer/transfer.js';
import type { Transfers } from './transfer/transfers.js';

export interface FrontEnd {
  /** The session's listener. What happens before `run` is shown once it runs. */
  readonly listener: (event: SessionEvent) => void;
  /** It covers the terminal, and itself shows what the person has to know: nothing of it stays in the scrollback. */
  readonly fullScreen?: true;
  /** Shows the session and does what is typed, until the person quits or the session ends. */
  run(session: Session, servers?: MoreServers, stay?: StaySignedIn): Promise<FrontEndResult>;
}

/** The servers beyond the first one, for a front end that covers the terminal. */
export interface MoreServers {
  /** Those of the command line. `opened` rejects with an error whose message is for the person. */
  readonly first: readonly {
    readonly address: string;
    /** It cannot be reached now, and is tried until it can. */
    readonly late?: true;
    readonly opened: Promise<JoinedServer>;
  }[];
  /** Joins another one, asking on the terminal. Rejects with an error whose message is for the person. */
  connect(address: string): Promise<JoinedServer>;
  /** To be called when the person has left the first server, which can then be joined again. */
  leftFirst(): void;
}

/** A server that was signed in to. */
export interface JoinedServer {
  readonly session: Session;
  readonly stay?: StaySignedIn | undefined;
  readonly server: Endpoint;
  /** Shows what the session has reported, and everything from now on. To be called once. */
  readonly open: (show: (event: SessionEvent) => void) => void;
  /** To be called when the session has ended. */
  readonly done: () => Promise<void>;
}

/** Creates the transfers of a session. */
export type OpenTransfers = (session: Session, report: (transfer: Transfer) => void) => Transfers;

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** Resolves once a signal is to end the front end. */
export function whenStopped(stop: AbortSignal): Promise<StopSignal> {
  return new Promise((resolve) => {
    const onStop = (): void => resolve(stop.reason as StopSignal);
    if (stop.aborted) onStop();
    stop.addEventListener('abort', onStop);
  });
}

export interface FrontEndResult {
  readonly endedBy: /** `/quit`, the end of the input, or a reader that closed the output. */
    | { readonly by: 'person' }
    | { readonly by: 'signal'; readonly signal: StopSignal }
    | { readonly by: 'session'; readonly end: SessionEnd };
  /** Lines that were refused, by the server or before they were sent. */
  readonly refused: number;
  /** Messages without an acknowledgement; the server may have them or not. */
  readonly unacknowledged: number;
}

/** Keeps what happens until `open` is called. */
export function createListener(): {
  listener: (event: SessionEvent) => void;
  open: (show: (event: SessionEvent) => void) => void;
} {
  let held: SessionEvent[] | undefined = [];
  let show: ((event: SessionEvent) => void) | undefined;
  return {
    listener(event) {
      if (show === undefined) held?.push(event);
      else show(event);
    },
    open(given) {
      const before = held ?? [];
      held = undefined;
      show = given;
      before.forEach(given);
    },
  };
}
