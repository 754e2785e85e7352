/** One file on its way, as a person is shown it. */

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
  /** Bytes that the other side has, or that are here; while hashing, those that were read. */
  readonly done: number;
  readonly progress: Progress;
}

export type Progress =
  /** Reading it once, for its SHA-256. */
  | { readonly state: 'hashing' }
  | { readonly state: 'moving' }
  /** Another transfer comes first, or the connection was lost; goes on by itself. */
  | { readonly state: 'waiting' }
  | { readonly state: 'done' }
  | { readonly state: 'cancelled' }
  /** `why` is for people and says what to do: the end of a sentence, without its full stop. */
  | { readonly state: 'failed'; readonly why: string };
