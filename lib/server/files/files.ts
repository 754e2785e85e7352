/** The file service: requests, tickets and transfers of a server, put together. Counts and ends transfers. */
import type { TLSSocket } from 'node:tls';
import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import type { Blobs } from '../../store/blobs.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import type { Hub } from '../chat/hub.js';
import type { Lookup } from '../chat/lookup.js';
import type { PostingRules } from '../chat/posting-rules.js';
import type { Log } from '../log.js';
import type { ConnectionLimits } from '../net/listener.js';
import type { Cleanup } from './cleanup.js';
import { createFileRequests, type FileRequests } from './file-requests.js';
import { createOffers, type FileLimits } from './offers.js';
import { createTickets, type Download, ticketInvalid, type Upload } from './tickets.js';
import { serveTransfer } from './transfer.js';

export interface Files {
  readonly requests: FileRequests;
  /** Takes a connection that speaks `secure-chat-file/1`. */
  serve(socket: TLSSocket, address: string): void;
  /** Revokes all tickets and transfers of an account; unposted uploads are not posted. */
  revoke(account: number): void;
  /** Ends all transfers; resolves when their connections are closed. */
  close(): Promise<void>;
}

export interface FilesDeps {
  readonly store: Store;
  readonly hub: Pick<Hub, 'announce'>;
  readonly lookup: Lookup;
  readonly postingRules: PostingRules;
  readonly blobs: Blobs;
  readonly cleanup: Cleanup;
  readonly clock: Clock;
  readonly log: Log;
  readonly connectionLimits: ConnectionLimits;
  readonly limits: FileLimits;
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
    serve(socket, address) {
      if (closed) {
        socket.destroy();
        return;
      }
      const served = serveTransfer(socket, address, { ...deps, requests, offers, tickets, begin });
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
