/** Files between people of a real server, over connections that break. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { SessionEvent } from '../../lib/client/session/session.js';
import { startSession } from '../../lib/client/session/start-session.js';
import type { Transfer } from '../../lib/client/transfer/transfer.js';
import { createTransfers } from '../../lib/client/transfer/transfers.js';
import type { Message } from '../../lib/protocol/records.js';
import { systemClock } from '../../lib/system/clock.js';
import { startCuttingProxy } from '../support/cutting-proxy.js';
import { createFeed } from '../support/feed.js';
import { folder, runServer, type TestServer } from '../support/running-server.js';
import { someBytes } from '../support/transfer-scene.js';

/** A person's session and transfers; retries do not wait. */
async function person(t: Test, { name, server, port }: { name: string; server: TestServer; port: number }) {
  const home = await folder(t);
  const downloads = join(home, 'Downloads');
  const events = createFeed<SessionEvent>();
  const reports = createFeed<Transfer>();
  const session = await startSession({
    endpoint: { host: '127.0.0.1', port },
    verify: async () => {},
    credentials: { how: 'resume', token: server.token(name) },
    retryMs: 30_000,
    listener(event) {
      events.put(event);
      if (event.kind === 'synced') transfers.resume();
    },
  });
  let keys = 0;
  const transfers = createTransfers({
    session,
    clock: { ...systemClock, after: (ms, act) => systemClock.after(ms < 30_000 ? ms / 100 : ms, act) },
    makeKey: () => `${name}-file-${++keys}`,
    downloads,
    home,
    folder: home,
    report: reports.put,
  });
  t.teardown(async () => {
    await transfers.close();
    await session.quit();
  });
  await events.until(({ kind }) => kind === 'synced');
  const over = ({ id }: Transfer) =>
    reports.until((it) => it.id === id && ['done', 'failed', 'cancelled'].includes(it.progress.state));
  const announced = async (): Promise<Message> => {
    const found = await events.until(
      (it) => it.kind === 'event' && it.event.type === 'message' && it.event.file !== undefined,
    );
    return (found as { event: Message }).event;
  };
  /** Resolves when the chat is connected, once it was cut. */
  const back = () => events.until((it) => it.kind === 'synced' && !it.first);
  return { session, transfers, home, downloads, reports, over, announced, back };
}

async function people(t: Test) {
  const server = await runServer(t, { people: ['ana', 'ben', 'cleo'] });
  const proxy = await startCuttingProxy(server.port);
  t.teardown(proxy.close);
  const at = { server, port: proxy.port };
  const ana = await person(t, { name: 'ana', ...at });
  const ben = await person(t, { name: 'ben', ...at });
  const cleo = await person(t, { name: 'cleo', ...at });
  return { server, proxy, ana, ben, cleo };
}

t.test('a file arrives complete, wherever the connection breaks', async (t) => {
  const { proxy, ana, ben } = await people(t);
  const bytes = someBytes(3_000_000);
  await writeFile(join(ana.home, 'photo of us.jpg'), bytes);
  proxy.cuts.push(0, 700_000, 1_500_000);
  const sent = await ana.over(ana.transfers.send('photo of us.jpg', { room: 'lobby' }));
  t.same(sent.progress, { state: 'done' });
  t.equal(proxy.done, 3);
  const message = await ben.announced();
  t.match(message, { from: 'ana', room: 'lobby', file: { name: 'photo of us.jpg', size: bytes.length } });
  proxy.cuts.push(900_000, 0, 1_200_000);
  const got = await ben.over(ben.transfers.get(message.seq));
  t.match(got, { path: join(ben.downloads, 'photo of us.jpg'), progress: { state: 'done' } });
  t.equal(proxy.done, 6);
  t.ok((await readFile(got.path ?? '')).equals(bytes));
  t.same(await readdir(ben.downloads), ['photo of us.jpg']);
});

t.test('a transfer resumes when the chat has reconnected', async (t) => {
  const { proxy, ana, ben, cleo } = await people(t);
  const bytes = someBytes(3_000_000);
  await writeFile(join(ana.home, 'photo'), bytes);
  proxy.together = true;
  proxy.cuts.push(1_500_000);
  t.match(await ana.over(ana.transfers.send('photo', { room: 'lobby' })), { progress: { state: 'done' } });
  const { seq } = await ben.announced();
  // A chat that comes back later would take the next cut for itself.
  for (const one of [ana, cleo]) await one.back();
  proxy.cuts.push(1_500_000);
  const { path } = await ben.over(ben.transfers.get(seq));
  t.ok((await readFile(path ?? '')).equals(bytes));
  t.equal(proxy.done, 2);
});

t.test('a direct file can be fetched by its recipient only', async (t) => {
  const { ana, ben, cleo } = await people(t);
  await writeFile(join(ana.home, 'a'), 'secret');
  await ana.over(ana.transfers.send('a', { to: 'ben' }));
  const { seq } = await ben.announced();
  t.match(await cleo.over(cleo.transfers.get(seq)), { progress: { state: 'failed', why: /no such file/ } });
  const { path } = await ben.over(ben.transfers.get(seq, '~'));
  t.equal(await readFile(path ?? '', 'utf8'), 'secret');
});

t.test('a cancelled file is in no conversation, and the next one is sent', async (t) => {
  const { ana, ben } = await people(t);
  await mkdir(ana.downloads);
  await writeFile(join(ana.home, 'large'), someBytes(40_000_000));
  await writeFile(join(ana.home, 'small'), 'x');
  const large = ana.transfers.send('large', { room: 'lobby' });
  await ana.reports.until(({ progress }) => progress.state === 'moving');
  t.equal(ana.transfers.cancel()?.id, large.id);
  t.match(await ana.over(ana.transfers.send('small', { room: 'lobby' })), { progress: { state: 'done' } });
  t.match(await ben.announced(), { text: 'small' });
});
