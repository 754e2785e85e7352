import t from 'tap';
import { granted, outcome, saying } from '../support/asking.js';
import { runServer } from '../support/running-server.js';

const seqsOf = (items: readonly { seq: number }[] = []) => items.map(({ seq }) => seq);

t.test('history pages between its bounds, from the end that its bounds mean', async (t) => {
  const seqs: number[] = [];
  const start = Date.parse('2026-01-01T00:00:00Z');
  const server = await runServer(t, {
    people: ['ada'],
    async furnish(store, accounts) {
      const [lobby] = await store.rooms();
      const said = { target: { room: lobby?.id ?? 0 }, account: accounts.get('ada')?.id ?? 0, action: false };
      for (let i = 0; i < 10; i++) {
        const kept = await store.append({ ...said, key: `k${i}`, text: `${i}`, at: start + i * 60_000 });
        if (kept.outcome === 'kept') seqs.push(kept.seq);
      }
    },
  });
  const ada = await server.enter('ada');
  const at = (i: number) => seqs[i] ?? 0;
  const cases = [
    [{}, [6, 7, 8, 9], true],
    [{ before: at(3) }, [0, 1, 2], false],
    [{ before: at(6) }, [2, 3, 4, 5], true],
    [{ after: at(2) }, [3, 4, 5, 6], true],
    [{ after: at(7) }, [8, 9], false],
    [{ after: at(1), before: at(8) }, [4, 5, 6, 7], true],
    [{ after: at(4), before: at(7) }, [5, 6], false],
    [{ since: '2026-01-01T00:02:00Z' }, [2, 3, 4, 5], true],
    [{ since: '2026-01-01T00:01:59.999Z', before: at(4) }, [2, 3], false],
    [{ since: '2026-01-01T00:02:00Z', after: at(6) }, [7, 8, 9], false],
    [{ since: '2027-01-01T00:00:00Z' }, [], false],
    [{ since: '2020-01-01T00:00:00Z' }, [0, 1, 2, 3], true],
  ] as const;
  for (const [bounds, expected, more] of cases) {
    const reply = await granted(ada, { type: 'history', room: 'lobby', limit: 4, ...bounds });
    t.same(seqsOf(reply.messages), expected.map(at), JSON.stringify(bounds));
    t.equal(reply.more, more, JSON.stringify(bounds));
  }
});

t.test('what is asked for has to be there: rooms, people, dates, one place at a time', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob'] });
  const ada = await server.enter('ada');
  await saying(ada, { room: 'lobby' }, 'a needle');
  const search = { type: 'search', words: 'needle' } as const;
  const never = '2026-13-45T99:00:00Z';
  t.equal(await outcome(ada, { ...search, room: 'attic' }), 'no-such-room');
  t.equal(await outcome(ada, { ...search, with: 'nobody1' }), 'no-such-name');
  t.equal(await outcome(ada, { ...search, from: 'nobody1' }), 'no-such-name');
  t.equal(await outcome(ada, { ...search, from: 'b o b' }), 'no-such-name');
  t.equal(await outcome(ada, { ...search, room: 'lobby', with: 'bob' }), 'bad-request');
  t.equal(await outcome(ada, { ...search, since: never }), 'bad-request');
  t.equal(await outcome(ada, { ...search, until: never }), 'bad-request');
  t.equal(await outcome(ada, { type: 'history', room: 'lobby', since: never }), 'bad-request');
  for (const type of ['history', 'files'] as const) {
    t.equal(await outcome(ada, { type }), 'bad-request', `${type} of nothing`);
    t.equal(await outcome(ada, { type, room: 'lobby', with: 'bob' }), 'bad-request', `${type} of two`);
    t.equal(await outcome(ada, { type, with: 'nobody1' }), 'no-such-name');
  }
  t.same((await granted(ada, { ...search, with: 'bob' })).found, [], 'who said nothing yet');
  t.same((await granted(ada, { ...search, from: 'Bob' })).found, []);
  t.match((await granted(ada, { ...search, from: 'ada', until: '2099-01-01T00:00:00Z' })).found, [
    { room: 'lobby', from: 'ada', excerpt: 'a needle', marks: [[2, 8]] },
  ]);
  t.same((await granted(ada, { ...search, since: '2099-01-01T00:00:00Z' })).found, []);
});

t.test('who asks and does not read gets nothing of a room left meanwhile', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob'], rate: 100_000 });
  const [bob, other] = [await server.enter('bob'), await server.enter('bob')];
  const ada = await server.enter('ada');
  for (const client of [ada, bob]) await granted(client, { type: 'join', room: 'dev' });
  const long = 'x'.repeat(4_000);
  for (let i = 0; i < 100; i++) await saying(ada, { room: 'dev' }, `${i} ${long}`);
  await granted(other, { type: 'ping' });
  other.pause();
  // Far more than the buffers of a loopback connection hold, so that the server has to wait.
  const ids = Array.from({ length: 60 }, (_, i) => 1_000 + i);
  other.send(...ids.map((id) => ({ type: 'history', id, room: 'dev' })));
  await granted(bob, { type: 'ping' });
  await saying(bob, { room: 'lobby' }, 'a moment');
  await granted(bob, { type: 'leave', room: 'dev' });
  other.resume();
  while (!other.frames.some((frame) => 're' in frame && frame.re === 1_059)) {
    if (other.isClosed) throw new Error('closed');
    await other.next('error');
  }
  const replies = other.frames.filter((frame) => 're' in frame && frame.re >= 1_000);
  t.equal(replies.length, ids.length);
  t.match(replies.at(-1), { type: 'error', code: 'not-a-member' });
  const parting = other.frames.findIndex(({ type }) => type === 'parted');
  const late = other.frames.slice(parting).filter((frame) => frame.type === 'ok' && 'messages' in frame);
  t.ok(late.length <= 1, `${late.length} pages after it left`);
});
