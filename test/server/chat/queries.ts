import t, { type Test } from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import { openChat } from '../../../lib/server/app.js';
import type { Member } from '../../../lib/server/chat/presence.js';
import { listFiles, readHistory, runSearch } from '../../../lib/server/chat/queries.js';
import type { SearchQuery } from '../../../lib/store/message-store.js';
import { outcome, post, requestOk } from '../../support/requests.js';
import { makeAccount, runServer } from '../../support/running-server.js';
import { chatSettings, sessionScene } from '../../support/session-scene.js';
import { people } from '../../support/store-subject.js';
import { createTestMember, testMemberOf } from '../../support/test-members.js';

const seqsOf = (items: readonly { seq: number }[] = []) => items.map(({ seq }) => seq);

t.test('a page of history starts at the end that its bounds mean', async (t) => {
  const seqs: number[] = [];
  const start = Date.parse('2026-01-01T00:00:00Z');
  const server = await runServer(t, {
    people: ['ada'],
    async prepare(store, accounts) {
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
    const reply = await requestOk(ada, { type: 'history', room: 'lobby', limit: 4, ...bounds });
    t.same(seqsOf(reply.messages), expected.map(at), JSON.stringify(bounds));
    t.equal(reply.more, more, JSON.stringify(bounds));
  }
});

t.test('queries for unknown rooms, people and dates, or for two conversations, are refused', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob'] });
  const ada = await server.enter('ada');
  await post(ada, { room: 'lobby' }, 'a needle');
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
  t.same((await requestOk(ada, { ...search, with: 'bob' })).found, [], 'who said nothing yet');
  t.same((await requestOk(ada, { ...search, from: 'Bob' })).found, []);
  t.match((await requestOk(ada, { ...search, from: 'ada', until: '2099-01-01T00:00:00Z' })).found, [
    { room: 'lobby', from: 'ada', excerpt: 'a needle', marks: [[2, 8]] },
  ]);
  t.same((await requestOk(ada, { ...search, since: '2099-01-01T00:00:00Z' })).found, []);
});

t.test('a reader that stalls gets nothing of a room it left meanwhile', async (t) => {
  const { store, clock } = await sessionScene(t);
  const chat = await openChat({ ...chatSettings, store, clock });
  const other = await createTestMember(store, 'ada');
  let read = () => {};
  const drained = new Promise<void>((resolve) => {
    read = resolve;
  });
  const ada = { ...testMemberOf(other.account), drained: () => drained };
  for (const member of [other, ada]) {
    chat.rooms.load(member.account.id, {
      standings: await store.conversations(member.account.id),
      mutes: [],
    });
    chat.presence.add(member, 'attach');
  }
  await chat.membership.join(other, { type: 'join', id: 1, room: 'dev' });
  const inDev = { id: 2, room: 'dev' } as const;
  const asked = [
    readHistory(chat, ada, { type: 'history', ...inDev }),
    listFiles(chat, ada, { type: 'files', ...inDev }),
    runSearch(chat, ada, { type: 'search', words: '', ...inDev }),
  ];
  const answers = Promise.allSettled(asked);
  await chat.membership.leave(other, { type: 'leave', id: 3, room: 'dev', end: true });
  read();
  for (const answer of await answers)
    t.match(answer, { status: 'rejected', reason: { code: 'no-such-room' } });
});

/** A search whose store finds one message in each turn, from seq 9 down, in `turnMs`. */
async function slowSearch(t: Test, turnMs: number) {
  const { store, clock } = await sessionScene(t);
  const asked: SearchQuery[] = [];
  const search = async (query: SearchQuery) => {
    asked.push(query);
    clock.pass(turnMs);
    const seq = (query.before ?? 10) - 1;
    const hit = { seq, at: seq, from: 'ada', kind: 'room', name: 'lobby', excerpt: '', marks: [] } as const;
    return { hits: [hit], more: seq > 1, ...(seq > 1 && { reached: { seq, at: seq }, blocks: seq }) };
  };
  const chat = await openChat({ ...chatSettings, clock, store: { ...store, search } });
  const ada = await createTestMember(store, 'ada');
  return {
    asked,
    run: async (limit: number, member: Member = ada) => {
      const request = { type: 'search', id: 1, words: 'x', limit } as const;
      const { found, more, reached } = await runSearch(chat, member, request);
      return { seqs: seqsOf(found), more, reached };
    },
    ada,
  };
}

t.test('a search goes on turn by turn until its page is full or all is searched', async (t) => {
  const { run, asked } = await slowSearch(t, 10);
  t.same(await run(4), { seqs: [9, 8, 7, 6], more: true, reached: undefined });
  t.same(
    asked.map(({ before, limit, blocks }) => [before, limit, blocks]),
    [
      [undefined, 4, undefined],
      [9, 3, 9],
      [8, 2, 8],
      [7, 1, 7],
    ],
  );
  t.same(await run(50), { seqs: [9, 8, 7, 6, 5, 4, 3, 2, 1], more: false, reached: undefined });
});

t.test('a search ends when its time is over, and says how far it came', async (t) => {
  const { run } = await slowSearch(t, limits.searchMs / 2);
  const reached = { seq: 8, at: new Date(8).toISOString() };
  t.same(await run(50), { seqs: [9, 8], more: true, reached });
});

t.test('a search ends when the connection does', async (t) => {
  const { run, asked, ada } = await slowSearch(t, 1);
  await run(50, { ...ada, alive: false });
  t.equal(asked.length, 1);
});

t.test('the people of a large room come by name, a page at a time', async (t) => {
  const many = Array.from({ length: 2 * limits.peoplePage }, (_, i) => `p${i}`);
  const server = await runServer(t, {
    people: ['ada'],
    async prepare(store) {
      await Promise.all(many.map((name) => makeAccount(store, name, 'none')));
    },
  });
  const ada = await server.enter('ada');
  const pages: string[][] = [];
  for (let more = true; more; ) {
    const after = pages.at(-1)?.at(-1);
    const reply = await requestOk(ada, { type: 'who', room: 'lobby', ...(after !== undefined && { after }) });
    pages.push((reply.people ?? []).map(({ name }) => name));
    more = reply.more ?? false;
  }
  t.same(
    pages.map(({ length }) => length),
    [limits.peoplePage, limits.peoplePage, 1],
  );
  t.same(pages.flat(), ['ada', ...many].sort());
  t.match(await requestOk(ada, { type: 'who' }), { people: [{ name: 'ada' }], more: undefined });
});

t.test('a page of the people of a room reads no more of them than it shows', async (t) => {
  const rows: number[] = [];
  const scene = await sessionScene(t, {
    storeOf: (store) => ({
      ...store,
      async members(...page) {
        const members = await store.members(...page);
        rows.push(members.length);
        return members;
      },
    }),
  });
  const many = Array.from({ length: limits.peoplePage }, (_, index) => `p${index}`);
  await people(scene.store, ...many);
  const { wire: zoe } = await scene.signIn('zoe');
  await requestOk(zoe, { type: 'away', text: 'lunch' });
  const first = await requestOk(zoe, { type: 'who', room: 'lobby' });
  t.same([first.people?.length, first.more], [limits.peoplePage, true]);
  t.match(first.people?.[0], { name: 'p0', role: 'member', room: 'member', terminals: 0 });
  const last = await requestOk(zoe, { type: 'who', room: 'lobby', after: first.people?.at(-1)?.name ?? '' });
  t.same(last.people, [{ name: 'zoe', role: 'member', room: 'member', terminals: 1, away: 'lunch' }]);
  t.equal(last.more, undefined);
  t.same(rows, [limits.peoplePage + 1, 1]);
});
