import t, { type Test } from 'tap';
import type { EntryEvent } from '../../../lib/protocol/events.js';
import { encodeFrame } from '../../../lib/protocol/frame.js';
import {
  createRecentEntries,
  createRecentMemory,
  type LogEnd,
  mostBytes,
} from '../../../lib/server/chat/recent-entries.js';

const message = (seq: number, text = `${seq}`): EntryEvent => {
  return { type: 'message', seq, room: 'lobby', from: 'ada', text, at: '', key: `k${seq}` };
};
const encoded = (seq: number) => ({ seq, frame: encodeFrame(message(seq)) });
const end = (after: number, ...seqs: number[]): LogEnd => ({ after, entries: seqs.map(encoded) });
const bytes = (...seqs: number[]) => Buffer.concat(seqs.map((seq) => encoded(seq).frame));

function setUp(limit = 10 * mostBytes) {
  const memory = createRecentMemory(limit);
  const recent = createRecentEntries(memory);
  const add = (event: EntryEvent) => recent.add(event, encodeFrame(event));
  return { memory, recent, add };
}

/** A read of the log that ends when it is told to. */
function heldRead() {
  let release = (_end: LogEnd) => {};
  const read = () => new Promise<LogEnd>((resolve) => (release = resolve));
  return { read, release: (log: LogEnd) => release(log) };
}

t.test('nothing is known, and nothing kept, before the first reader', (t) => {
  const { memory, recent, add } = setUp();
  add(message(1));
  t.equal(recent.after(0), undefined);
  t.equal(recent.floor(50, 0), undefined);
  t.equal(memory.total, 0);
  t.end();
});

t.test('after a read, what is sent is added, once', async (t) => {
  const { recent, add } = setUp();
  const held = heldRead();
  const loaded = [recent.load(held.read), recent.load(() => Promise.reject(new Error('read twice')))];
  for (const seq of [7, 9]) add(message(seq));
  held.release(end(3, 4, 6, 7));
  await Promise.all(loaded);
  add(message(12));
  t.same(recent.after(3), { frames: bytes(4, 6, 7, 9, 12), newest: 12, reactedTo: [] });
  t.same(recent.after(8), { frames: bytes(9, 12), newest: 12, reactedTo: [] });
  t.same(recent.after(12), { frames: bytes(), newest: 12, reactedTo: [] });
  t.equal(recent.after(2), undefined, 'only the store knows whether there is an entry 3');
});

t.test('the floor is that of the store', async (t) => {
  const { recent } = setUp();
  await recent.load(async () => end(3, 4, 6, 7));
  t.equal(recent.floor(2, 0), 4);
  t.equal(recent.floor(2, 4), 0);
  t.equal(recent.floor(3, 3), 0);
  t.equal(recent.floor(3, 2), undefined);
});

t.test('reactions are replayed, but no floor counts them', async (t) => {
  const { recent, add } = setUp();
  await recent.load(async () => end(3, 4, 6, 7));
  const reaction = (seq: number, of: number): EntryEvent => ({
    ...{ type: 'reaction', seq, room: 'lobby', from: 'ada', at: '', emoji: '👍' },
    ...{ of: { seq: of }, reactions: [{ emoji: '👍', count: 1 }] },
  });
  for (const event of [reaction(8, 6), reaction(9, 2), message(10)]) add(event);
  add({ ...message(11), reactions: [{ emoji: '👍', count: 1 }] } as EntryEvent);
  t.equal(recent.floor(3, 0), 6);
  t.equal(recent.floor(2, 6), 7);
  t.equal(recent.floor(3, 6), 0);
  t.match(recent.after(8), { newest: 11, reactedTo: [2, 11] });
  t.same(recent.after(6)?.reactedTo, [6, 2, 11]);
});

t.test('an edit or a removal makes it forget, also while it reads', async (t) => {
  for (const type of ['edited', 'removed'] as const) {
    const { memory, recent, add } = setUp();
    const change = { type, seq: 8, of: 4, room: 'lobby', from: 'ada', text: 'new', at: '' } as EntryEvent;
    await recent.load(async () => end(0, 4));
    add(change);
    t.equal(recent.after(0), undefined);
    t.equal(memory.total, 0);
    const held = heldRead();
    const loaded = recent.load(held.read);
    add(change);
    held.release(end(0, 4));
    await loaded;
    t.equal(recent.after(0), undefined, 'it may have been read before');
  }
});

t.test('a failed read is reported, and can be repeated', async (t) => {
  const { recent } = setUp();
  await t.rejects(
    recent.load(() => Promise.reject(new Error('disk'))),
    { message: 'disk' },
  );
  await recent.load(async () => end(0, 4));
  t.same(recent.after(0), { frames: bytes(4), newest: 4, reactedTo: [] });
});

async function fill(t: Test, { recent, add, memory }: ReturnType<typeof setUp>) {
  await recent.load(async () => end(0));
  const text = 'x'.repeat(4_000);
  const early = recent.after(0);
  for (let seq = 1; seq <= 1_000; seq++) add(message(seq, text));
  t.ok(memory.total <= mostBytes, `${memory.total} bytes`);
  t.same(early?.frames.length, 0);
  return text;
}

t.test(
  'a room keeps the newest entries within its bytes, and what was handed out does not change',
  async (t) => {
    const scene = setUp();
    const { recent, add } = scene;
    const text = await fill(t, scene);
    t.equal(recent.after(0), undefined);
    const found = recent.after(950);
    const expected = Array.from({ length: 50 }, (_, n) => encodeFrame(message(951 + n, text)));
    t.equal(found?.newest, 1_000);
    t.ok(found?.frames.equals(Buffer.concat(expected)), 'fifty long ones fit');
    for (let seq = 1_001; seq <= 1_500; seq++) add(message(seq, text));
    t.ok(found?.frames.equals(Buffer.concat(expected)));
    t.equal(recent.floor(10, 0), 1_490);
  },
);

t.test('together they keep the rooms that were read last', async (t) => {
  const memory = createRecentMemory(10 * 1024);
  const [one, two, three] = [0, 1, 2].map(() => createRecentEntries(memory));
  for (const room of [one, two]) await room?.load(async () => end(0, 4));
  one?.after(0);
  await three?.load(async () => end(0, 4));
  t.ok(memory.total <= 10 * 1024);
  t.same(
    [one, two, three].map((room) => room?.after(0) !== undefined),
    [true, false, true],
  );
});
