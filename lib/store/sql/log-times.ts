/** Where in the log a time is, in SQL, although clocks may have been set back. Knows when entries came, not what they are. */
import type { LogPosition } from '../message-store.js';
import type { Database } from './database.js';
import type { Operations } from './methods.js';

export function createTimeOperations(db: Database) {
  const atOrAfter = db.prepare('SELECT seq, at FROM log WHERE seq >= ? ORDER BY seq LIMIT 1');
  const newest = db.prepare('SELECT coalesce(max(seq), 0) AS seq FROM log');
  const steps = db.prepare('SELECT seq FROM clock_steps ORDER BY seq');
  const lastOlder = db.prepare('SELECT seq FROM log WHERE seq < ? AND at < ? ORDER BY seq DESC LIMIT 1');

  /** The first entry since a time among those from `start` to before `next`, whose times increase: by bisection. */
  function firstSince(at: number, start: number, next: number): LogPosition | undefined {
    let found: LogPosition | undefined;
    for (let [low, high] = [start, next]; low < high; ) {
      const middle = low + Math.floor((high - low) / 2);
      const row: LogPosition | undefined = atOrAfter.get(middle);
      const inside = row !== undefined && row.seq < next ? row : undefined;
      if (inside !== undefined && inside.at < at) {
        low = inside.seq + 1;
      } else {
        found = inside ?? found;
        high = middle;
      }
    }
    return found;
  }

  return {
    seqBefore(at, now = Number.POSITIVE_INFINITY) {
      const { seq: last }: { seq: number } = newest.get();
      const stepped: { seq: number }[] = steps.all();
      const starts = [0, ...stepped.map(({ seq }) => seq)];
      let end = last + 1;
      for (const [index, start] of starts.entries()) {
        const first = firstSince(at, start, starts[index + 1] ?? last + 1);
        if (first === undefined || first.at > now) continue;
        end = first.seq;
        break;
      }
      const older: { seq: number } | undefined = lastOlder.get(end, at);
      return older?.seq ?? 0;
    },
  } satisfies Partial<Operations>;
}
