/**
 * The other servers of this chat, which have the same database: what one does is done on all of them, and one that is gone is
 * noticed. Knows news and beats, neither rooms nor people.
 */
import type { Change, Peering, ServerBeat, Told } from '../store/peer-store.js';
import type { Clock } from '../system/clock.js';
import type { Log } from './log.js';

/** Must be JSON. */
type News = object;
type Entry = Extract<Change, { kind: 'entry' }>;

export interface Peers {
  /** The id of this server. */
  readonly server: string;
  /** Whether there are others that can be told now, as far as is known. */
  readonly others: boolean;
  /** Whether the database has answered lately. */
  readonly reached: boolean;
  /**
   * @param type names the act, the same on all servers
   * @param heard called after what another server told: where this one does the same at that moment, only the store knows what
   *   holds
   * @returns does it here at once, and on the others soon
   */
  everywhere<N extends News>(
    type: string,
    act: (news: N) => void,
    heard?: (news: N) => void,
  ): (news: N) => void;
  /** As `everywhere`, but not here. */
  elsewhere<N extends News>(type: string, act: (news: N) => void): (news: N) => void;
  /** A terminal with this id is no longer signed in. */
  left(terminal: string): void;
  /** Of a server, to be called first: from now on the others keep news for it. @throws StoreError */
  join(): Promise<void>;
  /** Once what they change is loaded: begins to follow the others, and shows them that this server works. */
  follow(handlers: PeerHandlers): void;
  /** Tells what is left to tell. */
  close(): Promise<void>;
}

interface PeerHandlers {
  /** Another server added an entry to the log. */
  onEntry(entry: Entry): void;
  /** Another server is gone. What it did last it may not have told. */
  onGone(server: string): void;
  /**
   * The others took this server for gone, so that no one here counts as signed in; or it has not heard of too much that they did.
   */
  onLost(): void;
  /** The database could not be asked. */
  onError(error: unknown): void;
  /** It has not answered for a while, or does again. */
  onReach(reached: boolean): void;
}

const pollMs = 250;
const beatMs = 5_000;
/** People hear that the database does not answer after so long. */
const silentMs = 3_000;
/** A server whose beat stands still for so long is gone: two beats, and a little more. */
const goneMs = 12_000;
/** After a longer pause of its own, a server can't say how long a beat stood still. */
const pauseMs = 4_000;
/** A clock that differs more from the database's is wrong. */
const clockMs = 15_000;

/** @param peering undefined for the only server */
export function createPeers(
  peering: Peering | undefined,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Peers {
  const acts = new Map<string, (news: never) => void>();
  if (peering === undefined) return noPeers;
  const teller = createTeller(peering);

  function elsewhere<N extends News>(type: string, act: (news: N) => void): (news: N) => void {
    acts.set(type, act);
    return (news) => teller.tell({ type, news });
  }

  let handlers: PeerHandlers | undefined;
  let stop = (): void => {};
  /** The others have removed this server. */
  let buried = (): void => {};
  const watch = createWatch(clock);
  const sayGoodbye = elsewhere('goodbye', ({ server }: { server: string }) => watch.expectEnd(server));
  const compareClocks = createClockComparison(clock, log);
  const reach = createReach(clock, (reached) => handlers?.onReach(reached));

  function take(change: Change): void {
    try {
      if (change.kind === 'entry') {
        handlers?.onEntry(change);
        return;
      }
      if (change.kind === 'too-much') {
        handlers?.onLost();
        return;
      }
      // One of a newer server may be unknown.
      const { type, news } = change.news as { type: string; news: never };
      acts.get(type)?.(news);
    } catch (error) {
      log.error('news of another server failed', error);
    }
  }

  async function look({ look, bury }: Peering, server: string): Promise<void> {
    const servers = await look();
    reach.answered();
    if (!servers.some((each) => each.server === server && each.serves === 1)) buried();
    const { dead, gone } = watch.see(servers.filter((each) => each.server !== server));
    for (const each of gone) handlers?.onGone(each);
    await Promise.all(dead.map(bury));
    await teller.flush();
  }

  async function beat({ beat, now }: Peering): Promise<void> {
    if (!(await beat())) handlers?.onLost();
    await compareClocks(now);
  }

  return {
    server: peering.server,
    get others() {
      return watch.others && reach.reached;
    },
    get reached() {
      return reach.reached;
    },
    elsewhere,
    everywhere(type, act, heard) {
      const tell = elsewhere(type, (news: Parameters<typeof act>[0]) => {
        act(news);
        heard?.(news);
      });
      return (news) => {
        act(news);
        tell(news);
      };
    },
    left: teller.left,
    async join() {
      await peering.beat();
    },
    follow(given) {
      handlers = given;
      const { onError } = given;
      const looking = createRepeated(clock, pollMs, () => look(peering, peering.server).catch(onError));
      const beating = createRepeated(clock, beatMs, () => beat(peering).catch(onError));
      buried = beating.now;
      peering.attend({ onChanges: (changes) => changes.forEach(take), onHint: looking.now });
      looking.now();
      beating.now();
      reach.answered();
      stop = () => {
        reach.stop();
        looking.stop();
        beating.stop();
      };
    },
    async close() {
      stop();
      handlers = undefined;
      sayGoodbye({ server: peering.server });
      await teller.flush().catch((error: unknown) => log.error('news not sent to the other servers', error));
    },
  };
}

export const noPeers: Peers = {
  server: '',
  others: false,
  reached: true,
  everywhere: (_, act) => act,
  elsewhere: () => () => {},
  left() {},
  async join() {},
  follow() {},
  async close() {},
};

/** Tells in order, each thing until the database has it. */
function createTeller({ tell }: Peering) {
  const news: unknown[] = [];
  const left: string[] = [];
  let telling: Promise<void> | undefined;

  async function tellAll(): Promise<void> {
    while (news.length + left.length > 0) {
      const told: Told = { news: [...news], left: [...left] };
      await tell(told);
      news.splice(0, told.news.length);
      left.splice(0, told.left.length);
    }
  }

  function flush(): Promise<void> {
    // What is done in one turn goes out together.
    telling ??= Promise.resolve()
      .then(tellAll)
      .finally(() => {
        telling = undefined;
      });
    return telling;
  }

  /** What fails goes out again after the next look. */
  const soon = (): void => void flush().catch(() => {});

  return {
    flush,
    tell(one: unknown): void {
      news.push(one);
      soon();
    },
    left(terminal: string): void {
      left.push(terminal);
      soon();
    },
  };
}

/** Which of the others stand still, or are gone. */
function createWatch(clock: Clock) {
  const known = new Map<string, { readonly beat: number; readonly since: number; readonly serves: number }>();
  const ending = new Set<string>();
  let last = Number.NEGATIVE_INFINITY;
  return {
    get others() {
      return known.size > 0;
    },
    /** It has said so: nothing of it is left untold. */
    expectEnd: (server: string) => void ending.add(server),
    /** @returns gone: without a word */
    see(servers: readonly ServerBeat[]): { dead: ServerBeat[]; gone: string[] } {
      const now = clock.ticks();
      const paused = now - last > pauseMs;
      last = now;
      const present = new Set(servers.map(({ server }) => server));
      const ended = [...known].filter(([server]) => !present.has(server));
      for (const [server] of ended) known.delete(server);
      const gone = ended.flatMap(([server, { serves }]) =>
        ending.delete(server) || serves === 0 ? [] : [server],
      );
      for (const { server, serves, beat } of servers) {
        if (paused || known.get(server)?.beat !== beat) known.set(server, { beat, serves, since: now });
      }
      const dead = servers.filter(({ server }) => now - (known.get(server)?.since ?? now) > goneMs);
      return { dead, gone };
    },
  };
}

/** Whether the database answers. */
function createReach(clock: Clock, onChange: (reached: boolean) => void) {
  let reached = true;
  let cancel = (): void => {};

  function set(now: boolean): void {
    if (now === reached) return;
    reached = now;
    onChange(now);
  }

  return {
    get reached() {
      return reached;
    },
    answered(): void {
      cancel();
      set(true);
      cancel = clock.after(silentMs, () => set(false));
    },
    stop: () => cancel(),
  };
}

/** Says so where times differ from those of the other servers: of messages, and when bans, mutes and invites end. */
function createClockComparison(clock: Clock, log: Log) {
  let wrong = false;
  return async (now: Peering['now']): Promise<void> => {
    const asked = clock.now();
    const at = await now();
    // The answer may have taken long.
    const ahead = at < asked ? asked - at : Math.min(0, clock.now() - at);
    if (Math.abs(ahead) > clockMs === wrong) return;
    wrong = !wrong;
    if (wrong) {
      const seconds = Math.round(ahead / 1_000);
      log.warn("clock differs from the database's: set it, and keep it so with NTP", {
        ahead: `${seconds} s`,
      });
    } else log.info("clock is the database's again");
  };
}

/** Does something again and again, never twice at once. */
function createRepeated(clock: Clock, everyMs: number, work: () => Promise<void>) {
  let running = false;
  let again = false;
  let stopped = false;
  let cancel = (): void => {};

  async function run(): Promise<void> {
    cancel();
    running = true;
    do {
      again = false;
      await work();
    } while (again && !stopped);
    running = false;
    if (!stopped) cancel = clock.after(everyMs, () => void run());
  }

  return {
    now(): void {
      again = true;
      if (!running && !stopped) void run();
    },
    stop(): void {
      stopped = true;
      cancel();
    },
  };
}
