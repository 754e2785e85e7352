/**
 * Whose turn it is to have a password hashed. Fair between addresses, accounts and connections: who had the fewest
 * turns since the queue was last empty goes next. Guessing so delays others by one hash for each address it comes from;
 * only newcomers to such an address wait longer, since nothing tells them from its other connections. Knows neither
 * passwords nor what a turn is used for.
 */
import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import type { Clock } from '../../system/clock.js';
import { addressKey } from '../net/address.js';
import type { RateLimiter } from '../rate-limiter.js';
import { busy } from './hasher.js';

/** A connection as far as it waits for its turn. */
export interface Asker {
  readonly address: string;
  /** False once the connection is gone: it then loses its turn. */
  readonly alive: boolean;
}

/** Who asks. */
export interface Turn {
  readonly asker: Asker;
  /** Of the account; '' for no valid name. */
  readonly name: string;
  readonly signedIn: boolean;
}

export interface HashQueue {
  /**
   * Does `work` at the asker's turn.
   * @throws ProtocolError `busy` if the queue is full and the others had fewer turns; `signed-out` if the asker is gone
   */
  run<Value>(turn: Turn, work: () => Promise<Value>): Promise<Value>;
}

interface Waiting {
  readonly asker: Asker;
  /** Undefined for who is not held up by others of the address. */
  readonly address: string | undefined;
  readonly account: string;
  start(): Promise<void>;
  refuse(error: ProtocolError): void;
}

/** Turns are forgotten beyond so many accounts and addresses, and fairness begins anew. */
const mostCounted = 10_000;

interface HashQueueDeps {
  readonly clock: Clock;
  /** Who does not wait for others of its address: the account has come in from there, or is signed in. */
  readonly isFamiliar: (turn: Turn) => boolean;
  /** Of each address. */
  readonly pace: RateLimiter<string>;
  /** How many have their turn at a time. */
  readonly atOnce: number;
}

export function createHashQueue({ clock, isFamiliar, pace, atOnce }: HashQueueDeps): HashQueue {
  const turns = createTurnCounts();
  let waiting: Waiting[] = [];
  let running = 0;
  let cancelWake = (): void => {};

  function next(): void {
    cancelWake();
    while (running < atOnce) {
      dropGone();
      if (waiting.length === 0) {
        turns.clear();
        return;
      }
      const waits = waiting.map(({ address }) => (address === undefined ? 0 : pace.wait(address)));
      const [first, ...others] = waiting.filter((_, n) => waits[n] === 0);
      if (first === undefined) {
        cancelWake = clock.after(Math.min(...waits), next);
        return;
      }
      void serve(others.reduce((best, one) => (turns.of(one) < turns.of(best) ? one : best), first));
    }
  }

  async function serve(chosen: Waiting): Promise<void> {
    waiting = waiting.filter((one) => one !== chosen);
    if (chosen.address !== undefined) pace.charge(chosen.address);
    turns.count(chosen);
    running++;
    await chosen.start();
    running--;
    next();
  }

  function dropGone(): void {
    for (const { asker, refuse } of waiting) if (!asker.alive) refuse(gone());
    waiting = waiting.filter(({ asker }) => asker.alive);
  }

  function add(one: Waiting): void {
    dropGone();
    waiting.push(one);
    if (waiting.length <= limits.hashQueue) return;
    const last = waiting.reduce((worst, other) => (turns.of(other) < turns.of(worst) ? worst : other));
    waiting = waiting.filter((other) => other !== last);
    last.refuse(busy('Too many people are signing in. Try again in a moment.'));
  }

  return {
    run(turn, work) {
      const { asker, name, signedIn } = turn;
      const address = addressKey(asker.address);
      const familiar = isFamiliar(turn);
      return new Promise((resolve, reject) => {
        add({
          asker,
          address: familiar ? undefined : address,
          // Guesses from elsewhere take no turns from the owner.
          account: signedIn ? `${name} signed in` : familiar ? `${name} from ${address}` : name,
          start: () => work().then(resolve, reject),
          refuse: reject,
        });
        next();
      });
    },
  };
}

/** Turns by address, account and connection; of one that waits, their sum. */
function createTurnCounts() {
  const byKey = new Map<string, number>();
  const byAsker = new WeakMap<Asker, number>();
  const keys = ({ address, account }: Waiting) =>
    address === undefined ? [`name ${account}`] : [`name ${account}`, `address ${address}`];
  return {
    of(one: Waiting): number {
      const counts = keys(one).map((key) => byKey.get(key) ?? 0);
      return counts.reduce((sum, count) => sum + count, byAsker.get(one.asker) ?? 0);
    },
    count(one: Waiting): void {
      if (byKey.size > mostCounted) byKey.clear();
      for (const key of keys(one)) byKey.set(key, (byKey.get(key) ?? 0) + 1);
      byAsker.set(one.asker, (byAsker.get(one.asker) ?? 0) + 1);
    },
    clear: () => byKey.clear(),
  };
}

function gone(): ProtocolError {
  return new ProtocolError('signed-out', 'The connection ended.');
}
