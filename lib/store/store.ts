/**
 * What is kept, as one interface that every driver has. Knows accounts, rooms, bans and the log of
 * messages; neither sockets nor who is online.
 *
 * Every method rejects with a StoreError when the storage itself fails; nothing that rejected was kept.
 * What a user can cause (a taken name, a used invite) is a value, not an error.
 *
 * Results arrive in the order of the calls, but for those of `search`, which sees what was kept when it was asked
 * and may take longer than what is asked after it. Times are milliseconds since the epoch.
 */
import type { AccountStore } from './account-store.js';
import type { MessageStore } from './message-store.js';
import type { ModerationStore } from './moderation-store.js';
import type { RoomStore } from './room-store.js';

export interface Store extends AccountStore, ModerationStore, RoomStore, MessageStore {
  /** A consistent copy of all of it in a new file, made beside what goes on. */
  copy(file: string): Promise<void>;
  /** What is damaged, one line each; none where it is sound. */
  damage(): Promise<readonly string[]>;
  /** Finishes what was asked before, then closes. Everything after it rejects. */
  close(): Promise<void>;
}

/** Storage failed: disk full, folder gone, database damaged. `cause` says how. */
export class StoreError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StoreError';
  }
}

/** Another process, or another part of this one, has this store open. */
export class StoreInUse extends StoreError {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StoreInUse';
  }
}
