/** A clock that jumps deletes nothing: while the server runs, while it is down, ahead and back. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import { fileScene } from '../support/file-scene.js';
import { openInlineStore } from '../support/inline-store.js';
import { ok } from '../support/running-server.js';
import { startServerProcess } from '../support/server-process.js';

const hour = 3_600_000;
const day = 24 * hour;

t.test('a jump while the server runs deletes nothing; the clock set right, all goes on', async (t) => {
  const scene = await fileScene(t, { retention: { ms: 30 * day }, people: ['ada'] });
  const ada = await scene.enter('ada');
  for (const n of [1, 2, 3]) await ada.ask({ type: 'say', room: 'lobby', text: 'old', key: `k${n}` });
  const kept = async () => {
    const [lobby] = await scene.store.rooms();
    const target = { room: lobby?.id ?? 0 };
    return (await scene.store.history({ target, limit: 100, keep: 'oldest' })).length;
  };
  const start = scene.clock.now();
  for (const jump of [400 * day, -400 * day, 31 * day, 20 * 365 * day]) {
    scene.clock.set(start + jump);
    await scene.cleanUp(hour);
    t.equal(await kept(), 3, `${jump / day} days`);
  }
  scene.clock.set(start + 4 * hour);
  ok(await (await scene.enter('ada')).ask({ type: 'history', room: 'lobby' }));
  for (let passed = 0; passed < 31 * day; passed += day) await scene.cleanUp(day);
  t.equal(await kept(), 0, 'what is really old is deleted');
});

/** A module that moves the clock of a program by so much. */
async function shifted(t: Test, ms: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-clock-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, 'shift.mjs');
  await writeFile(file, `const { now } = Date;\nDate.now = () => now() + ${ms};\n`);
  return `--import=${pathToFileURL(file)}`;
}

t.test('a server that starts with a clock 400 days ahead deletes nothing', async (t) => {
  const server = await startServerProcess();
  t.teardown(() => server.close());
  const ana = server.connect(server.firstLink, 'ana');
  for (let n = 1; n <= 10; n++) ana.write(`message ${n}\n`);
  await ana.prints(/message 10/);
  ana.end();
  await ana.ended;
  server.process().kill('SIGTERM');
  await server.process().ended;

  const data = join(server.home.folder, 'data');
  const env = { NODE_OPTIONS: `${server.home.env.NODE_OPTIONS} ${await shifted(t, 400 * day)}` };
  const later = server.home.run(['server', '--data', data, '--port', '0', '--keep', '30d'], env);
  t.teardown(() => later.kill('SIGKILL'));
  await later.prints(/clock jumped ahead/, 'stderr');
  await later.prints(/^join link/m);
  later.kill('SIGTERM');
  t.equal(await later.ended, 0);
  t.notMatch(later.stderr(), /old messages deleted/);
  const file = join(data, 'secure-chat.db');
  const store = await openInlineStore({ file, onFailure: (error) => t.error(error) });
  const [lobby] = await store.rooms();
  const target = { room: lobby?.id ?? 0 };
  t.equal((await store.history({ target, limit: 100, keep: 'oldest' })).length, 10);
  await store.close();
});
