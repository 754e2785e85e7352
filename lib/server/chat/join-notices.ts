/** Notices that people came and went. Knows names and how many are online, not who gets the notices. */
import type { ServerFrame } from '../../protocol/events.js';
import { limits } from '../../protocol/limits.js';
import type { Clock } from '../../system/clock.js';

/** Shown with the notice that someone left. */
export interface LeaveDetails {
  readonly by?: string;
  readonly reason?: string;
}

/** Notices that people joined and left: by name in a small room, as counts in a large one. */
export interface JoinNotices {
  joined(name: string): void;
  left(name: string, details?: LeaveDetails): void;
}

/** Milliseconds between two counts in a large room: in all, 200 of them are written a second. */
const crowdMs = (online: number): number => Math.max(1_000, online * 5);

/** @param online how many people get the notices; also what the counts report */
export function createJoinNotices(
  clock: Clock,
  online: () => number,
  notify: (notice: (room: string) => ServerFrame) => void,
): JoinNotices {
  let crowd: { joined: number; left: number } | undefined;

  /** Naming n people to n members is quadratic; counts are not. @returns false if the room is small enough for names */
  function counts(change: 'joined' | 'left'): boolean {
    if (crowd === undefined && online() <= limits.presenceNamed) return false;
    if (crowd === undefined) {
      crowd = { joined: 0, left: 0 };
      clock.after(crowdMs(online()), () => {
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
