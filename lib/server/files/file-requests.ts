/** Offers and fetches of files: what may be sent or got, by whom, and how far it is. Knows no sockets. */
import { createHash } from 'node:crypto';
import { ProtocolError } from '../../protocol/errors.js';
import type { ServerFrameOf } from '../../protocol/events.js';
import { fileName } from '../../protocol/file-name.js';
import { limits } from '../../protocol/limits.js';
import type { FileInfo } from '../../protocol/records.js';
import type { RequestOf } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type { Blobs } from '../../store/blobs.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import type { Hub, Receipt } from '../chat/hub.js';
import type { Lookup } from '../chat/lookup.js';
import type { PostingRules } from '../chat/posting-rules.js';
import { createOffers } from './offers.js';
import type { Download, Tickets, Upload } from './tickets.js';

type Answer = Partial<ServerFrameOf<'ok'>>;

/** Sizes in bytes. */
export interface FileLimits {
  readonly file: number;
  readonly account: number;
}

export interface FileRequests {
  /** @throws ProtocolError as docs/protocol.md says */
  offer(account: Account, request: RequestOf<'offer'>): Promise<Answer>;
  withdraw(account: Account, key: string): Promise<void>;
  /** @throws ProtocolError `no-such-file` */
  fetch(account: Account, of: number): Promise<Answer>;
  /** It was offered, and neither withdrawn, recalled nor offered anew since. */
  stands(upload: Upload): boolean;
  /** Nothing that an account offered so far is announced from now on, even where all of it is there. */
  recall(account: number): void;
  /** Forgets an upload that does not move any longer, and the bytes that came. */
  discard(upload: Upload): Promise<void>;
  /** Announces an upload that is whole and kept. @throws ProtocolError `ticket-invalid`, and as Hub.announce */
  finish(upload: Upload): Promise<Receipt>;
  /** Checks once more that somebody may have a file. @throws ProtocolError `no-such-file` */
  admit(download: Download): Promise<void>;
}

export interface FileRequestsDeps {
  readonly store: Store;
  readonly hub: Pick<Hub, 'announce'>;
  readonly lookup: Lookup;
  readonly postingRules: PostingRules;
  readonly blobs: Blobs;
  readonly tickets: Tickets<Upload | Download>;
  readonly limits: FileLimits;
  /** Ends the connection on which this upload comes, and waits for its end. */
  readonly interrupt: (id: string) => Promise<void>;
  /** There is a connection on which this upload comes. */
  readonly moves: (id: string) => boolean;
  readonly clock: Clock;
}

export function createFileRequests(deps: FileRequestsDeps): FileRequests {
  const { store, hub, lookup, postingRules, blobs, tickets, clock } = deps;
  const offers = createOffers({ clock, moves: deps.moves });

  function stands(upload: Upload): boolean {
    return offers.find(upload.account.id, upload.key) === upload;
  }

  async function discard(upload: Upload): Promise<void> {
    offers.forget(upload);
    await blobs.discard(upload.id);
  }

  /** Has what nobody goes on with make way for an offer, until there is room for it. */
  async function makeWay({ account, file }: Upload): Promise<void> {
    const kept = await store.fileBytes(account.id);
    for (;;) {
      const { bytes, count } = offers.of(account.id);
      const over = kept + bytes > deps.limits.account;
      if (!over && count <= mostOffers) break;
      const idle = offers.idle(account.id);
      if (idle !== undefined) {
        await discard(idle);
      } else if (over) {
        const message = `Your files may have ${deps.limits.account} bytes together, and would have ${kept + bytes}. /delete old ones.`;
        throw new ProtocolError('quota-exceeded', message);
      } else {
        throw new ProtocolError('limit-reached', `${mostOffers} files are on their way: wait for one.`);
      }
    }
    if (file.size + spareBytes > (await blobs.room())) throw noSpace();
  }

  return {
    async offer(account, { room, to, name, size, hash, key }) {
      postingRules.countMessage(account);
      const before = offers.find(account.id, key);
      // What is being announced at this moment is said after that.
      if (before !== undefined) await deps.interrupt(before.id);
      const said = await store.said(account.id, key);
      if (said !== undefined) return { seq: said.seq, at: new Date(said.at).toISOString() };
      if (size > deps.limits.file) {
        const message = `A file may have ${deps.limits.file} bytes here, this one has ${size}.`;
        throw new ProtocolError('file-too-large', message);
      }
      const conversation = await lookup.conversation(account, { room, peer: to });
      await lookup.checkNotBlocked(account, conversation);
      postingRules.check(account, conversation, { text: '', file: true, slowModeExempt: true });
      const file = { name: fileName(name), size, hash };
      const where = { room: conversation.room, peer: conversation.peer };
      const id = createHash('sha256').update(`${account.id} ${key} ${size} ${hash}`).digest('hex');
      const upload: Upload = { what: 'upload', account, id, where, file, key };
      if (before !== undefined && before.id !== id) await discard(before);
      // Before it is known whether there is room, for others may ask at the same time.
      offers.add(upload);
      try {
        await makeWay(upload);
      } catch (error) {
        await discard(upload);
        throw error;
      }
      return { ticket: tickets.issue(account.id, upload) };
    },

    async withdraw(account, key) {
      const upload = offers.find(account.id, key);
      if (upload === undefined) return;
      // First, so that its ticket is good for nothing by then.
      offers.forget(upload);
      await deps.interrupt(upload.id);
      await discard(upload);
    },

    stands,
    recall: offers.recall,
    discard,

    async fetch(account, of) {
      const { file } = await visible(account, of);
      return { ticket: tickets.issue(account.id, { what: 'download', account, of, file }), file };
    },

    async finish(upload) {
      const { account, where, file, key } = upload;
      const check = () => {
        if (!stands(upload)) throw badTicket();
      };
      try {
        return await hub.announce(account, { conversation: where, file, key, check });
      } finally {
        offers.forget(upload);
      }
    },

    async admit({ account, of }) {
      await lookup.asSignedIn(account, () => visible(account, of));
    },
  };

  async function visible(account: Account, of: number): Promise<{ file: FileInfo }> {
    const { entry } = await lookup.message(account, of).catch((error: unknown) => {
      if (error instanceof ProtocolError) throw noFile();
      throw error;
    });
    if (entry.file === undefined) throw noFile();
    return { file: entry.file };
  }
}

/** Of one account, under way or broken off. */
const mostOffers = 2 * limits.transfersPerAccount;
/** What an upload leaves to others on the same disk, the database first of all. */
const spareBytes = 64 * 1024 * 1024;

export function badTicket(): ProtocolError {
  return new ProtocolError('ticket-invalid', 'That ticket is not good any more: ask for another one.');
}

export function noSpace(): ProtocolError {
  return new ProtocolError('no-space', 'The server has no room for that file.');
}

export function noFile(): ProtocolError {
  return new ProtocolError('no-such-file', 'There is no such file.');
}
