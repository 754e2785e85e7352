/** Uploads that were offered and are not kept yet. Knows whose they are and since when, not how bytes come. */
import { limits } from '../../protocol/limits.js';
import type { Clock } from '../../system/clock.js';
import type { Upload } from './tickets.js';

export interface Offers {
  /** In place of any with the same key. */
  add(upload: Upload): void;
  find(account: number, key: string): Upload | undefined;
  /** Without effect where another one has its key by now. */
  forget(upload: Upload): void;
  /** What an account offered so far stands no more, though it counts: another offer goes on with its bytes. */
  recall(account: number): void;
  of(account: number): { readonly count: number; readonly bytes: number };
  /** The one that was offered longest ago of those that nobody goes on with at the moment. */
  idle(account: number): Upload | undefined;
}

interface Offered {
  readonly upload: Upload;
  readonly since: number;
}

/** @param moves there is a connection for the upload of this id */
export function createOffers({ clock, moves }: { clock: Clock; moves: (id: string) => boolean }): Offers {
  // Of each account by key, the latest last; what a restart has forgotten the next offer makes again.
  const accounts = new Map<number, Map<string, Offered>>();

  function age({ since }: Offered): number {
    return clock.ticks() - since;
  }

  /** Without those whose bytes are gone by now. */
  function of(account: number): Map<string, Offered> {
    const mine = accounts.get(account) ?? new Map<string, Offered>();
    for (const [key, one] of mine) {
      if (age(one) > limits.partialMs && !moves(one.upload.id)) mine.delete(key);
    }
    return mine;
  }

  return {
    add(upload) {
      const mine = of(upload.account.id);
      mine.delete(upload.key);
      mine.set(upload.key, { upload, since: clock.ticks() });
      accounts.set(upload.account.id, mine);
    },
    find: (account, key) => of(account).get(key)?.upload,
    forget({ account, key, id }) {
      const mine = accounts.get(account.id);
      if (mine?.get(key)?.upload.id === id) mine.delete(key);
      if (mine?.size === 0) accounts.delete(account.id);
    },
    recall(account) {
      const mine = of(account);
      // Tickets and connections hold the offer itself: this one is not theirs.
      for (const [key, one] of mine) mine.set(key, { ...one, upload: { ...one.upload } });
    },
    of(account) {
      const mine = [...of(account).values()];
      return { count: mine.length, bytes: mine.reduce((sum, { upload }) => sum + upload.file.size, 0) };
    },
    idle(account) {
      const waiting = [...of(account).values()].find(
        (one) => age(one) > limits.ticketMs && !moves(one.upload.id),
      );
      return waiting?.upload;
    },
  };
}
