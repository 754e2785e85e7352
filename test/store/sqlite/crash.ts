import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import type { LogEntry } from '../../../lib/store/message-store.js';
import { openStore, temporaryFile } from '../../support/sqlite-store.js';
import { lobbyOf } from '../../support/store-subject.js';

const program = fileURLToPath(new URL('../../support/store-process.js', import.meta.url));

interface Run {
  /** Keys that were acknowledged, in that order. */
  readonly kept: readonly string[];
  /** Its other lines. */
  readonly said: readonly string[];
  /** `exit 0`, or the signal that ended it. */
  readonly end: string;
}

/** Runs a process until `enough` keys are acknowledged and it is killed, or until it ends by itself. */
async function runUntil(command: readonly string[], enough: number): Promise<Run> {
  const [executable = '', ...args] = command;
  const child = spawn(executable, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const kept: string[] = [];
  const said: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    if (line.startsWith('kept ')) kept.push(line.slice('kept '.length));
    else said.push(line);
    if (kept.length === enough) child.kill('SIGKILL');
  }
  const [code, signal] = (await ended) as [number | null, string | null];
  return { kept, said, end: signal ?? `exit ${code}` };
}

function strictlyIncreasing(entries: readonly LogEntry[]): boolean {
  return entries.every(({ seq }, index) => index === 0 || seq > (entries[index - 1]?.seq ?? seq));
}

t.test('acknowledged entries survive kill -9 exactly once, three times in a row', async (t) => {
  const file = await temporaryFile(t);
  const acknowledged: string[] = [];
  for (const run of ['first', 'second', 'third']) {
    const { kept } = await runUntil([process.execPath, program, file, 'append', run], 400);
    t.ok(kept.length >= 400);
    acknowledged.push(...kept);
  }
  const store = await openStore(t, file);
  const entries = await store.history({ target: await lobbyOf(store), limit: 100_000, keep: 'oldest' });
  const keys = entries.map(({ key }) => key);
  t.equal(new Set(keys).size, keys.length, 'nothing twice');
  t.same(
    acknowledged.filter((key) => !keys.includes(key)),
    [],
    'nothing lost',
  );
  t.ok(strictlyIncreasing(entries));
});

// `ulimit -f` makes writes beyond a size fail with EFBIG, which SQLite reports as a failing disk. Without the test
// runner's NODE_OPTIONS, because of which the SIGXFSZ that comes with it, and which Node ignores, would end the process.
t.test(
  'a failing disk ends the store; nothing acknowledged is lost and nothing rejected stored',
  async (t) => {
    const file = await temporaryFile(t);
    const limit = 'unset NODE_OPTIONS; ulimit -f 1024; exec "$@"';
    const limited = ['/bin/sh', '-c', limit, 'sh', process.execPath, program, file];
    const { kept, said, end } = await runUntil(limited, Number.POSITIVE_INFINITY);
    t.ok(kept.length > 0);
    t.same({ said: said.toSorted(), end }, { said: ['StoreError', 'failed', 'open'], end: 'exit 0' });
    const store = await openStore(t, file);
    const entries = await store.history({ target: await lobbyOf(store), limit: 100_000, keep: 'oldest' });
    t.same(
      entries.map(({ key }) => key),
      kept,
    );
  },
);
