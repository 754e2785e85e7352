import { readdir } from 'node:fs/promises';
import t from 'tap';
import { someBytes, transferScene } from '../../support/transfer-scene.js';

const lobby = { room: 'lobby' };

t.test('transfers run one after the other in each direction', async (t) => {
  const { server, transfers, over, file, reached, clock } = await transferScene(t);
  await file('a', 'a');
  await file('b', 'b');
  server.shelf.set(17, { name: 'c', bytes: Buffer.from('c') });
  server.faults.push({ cut: 0 });
  const a = transfers.send('a', lobby);
  const b = transfers.send('b', lobby);
  t.same(b.progress, { state: 'waiting' });
  await reached(a.id, 'waiting');
  t.match(await over(transfers.get(17)), { id: 3, progress: { state: 'done' } });
  t.match(transfers.current, [{ id: 1 }, { id: 2, progress: { state: 'waiting' } }]);
  clock.advance(3_000);
  t.match(await over(b), { progress: { state: 'done' } });
  t.same([...server.kept.keys()], ['a', 'b']);
});

t.test('the latest or a named transfer is cancelled at once', async (t) => {
  const { server, transfers, file, reports, downloads } = await transferScene(t);
  await file('a', someBytes(100));
  server.shelf.set(17, { name: 'c', bytes: someBytes(100) });
  server.faults.push({ stall: true }, { stall: true });
  const sending = transfers.send('a', lobby);
  await server.connections.next();
  const queued = transfers.send('a', lobby);
  const getting = transfers.get(17);
  const { socket } = await server.connections.next();
  const closed = new Promise((resolve) => socket.once('close', resolve));
  t.match(transfers.cancel(), { id: getting.id, progress: { state: 'cancelled' } });
  await closed;
  t.match(transfers.cancel(sending.id), { id: sending.id, progress: { state: 'cancelled' } });
  t.equal(transfers.cancel(sending.id), undefined);
  t.equal(transfers.cancel(99), undefined);
  await reports.until(({ id, progress }) => id === queued.id && progress.state === 'done');
  t.equal(transfers.cancel(), undefined);
  t.same(
    server.asked.map((request) => [request.type, 'key' in request ? request.key : 0]),
    [
      ['offer', 'key-1'],
      ['fetch', 0],
      ['withdraw', 'key-1'],
      ['offer', 'key-2'],
    ],
  );
  const ends = reports.all.filter(({ progress }) => progress.state === 'cancelled');
  t.same(
    ends.map(({ id }) => id),
    [getting.id, sending.id],
  );
  await transfers.close();
  t.same(await readdir(downloads), []);
});

t.test('a transfer is cancelled while it waits or gets no reply', async (t) => {
  const { server, transfers, file, reached, clock } = await transferScene(t);
  await file('a', 'a');
  server.online = false;
  const waiting = transfers.send('a', lobby);
  await reached(waiting.id, 'waiting');
  transfers.cancel();
  await transfers.close();
  t.equal(clock.pending, 0);

  const { session } = server;
  const asked: string[] = [];
  const ask: typeof session.ask = (request) => {
    asked.push(request.type);
    return new Promise(() => {});
  };
  const silent = await transferScene(t, { session: { ...session, hello: session.hello, ask } });
  await silent.file('a', 'a');
  silent.transfers.send('a', lobby);
  while (asked.length === 0) await new Promise(setImmediate);
  silent.transfers.cancel();
  await silent.transfers.close();
  t.same(asked, ['offer', 'withdraw']);
});

t.test('closing cancels all transfers, and later ones', async (t) => {
  const { server, transfers, file, reports, clock, downloads } = await transferScene(t);
  await file('a', someBytes(1_000_000));
  server.shelf.set(17, { name: 'c', bytes: someBytes(1_000_000) });
  server.faults.push({ stall: true }, { stall: true });
  transfers.send('a', lobby);
  transfers.send('a', lobby);
  transfers.get(17);
  await server.connections.next();
  await server.connections.next();
  await transfers.close();
  t.same(transfers.current, []);
  transfers.get(17);
  await transfers.close();
  const ends = reports.all.filter(({ progress }) => progress.state === 'cancelled');
  t.same(ends.map(({ id }) => id).sort(), [1, 2, 3, 4]);
  t.same(await readdir(downloads), []);
  t.equal(clock.pending, 0);
});

t.test('progress is reported four times a second, a change of state at once', async (t) => {
  const { server, transfers, over, reports, clock } = await transferScene(t);
  const bytes = someBytes(5_000_000);
  server.shelf.set(17, { name: 'c', bytes });
  const transfer = await over(transfers.get(17));
  t.equal(transfer.done, bytes.length);
  t.ok(reports.all.length <= 4, `${reports.all.length} reports while no time passed`);

  server.faults.push({ cut: 1_000_000 });
  const second = transfers.get(17);
  const told = reports.until((report) => {
    clock.advance(report.progress.state === 'waiting' ? 30_000 : 250);
    return report.id === second.id && report.progress.state === 'done';
  });
  await told;
  const moving = reports.all.filter(({ id, progress }) => id === second.id && progress.state === 'moving');
  t.ok(moving.length >= 3, `${moving.length} reports as time passed`);
  const counts = moving.map(({ done }) => done);
  t.same(
    counts,
    [...counts].sort((a, b) => a - b),
    'never back',
  );
});
