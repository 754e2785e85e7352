/** Transfers for tests that have none. */
import type { Transfers } from '../../lib/client/transfer/transfers.js';

export const noTransfers = (): Transfers => ({
  send() {
    throw new Error('no files here');
  },
  get() {
    throw new Error('no files here');
  },
  load() {
    throw new Error('no files here');
  },
  cancel: () => undefined,
  resume() {},
  current: [],
  close: async () => {},
});
