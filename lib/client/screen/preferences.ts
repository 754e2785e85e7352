/** What somebody chose on the screen, kept for the next time: by server. Knows a file, no secrets. */
import { readFile } from 'node:fs/promises';
import { writeAtomically } from '../../system/atomic-file.js';
import { type Endpoint, formatEndpoint } from '../../trust/endpoint.js';
import type { Notify } from './state/state.js';
import type { ScreenStore } from './state/store.js';

export interface Preferences {
  /** The newcomer's hint has done its work. */
  readonly initiated: boolean;
  /** Names whose messages are not shown. */
  readonly ignored: readonly string[];
  /** By conversation id, where it is not as by default. */
  readonly notify: Readonly<Record<string, Notify>>;
}

export interface PreferencesFile {
  load(): Promise<Preferences>;
  /** Rejects with the system's error. */
  save(preferences: Preferences): Promise<void>;
}

const none: Preferences = { initiated: false, ignored: [], notify: {} };
const serversKept = 100;

/** @param path of a file in a folder that exists. A missing or damaged file holds nothing. */
export function openPreferences(path: string, server: Endpoint): PreferencesFile {
  const key = formatEndpoint(server);

  async function read(): Promise<Map<string, unknown>> {
    try {
      const kept: unknown = JSON.parse(await readFile(path, 'utf8'));
      return new Map(typeof kept === 'object' && kept !== null ? Object.entries(kept) : []);
    } catch {
      return new Map();
    }
  }

  return {
    async load() {
      return checked((await read()).get(key));
    },
    async save(preferences) {
      const all = await read();
      all.delete(key);
      const kept = [...[...all].slice(1 - serversKept), [key, preferences] as const];
      await writeAtomically(path, `${JSON.stringify(Object.fromEntries(kept), undefined, 2)}\n`, 0o600);
    },
  };
}

function checked(value: unknown): Preferences {
  if (typeof value !== 'object' || value === null) return none;
  const { initiated, ignored, notify } = value as Record<string, unknown>;
  const names = Array.isArray(ignored) ? ignored.filter((name) => typeof name === 'string') : [];
  const entries = typeof notify === 'object' && notify !== null ? Object.entries(notify) : [];
  return {
    initiated: initiated === true,
    ignored: names,
    notify: Object.fromEntries(entries.filter((entry): entry is [string, Notify] => isNotify(entry[1]))),
  };
}

function isNotify(value: unknown): value is Notify {
  return value === 'off' || value === 'mention' || value === 'all';
}

export interface Habits {
  keep(changes: Partial<Preferences>): void;
  /** Whoever has found help, Tab or Enter needs no hint. */
  initiated(): void;
  /** Resolves when all of that was written, or told that it was not. */
  saved(): Promise<void>;
}

export interface HabitsDeps {
  readonly stage: ScreenStore;
  readonly file: PreferencesFile;
  readonly kept: Preferences;
}

export function createHabits({ stage, file, kept }: HabitsDeps): Habits {
  let preferences = kept;
  let saving = Promise.resolve();

  function keep(changes: Partial<Preferences>): void {
    preferences = { ...preferences, ...changes };
    const newest = preferences;
    // One after the other, for of two at once the older might be the last.
    saving = saving
      .then(() => file.save(newest))
      .catch((error: unknown) => {
        stage.tell(`This is not kept for the next time: ${String(error)}`, 'bad');
      });
  }

  return {
    keep,
    saved: () => saving,
    initiated() {
      if (!stage.state.hint) return;
      stage.update((state) => ({ ...state, hint: false }));
      keep({ initiated: true });
    },
  };
}
