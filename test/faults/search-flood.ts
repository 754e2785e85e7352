/** Expensive searches of one person, and what the others do meanwhile: none of it waits for them. */
import t from 'tap';
import type { MethodCall } from '../../lib/store/sql/methods.js';
import type { StartConnection } from '../../lib/store/sql/open-store.js';
import { openSqliteStoreOn } from '../../lib/store/sqlite/open.js';
import { startInline } from '../support/inline-store.js';
import { post, requestOk } from '../support/requests.js';
import { runServer } from '../support/running-server.js';
import { turns } from '../support/turns.js';

/** Threads of which one stops at its first search, until it is released. */
function stoppingThreads() {
  const held: (() => void)[] = [];
  let stopping = true;
  const start: StartConnection = async (options) => {
    const thread = await startInline(options);
    return {
      ...thread,
      send(calls: readonly MethodCall[]) {
        if (stopping && calls.some(({ method }) => method === 'search')) held.push(() => thread.send(calls));
        else thread.send(calls);
      },
    };
  };
  return {
    start,
    held,
    release() {
      stopping = false;
      for (const send of held.splice(0)) send();
    },
  };
}

t.test('messages, history and sign-ins go on while searches take forever', async (t) => {
  const threads = stoppingThreads();
  const server = await runServer(t, {
    people: ['ada', 'bob'],
    openStore: (options) => openSqliteStoreOn(threads.start, options),
    async prepare(store, accounts) {
      const [lobby] = await store.rooms();
      const said = { target: { room: lobby?.id ?? 0 }, account: accounts.get('bob')?.id ?? 0, action: false };
      const keys = Array.from({ length: 1_500 }, (_, n) => `k${n}`);
      await Promise.all(keys.map((key) => store.append({ ...said, key, text: 'the same', at: 1 })));
    },
  });
  const bobs = await Promise.all([server.enter('bob'), server.enter('bob')]);
  let found = 0;
  const searches = bobs.flatMap((bob) =>
    Array.from({ length: 10 }, async () => {
      const reply = await requestOk(bob, { type: 'search', words: '"same the"', limit: 10 });
      t.same(reply.found, []);
      found++;
    }),
  );
  while (threads.held.length === 0) await turns();

  // She has been away for long: the reader counts what is unread.
  const ada = await server.dial();
  const reply = await requestOk(ada, { type: 'resume', token: server.token('ada') });
  t.match(reply.conversations, [{ room: 'lobby', unread: 1_000 }]);
  await requestOk(ada, { type: 'sync' });
  await post(ada, { room: 'lobby' }, 'hello');
  const { messages = [] } = await requestOk(ada, { type: 'history', room: 'lobby', limit: 1 });
  t.equal(messages[0]?.text, 'hello');
  t.match(await requestOk(ada, { type: 'conversations' }), { conversations: [{ unread: 1_000 }] });
  t.equal(threads.held.length, 1, 'one search is under way');
  t.equal(found, 0);

  threads.release();
  await Promise.all(searches);
  t.equal(found, 20);
});
