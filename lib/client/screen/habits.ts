/** What this person chose on the screen, kept as soon as it changes. Knows preferences, not what they are for. */
import type { Preferences, PreferencesFile } from './preferences.js';
import type { Stage } from './stage/stage.js';

export interface Habits {
  keep(changes: Partial<Preferences>): void;
  /** Whoever has found help, Tab or Enter needs no hint. */
  initiated(): void;
}

export interface HabitsDeps {
  readonly stage: Stage;
  readonly file: PreferencesFile;
  readonly kept: Preferences;
}

export function createHabits({ stage, file, kept }: HabitsDeps): Habits {
  let preferences = kept;

  function keep(changes: Partial<Preferences>): void {
    preferences = { ...preferences, ...changes };
    file.save(preferences).catch((error: unknown) => {
      stage.tell(`This is not kept for the next time: ${String(error)}`, 'bad');
    });
  }

  return {
    keep,
    initiated() {
      if (!stage.state.hint) return;
      stage.update((state) => ({ ...state, hint: false }));
      keep({ initiated: true });
    },
  };
}
