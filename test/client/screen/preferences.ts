import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { settingsFrom } from '../../../lib/client/commands/settings.js';
import type { Preferences } from '../../../lib/client/screen/preferences.js';
import { createPreferenceKeeper, openPreferences } from '../../../lib/client/screen/preferences.js';
import { createScreenScene } from '../../support/screen-scene.js';
import { settle } from '../../support/streams.js';

const server = { host: 'chat.example.org', port: 6697 };
const defaults = settingsFrom(undefined);
const none = { hintSeen: false, ignored: [], notify: {}, settings: defaults };

async function file(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-'));
  t.teardown(() => rm(folder, { recursive: true }));
  return join(folder, 'screen.json');
}

t.test('preferences are kept for each server', async (t) => {
  const path = await file(t);
  const settings = { ...defaults, clock: '12h' as const };
  const chosen = { hintSeen: true, ignored: ['eve'], notify: { '#lobby': 'all' as const }, settings };
  t.same(await openPreferences(path, server).load(), none);
  await openPreferences(path, server).save(chosen);
  t.same(await openPreferences(path, server).load(), chosen);
  t.same(await openPreferences(path, { ...server, port: 1 }).load(), none);
  t.equal((await stat(path)).mode & 0o777, 0o600);
});

t.test('a damaged file holds nothing, and damaged entries are left out', async (t) => {
  const path = await file(t);
  await writeFile(path, '{"chat.example');
  t.same(await openPreferences(path, server).load(), none);
  await writeFile(path, 'null');
  t.same(await openPreferences(path, server).load(), none);
  const damaged = {
    ...{ hintSeen: 'yes', ignored: ['eve', 7], notify: { '#lobby': 'often', '@bob': 'off' } },
    settings: { clock: '25h', seconds: 'on', valueOf: 'on' },
  };
  await writeFile(path, JSON.stringify({ 'chat.example.org:6697': damaged }));
  t.same(await openPreferences(path, server).load(), {
    hintSeen: false,
    ignored: ['eve'],
    notify: { '@bob': 'off' },
    settings: { ...defaults, seconds: 'on' },
  });
});

t.test('a hundred servers are kept', async (t) => {
  const path = await file(t);
  const many = Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`host${i}:1`, none]));
  await writeFile(path, JSON.stringify(many));
  await openPreferences(path, server).save({ ...none, hintSeen: true });
  const kept = Object.keys(JSON.parse(await readFile(path, 'utf8')) as object);
  t.equal(kept.length, 100);
  t.equal(kept.at(-1), 'chat.example.org:6697');
});

/** Habits with a disk that takes its time: each write ends when the test says so. */
function slowly() {
  const { store, pane } = createScreenScene();
  const writing: { preferences: Preferences; end: (error?: Error) => void }[] = [];
  const save = (preferences: Preferences) =>
    new Promise<void>((resolve, reject) => {
      writing.push({ preferences, end: (error) => (error === undefined ? resolve() : reject(error)) });
    });
  const habits = createPreferenceKeeper(store, { load: async () => none, save }, none);
  return { habits, writing, pane };
}

t.test('changes are written one after the other, all before leaving', async (t) => {
  const { habits, writing } = slowly();
  habits.hideHint();
  habits.keep({ ignored: ['eve'] });
  let saved = false;
  const saving = habits.saved().then(() => {
    saved = true;
  });
  await settle();
  t.same(
    writing.map(({ preferences }) => preferences),
    [{ ...none, hintSeen: true }],
  );
  writing[0]?.end();
  await settle();
  t.same(writing[1]?.preferences, { ...none, hintSeen: true, ignored: ['eve'] });
  t.notOk(saved);
  writing[1]?.end();
  await saving;
});

t.test('a failed write is reported, and the next one is tried', async (t) => {
  const { habits, writing, pane } = slowly();
  habits.keep({ ignored: ['eve'] });
  habits.keep({ ignored: ['eve', 'mallory'] });
  await settle();
  writing[0]?.end(new Error('the disk is full'));
  await settle();
  t.match(pane().at(-1), /Couldn't save your preferences: the disk is full/);
  writing[1]?.end();
  await habits.saved();
  t.same(writing[1]?.preferences.ignored, ['eve', 'mallory']);
});
