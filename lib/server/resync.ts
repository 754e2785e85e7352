/**
 * Reads again what is kept in memory, after another server ended, which may not have told all that it did. Knows what there is
 * to read, not who changed it.
 */
import type { App } from './app.js';

/** @throws StoreError; what was read until then holds */
export async function resync({ store, rooms, bans, push, elsewhere, reread }: App): Promise<void> {
  // At once: who catches up now would miss what this server has missed.
  rooms.forgetRecent();
  await elsewhere.load();
  rooms.sync(await store.rooms());
  await bans.load();
  await push.load();
  await reread.everyone();
}
