/** Whether people can come in: the store answers and the server stays. Knows neither who asks nor who would come. */
import type { Store } from '../store/store.js';
import type { Clock } from '../system/clock.js';
import type { Peers } from './peers.js';

interface Readiness {
  /** Why no one can come in now; undefined if people can. */
  unready(): Promise<string | undefined>;
  /** From now on the server is shutting down. */
  close(): void;
}

interface ReadinessDeps {
  readonly store: Pick<Store, 'hasAdmin'>;
  readonly peers: Pick<Peers, 'reached'>;
  readonly clock: Clock;
}

const silent = 'the database does not answer';
const answerMs = 2_000;

export function createReadiness({ store, peers, clock }: ReadinessDeps): Readiness {
  let closing = false;
  /** Never a second question to a store that has yet to answer the first: many may ask here, again and again. */
  let asking: Promise<string | undefined> | undefined;

  // Why it fails is for the log only: an error of a database may name hosts and users.
  const ask = (): Promise<string | undefined> =>
    store.hasAdmin().then(
      () => undefined,
      () => silent,
    );

  return {
    close() {
      closing = true;
    },
    async unready() {
      if (closing) return 'shutting down';
      if (!peers.reached) return silent;
      asking ??= ask().finally(() => {
        asking = undefined;
      });
      let cancel = (): void => {};
      const late = new Promise<string>((resolve) => {
        cancel = clock.after(answerMs, () => resolve(silent));
      });
      return Promise.race([asking, late]).finally(() => cancel());
    },
  };
}
