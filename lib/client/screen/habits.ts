/** What this person chose on the screen, kept as soon as it changes. Knows preferences, not what they are for. */
import type { Preferences, PreferencesFile } from './preferences.js';
import type { Stage } from './stage/stage.js';

export interface Habits {
  keep(changes: Partial<Preferences>): void;
  /** Whoever has found help, Tab or Enter needs no hint. */
  initiated(): void;
  /** Resolves when all of that was written, or told that it was not. */
  saved(): Promise<void>;
}

export interface HabitsDeps {
  readonly stage: Stage;
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
