/** Listens for what other servers commit, on a connection of its own. Knows that there is something new, not what. */
import type pg from 'pg';
import type { DatabaseAddress } from './address.js';
import { connect, destroy } from './connect.js';
import { channel } from './peers.js';

export interface HintListener {
  close(): void;
}

const againMs = 500;

/** @param onHint called for each notification, and whenever one may have been lost */
export function listenForHints(address: DatabaseAddress, onHint: () => void): HintListener {
  let client: pg.Client | undefined;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  function lose(lost: pg.Client | undefined): void {
    if (lost !== undefined) destroy(lost);
    if (lost !== client || closed) return;
    client = undefined;
    timer = setTimeout(() => void open(), againMs);
    timer.unref();
  }

  async function open(): Promise<void> {
    let opened: pg.Client | undefined;
    try {
      opened = await connect(address);
      const connected = opened;
      client = connected;
      connected.on('error', () => lose(connected));
      connected.on('end', () => lose(connected));
      connected.on('notification', onHint);
      await connected.query(`LISTEN ${channel}`);
      if (closed) destroy(connected);
      onHint();
    } catch {
      lose(opened);
    }
  }

  void open();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      if (client !== undefined) destroy(client);
    },
  };
}
