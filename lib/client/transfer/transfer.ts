/** One transfer: as a person sees it, and what it works with. */
import type { Recipient } from '../../protocol/room-or-person.js';
import type { Clock } from '../../system/clock.js';
import type { Session } from '../session/session.js';

export interface Transfer {
  /** Counts up from 1 in this program. */
  readonly id: number;
  readonly direction: 'send' | 'get';
  /** Its name in the chat. */
  readonly name: string;
  /** The local file, once there is one. */
  readonly path: string | undefined;
  /** Where it is sent. */
  readonly to?: Recipient;
  /** Bytes; undefined until known. */
  readonly size: number | undefined;
  /** Bytes that have arrived; while hashing, those read. */
  readonly done: number;
  readonly progress: TransferProgress;
}

export type TransferProgress =
  /** Reading it, for its SHA-256. */
  | { readonly state: 'hashing' }
  | { readonly state: 'moving' }
  /** For another transfer, or for the connection; goes on by itself. */
  | { readonly state: 'waiting' }
  | { readonly state: 'done' }
  | { readonly state: 'cancelled' }
  /** `why` is for people and says what to do: the end of a sentence, without a full stop. */
  | { readonly state: 'failed'; readonly why: string };

/** What one transfer works with. */
export interface TransferContext {
  readonly session: Pick<Session, 'ask' | 'openFileConnection' | 'hello'>;
  readonly clock: Clock;
  readonly reconnections: Reconnections;
  /** Aborted when it is cancelled. */
  readonly signal: AbortSignal;
  readonly update: (change: Partial<Omit<Transfer, 'id' | 'direction'>>) => void;
}

/** Announces that the session is connected again. */
export interface Reconnections {
  readonly count: number;
  reconnected(): void;
  /** Resolves once the count is above `count`. */
  after(count: number): Promise<void>;
}
