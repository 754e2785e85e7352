import { execFile } from 'node:child_process';
import { appendFile, chmod, mkdir, rename, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { hashOf } from '../../support/file-server.js';
import { someBytes, transferScene } from '../../support/transfer-scene.js';

const lobby = { room: 'lobby' };

t.test('a file is hashed, offered and sent', async (t) => {
  const { server, transfers, reports, over, file } = await transferScene(t);
  const bytes = someBytes(700_001);
  const path = await file('my photo.jpg', bytes);
  const first = transfers.send('"my photo.jpg"', { to: 'ben' });
  t.match(first, { id: 1, direction: 'send', name: 'my photo.jpg', path, size: undefined, done: 0 });
  t.same(first.progress, { state: 'hashing' });
  t.same(reports.all, []);
  t.match(await over(first), { size: bytes.length, done: bytes.length, progress: { state: 'done' } });
  t.same(server.asked, [
    {
      type: 'offer',
      to: 'ben',
      name: 'my photo.jpg',
      size: bytes.length,
      hash: hashOf(bytes),
      key: 'key-1',
    },
  ]);
  t.ok(server.kept.get('my photo.jpg')?.equals(bytes));
  t.same(transfers.current, []);
  const states = reports.all.map(({ progress }) => progress.state);
  t.same([...new Set(states)], ['hashing', 'moving', 'done']);
});

t.test('empty files, files in the home folder and links are sent', async (t) => {
  const { server, transfers, over, file, home, folder } = await transferScene(t);
  await file('empty', '');
  await writeFile(join(home, '.profile'), 'x');
  await symlink(join(folder, 'empty'), join(folder, 'link'));
  for (const path of ['empty', '~/.profile', 'link']) {
    t.match(await over(transfers.send(path, lobby)), { progress: { state: 'done' } }, path);
  }
  t.same([...server.kept.keys()], ['empty', 'profile', 'link']);
});

t.test('a file that cannot be read fails before anything is sent', async (t) => {
  const { server, transfers, over, folder, file } = await transferScene(t);
  await mkdir(join(folder, 'folder'));
  await promisify(execFile)('mkfifo', [join(folder, 'pipe')]);
  await symlink('loop', join(folder, 'loop'));
  await chmod(await file('secret', 'x'), 0);
  const tried: [string, RegExp][] = [
    ['missing', /no such file/],
    ['folder', /is a folder; make a zip/],
    ['pipe', /not a regular file/],
    ['/dev/zero', /not a regular file/],
    ['loop', /too many symbolic links/],
    ['x\0y', /not a valid file name/],
    ['', /is a folder/],
    ...(process.getuid?.() === 0 ? [] : [['secret', /permission denied/] as [string, RegExp]]),
  ];
  for (const [path, why] of tried) {
    t.match(await over(transfers.send(path, lobby)), { progress: { state: 'failed', why } }, path);
  }
  t.same(server.asked, []);
});

t.test('a file that is too large is refused without reading it', async (t) => {
  const { server, transfers, over, file, reports } = await transferScene(t);
  server.fileBytes = 1_000;
  await truncate(await file('large', ''), 2 ** 40);
  t.match(await over(transfers.send('large', lobby)), {
    done: 0,
    progress: { state: 'failed', why: /is 1 TiB; .*up to 1000 bytes/ },
  });
  t.same(server.asked, []);
  t.equal(reports.all.at(-1)?.progress.state, 'failed');
});

t.test('each refusal of the server has its sentence', async (t) => {
  const { server, transfers, over, file } = await transferScene(t);
  await file('a', 'a');
  const tried = [
    ['quota-exceeded', /delete a file first/],
    ['no-space', /disk is full/],
    ['not-delivered', /not delivered/],
    ['no-such-room', /no such room/],
    ['file-too-large', /because of file-too-large/],
  ] as const;
  for (const [code, why] of tried) {
    server.refusals.push(code);
    t.match(await over(transfers.send('a', lobby)), { progress: { state: 'failed', why } });
    server.faults.push({ refuse: code });
    t.match(await over(transfers.send('a', lobby)), { progress: { state: 'failed', why } });
  }
  const path = await file('large', someBytes(3_000_000));
  server.faults.push({ refuse: 'no-space', after: 100_000 });
  t.match(await over(transfers.send(path, lobby)), { progress: { state: 'failed', why: /disk is full/ } });
  t.same(server.asked.at(-1), { type: 'withdraw', key: `key-${tried.length * 2 + 1}` });
});

t.test('an upload that was cut anywhere continues from there', async (t) => {
  const { server, transfers, persisted, file } = await transferScene(t);
  const bytes = someBytes(600_000);
  await file('cut', bytes);
  for (const cut of [0, 1, 262_144, 300_000, 599_999]) {
    server.faults.push({ cut });
    server.kept.clear();
    t.match(await persisted(transfers.send('cut', lobby)), { progress: { state: 'done' } }, `${cut}`);
    t.ok(server.kept.get('cut')?.equals(bytes));
    const [first, second] = server.connections.all.slice(-2);
    t.equal(first?.offset, 0);
    t.equal(second?.offset, cut);
    const [offer, again] = server.asked.slice(-2);
    t.same(offer, again);
  }
  server.faults.push({ cut: 'before ready' }, { cut: 'before kept' });
  t.match(await persisted(transfers.send('cut', lobby)), { progress: { state: 'done' } });
});

t.test('an upload continues when the session is back', async (t) => {
  const { server, transfers, reached, clock, file, over } = await transferScene(t);
  const path = await file('late', 'late');
  server.online = false;
  const transfer = transfers.send(path, lobby);
  // More often than it is tried again in vain.
  for (let times = 1; times <= 6; times += 1) {
    await reached(transfer.id, 'waiting');
    clock.advance(3_600_000);
    t.equal(server.asked.length, times, 'the server is not asked while it is away');
    if (times < 6) transfers.resume();
  }
  server.online = true;
  transfers.resume();
  t.match(await over(transfer), { progress: { state: 'done' } });
});

t.test('an upload is given up after five tries without progress, and withdrawn', async (t) => {
  const { server, transfers, persisted, file } = await transferScene(t);
  await file('never', someBytes(1_000));
  // The second gets further than the first; then five do not.
  server.faults.push({ cut: 10 }, { cut: 10 });
  for (let tries = 0; tries < 5; tries += 1) server.faults.push({ cut: 0 });
  t.match(await persisted(transfers.send('never', lobby)), {
    progress: { state: 'failed', why: /gave up after 5 tries \(the connection was lost\)/ },
  });
  t.same(server.faults, []);
  t.same(server.asked.at(-1), { type: 'withdraw', key: 'key-1' });
});

t.test('an upload waits when the server is busy', async (t) => {
  const { server, transfers, persisted, file } = await transferScene(t);
  await file('a', 'a');
  server.refusals.push('limit-reached', 'rate-limited');
  server.faults.push({ refuse: 'ticket-invalid' }, { refuse: 'timed-out' });
  t.match(await persisted(transfers.send('a', lobby)), { progress: { state: 'done' } });
});

t.test('an idle file connection is closed', async (t) => {
  const { server, transfers, reached, clock, file, over } = await transferScene(t);
  await file('stalled', someBytes(100));
  server.faults.push({ stall: true });
  const transfer = transfers.send('stalled', lobby);
  await reached(transfer.id, 'moving');
  clock.advance(44_000);
  t.match(transfers.current, [{ progress: { state: 'moving' } }]);
  clock.advance(46_000);
  await reached(transfer.id, 'waiting');
  clock.advance(3_000);
  t.match(await over(transfer), { progress: { state: 'done' } });
});

t.test('a file that changes meanwhile is not sent', async (t) => {
  const changes = {
    grew: (path: string) => appendFile(path, 'more'),
    shrank: (path: string) => truncate(path, 10),
    'was written to': (path: string) => utimes(path, 1, 1),
  };
  for (const [how, change] of Object.entries(changes)) {
    const { server, transfers, reached, clock, file, over } = await transferScene(t);
    const path = await file('busy', someBytes(600_000));
    server.faults.push({ cut: 300_000 });
    const transfer = transfers.send('busy', lobby);
    await reached(transfer.id, 'waiting');
    await change(path);
    clock.advance(3_000);
    t.match(
      await over(transfer),
      { progress: { state: 'failed', why: /changed while it was being sent/ } },
      how,
    );
    t.equal(server.kept.size, 0);
  }
});

t.test('a file that is replaced meanwhile is sent as it was', async (t) => {
  const { server, transfers, reached, clock, file, over } = await transferScene(t);
  const bytes = someBytes(600_000);
  const path = await file('saved', bytes);
  server.faults.push({ cut: 300_000 });
  const transfer = transfers.send('saved', lobby);
  await reached(transfer.id, 'waiting');
  await rename(await file('new', 'another'), path);
  clock.advance(3_000);
  t.match(await over(transfer), { progress: { state: 'done' } });
  t.ok(server.kept.get('saved')?.equals(bytes));
});
