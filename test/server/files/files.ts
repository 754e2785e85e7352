import t from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import { fileScene, hashOf, someBytes, ticketOf, upload } from '../../support/file-scene.js';
import { ok } from '../../support/running-server.js';
import type { WireClient } from '../../support/wire-client.js';

/** The first 500 of 1,000 bytes of an upload whose key is k1. */
async function sendHalf(scene: Awaited<ReturnType<typeof fileScene>>, from: WireClient) {
  const bytes = someBytes(1_000);
  const wire = await scene.open(upload(ticketOf(await scene.offer(from, bytes, { key: 'k1' }))));
  await wire.answer();
  wire.socket.write(bytes.subarray(0, 500));
  await scene.partialBytes(500);
  return { bytes, wire };
}

t.test('a file can be as large as hello says', async (t) => {
  const scene = await fileScene(t, { files: { file: 1_000, account: 10_000 } });
  const ada = await scene.enter('ada');
  t.equal(ada.hello.limits.fileBytes, 1_000);
  t.match(await scene.offer(ada, someBytes(1_001)), { type: 'error', code: 'file-too-large' });
  await scene.post(ada, someBytes(1_000));
});

t.test('the size in hello never exceeds the quota', async (t) => {
  const scene = await fileScene(t, { files: { file: 1_000, account: 500 } });
  t.equal((await scene.enter('ada')).hello.limits.fileBytes, 500);
});

t.test('stored files and uploads both count for the quota', async (t) => {
  const scene = await fileScene(t, { files: { file: 1_000, account: 1_500 } });
  const [ada, bob] = [await scene.enter('ada'), await scene.enter('bob')];
  const exceeded = { type: 'error', code: 'quota-exceeded' };
  const seq = await scene.post(ada, someBytes(800));
  t.match(await scene.offer(ada, someBytes(701)), exceeded);
  ok(await scene.offer(ada, someBytes(600), { key: 'k1' }));
  t.match(await scene.offer(ada, someBytes(101)), exceeded, 'uploads count');
  ok(await scene.offer(ada, someBytes(650), { key: 'k1' }));
  ok(await scene.offer(bob, someBytes(1_000)));
  ok(await ada.ask({ type: 'withdraw', key: 'k1' }));
  ok(await scene.offer(ada, someBytes(700), { key: 'k2' }));
  ok(await ada.ask({ type: 'withdraw', key: 'k2' }));
  ok(await ada.ask({ type: 'remove', of: seq }));
  ok(await scene.offer(ada, someBytes(1_000)));
});

t.test('concurrent offers do not exceed the quota', async (t) => {
  const scene = await fileScene(t, { files: { file: 1_000, account: 1_500 } });
  const [one, two] = [await scene.enter('ada'), await scene.enter('ada', 'attach')];
  const replies = await Promise.all([scene.offer(one, someBytes(1_000)), scene.offer(two, someBytes(1_000))]);
  t.not(replies.filter(({ type }) => type === 'ok').length, 2, 'at most one fits');
});

t.test('an idle offer makes room for a new one', async (t) => {
  const scene = await fileScene(t, { files: { file: 1_000, account: 1_500 } });
  const ada = await scene.enter('ada');
  const wire = await scene.open(upload(ticketOf(await scene.offer(ada, someBytes(1_000), { key: 'k1' }))));
  await wire.answer();
  wire.socket.write(someBytes(500));
  await scene.partialBytes(500);
  scene.clock.advance(limits.ticketMs - 30_001);
  t.match(
    await scene.offer(ada, someBytes(1_000)),
    { type: 'error', code: 'quota-exceeded' },
    'it is active',
  );
  wire.socket.destroy();
  scene.clock.advance(limits.ticketMs);
  // After the server has noticed.
  while ((await scene.offer(ada, someBytes(1_000), { key: 'k2' })).type !== 'ok');
  t.equal(await scene.partialBytes(0), 0, 'its bytes are gone');
});

t.test('an upload interrupted by a logout counts, and a new offer resumes it', async (t) => {
  const scene = await fileScene(t, { files: { file: 1_000, account: 1_500 } });
  const ada = await scene.enter('ada');
  const { bytes, wire } = await sendHalf(scene, ada);
  await ada.ask({ type: 'logout', all: true }).catch(() => {});
  await wire.closed;
  const again = await scene.enter('ada');
  t.match(await scene.offer(again, someBytes(1_000)), { type: 'error', code: 'quota-exceeded' });
  const next = await scene.open(upload(ticketOf(await scene.offer(again, bytes, { key: 'k1' }))));
  t.match(await next.answer(), { type: 'ready', offset: 500 });
  next.socket.write(bytes.subarray(500));
  t.match(await next.answer(), { type: 'kept' });
});

t.test('an account can have eight unfinished uploads, without idle ones', async (t) => {
  const scene = await fileScene(t);
  const ada = await scene.enter('ada');
  for (let i = 0; i < 8; i++) ok(await scene.offer(ada, someBytes(1)));
  t.match(await scene.offer(ada, someBytes(1)), { type: 'error', code: 'limit-reached' });
  scene.clock.advance(limits.ticketMs + 1);
  ok(await scene.offer(ada, someBytes(1)));
});

t.test('another file with the same key does not resume the first', async (t) => {
  const scene = await fileScene(t);
  const ada = await scene.enter('ada');
  const wire = await scene.open(upload(ticketOf(await scene.offer(ada, someBytes(1_000), { key: 'k1' }))));
  await wire.answer();
  wire.socket.write(someBytes(500));
  await scene.partialBytes(500);
  const bytes = someBytes(600);
  t.match(await scene.send(ada, bytes, { key: 'k1' }), { type: 'kept' });
  t.equal(await scene.partialBytes(0), 0);
  t.same(await scene.storedHashes(), [hashOf(bytes)]);
});

t.test('withdrawing an offer discards its bytes, ticket and connection', async (t) => {
  const scene = await fileScene(t);
  const ada = await scene.enter('ada');
  const { bytes, wire } = await sendHalf(scene, ada);
  ok(await ada.ask({ type: 'withdraw', key: 'k1' }));
  await wire.closed;
  t.equal(await scene.partialBytes(0), 0);

  const ticket = ticketOf(await scene.offer(ada, bytes, { key: 'k2' }));
  ok(await ada.ask({ type: 'withdraw', key: 'k2' }));
  t.match(await (await scene.open(upload(ticket))).answer(), { type: 'error', code: 'ticket-invalid' });
  ok(await ada.ask({ type: 'withdraw', key: 'never-offered' }));
});

t.test('an offer must name one existing conversation', async (t) => {
  const scene = await fileScene(t);
  const ada = await scene.enter('ada');
  const code = async (where: object) => {
    const offer = { type: 'offer', name: 'a', size: 1, hash: 'A'.repeat(43), key: 'k', ...where } as const;
    const reply = await ada.ask(offer);
    return reply.type === 'error' ? reply.code : reply.type;
  };
  t.equal(await code({ room: 'nowhere' }), 'no-such-room');
  t.equal(await code({ to: 'nobody-here' }), 'no-such-name');
  t.equal(await code({}), 'bad-request');
  t.equal(await code({ room: 'lobby', to: 'bob' }), 'bad-request');
  t.equal(await code({ room: 'lobby', size: -1 }), 'bad-request');
  t.equal(await code({ room: 'lobby', hash: 'short' }), 'bad-request');
});
