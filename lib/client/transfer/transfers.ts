/** Files on their way, in both directions. Knows sessions and a folder; nothing of how it is shown. */
import { fileName } from '../../protocol/file-name.js';
import type { Clock } from '../../system/clock.js';
import { typedPath } from '../../system/typed-path.js';
import type { Session } from '../session/session.js';
import type { Errand } from './errand.js';
import { getFile } from './get-file.js';
import { createJob, type Job } from './job.js';
import { createGate } from './persist.js';
import { sendFile } from './send-file.js';
import type { Transfer } from './transfer.js';

export interface TransferDeps {
  readonly session: Pick<Session, 'ask' | 'openFileConnection' | 'hello'>;
  readonly clock: Clock;
  readonly makeKey: () => string;
  /** Where downloads go that were given no other place; made when it is needed. */
  readonly downloads: string;
  readonly home: string;
  /** What relative paths begin at. */
  readonly folder: string;
  /**
   * At each change of state, and while bytes move 4 times a second at most; never before `send` or `get` has
   * returned the transfer.
   */
  readonly report: (transfer: Transfer) => void;
}

export interface Transfers {
  /** @param path as it was typed: quotes around it and `~` have their meaning */
  send(path: string, to: { readonly room: string } | { readonly to: string }): Transfer;
  /** @param path a file or a folder, as it was typed; without it the downloads folder, under the name the server tells */
  get(seq: number, path?: string): Transfer;
  /** The latest one that is under way where no id is given. @returns undefined where there is none */
  cancel(id?: number): Transfer | undefined;
  /** To be told when the session is connected again. */
  resume(): void;
  /** Those under way. */
  readonly current: readonly Transfer[];
  /** Cancels all of them, and whatever is begun later. Resolves when nothing of them is left. */
  close(): Promise<void>;
}

// One at a time each way: a second one would not make the line any wider.
type Lanes = Record<Transfer['direction'], { last: Promise<void>; jobs: number }>;

export function createTransfers(deps: TransferDeps): Transfers {
  const { session, clock, report } = deps;
  const gate = createGate();
  const lanes: Lanes = {
    send: { last: Promise.resolve(), jobs: 0 },
    get: { last: Promise.resolve(), jobs: 0 },
  };
  let jobs: Job[] = [];
  let lastId = 0;
  let closed = false;

  function begin(
    first: Pick<Transfer, 'direction' | 'name' | 'path'>,
    work: (errand: Errand) => Promise<void>,
  ) {
    const lane = lanes[first.direction];
    lastId += 1;
    const state = lane.jobs > 0 ? 'waiting' : first.direction === 'send' ? 'hashing' : 'moving';
    const job = createJob(
      { id: lastId, ...first, size: undefined, done: 0, progress: { state } },
      { clock, report },
    );
    jobs.push(job);
    lane.jobs += 1;
    lane.last = lane.last
      .then(() => job.run(() => work({ session, clock, gate, signal: job.signal, update: job.update })))
      .then(() => {
        lane.jobs -= 1;
        jobs = jobs.filter((other) => other !== job);
      });
    if (closed) queueMicrotask(job.cancel);
    return job.transfer;
  }
  const underWay = () => jobs.filter((job) => !job.over);

  return {
    send(typed, to) {
      const path = typedPath(typed, deps);
      const name = fileName(path);
      const key = deps.makeKey();
      return begin({ direction: 'send', name, path }, (errand) => sendFile(errand, { path, name, key, to }));
    },
    get(seq, path) {
      const first = { direction: 'get', name: `file ${seq}`, path: undefined } as const;
      return begin(first, (errand) => getFile(errand, { seq, path, places: deps }));
    },
    cancel(id) {
      const job =
        id === undefined ? underWay().at(-1) : underWay().find(({ transfer }) => transfer.id === id);
      job?.cancel();
      return job?.transfer;
    },
    resume: gate.open,
    get current() {
      return underWay().map(({ transfer }) => transfer);
    },
    async close() {
      closed = true;
      for (const job of underWay()) job.cancel();
      await Promise.all([lanes.send.last, lanes.get.last]);
    },
  };
}
