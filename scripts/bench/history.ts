/**
 * Measures what a long history costs: pages, sign-in, search, and messages meanwhile. Build, then run on an otherwise
 * idle machine:
 *
 *     npm run build && node dist/scripts/bench/history.js [messages, default 1000000] [folder to keep or reuse]
 *
 * Absolute figures depend on the machine: compare the ratios, whose unit is one message appended alone.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { limits } from '../../lib/protocol/limits.js';
import type { SearchQuery } from '../../lib/store/message-store.js';
import { openSqliteStore } from '../../lib/store/sqlite/open.js';
import type { Store } from '../../lib/store/store.js';
import { createTalk, fillLog, type LongLog, type Talk } from './long-log.js';

type Work = (round: number) => Promise<unknown>;

interface Cost {
  readonly median: number;
  readonly worst: number;
}

const rounds = 40;

/** Repeatable, so that two runs have the same messages. */
function numbers(): (below: number) => number {
  let state = 1;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

async function cost(work: Work, times = rounds): Promise<Cost> {
  const took: number[] = [];
  for (let round = 0; round < times; round++) {
    const begin = performance.now();
    await work(round);
    took.push(performance.now() - begin);
  }
  took.sort((one, other) => one - other);
  return { median: took[Math.floor(took.length / 2)] ?? 0, worst: took.at(-1) ?? 0 };
}

function report(name: string, { median, worst }: Cost, unit: number): void {
  const ratio = (median / unit).toFixed(1).padStart(8);
  process.stdout.write(
    `${name.padEnd(46)}${median.toFixed(2).padStart(9)} ms, worst ${worst.toFixed(2).padStart(9)} ms${ratio} x\n`,
  );
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

async function measure(store: Store, log: LongLog, talk: Talk): Promise<void> {
  const { busy, quiet, away, busyRoom, quietRoom } = log;
  const say = (round: number, name: string) =>
    store.append({
      target: busyRoom,
      account: busy,
      key: `${name}-${round}-${performance.now()}`,
      text: talk.text(),
      action: false,
      at: log.end,
    });
  const alone = await cost((round) => say(round, 'alone'), 1_000);
  const unit = alone.median;
  report('a message alone', alone, unit);

  const newest = (await store.conversations(busy))[0]?.last ?? 0;
  const page = { limit: limits.historyPage, keep: 'newest' } as const;
  for (const [name, before] of [
    ['the newest', newest + 1],
    ['the middle', Math.floor(newest / 2)],
    ['the oldest', 1_000],
  ] as const) {
    report(`${name} page`, await cost(() => store.history({ target: busyRoom, before, ...page })), unit);
  }
  report('a page of a quiet room', await cost(() => store.history({ target: quietRoom, ...page })), unit);
  report(
    'a page of files, without any',
    await cost(() => store.history({ target: busyRoom, what: 'files', ...page })),
    unit,
  );
  report('the floor of a backlog', await cost(() => store.floor(busyRoom, limits.backlog)), unit);
  report('the floor of a catch-up', await cost(() => store.floor(busyRoom, limits.catchUp)), unit);
  report('a seq by its time', await cost(() => store.seqBefore(log.begin + 1_000_000)), unit);
  report('conversations, nothing read', await cost(() => store.conversations(away)), unit);
  for (const { target } of await store.conversations(busy)) await store.markRead(busy, target, newest);
  report('conversations, all read', await cost(() => store.conversations(busy)), unit);
  report('conversations of two rooms', await cost(() => store.conversations(quiet)), unit);

  const asked = searches(log, talk);
  for (const [name, search] of Object.entries(asked)) {
    const { hits } = await store.search({ ...search, limit: limits.searchPage });
    const found = await cost(() => store.search({ ...search, limit: limits.searchPage }));
    report(`${name} (${hits.length})`, found, unit);
  }

  let searching = true;
  const searchers = Promise.all(
    Object.values(asked).map(async (search) => {
      while (searching) await store.search({ ...search, limit: limits.searchPage });
    }),
  );
  report(
    'a message during 20 searches without a pause',
    await cost((round) => say(round, 'meanwhile'), 500),
    unit,
  );
  searching = false;
  await searchers;
  const gone: number[] = [];
  const prune = async () => gone.push(await store.prune({ before: log.begin + 100 * 86_400_000, limit: 10 }));
  report('pruning 10 old messages', await cost(prune), unit);
}

const [count = '1000000', keep] = process.argv.slice(2);
const folder = keep ?? (await mkdtemp(join(tmpdir(), 'secure-chat-bench-')));
try {
  const file = join(folder, 'chat.db');
  const facts = join(folder, 'facts.json');
  const store = await openSqliteStore({
    file,
    onFailure(error) {
      throw error;
    },
  });
  const below = numbers();
  const talk = createTalk(below);
  const started = performance.now();
  const log: LongLog = existsSync(facts)
    ? JSON.parse(await readFile(facts, 'utf8'))
    : await fillLog(store, { messages: Number(count), talk, below });
  await writeFile(facts, JSON.stringify(log));
  const seconds = (performance.now() - started) / 1000;
  const { size } = await stat(file);
  process.stdout.write(`${count} messages, ${seconds.toFixed(0)} s, ${Math.round(size / 2 ** 20)} MiB\n`);
  await measure(store, log, talk);
  await store.close();
} finally {
  if (keep === undefined) await rm(folder, { recursive: true, force: true });
}
