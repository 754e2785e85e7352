/**
 * A connection on which no reply comes: says so, and looks for a way around it. After an outage TCP may need as long again
 * to notice that the network is back, a new connection a second or two. Knows connections, not what is sent on them.
 */
import type { Clock } from '../../system/clock.js';
import { type ClientConnection, stoppedResponding } from '../wire/connection.js';
import { pause } from './reconnect.js';

interface SilenceDeps {
  readonly connection: Pick<ClientConnection, 'stuck' | 'destroy'>;
  /** Resolves when the server greets on another connection, which is closed again. */
  readonly tryAnother: (signal: AbortSignal) => Promise<unknown>;
  readonly clock: Clock;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
}

interface SilenceWatch {
  change(silent: boolean): void;
  stop(): void;
}

// Spread, because everyone is silent at once when a server hangs.
const shortestMs = 500;
const spreadMs = 1_500;
// If the network and the server are well again, the old connection mostly is, too.
const graceMs = 1_000;

/** Gives up a connection that is stuck once the server greets on another one. */
export function createSilenceWatch({ connection, tryAnother, clock, random }: SilenceDeps): SilenceWatch {
  let search: AbortController | undefined;

  async function lookAround(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(shortestMs + random() * spreadMs, clock, signal);
      if (signal.aborted || !connection.stuck()) continue;
      const greeted = await tryAnother(signal).then(
        () => true,
        () => false,
      );
      if (!greeted) continue;
      await pause(graceMs, clock, signal);
      if (!signal.aborted && connection.stuck()) connection.destroy(new Error(stoppedResponding));
    }
  }
  function stop() {
    search?.abort();
    search = undefined;
  }

  return {
    change(silent) {
      if (!silent) return stop();
      search = new AbortController();
      void lookAround(search.signal);
    },
    stop,
  };
}
