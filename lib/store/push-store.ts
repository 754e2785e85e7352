/** The part of a Store that keeps where people want to be notified while they are away. */

export interface PushTarget {
  /** Whose it is, by id and name. */
  readonly account: number;
  readonly name: string;
  readonly url: string;
  /** The text of messages is sent, too. */
  readonly text: boolean;
  /** The URL failed for so long that nothing is sent until it is set again. */
  readonly paused: boolean;
}

/** Part of a Store; see store.ts for what all of it promises. */
export interface PushStore {
  /** Replaces what was set before. */
  setPush(push: Pick<PushTarget, 'account' | 'url' | 'text'>): Promise<void>;
  /** @returns false where there was none */
  removePush(account: number): Promise<boolean>;
  /** @returns false where it is another URL by now; nothing changes then */
  pausePush(account: number, url: string): Promise<boolean>;
  pushes(): Promise<readonly PushTarget[]>;
  /**
   * Where an account is to be notified of a message. Undefined where it must not hear of it: it is removed or banned, blocks the
   * author, or is not in the room.
   */
  pushFor(message: {
    account: number;
    /** The author. */
    by: number;
    /** Undefined for a direct message. */
    room?: number | undefined;
    at: number;
  }): Promise<PushTarget | undefined>;
}
