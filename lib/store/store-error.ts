/** How a store fails. */

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
