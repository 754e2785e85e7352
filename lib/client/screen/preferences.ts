/** What a person chose on the screen, kept per server for the next time. Knows a file, no secrets. */
import { readFile } from 'node:fs/promises';
import { rewriteAtomically } from '../../system/shared-file.js';
import { type Endpoint, formatEndpoint } from '../../trust/endpoint.js';
import { type Settings, settingsFrom } from '../commands/settings.js';
import type { Notify } from './state/state.js';
import type { ScreenStore } from './state/store.js';

export interface Preferences {
  /** The hint for newcomers is no longer shown. */
  readonly hintSeen: boolean;
  /** Names whose messages are not shown. */
  readonly ignored: readonly string[];
  /** By conversation id; the rest has the default. */
  readonly notify: Readonly<Record<string, Notify>>;
  readonly settings: Settings;
}

export interface PreferencesFile {
  load(): Promise<Preferences>;
  /** Rejects with the system's error. */
  save(preferences: Preferences): Promise<void>;
}

const none: Preferences = { hintSeen: false, ignored: [], notify: {}, settings: settingsFrom(undefined) };
const serversKept = 100;

/** @param path in a folder that exists. A missing or damaged file holds nothing. */
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
      const text = `${JSON.stringify(Object.fromEntries(kept), undefined, 2)}\n`;
      await rewriteAtomically(path, text, { mode: 0o600 });
    },
  };
}

function checked(value: unknown): Preferences {
  if (typeof value !== 'object' || value === null) return none;
  const { hintSeen, ignored, notify, settings } = value as Record<string, unknown>;
  const names = Array.isArray(ignored) ? ignored.filter((name) => typeof name === 'string') : [];
  const entries = typeof notify === 'object' && notify !== null ? Object.entries(notify) : [];
  return {
    hintSeen: hintSeen === true,
    ignored: names,
    notify: Object.fromEntries(entries.filter((entry): entry is [string, Notify] => isNotify(entry[1]))),
    settings: settingsFrom(settings),
  };
}

function isNotify(value: unknown): value is Notify {
  return value === 'off' || value === 'mention' || value === 'all';
}

export interface PreferenceKeeper {
  keep(changes: Partial<Preferences>): void;
  /** The person has found help, Tab or Enter. */
  hideHint(): void;
  /** Resolves once everything is written, or a notice says that it could not be. */
  saved(): Promise<void>;
}

export function createPreferenceKeeper(
  store: ScreenStore,
  file: PreferencesFile,
  kept: Preferences,
): PreferenceKeeper {
  let preferences = kept;
  let saving = Promise.resolve();

  function keep(changes: Partial<Preferences>): void {
    preferences = { ...preferences, ...changes };
    const newest = preferences;
    // One after the other: of two at once the older might be written last.
    saving = saving
      .then(() => file.save(newest))
      .catch((error: unknown) => {
        store.notice(
          `Couldn't save your preferences: ${error instanceof Error ? error.message : String(error)}`,
          'bad',
        );
      });
  }

  return {
    keep,
    saved: () => saving,
    hideHint() {
      if (!store.state.hint) return;
      store.update((state) => ({ ...state, hint: false }));
      keep({ hintSeen: true });
    },
  };
}
