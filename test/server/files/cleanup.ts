import t from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import { createCleanup } from '../../../lib/server/files/cleanup.js';
import { silentLog } from '../../../lib/server/log.js';
import { createNotices } from '../../../lib/server/notices.js';
import type { Blobs } from '../../../lib/store/blobs.js';
import type { ConversationKey } from '../../../lib/store/message-store.js';
import type { Peering } from '../../../lib/store/peer-store.js';
import type { Store } from '../../../lib/store/store.js';
import { createFakeClock } from '../../support/fake-clock.js';
import { fileScene, hashOf, someBytes, ticketOf, upload } from '../../support/file-scene.js';
import { folder, ok } from '../../support/running-server.js';
import type { WireClient } from '../../support/wire-client.js';

const hour = 3_600_000;

async function texts(client: WireClient): Promise<string[]> {
  const { messages = [] } = ok(await client.ask({ type: 'history', room: 'lobby' }));
  return messages.map(({ text }) => text);
}

t.test('without retention everything is kept', async (t) => {
  const scene = await fileScene(t);
  const ada = await scene.enter('ada');
  await ada.ask({ type: 'say', room: 'lobby', text: 'old', key: 'k1' });
  const bytes = someBytes(10);
  await scene.post(ada, bytes);
  await scene.cleanUp(1_000 * 24 * hour);
  const bob = await scene.enter('bob');
  t.same(await texts(bob), ['old', 'file.bin']);
  t.same(await scene.storedHashes(), [hashOf(bytes)]);
});

t.test('old messages and their files are deleted within an hour', async (t) => {
  const scene = await fileScene(t, { retention: { ms: 24 * hour }, people: ['ada'] });
  const before = await scene.enter('ada');
  await before.ask({ type: 'say', room: 'lobby', text: 'old', key: 'k1' });
  await scene.post(before, someBytes(10));
  await scene.cleanUp(20 * hour);
  const ada = await scene.enter('ada');
  await ada.ask({ type: 'say', room: 'lobby', text: 'young', key: 'k2' });
  t.same(await texts(ada), ['old', 'file.bin', 'young']);
  await scene.cleanUp(hour);
  t.equal((await scene.storedHashes()).length, 1);
  for (let i = 0; i < 4; i++) await scene.cleanUp(hour);
  t.same(await scene.storedHashes(), []);
  t.same(
    scene.events.filter(([event]) => /deleted/.test(event)),
    [
      ['old messages deleted', { count: 2 }],
      ['unused files deleted', { count: 1 }],
    ],
    'and the log says how many',
  );
  const later = await scene.enter('ada');
  t.same(await texts(later), ['young']);
  t.same(
    later.all('message').map(({ text }) => text),
    ['young'],
    'nor is what the room remembers replayed',
  );
});

t.test('what is kept can change while the server runs', async (t) => {
  const scene = await fileScene(t, { people: ['ada'] });
  const ada = await scene.enter('ada');
  await ada.ask({ type: 'say', room: 'lobby', text: 'old', key: 'k1' });
  await ada.ask({ type: 'say', room: 'lobby', text: 'young', key: 'k2' });
  await scene.cleanUp(hour);
  t.same(await texts(await scene.enter('ada')), ['old', 'young']);
  scene.live.retention = { messages: 1 };
  await scene.cleanUp(hour);
  t.same(await texts(await scene.enter('ada')), ['young']);
});

t.test('a limited number of messages is kept per conversation', async (t) => {
  const scene = await fileScene(t, { retention: { messages: 300 } });
  const [ada, bob] = [await scene.store.account('ada'), await scene.store.account('bob')];
  const [lobby] = await scene.store.rooms();
  if (ada === undefined || bob === undefined || lobby === undefined)
    throw new Error('an account or the lobby is missing');
  const say = (target: ConversationKey, text: string) =>
    scene.store.append({ target, account: ada.id, key: text, text, action: false, at: scene.clock.now() });
  const messages = (target: ConversationKey) => scene.store.history({ target, limit: 2_000, keep: 'oldest' });
  const [room, direct] = [{ room: lobby.id }, { direct: [ada.id, bob.id] }] as const;
  await say(direct, 'first');
  await Promise.all(Array.from({ length: 900 }, (_, i) => say(room, `${i}`)));
  t.equal((await messages(room)).length, 900);
  await scene.cleanUp(hour);
  t.equal((await messages(room)).length, 300);
  t.equal((await messages(room))[0]?.text, '600');
  t.match(await messages(direct), [{ text: 'first' }], 'each conversation has its own count');
});

t.test('a start deletes unreferenced files and old interrupted uploads', async (t) => {
  const data = await folder(t);
  const first = await fileScene(t, { data });
  const ada = await first.enter('ada');
  const bytes = someBytes(10);
  await first.post(ada, bytes);
  const wire = await first.open(upload(ticketOf(await first.offer(ada, someBytes(1_000)))));
  await wire.answer();
  wire.socket.write(someBytes(500));
  await first.partialBytes(500);
  await first.blobs.append('abc', lost());
  await first.blobs.finish('abc', hashOf(Buffer.from('lost')));
  await first.close();

  const second = await fileScene(t, { data });
  t.same(await second.storedHashes(), [hashOf(bytes)]);
  t.equal(await second.partialBytes(0), 500, 'a recent one can be resumed');
  second.clock.advance(limits.partialMs);
  await second.cleanUp(hour);
  t.equal(await second.partialBytes(0), 0);
  t.same(await second.storedHashes(), [hashOf(bytes)]);
});

t.test('without accounts no file is deleted: the database may be lost', async (t) => {
  const scene = await fileScene(t, { people: [] });
  await scene.blobs.append('abc', lost());
  const hash = hashOf(Buffer.from('lost'));
  await scene.blobs.finish('abc', hash);
  await scene.cleanUp(hour);
  t.same(await scene.storedHashes(), [hash]);
});

t.test('the files of a deleted room are deleted', async (t) => {
  const scene = await fileScene(t);
  const ada = await scene.enter('ada');
  ok(await ada.ask({ type: 'join', room: 'den', private: true }));
  await scene.post(ada, someBytes(10), { where: { room: 'den' } });
  ok(await ada.ask({ type: 'leave', room: 'den', end: true }));
  await scene.cleanUp(10_000);
  t.same(await scene.storedHashes(), []);
});

async function* lost(): AsyncGenerator<Buffer> {
  yield Buffer.from('lost');
}

t.test('a server whose clock is ahead of the database deletes nothing that others keep', async (t) => {
  const day = 24 * hour;
  const clock = createFakeClock(100 * day);
  const before: unknown[] = [];
  const peering = { now: async () => 10 * day } as Peering;
  const store = {
    peering,
    prune: async (pruning: { before?: number }) => Number(before.push(pruning.before)) * 0,
    countAccounts: async () => 1,
    unreferenced: async () => [],
  } as unknown as Store;
  const blobs = {
    discardBefore: async (at: number) => void before.push(at),
    async *list(at: number) {
      before.push(at);
      yield [];
    },
  } as unknown as Blobs;
  const cleanup = createCleanup({
    ...{ store, blobs, clock, log: silentLog, live: { retention: { ms: 2 * day } }, onPruned() {} },
    notices: createNotices({ store, clock, log: silentLog }),
  });
  await cleanup.run();
  await cleanup.close();
  t.same(before, [8 * day, 10 * day - limits.partialMs, 10 * day - hour]);
});
