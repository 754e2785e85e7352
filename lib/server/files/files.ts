/** Files of a server, put together: desk, tickets, connections, clearing. Decides nothing that they decide. */
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
import type { ConnectionLimits } from '../net/connection-limits.js';
import type { Cleanup } from './cleanup.js';
import { badTicket, createFileRequests, type FileLimits, type FileRequests } from './file-requests.js';
import type { Download, Upload } from './tickets.js';
import { createTickets } from './tickets.js';
import { serveTransfer } from './transfer.js';

export interface Files {
  readonly desk: FileRequests;
  /** Takes a connection that speaks `secure-chat-file/1`. */
  serve(socket: TLSSocket, address: string): void;
  /** Ends every ticket and every transfer of an account; what has not been announced by then is not. */
  revoke(account: number): void;
  /** Ends every transfer; resolves when they are over. */
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

interface Active {
  readonly purpose: Upload | Download;
  readonly socket: TLSSocket;
  readonly over: Promise<void>;
}

export function createFiles(deps: FilesDeps): Files {
  const { clock } = deps;
  const tickets = createTickets<Upload | Download>(clock);
  const active = new Set<Active>();
  const serving = new Map<TLSSocket, Promise<void>>();
  let closed = false;

  async function end(which: (purpose: Upload | Download) => boolean): Promise<void> {
    const ended = [...active].filter(({ purpose }) => which(purpose));
    for (const { socket } of ended) socket.destroy();
    await Promise.all(ended.map(({ over }) => over));
  }

  async function take(purpose: Upload | Download, socket: TLSSocket): Promise<() => void> {
    if (purpose.what === 'upload') {
      // The sender comes again before its lost connection was noticed here: two must not write at once.
      await end(isUpload(purpose.id));
      if (!desk.stands(purpose)) throw badTicket();
    }
    const { id } = purpose.account;
    const mine = [...active].filter((each) => each.purpose.account.id === id).length;
    if (mine >= limits.transfersPerAccount) {
      const message = `${limits.transfersPerAccount} files are moving already: wait for one of them.`;
      throw new ProtocolError('limit-reached', message);
    }
    let done = (): void => {};
    const over = new Promise<void>((resolve) => {
      done = resolve;
    });
    const one = { purpose, socket, over };
    active.add(one);
    return () => {
      active.delete(one);
      done();
    };
  }

  const isUpload = (id: string) => (purpose: Upload | Download) =>
    purpose.what === 'upload' && purpose.id === id;
  const desk = createFileRequests({
    ...deps,
    tickets,
    interrupt: (id) => end(isUpload(id)),
    moves: (id) => [...active].some(({ purpose }) => isUpload(id)(purpose)),
  });

  return {
    desk,
    serve(socket, address) {
      if (closed) {
        socket.destroy();
        return;
      }
      const served = serveTransfer(socket, address, { ...deps, desk, tickets, take });
      serving.set(socket, served);
      void served.then(() => serving.delete(socket));
    },
    revoke(account) {
      tickets.revoke(account);
      desk.recall(account);
      void end((purpose) => purpose.account.id === account);
    },
    async close() {
      closed = true;
      for (const socket of serving.keys()) socket.destroy();
      await Promise.all(serving.values());
    },
  };
}
