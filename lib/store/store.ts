/**
 * The store: everything that is kept but the bytes of files, as one interface for every driver. Knows accounts,
 * rooms, moderation and the log of messages; neither sockets nor who is online.
 *
 * Every method rejects with a StoreError when the storage itself fails; a rejected call has changed nothing. What a
 * user can cause (a taken name, a used-up invite) is a value, not an error.
 *
 * Results arrive in the order of the calls, except for `search`, `fileHashes`, `copy` and `damage`: they see everything
 * that was stored before the call, and may take longer than later calls. `conversations` and `signInState` may, too, where
 * much is unread: what they tell is then of a moment after the call. Times are milliseconds since the epoch.
 */
import type { AccountStore } from './account-store.js';
import type { MessageStore } from './message-store.js';
import type { ModerationStore } from './moderation-store.js';
import type { Peering } from './peer-store.js';
import type { PushStore } from './push-store.js';
import type { RoomStore } from './room-store.js';
import type { SignInStore } from './sign-in-store.js';
import type { WebhookStore } from './webhook-store.js';

export interface Store
  extends AccountStore,
    SignInStore,
    ModerationStore,
    RoomStore,
    MessageStore,
    WebhookStore,
    PushStore {
  /** Where several servers can have the database open. */
  readonly peering?: Peering;
  /** Writes a consistent copy to a new file while the store stays in use. */
  copy(file: string): Promise<void>;
  /** What is damaged, one line each; empty for a sound store. */
  damage(): Promise<readonly string[]>;
  /** Finishes earlier calls, then closes. Every later call rejects. */
  close(): Promise<void>;
}

/** Storage failed: disk full, folder gone, database damaged. `cause` says how. */
export class StoreError extends Error {
  override readonly name: string = 'StoreError';
  /**
   * `full`: there is no space, and there may be some later. `damaged`: only a backup helps. `unreachable`: the database is on
   * another machine, or in another process, and does not answer now.
   */
  readonly reason: 'full' | 'damaged' | 'unreachable' | undefined;

  constructor(message: string, options: { cause?: unknown; reason?: StoreError['reason'] } = {}) {
    super(message, options);
    this.reason = options.reason;
  }
}

/** Another process, or another part of this one, has this store open. */
export class StoreInUse extends StoreError {
  override readonly name = 'StoreInUse';
}
