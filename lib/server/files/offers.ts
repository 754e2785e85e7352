/**
 * Uploads that were offered and are not posted yet, and the limits of what an account may upload. Knows whose they
 * are and since when, not how the bytes arrive.
 */
import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import { byteCount } from '../../protocol/quantities.js';
import type { Blobs } from '../../store/blobs.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import { noSpace } from '../refusal.js';
import type { Upload } from './tickets.js';

/** Sizes in bytes. */
export interface FileLimits {
  readonly file: number;
  readonly account: number;
}

export interface Offers {
  /** Replaces an offer with the same key. @throws ProtocolError `quota-exceeded`, `limit-reached`, `no-space` */
  add(upload: Upload): Promise<void>;
  /** Once more, before it is posted: what was offered to other servers counted there. @throws ProtocolError `quota-exceeded` */
  checkQuota(upload: Upload): Promise<void>;
  find(account: number, key: string): Upload | undefined;
  /** Whether it was neither withdrawn, revoked nor replaced since it was offered. */
  isCurrent(upload: Upload): boolean;
  /** Does nothing if its key has another offer by now. */
  forget(upload: Upload): void;
  /** Forgets an upload that is not active, and its bytes. */
  discard(upload: Upload): Promise<void>;
  /** None of the account's offers is current from now on, but their bytes count and a new offer can resume them. */
  revoke(account: number): void;
}

interface OffersDeps {
  readonly store: Pick<Store, 'fileBytes'>;
  readonly blobs: Pick<Blobs, 'discard' | 'freeBytes'>;
  /** May change. */
  readonly live: { readonly files: FileLimits };
  readonly clock: Clock;
  /** Whether there is a connection for the upload with this id. */
  readonly isActive: (id: string) => boolean;
}

/** Per account, active or interrupted. */
const maxOffers = 2 * limits.transfersPerAccount;

export function createOffers(deps: OffersDeps): Offers {
  const { blobs, clock, isActive } = deps;
  const pending = createPendingUploads(clock, isActive);

  function find(account: number, key: string): Upload | undefined {
    return pending.of(account).get(key)?.upload;
  }

  async function discard(upload: Upload): Promise<void> {
    pending.remove(upload);
    await blobs.discard(upload.id);
  }

  /** Discards idle uploads of the account until this one has room. */
  async function makeRoom({ account, file }: Upload): Promise<void> {
    const stored = await deps.store.fileBytes(account.id);
    for (;;) {
      const uploads = [...pending.of(account.id).values()];
      const bytes = uploads.reduce((sum, { upload }) => sum + upload.file.size, stored);
      const overQuota = bytes > deps.live.files.account;
      if (!overQuota && uploads.length <= maxOffers) break;
      const idle = uploads.find(
        ({ upload, since }) => clock.ticks() - since > limits.ticketMs && !isActive(upload.id),
      );
      if (idle === undefined) throw overQuota ? quotaExceeded(deps.live.files.account) : tooManyUploads();
      await discard(idle.upload);
    }
    if (file.size + limits.reservedBytes > (await blobs.freeBytes())) throw noSpace();
  }

  return {
    async add(upload) {
      // Counted before its room is checked, since offers can be concurrent.
      pending.add(upload);
      try {
        await makeRoom(upload);
      } catch (error) {
        await discard(upload);
        throw error;
      }
    },
    async checkQuota({ account, file }) {
      const bytes = await deps.store.fileBytes(account.id);
      if (bytes + file.size > deps.live.files.account) throw quotaExceeded(deps.live.files.account);
    },
    find,
    isCurrent: (upload) => find(upload.account.id, upload.key) === upload,
    forget: pending.remove,
    discard,
    revoke(account) {
      const uploads = pending.of(account);
      // Tickets and connections hold the original object, so a copy is not theirs.
      for (const [key, one] of uploads) uploads.set(key, { ...one, upload: { ...one.upload } });
    },
  };
}

interface PendingUpload {
  readonly upload: Upload;
  readonly since: number;
}

/** In memory only: after a restart the client offers its file again, and resumes. */
function createPendingUploads(clock: Clock, isActive: (id: string) => boolean) {
  // By account and key, the latest last.
  const accounts = new Map<number, Map<string, PendingUpload>>();

  /** Without those whose bytes have expired. */
  function of(account: number): Map<string, PendingUpload> {
    const uploads = accounts.get(account) ?? new Map<string, PendingUpload>();
    for (const [key, { upload, since }] of uploads) {
      if (clock.ticks() - since > limits.partialMs && !isActive(upload.id)) uploads.delete(key);
    }
    return uploads;
  }

  return {
    of,
    add(upload: Upload): void {
      const uploads = of(upload.account.id);
      uploads.delete(upload.key);
      uploads.set(upload.key, { upload, since: clock.ticks() });
      accounts.set(upload.account.id, uploads);
    },
    remove({ account, key, id }: Upload): void {
      const uploads = accounts.get(account.id);
      if (uploads?.get(key)?.upload.id === id) uploads.delete(key);
      if (uploads?.size === 0) accounts.delete(account.id);
    },
  };
}

function quotaExceeded(bytes: number): ProtocolError {
  const message = `This would exceed your ${byteCount(bytes)} quota. Delete old files with /delete.`;
  return new ProtocolError('quota-exceeded', message);
}

function tooManyUploads(): ProtocolError {
  const message = `You have ${maxOffers} unfinished uploads. Wait until one of them ends.`;
  return new ProtocolError('limit-reached', message);
}
