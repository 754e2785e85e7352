/** What every way of showing a session has in common. Knows no stream. */
import type { End, Happening, Session } from './session/session.js';
import type { Transfer } from './transfer/transfer.js';
import type { Transfers } from './transfer/transfers.js';

export interface FrontEnd {
  /** To be given to the session before it starts. What happens before `run` is shown when it runs. */
  readonly listener: (happening: Happening) => void;
  /** Shows the session and does what is typed, until somebody leaves. Never rejects because of either. */
  run(session: Session): Promise<Leave>;
}

/** Makes the transfers of a session, once there is one. */
export type OpenTransfers = (session: Session, report: (transfer: Transfer) => void) => Transfers;

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

export interface Leave {
  readonly how: /** Whoever types left: `/quit`, the end of the input, a reader that closed the output. */
    | { readonly by: 'person' }
    | { readonly by: 'signal'; readonly signal: StopSignal }
    | { readonly by: 'session'; readonly end: End };
  /** Things to say that were refused, by the server or before it came to that. */
  readonly refused: number;
  /** Messages that nobody acknowledged; the server may have them or not. */
  readonly unacknowledged: number;
}

/** Keeps what happens until there is somebody to tell. */
export function createListener(): {
  listener: (happening: Happening) => void;
  open: (tell: (happening: Happening) => void) => void;
} {
  let held: Happening[] | undefined = [];
  let tell: ((happening: Happening) => void) | undefined;
  return {
    listener(happening) {
      if (tell === undefined) held?.push(happening);
      else tell(happening);
    },
    open(teller) {
      const before = held ?? [];
      held = undefined;
      tell = teller;
      before.forEach(teller);
    },
  };
}
