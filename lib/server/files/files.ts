/**
 * The file service: requests about files (who may upload and download what), with tickets and transfers of a server. Counts
 * and ends transfers. Knows conversations and offers, not how bytes arrive.
 */
import { createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { ProtocolError } from '../../protocol/errors.js';
import type { ServerFrameOf } from '../../protocol/events.js';
import { limits } from '../../protocol/limits.js';
import { fileName } from '../../protocol/names.js';
import { byteCount } from '../../protocol/quantities.js';
import type { FileInfo } from '../../protocol/records.js';
import type { RequestOf } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type { Blobs } from '../../store/blobs.js';
import { type Receipt, receiptOf } from '../chat/frames.js';
import type { Hub } from '../chat/hub.js';
import type { Lookup } from '../chat/lookup.js';
import type { ChatParts } from '../chat/parts.js';
import type { Log } from '../log.js';
import type { ConnectionLimits } from '../net/connection-limits.js';
import type { Cleanup } from './cleanup.js';
import { createOffers, type FileLimits, type Offers } from './offers.js';
import {
  createTickets,
  type Download,
  noSuchFile,
  type Tickets,
  ticketInvalid,
  type Upload,
} from './tickets.js';
import { refuseTransfer, serveTransfer } from './transfer.js';

type OkFields = Partial<ServerFrameOf<'ok'>>;

export interface Files {
  readonly requests: FileRequests;
  /** How many there are. */
  readonly connections: number;
  /** Takes a connection that speaks `secure-chat-file/1`. `refusal`: only to answer it, and close it. */
  serve(socket: TLSSocket, address: string, refusal?: ProtocolError): void;
  /** Revokes all tickets and transfers of an account; unposted uploads are not posted. */
  revoke(account: number): void;
  /** Ends all transfers; resolves when their connections are closed. */
  close(): Promise<void>;
}

interface FilesDeps extends ChatParts {
  readonly hub: Hub;
  readonly blobs: Blobs;
  readonly cleanup: Cleanup;
  readonly log: Log;
  readonly connectionLimits: ConnectionLimits;
  /** May change. */
  readonly live: { readonly files: FileLimits };
}

export function createFiles(deps: FilesDeps): Files {
  const active = createActiveTransfers();
  const tickets = createTickets<Upload | Download>(deps.clock);
  const isActive = (id: string) => active.some(isUpload(id));
  const offers = createOffers({ ...deps, isActive });
  const interrupt = (id: string) => active.end(isUpload(id));
  const requests = createFileRequests({ ...deps, offers, tickets, interrupt });
  const connections = new Map<TLSSocket, Promise<void>>();
  let closed = false;

  async function begin(purpose: Upload | Download, socket: TLSSocket): Promise<() => void> {
    if (purpose.what === 'upload') {
      // The sender may reconnect before the server notices a lost connection: two must not write at once.
      await interrupt(purpose.id);
      if (!offers.isCurrent(purpose)) throw ticketInvalid();
    }
    return active.begin(purpose, socket);
  }

  return {
    requests,
    get connections() {
      return connections.size;
    },
    serve(socket, address, refusal) {
      if (closed) {
        socket.destroy();
        return;
      }
      const served =
        refusal === undefined
          ? serveTransfer(socket, address, { ...deps, requests, offers, tickets, begin })
          : refuseTransfer(socket, refusal, deps);
      connections.set(socket, served);
      void served.then(() => connections.delete(socket));
    },
    revoke(account) {
      tickets.revoke(account);
      offers.revoke(account);
      void active.end((purpose) => purpose.account.id === account);
    },
    async close() {
      closed = true;
      for (const socket of connections.keys()) socket.destroy();
      await Promise.all(connections.values());
    },
  };
}

type Filter = (purpose: Upload | Download) => boolean;

function isUpload(id: string): Filter {
  return (purpose) => purpose.what === 'upload' && purpose.id === id;
}

interface ActiveTransfer {
  readonly purpose: Upload | Download;
  readonly socket: TLSSocket;
  readonly ended: Promise<void>;
}

function createActiveTransfers() {
  const transfers = new Set<ActiveTransfer>();
  const matching = (filter: Filter) => [...transfers].filter(({ purpose }) => filter(purpose));
  return {
    some: (filter: Filter) => matching(filter).length > 0,
    /** Closes the connections of these transfers; resolves when they have ended. */
    async end(filter: Filter): Promise<void> {
      const ending = matching(filter);
      for (const { socket } of ending) socket.destroy();
      await Promise.all(ending.map(({ ended }) => ended));
    },
    /** @returns ends it. @throws ProtocolError `limit-reached` */
    begin(purpose: Upload | Download, socket: TLSSocket): () => void {
      const own = matching(({ account }) => account.id === purpose.account.id);
      if (own.length >= limits.transfersPerAccount) {
        const message = `You have ${limits.transfersPerAccount} transfers already. Wait until one of them ends.`;
        throw new ProtocolError('limit-reached', message);
      }
      let resolveEnded = (): void => {};
      const ended = new Promise<void>((resolve) => {
        resolveEnded = resolve;
      });
      const transfer = { purpose, socket, ended };
      transfers.add(transfer);
      return () => {
        transfers.delete(transfer);
        resolveEnded();
      };
    },
  };
}

export interface FileRequests {
  /** @throws ProtocolError as in docs/protocol.md */
  offer(account: Account, request: RequestOf<'offer'>): Promise<OkFields>;
  withdraw(account: Account, key: string): Promise<void>;
  /** @throws ProtocolError `no-such-file` */
  fetch(account: Account, of: number): Promise<OkFields>;
  /** Posts a complete, stored upload. @throws ProtocolError `ticket-invalid`, `quota-exceeded`, and as Hub.announce */
  post(upload: Upload): Promise<Receipt>;
  /** Checks again that the account has access to a file. @throws ProtocolError `no-such-file` */
  checkAccess(download: Download): Promise<void>;
}

interface FileRequestsDeps extends FilesDeps {
  readonly offers: Offers;
  readonly tickets: Tickets<Upload | Download>;
  /** Ends the connection of the upload with this id, and waits until it is closed. */
  readonly interrupt: (id: string) => Promise<void>;
}

function createFileRequests(deps: FileRequestsDeps): FileRequests {
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
        await offers.checkQuota(upload);
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
  if (posted !== undefined) return receiptOf(posted);
  const { file: most } = deps.live.files;
  if (size > most) {
    const message = `File too large: the limit is ${byteCount(most)}, this one has ${byteCount(size)}.`;
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
