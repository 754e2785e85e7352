/** Files on their way, in both directions. Knows sessions and a folder; nothing of how it is shown. */
import type { Clock } from '../clock.js';
import type { Session } from '../session.js';

export interface Transfer {
  /** Counts up from 1 in this program. */
  readonly id: number;
  readonly direction: 'send' | 'get';
  /** What it is called in the chat. */
  readonly name: string;
  /** The file here; once there is one. */
  readonly path: string | undefined;
  /** Bytes; undefined until it is known. */
  readonly size: number | undefined;
  /** Bytes that the other side has, or that are here. */
  readonly done: number;
  readonly progress: /** Reading it once, for its SHA-256. */
    | { readonly state: 'hashing' }
    | { readonly state: 'moving' }
    /** The connection was lost; goes on by itself when it is back. */
    | { readonly state: 'waiting' }
    | { readonly state: 'done' }
    | { readonly state: 'cancelled' }
    /** `why` is for people and says what to do. */
    | { readonly state: 'failed'; readonly why: string };
}

export interface TransferDeps {
  readonly session: Pick<Session, 'ask' | 'openFileConnection' | 'name'>;
  readonly clock: Clock;
  readonly makeKey: () => string;
  /** Where downloads go that were given no other place; made when it is needed. */
  readonly downloads: string;
  readonly home: string;
  /** What relative paths begin at. */
  readonly folder: string;
  /** At each change of state, and while bytes move a few times a second at most. */
  readonly report: (transfer: Transfer) => void;
}

export interface Transfers {
  send(path: string, to: { readonly room: string } | { readonly to: string }): Transfer;
  /** @param path a file or a folder; without it the downloads folder, under the name the server tells */
  get(seq: number, path?: string): Transfer;
  /** The latest one that is under way where no id is given. @returns undefined where there is none */
  cancel(id?: number): Transfer | undefined;
  /** To be told when the session is connected again. */
  resume(): void;
  /** Those under way. */
  readonly current: readonly Transfer[];
  /** Ends all of them; what can be resumed is lost with this program. */
  close(): Promise<void>;
}
