/** Offers and fetches of files: what may be sent or got, by whom, and how far it is. Knows no sockets. */
import { createHash } from 'node:crypto';
import { ProtocolError } from '../../protocol/errors.js';
import type { FileInfo, ServerFrameOf } from '../../protocol/events.js';
import { fileName } from '../../protocol/file-name.js';
import { limits } from '../../protocol/limits.js';
import type { RequestOf } from '../../protocol/requests.js';
import type { Blobs } from '../../store/blobs.js';
import type { Account, Store } from '../../store/store.js';
import type { Hub, Receipt } from '../hub.js';
import type { Where } from '../places.js';
import type { Tickets } from './tickets.js';

type Answer = Partial<ServerFrameOf<'ok'>>;

/** Sizes in bytes. */
export interface FileLimits {
  readonly file: number;
  readonly account: number;
}

export interface Upload {
  readonly what: 'upload';
  readonly account: Account;
  /** Names the bytes that came, for as long as they are an upload. */
  readonly id: string;
  readonly where: Where;
  readonly file: FileInfo;
  readonly key: string;
}

export interface Download {
  readonly what: 'download';
  readonly account: Account;
  readonly of: number;
  readonly file: FileInfo;
}

export interface FileDesk {
  /** @throws ProtocolError as docs/protocol.md says */
  offer(account: Account, request: RequestOf<'offer'>): Promise<Answer>;
  withdraw(account: Account, key: string): Promise<void>;
  /** @throws ProtocolError `no-such-file` */
  fetch(account: Account, of: number): Promise<Answer>;
  /** Announces an upload that is whole and kept. @throws ProtocolError as Hub.announce */
  finish(upload: Upload): Promise<Receipt>;
  /** Checks once more that somebody may have a file. @throws ProtocolError `no-such-file` */
  admit(download: Download): Promise<void>;
}

export interface DeskDeps {
  readonly store: Store;
  readonly hub: Hub;
  readonly blobs: Blobs;
  readonly tickets: Tickets<Upload | Download>;
  readonly limits: FileLimits;
  /** Ends the connection on which this upload comes, and waits for its end. */
  readonly interrupt: (id: string) => Promise<void>;
}

export function createFileDesk(deps: DeskDeps): FileDesk {
  const { store, hub, blobs, tickets } = deps;
  // Of each account by key; what has been forgotten by a restart is made again by the next offer.
  const offers = new Map<number, Map<string, Upload>>();

  function offersOf(account: number): Map<string, Upload> {
    const mine = offers.get(account) ?? new Map<string, Upload>();
    offers.set(account, mine);
    return mine;
  }

  function forget(account: number, key: string): void {
    const mine = offers.get(account);
    mine?.delete(key);
    if (mine?.size === 0) offers.delete(account);
  }

  async function checkQuota(account: number, upload: Upload): Promise<void> {
    const others = [...offersOf(account).values()].filter(({ key }) => key !== upload.key);
    const coming = others.reduce((sum, { file }) => sum + file.size, 0);
    const kept = await store.fileBytes(account);
    if (kept + coming + upload.file.size <= deps.limits.account) return;
    const message = `Your files may have ${deps.limits.account} bytes together, and have ${kept + coming}. /delete old ones.`;
    throw new ProtocolError('quota-exceeded', message);
  }

  return {
    async offer(account, { room, to, name, size, hash, key }) {
      hub.count(account);
      const said = await store.said(account.id, key);
      if (said !== undefined) return { seq: said.seq, at: new Date(said.at).toISOString() };
      if (size > deps.limits.file) {
        const message = `A file may have ${deps.limits.file} bytes here, this one has ${size}.`;
        throw new ProtocolError('file-too-large', message);
      }
      const place = await hub.places.find(account, { room, peer: to });
      await hub.places.deliverable(account, place);
      const file = { name: fileName(name), size, hash };
      const where = { room: place.room, peer: place.peer };
      const id = createHash('sha256').update(`${account.id} ${key} ${size} ${hash}`).digest('hex');
      const upload: Upload = { what: 'upload', account, id, where, file, key };
      await checkQuota(account.id, upload);
      const mine = offersOf(account.id);
      if (!mine.has(key) && mine.size >= mostOffers) {
        throw new ProtocolError('limit-reached', `${mostOffers} files are on their way: wait for one.`);
      }
      mine.set(key, upload);
      return { ticket: tickets.issue(account.id, upload) };
    },

    async withdraw(account, key) {
      const upload = offers.get(account.id)?.get(key);
      if (upload === undefined) return;
      forget(account.id, key);
      await deps.interrupt(upload.id);
      await blobs.discard(upload.id);
    },

    async fetch(account, of) {
      const { file } = await visible(account, of);
      return { ticket: tickets.issue(account.id, { what: 'download', account, of, file }), file };
    },

    async finish({ account, where, file, key }) {
      try {
        return await hub.announce(account, { where, file, key });
      } finally {
        forget(account.id, key);
      }
    },

    async admit({ account, of }) {
      await hub.seated(account, () => visible(account, of));
    },
  };

  async function visible(account: Account, of: number): Promise<{ file: FileInfo }> {
    const { entry } = await hub.places.message(account, of).catch((error: unknown) => {
      if (error instanceof ProtocolError) throw noFile();
      throw error;
    });
    if (entry.file === undefined) throw noFile();
    return { file: entry.file };
  }
}

/** Of one account, under way or broken off. */
const mostOffers = 2 * limits.transfersPerAccount;

export function noFile(): ProtocolError {
  return new ProtocolError('no-such-file', 'There is no such file.');
}
