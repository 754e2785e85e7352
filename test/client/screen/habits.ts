import t from 'tap';
import type { Preferences } from '../../../lib/client/screen/preferences.js';
import { createHabits } from '../../../lib/client/screen/preferences.js';
import { createStageScene } from '../../support/stage-scene.js';
import { settle } from '../../support/streams.js';

const kept: Preferences = { initiated: false, ignored: [], notify: {} };

/** Habits with a disk that takes its time: each write ends when the test says so. */
function slowly() {
  const { stage, pane } = createStageScene();
  const writing: { preferences: Preferences; end: (error?: Error) => void }[] = [];
  const save = (preferences: Preferences) =>
    new Promise<void>((resolve, reject) => {
      writing.push({ preferences, end: (error) => (error === undefined ? resolve() : reject(error)) });
    });
  const habits = createHabits({ stage, file: { load: async () => kept, save }, kept });
  return { habits, writing, pane };
}

t.test('what is chosen later is written later, and all of it before one leaves', async (t) => {
  const { habits, writing } = slowly();
  habits.initiated();
  habits.keep({ ignored: ['eve'] });
  let saved = false;
  const saving = habits.saved().then(() => {
    saved = true;
  });
  await settle();
  t.same(
    writing.map(({ preferences }) => preferences),
    [{ ...kept, initiated: true }],
  );
  writing[0]?.end();
  await settle();
  t.same(writing[1]?.preferences, { ...kept, initiated: true, ignored: ['eve'] });
  t.notOk(saved);
  writing[1]?.end();
  await saving;
});

t.test('what cannot be written is told, and the next one is tried all the same', async (t) => {
  const { habits, writing, pane } = slowly();
  habits.keep({ ignored: ['eve'] });
  habits.keep({ ignored: ['eve', 'mallory'] });
  await settle();
  writing[0]?.end(new Error('the disk is full'));
  await settle();
  t.match(pane().at(-1), /not kept for the next time: .*the disk is full/);
  writing[1]?.end();
  await habits.saved();
  t.same(writing[1]?.preferences.ignored, ['eve', 'mallory']);
});
