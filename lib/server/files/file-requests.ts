/** Requests about files: who may upload and download what. Knows conversations and offers, no sockets. */
import { createHash } from 'node:crypto';
import { byteCount } from '../../protocol/byte-count.js';
import { ProtocolError } from '../../protocol/errors.js';
import type { ServerFrameOf } from '../../protocol/events.js';
import { fileName } from '../../protocol/file-name.js';
import type { FileInfo } from '../../protocol/records.js';
import type { RequestOf } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type { Store } from '../../store/store.js';
import type { Hub, Receipt } from '../chat/hub.js';
import type { Lookup } from '../chat/lookup.js';
import type { PostingRules } from '../chat/posting-rules.js';
import type { FileLimits, Offers } from './offers.js';
import { type Download, type Tickets, ticketInvalid, type Upload } from './tickets.js';

type OkFields = Partial<ServerFrameOf<'ok'>>;

export interface FileRequests {
  /** @throws ProtocolError as in docs/protocol.md */
  offer(account: Account, request: RequestOf<'offer'>): Promise<OkFields>;
  withdraw(account: Account, key: string): Promise<void>;
  /** @throws ProtocolError `no-such-file` */
  fetch(account: Account, of: number): Promise<OkFields>;
  /** Posts a complete, stored upload. @throws ProtocolError `ticket-invalid`, and as Hub.announce */
  post(upload: Upload): Promise<Receipt>;
  /** Checks again that the account has access to a file. @throws ProtocolError `no-such-file` */
  checkAccess(download: Download): Promise<void>;
}

export interface FileRequestsDeps {
  readonly store: Store;
  readonly hub: Pick<Hub, 'announce'>;
  readonly lookup: Lookup;
  readonly postingRules: PostingRules;
  readonly offers: Offers;
  readonly tickets: Tickets<Upload | Download>;
  readonly limits: FileLimits;
  /** Ends the connection of the upload with this id, and waits until it is closed. */
  readonly interrupt: (id: string) => Promise<void>;
}

export function createFileRequests(deps: FileRequestsDeps): FileRequests {
  const { hub, lookup, offers, tickets } = deps;
  return {
    offer: (account, request) => offer(deps, account, request),

    async withdraw(account, key) {
      const upload = offers.find(account.id, key);
      if (upload === undefined) return;
      // First, so that its ticket is void.
      offers.forget(upload);
      await deps.interrupt(upload.id);
      await offers.discard(upload);
    },

    async fetch(account, of) {
      const file = await visibleFile(lookup, account, of);
      return { ticket: tickets.issue(account.id, { what: 'download', account, of, file }), file };
    },

    async post(upload) {
      const { account, where: conversation, file, key } = upload;
      const check = () => {
        if (!offers.isCurrent(upload)) throw ticketInvalid();
      };
      try {
        return await hub.announce(account, { conversation, file, key, check });
      } finally {
        offers.forget(upload);
      }
    },

    async checkAccess({ account, of }) {
      await lookup.asSignedIn(account, () => visibleFile(lookup, account, of));
    },
  };
}

async function offer(
  deps: FileRequestsDeps,
  account: Account,
  { room, to, name, size, hash, key }: RequestOf<'offer'>,
): Promise<OkFields> {
  const { store, lookup, postingRules, offers, tickets } = deps;
  postingRules.countMessage(account);
  const before = offers.find(account.id, key);
  // After this, an upload that was just being posted is found by its key.
  if (before !== undefined) await deps.interrupt(before.id);
  const posted = await store.findByKey(account.id, key);
  if (posted !== undefined) return { seq: posted.seq, at: new Date(posted.at).toISOString() };
  if (size > deps.limits.file) {
    const message = `File too large: the limit is ${byteCount(deps.limits.file)}, this one has ${byteCount(size)}.`;
    throw new ProtocolError('file-too-large', message);
  }
  const conversation = await lookup.conversation(account, { room, peer: to });
  await lookup.checkNotBlocked(account, conversation);
  postingRules.check(account, conversation, { text: '', file: true, slowModeExempt: true });
  const upload: Upload = {
    ...{ what: 'upload', account, key },
    id: createHash('sha256').update(`${account.id} ${key} ${size} ${hash}`).digest('hex'),
    where: { room: conversation.room, peer: conversation.peer },
    file: { name: fileName(name), size, hash },
  };
  if (before !== undefined && before.id !== upload.id) await offers.discard(before);
  await offers.add(upload);
  return { ticket: tickets.issue(account.id, upload) };
}

async function visibleFile(lookup: Lookup, account: Account, of: number): Promise<FileInfo> {
  const { entry } = await lookup.message(account, of).catch((error: unknown) => {
    if (error instanceof ProtocolError) throw noSuchFile();
    throw error;
  });
  if (entry.file === undefined) throw noSuchFile();
  return entry.file;
}

export function noSuchFile(): ProtocolError {
  return new ProtocolError('no-such-file', 'There is no such file.');
}
