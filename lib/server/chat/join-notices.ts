/** Comings and goings: told by name among few people, counted among many. Knows neither rooms nor members. */
import type { ServerFrame } from '../../protocol/events.js';
import { limits } from '../../protocol/limits.js';
import type { Clock } from '../../system/clock.js';

/** What is told with a name, besides it. */
export interface Circumstances {
  readonly by?: string;
  readonly reason?: string;
}

export interface JoinNotices {
  joined(name: string): void;
  left(name: string, circumstances?: Circumstances): void;
}

export interface JoinNoticesDeps {
  readonly clock: Clock;
  /** How many would be told. */
  readonly audience: () => number;
  /** How many are there, as the counts say it. */
  readonly online: () => number;
  readonly notify: (notice: (room: string) => ServerFrame) => void;
}

/** Milliseconds between two counts of comings and goings in a large room. */
const crowdMs = 1_000;

export function createJoinNotices({ clock, audience, online, notify }: JoinNoticesDeps): JoinNotices {
  let crowd: { joined: number; left: number } | undefined;

  /** A notice to each of n members for each of n comings is the quadratic part of a large room. */
  function counts(change: 'joined' | 'left'): boolean {
    if (crowd === undefined && audience() <= limits.presenceNamed) return false;
    if (crowd === undefined) {
      crowd = { joined: 0, left: 0 };
      clock.after(crowdMs, () => {
        const { joined, left } = crowd ?? { joined: 0, left: 0 };
        crowd = undefined;
        notify((room) => ({ type: 'crowd', room, joined, left, online: online() }));
      });
    }
    crowd[change]++;
    return true;
  }

  return {
    joined(name) {
      if (!counts('joined')) notify((room) => ({ type: 'joined', room, name }));
    },
    left(name, circumstances = {}) {
      if (!counts('left')) notify((room) => ({ type: 'left', room, name, ...circumstances }));
    },
  };
}
