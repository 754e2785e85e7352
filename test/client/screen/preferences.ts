import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openPreferences } from '../../../lib/client/screen/preferences.js';

const server = { host: 'chat.example.org', port: 6697 };
const none = { initiated: false, ignored: [], notify: {} };

async function file(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-'));
  t.teardown(() => rm(folder, { recursive: true }));
  return join(folder, 'screen.json');
}

t.test('what was chosen is there the next time, for each server apart', async (t) => {
  const path = await file(t);
  const chosen = { initiated: true, ignored: ['eve'], notify: { '#lobby': 'all' as const } };
  t.same(await openPreferences(path, server).load(), none);
  await openPreferences(path, server).save(chosen);
  t.same(await openPreferences(path, server).load(), chosen);
  t.same(await openPreferences(path, { ...server, port: 1 }).load(), none);
  t.equal((await stat(path)).mode & 0o777, 0o600);
});

t.test('a damaged file holds nothing, and what is damaged in a good one is left out', async (t) => {
  const path = await file(t);
  await writeFile(path, '{"chat.example');
  t.same(await openPreferences(path, server).load(), none);
  await writeFile(path, 'null');
  t.same(await openPreferences(path, server).load(), none);
  const damaged = { initiated: 'yes', ignored: ['eve', 7], notify: { '#lobby': 'often', '@bob': 'off' } };
  await writeFile(path, JSON.stringify({ 'chat.example.org:6697': damaged }));
  t.same(await openPreferences(path, server).load(), {
    initiated: false,
    ignored: ['eve'],
    notify: { '@bob': 'off' },
  });
});

t.test('a hundred servers are kept', async (t) => {
  const path = await file(t);
  const many = Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`host${i}:1`, none]));
  await writeFile(path, JSON.stringify(many));
  await openPreferences(path, server).save({ ...none, initiated: true });
  const kept = Object.keys(JSON.parse(await readFile(path, 'utf8')) as object);
  t.equal(kept.length, 100);
  t.equal(kept.at(-1), 'chat.example.org:6697');
});
