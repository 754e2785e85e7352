/** Notices that people joined and left: by name in a small room, as counts in a large one. Knows neither rooms nor members. */
import type { ServerFrame } from '../../protocol/events.js';
import { limits } from '../../protocol/limits.js';
import type { Clock } from '../../system/clock.js';

/** Shown with the notice that someone left. */
export interface LeaveDetails {
  readonly by?: string;
  readonly reason?: string;
}

export interface JoinNotices {
  joined(name: string): void;
  left(name: string, details?: LeaveDetails): void;
}

export interface JoinNoticesDeps {
  readonly clock: Clock;
  /** How many people get the notices; also what the counts report. */
  readonly online: () => number;
  readonly notify: (notice: (room: string) => ServerFrame) => void;
}

/** Milliseconds between two counts in a large room. */
const crowdMs = 1_000;

export function createJoinNotices({ clock, online, notify }: JoinNoticesDeps): JoinNotices {
  let crowd: { joined: number; left: number } | undefined;

  /** Naming n people to n members is quadratic; counts are not. @returns false if the room is small enough for names */
  function counts(change: 'joined' | 'left'): boolean {
    if (crowd === undefined && online() <= limits.presenceNamed) return false;
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
    left(name, details = {}) {
      if (!counts('left')) notify((room) => ({ type: 'left', room, name, ...details }));
    },
  };
}
