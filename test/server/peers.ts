import t, { type Test } from 'tap';
import { createPeers, noPeers, type Peers } from '../../lib/server/peers.js';
import type { Change, Peering, ServerBeat, Told } from '../../lib/store/peer-store.js';
import { createFakeClock } from '../support/fake-clock.js';
import { turns } from '../support/turns.js';

type Handlers = Parameters<Peers['follow']>[0];

/** One server's view; the test is the database and the others. */
async function scene(t: Test) {
  const clock = createFakeClock();
  const told: Told[] = [];
  const buried: string[] = [];
  const happened: string[] = [];
  const others = new Map<string, ServerBeat>();
  let attendant: Parameters<Peering['attend']>[0] | undefined;
  const state = { reachable: true, there: true, ahead: 0 };
  const guard = async () => {
    if (!state.reachable) throw new Error('unreachable');
  };
  const peering: Peering = {
    server: 'me',
    attend(given) {
      attendant = given;
    },
    async look() {
      await guard();
      return [{ server: 'me', serves: state.there ? 1 : 0, beat: 0 }, ...others.values()];
    },
    async beat() {
      await guard();
      const { there } = state;
      state.there = true;
      return there;
    },
    now: async () => clock.now() - state.ahead,
    async bury({ server }) {
      buried.push(server);
      return others.delete(server);
    },
    async tell(what) {
      await guard();
      told.push(what);
    },
    enter: async () => ({ outcome: 'entered', replaced: [] }),
    setAway: async () => {},
    stored: async () => [],
    signedIn: async () => [],
  };
  const warn = (event: string, details?: object) => void happened.push(`${event} ${JSON.stringify(details)}`);
  const log = {
    info: (event: string) => void happened.push(event),
    warn,
    error: (event: string) => void happened.push(`error: ${event}`),
  };
  const peers = createPeers(peering, { clock, log });
  const handlers: Handlers = {
    onEntry: ({ entry }) => void happened.push(`entry ${entry.seq}`),
    onGone: (server) => void happened.push(`gone ${server}`),
    onLost: () => void happened.push('lost'),
    onError: () => {},
    onReach: (reached) => void happened.push(reached ? 'reached' : 'not reached'),
  };
  await peers.join();
  peers.follow(handlers);
  t.teardown(() => peers.close());
  return {
    ...{ peers, told, buried, happened, others, state },
    hear: (...changes: Change[]) => attendant?.onChanges(changes),
    hint: () => attendant?.onHint(),
    async pass(ms: number) {
      for (let rest = ms; rest > 0; rest -= 250) {
        clock.advance(250);
        await turns();
      }
    },
  };
}

const news = (type: string, payload: object): Change => ({
  kind: 'news',
  server: 'other',
  news: { type, news: payload },
});

t.test('an act is done here at once, and on the others when they hear of it', async (t) => {
  const { peers, told, hear } = await scene(t);
  const done: number[] = [];
  const act = peers.everywhere('act', ({ n }: { n: number }) => void done.push(n));
  const tell = peers.elsewhere('tell', ({ n }: { n: number }) => void done.push(-n));
  act({ n: 1 });
  tell({ n: 2 });
  t.same(done, [1]);
  await turns();
  t.same(told, [
    {
      news: [
        { type: 'act', news: { n: 1 } },
        { type: 'tell', news: { n: 2 } },
      ],
      left: [],
    },
  ]);
  hear(news('act', { n: 3 }), news('tell', { n: 4 }), news('of a newer version', {}));
  t.same(done, [1, 3, -4]);
  t.same(told.length, 1, 'what others did is not told again');
});

t.test('what another server told is looked at again', async (t) => {
  const { peers, hear } = await scene(t);
  const done: string[] = [];
  const act = peers.everywhere(
    'act',
    ({ n }: { n: number }) => void done.push(`act ${n}`),
    ({ n }) => void done.push(`heard ${n}`),
  );
  act({ n: 1 });
  hear(news('act', { n: 2 }));
  t.same(done, ['act 1', 'act 2', 'heard 2']);
});

t.test('an act that fails does not end the others', async (t) => {
  const { peers, hear, happened } = await scene(t);
  peers.elsewhere('bad', () => {
    throw new Error('no');
  });
  hear(news('bad', {}), { kind: 'entry', entry: { seq: 7 } as never, target: { room: 1 } });
  t.same(happened, ['error: news of another server failed', 'entry 7']);
});

t.test('news that could not be sent goes out in order once the database is back', async (t) => {
  const { peers, told, state, pass } = await scene(t);
  const tell = peers.elsewhere('tell', () => {});
  state.reachable = false;
  tell({ n: 1 });
  peers.left('terminal');
  await turns();
  tell({ n: 2 });
  await pass(1_000);
  t.same(told, []);
  state.reachable = true;
  await pass(500);
  t.same(told, [
    {
      news: [
        { type: 'tell', news: { n: 1 } },
        { type: 'tell', news: { n: 2 } },
      ],
      left: ['terminal'],
    },
  ]);
});

t.test('a server that hangs is taken for dead after 12 s; one that runs is not', async (t) => {
  const { others, buried, happened, pass, peers } = await scene(t);
  others.set('still', { server: 'still', serves: 1, beat: 5 });
  for (let second = 0; second < 11; second++) {
    others.set('moving', { server: 'moving', serves: 1, beat: second });
    await pass(1_000);
  }
  t.same(buried, []);
  t.equal(peers.others, true);
  await pass(2_000);
  t.same(buried, ['still']);
  t.same(happened, ['gone still']);
});

t.test('a server that could not look for a while does not take the others for dead', async (t) => {
  const { others, buried, state, pass } = await scene(t);
  others.set('other', { server: 'other', serves: 1, beat: 5 });
  await pass(6_000);
  state.reachable = false;
  await pass(30_000);
  state.reachable = true;
  await pass(6_000);
  t.same(buried, []);
});

t.test('a server that says goodbye, and a command that ends, are no loss', async (t) => {
  const { others, happened, hear, pass } = await scene(t);
  others.set('polite', { server: 'polite', serves: 1, beat: 5 });
  others.set('command', { server: 'command', serves: 0, beat: 0 });
  await pass(500);
  hear(news('goodbye', { server: 'polite' }));
  others.clear();
  await pass(500);
  t.same(happened, []);
});

t.test('a server that the others took for dead notices it at its next look', async (t) => {
  const { state, happened, pass } = await scene(t);
  await pass(500);
  state.there = false;
  await pass(500);
  t.same(happened, ['lost']);
  await pass(10_000);
  t.same(happened, ['lost'], 'once');
});

t.test('one that has missed too much begins anew', async (t) => {
  const { happened, hear } = await scene(t);
  hear({ kind: 'too-much' }, { kind: 'entry', entry: { seq: 7 } as never, target: { room: 1 } });
  t.same(happened, ['lost', 'entry 7']);
});

t.test("a clock that differs from the database's is said once, and when it no longer does", async (t) => {
  const { state, happened, pass } = await scene(t);
  state.ahead = 10_000;
  await pass(20_000);
  t.same(happened, []);
  for (const ahead of [120_000, -120_000]) {
    state.ahead = ahead;
    await pass(11_000);
    t.match(happened.splice(0), [/^clock differs.*"ahead":"-?120 s"/]);
    state.ahead = 0;
    await pass(6_000);
    t.match(happened.splice(0), [/^clock is/]);
  }
});

t.test('it is said when the database does not answer for 3 s, and when it does again', async (t) => {
  const { state, happened, pass, peers, others } = await scene(t);
  others.set('other', { server: 'other', serves: 1, beat: 5 });
  await pass(500);
  state.reachable = false;
  await pass(2_500);
  t.same(happened, []);
  await pass(1_000);
  t.same(happened, ['not reached']);
  t.equal(peers.others, false, 'and nothing can be sent to them');
  state.reachable = true;
  await pass(500);
  t.same(happened, ['not reached', 'reached']);
});

t.test('the only server does everything here', async (t) => {
  const done: number[] = [];
  noPeers.everywhere('act', ({ n }: { n: number }) => void done.push(n))({ n: 1 });
  noPeers.elsewhere('tell', ({ n }: { n: number }) => void done.push(n))({ n: 2 });
  t.same(done, [1]);
  t.equal(noPeers.others, false);
});
