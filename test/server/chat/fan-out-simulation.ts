/** The fan-out's rule, played through with the costs that were measured: 10 us for a write, 0.13 us for a frame in it. */
import t from 'tap';
import { createFanOut, enoughFrames, type FanOut, rest } from '../../../lib/server/chat/fan-out.js';
import { randomNumbers } from '../../support/random.js';

const writeMs = 0.01;
const frameMs = 0.00013;
const frameBytes = 8;

interface Simulation {
  readonly members: number;
  /** Begins the load; `at` runs something so many milliseconds from now, `say` posts a message. */
  readonly load: (at: (ms: number, action: () => void) => void, say: () => void) => void;
  /** A message was delivered. */
  readonly onDelivered?: (at: (ms: number, action: () => void) => void, say: () => void) => void;
}

/** Ten seconds of one room on one thread, whose time goes by only by work and by waiting. */
function simulate({ members, load, onDelivered }: Simulation) {
  let time = 0;
  const due: { at: number; action: () => void }[] = [];
  const at = (ms: number, action: () => void): (() => void) => {
    const entry = { at: time + ms, action };
    due.push(entry);
    return () => {
      if (due.includes(entry)) due.splice(due.indexOf(entry), 1);
    };
  };
  const clock = {
    now: () => time,
    ticks: () => time,
    after: at,
    soon: (action: () => void) => at(0, action),
  };
  const posted: number[] = [];
  const waits: number[] = [];
  const flushes: number[] = [];
  let busy = 0;
  const fanOut: FanOut = createFanOut({ clock, afterWrites: (done) => done() }, (frames) => {
    const count = frames.length / frameBytes;
    const cost = members * (writeMs + count * frameMs);
    time += cost;
    busy += cost;
    flushes.push(count);
    for (let i = 0; i < count; i++) {
      const id = Number(frames.toString('latin1', i * frameBytes, (i + 1) * frameBytes));
      waits.push(time - (posted[id] ?? 0));
      onDelivered?.(at, say);
    }
  });
  function say(): void {
    fanOut.push(Buffer.from(String(posted.push(time) - 1).padStart(frameBytes)));
  }
  load(at, say);
  while (time < 10_000) {
    const next = due.reduce((first, entry) => (entry.at < first.at ? entry : first));
    due.splice(due.indexOf(next), 1);
    time = Math.max(time, next.at);
    next.action();
  }
  const settled = flushes.slice(Math.floor(flushes.length / 4));
  return {
    share: busy / time,
    longestWait: Math.max(...waits),
    framesPerFlush: settled.reduce((sum, count) => sum + count, 0) / settled.length,
    /** Milliseconds of one flush with one frame. */
    flushMs: members * (writeMs + frameMs),
  };
}

/** So many messages a second, at random times. */
function arrivals(perSecond: number): Simulation['load'] {
  const random = randomNumbers(1);
  return (at, say) => {
    const next = (): void => {
      at((-Math.log((1 + random(9_999)) / 10_000) * 1000) / perSecond, next);
      say();
    };
    at(0, next);
  };
}

t.test('a quiet room waits for nothing but its writes', async (t) => {
  const { longestWait, flushMs } = simulate({
    members: 500,
    load: (at, say) => {
      const next = (): void => {
        at(1000, next);
        say();
      };
      at(0, next);
    },
  });
  t.ok(longestWait <= flushMs + 0.01, `${longestWait} ms`);
});

t.test('a busy room uses a quarter of the thread at most, until a rest is at its longest', async (t) => {
  for (const members of [50, 500, 1_500]) {
    for (const perSecond of [20, 60, 200]) {
      const { share, longestWait, flushMs } = simulate({ members, load: arrivals(perSecond) });
      const what = `${members} members, ${perSecond} a second`;
      t.ok(share <= 0.26, `${what}: ${share.toFixed(3)} of the thread`);
      t.ok(longestWait <= rest.longest + 2 * flushMs + 2, `${what}: waits ${longestWait.toFixed(1)} ms`);
    }
  }
});

t.test('16 people who each answer the message before share their writes', async (t) => {
  for (const members of [50, 500, 2_000]) {
    const random = randomNumbers(members);
    const { framesPerFlush } = simulate({
      members,
      load: (at, say) => {
        for (let i = 0; i < 16; i++) at(i, say);
      },
      onDelivered: (at, say) => void at(0.5 + random(3_000) / 1_000, say),
    });
    t.ok(framesPerFlush >= 14, `${members} members: ${framesPerFlush.toFixed(1)} frames in a write`);
  }
});

t.test('in a flood, frames are many and wait little', async (t) => {
  const { framesPerFlush, longestWait } = simulate({ members: 500, load: arrivals(5_000) });
  t.ok(framesPerFlush >= enoughFrames);
  t.ok(longestWait <= 2 * (rest.shortest + 6), `${longestWait} ms`);
});
