/** What is asked of the server with a slash command, and its answer in lines. Knows requests and words, no screen. */
import type { Event, Session } from '../session.js';
import type { Errand } from './commands.js';
import type { Place } from './deeds.js';
import type { LocalTime } from './local-time.js';

export interface ErrandDeps {
  readonly session: Pick<Session, 'ask' | 'name' | 'role'>;
  readonly time: LocalTime;
  /** Where it was typed. */
  readonly here: () => Place;
  readonly answer: (lines: readonly string[]) => void;
  /** Nothing was done; `message` says why and what to do. */
  readonly refuse: (message: string) => void;
}

export interface Errands {
  /** Resolves when it was answered or refused. Never rejects. */
  run(errand: Errand): Promise<void>;
  /** To be given every event, for what later errands refer to: the last messages of each conversation. */
  notice(event: Event): void;
  /** Who wrote to this person alone last. */
  readonly lastPeer: string | undefined;
}

export function createErrands(_deps: ErrandDeps): Errands {
  return { run: () => Promise.reject(new Error('not there yet')), notice() {}, lastPeer: undefined };
}
