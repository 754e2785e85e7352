/**
 * Measures what a long history costs: pages, sign-in, search, and messages meanwhile. Build, then run:
 *
 *     npm run build && node dist/scripts/bench/history.js [messages, default 1000000] [folder to keep or reuse]
 *
 * Costs are CPU time, with all connections to the database in one thread: so another load on the machine matters little.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { limits } from '../../lib/protocol/limits.js';
import { searchInTime } from '../../lib/server/chat/queries.js';
import type { SearchQuery } from '../../lib/store/message-store.js';
import { methods } from '../../lib/store/sql/methods.js';
import type { StartConnection } from '../../lib/store/sql/open-store.js';
import { openDatabaseConnection, type SqliteConnectionOptions } from '../../lib/store/sqlite/connection.js';
import { openSqliteStore, openSqliteStoreOn } from '../../lib/store/sqlite/open.js';
import type { Store } from '../../lib/store/store.js';
import { createTalk, fillLog, type LongLog, type Talk } from './long-log.js';
import { type Goal, report, type Table } from './report.js';

type Work = () => Promise<unknown>;

/** CPU milliseconds. */
interface Cost {
  readonly median: number;
  readonly longest: number;
  /** For which one batch of reads held the writing thread; the longest of a round, the median of the rounds. */
  readonly held: number;
}

interface Bench {
  readonly store: Store;
  readonly log: LongLog;
  readonly talk: Talk;
  cost(work: Work, rounds?: number): Promise<Cost>;
}

const [count = '1000000', keep] = process.argv.slice(2).filter((_, index, all) => {
  const isOption = (at: number) => all[at] === '--json';
  return !isOption(index) && !isOption(index - 1);
});

/** Repeatable, so that two runs have the same messages. */
function numbers(): (below: number) => number {
  let state = 1;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function cpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The value that this share of all is below. */
function share(values: readonly number[], part: number): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length * part)] ?? 0;
}

const onFailure = (error: Error): void => {
  throw error;
};

/** A store whose connections run in this thread, and what they cost. */
async function openTimed(file: string): Promise<Pick<Bench, 'store' | 'cost'>> {
  let [spent, held] = [0, 0];
  const start: StartConnection = async ({ database, onOutcomes }) => {
    const options = database as SqliteConnectionOptions;
    const connection = openDatabaseConnection(options);
    return {
      send(calls) {
        setImmediate(() => {
          const begin = cpu();
          const outcomes = connection.run(calls).flatMap((result) => result.outcomes);
          const took = cpu() - begin;
          spent += took;
          const writes = calls.some(({ method }) => methods[method].transaction === 'write');
          if (options.reader !== true && !writes) held = Math.max(held, took);
          onOutcomes(outcomes);
        });
      },
      async close() {
        connection.close();
      },
    };
  };
  const store = await openSqliteStoreOn(start, { file, onFailure });

  async function cost(work: Work, rounds = 20): Promise<Cost> {
    const [costs, holds]: [number[], number[]] = [[], []];
    // The first one reads from the disk.
    for (let round = 0; round <= rounds; round++) {
      spent = 0;
      held = 0;
      await work();
      if (round === 0) continue;
      costs.push(spent);
      holds.push(held);
    }
    return { median: share(costs, 0.5), longest: Math.max(...costs), held: share(holds, 0.5) };
  }

  return { store, cost };
}

function searches(log: LongLog, talk: Talk): Record<string, Omit<SearchQuery, 'limit'>> {
  const { busy, quiet, begin, end } = log;
  const account = busy;
  const middle = Math.floor((begin + end) / 2);
  const [common, second, rare] = [talk.word(0), talk.word(1), talk.word(40_000)];
  return {
    'the most frequent word': { account, words: common },
    'the most frequent word, oldest page': { account, words: common, before: 5_000 },
    'a rare word': { account, words: rare },
    'a word without a match': { account, words: 'qqqq' },
    'a frequent word in a quiet room': { account, words: common, target: log.quietRoom },
    'a frequent and a rare word': { account, words: `${common} ${rare}` },
    'the ten most frequent words': {
      account,
      words: Array.from({ length: 10 }, (_, rank) => talk.word(rank)).join(' '),
    },
    'a phrase of frequent words': { account, words: `"${common} ${second}"` },
    'a phrase without a match': {
      account,
      words: `"${Array.from({ length: 6 }, () => common).join(' ')}"`,
    },
    'a phrase of 200 bytes': { account, words: `"${Array.from({ length: 66 }, () => common).join(' ')}"` },
    'one letter': { account, words: 'b' },
    'a prefix of two letters': { account, words: 'ba' },
    'a prefix of two letters in a quiet room': { account, words: 'ba', target: log.quietRoom },
    'a prefix of three letters': { account, words: 'bad' },
    'a frequent word of four letters': { account, words: talk.word(16) },
    'many words and a prefix': { account, words: `${common} ${second} ${rare} de` },
    'a frequent word of one author': { account, words: common, from: quiet },
    'all of one author': { account, words: '', from: quiet },
    all: { account, words: '' },
    'all of one author in a quiet room': { account, words: '', from: quiet, target: log.quietRoom },
    'a frequent word in an old year': { account, words: common, since: begin, until: middle },
    'a rare word in an old week': { account, words: rare, since: begin, until: begin + 7 * 86_400_000 },
    'by an account in few rooms': { account: quiet, words: common },
  };
}

const columns = ['CPU ms', 'median', 'longest', 'in a row on the writing thread'];

function rowOf(name: string, { median, longest, held }: Cost): [string, ...number[]] {
  return [name, median, longest, held];
}

async function readings({ store, log, cost }: Bench): Promise<Table> {
  const { busyRoom, quietRoom } = log;
  const newest = (await store.conversations(log.busy))[0]?.last ?? 0;
  const page = { limit: limits.historyPage, keep: 'newest' } as const;
  const work: Record<string, Work> = {
    'the newest page': () => store.history({ target: busyRoom, ...page }),
    'a page from the middle': () => store.history({ target: busyRoom, before: newest / 2, ...page }),
    'the oldest page': () => store.history({ target: busyRoom, before: 10_000, ...page }),
    'a page of a quiet room': () => store.history({ target: quietRoom, ...page }),
    'a page of files, without any': () => store.history({ target: busyRoom, what: 'files', ...page }),
    'where a backlog begins': () => store.floor(busyRoom, limits.backlog),
    'where a catch-up begins': () => store.floor(busyRoom, limits.catchUp),
    'a seq by its time': () => store.seqBefore(log.begin + 1_000_000),
    'unread counts, 50 rooms, years away': () => store.conversations(log.away),
    'unread counts, two rooms': () => store.conversations(log.quiet),
  };
  const rows: [string, ...number[]][] = [];
  for (const [name, each] of Object.entries(work)) rows.push(rowOf(name, await cost(each)));
  for (const { target } of await store.conversations(log.busy)) {
    await store.markRead(log.busy, target, newest);
  }
  rows.push(rowOf('unread counts, 50 rooms, all read', await cost(() => store.conversations(log.busy))));
  return { title: `Reading in ${count} messages`, columns, rows };
}

/** A page each, as the server searches. */
async function searching({ store, log, talk, cost }: Bench): Promise<Table> {
  const rows: [string, ...number[]][] = [];
  for (const [name, query] of Object.entries(searches(log, talk))) {
    const search = () =>
      searchInTime({ store, clock: { ticks: cpu } }, { alive: true }, { ...query, limit: limits.searchPage });
    const { hits, reached } = await search();
    const all = query.before ?? Number(count);
    const searched = reached === undefined ? 100 : 100 * (1 - reached.seq / all);
    rows.push([...rowOf(name, await cost(search)), hits.length, searched]);
  }
  return {
    title: `Searching in ${count} messages, a page of ${limits.searchPage}`,
    columns: [...columns, 'found', '% searched'],
    rows,
  };
}

/** Milliseconds until a message is on disk, alone and beside searches in a thread of their own. */
async function messagesMeanwhile(file: string, log: LongLog, talk: Talk): Promise<Table> {
  const store = await openSqliteStore({ file, onFailure });
  const say = async (key: string): Promise<number> => {
    const begin = performance.now();
    const { busyRoom: target, busy: account, end: at } = log;
    await store.append({ target, account, key: `${key} ${begin}`, text: talk.text(), action: false, at });
    return performance.now() - begin;
  };
  const times = { alone: [] as number[], beside: [] as number[] };
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 200; n++) times.alone.push(await say('alone'));
    let going = true;
    const searchers = Object.values(searches(log, talk)).map(async (search) => {
      while (going) await store.search({ ...search, limit: limits.searchPage });
    });
    for (let n = 0; n < 200; n++) times.beside.push(await say('beside'));
    going = false;
    await Promise.all(searchers);
  }
  await store.close();
  const row = (name: string, all: number[]): [string, ...number[]] => [
    name,
    share(all, 0.5),
    share(all, 0.99),
  ];
  return {
    title: 'A message, ms until it is on disk',
    columns: ['', 'median', '99 of 100'],
    rows: [row('alone', times.alone), row('beside searches without a pause', times.beside)],
  };
}

function goalsOf(tables: readonly Table[]): Goal[] {
  const most = (column: number, of: readonly Table[]): number =>
    Math.max(...of.flatMap(({ rows }) => rows.map((row) => Number(row[column]))));
  const turn = 100;
  return [
    { what: 'the writing thread, held by reads, ms', figure: most(3, tables), limit: { most: 2 } },
    {
      what: 'the longest search, CPU ms',
      figure: most(2, tables.slice(1)),
      limit: { most: limits.searchMs + turn },
    },
  ];
}

const folder = keep ?? (await mkdtemp(join(tmpdir(), 'secure-chat-bench-')));
try {
  const file = join(folder, 'chat.db');
  const facts = join(folder, 'facts.json');
  const below = numbers();
  const talk = createTalk(below);
  if (!existsSync(facts)) {
    const filled = await openSqliteStore({ file, onFailure });
    await writeFile(facts, JSON.stringify(await fillLog(filled, { messages: Number(count), talk, below })));
    await filled.close();
  }
  const log: LongLog = JSON.parse(await readFile(facts, 'utf8'));
  const { store, cost } = await openTimed(file);
  const bench = { store, cost, log, talk };
  const tables = [await readings(bench), await searching(bench)];
  await store.close();
  const goals = goalsOf(tables);
  report({ name: 'history', tables: [...tables, await messagesMeanwhile(file, log, talk)], goals });
} finally {
  if (keep === undefined) await rm(folder, { recursive: true, force: true });
}
