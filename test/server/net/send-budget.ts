import t from 'tap';
import { createSendBudget, type SendBudget } from '../../../lib/server/net/send-budget.js';
import { randomNumbers } from '../../support/random.js';

interface Peer {
  unsent: number;
  ended: boolean;
  drop(): void;
}

/** Ends like a connection: its drop settles it, at once or when the test says so. */
function createPeer(budget: SendBudget): Peer {
  const peer: Peer = {
    unsent: 0,
    ended: false,
    drop() {
      peer.ended = true;
      peer.unsent = 0;
      budget.settle(peer, 0);
    },
  };
  return peer;
}

function owe(budget: SendBudget, peer: Peer, unsent: number): void {
  peer.unsent = unsent;
  budget.settle(peer, unsent);
}

t.test('a total up to the limit drops no one', async (t) => {
  const budget = createSendBudget(100);
  const [a, b] = [createPeer(budget), createPeer(budget)];
  owe(budget, a, 60);
  owe(budget, b, 40);
  t.equal(budget.total, 100);
  t.notOk(a.ended || b.ended);
  owe(budget, a, 10);
  t.equal(budget.total, 50, 'a new amount replaces the old one');
  owe(budget, a, 0);
  owe(budget, b, 0);
  t.equal(budget.total, 0);
});

t.test('over the limit the connection with the most unsent is dropped, not the latest', async (t) => {
  const budget = createSendBudget(100);
  const [small, big, last] = [createPeer(budget), createPeer(budget), createPeer(budget)];
  owe(budget, small, 20);
  owe(budget, big, 70);
  owe(budget, last, 30);
  t.same([small.ended, big.ended, last.ended], [false, true, false]);
  t.equal(budget.total, 50);
});

t.test('as many are dropped as needed', async (t) => {
  const budget = createSendBudget(100);
  const peers = [50, 30, 20].map((unsent) => {
    const peer = createPeer(budget);
    owe(budget, peer, unsent);
    return peer;
  });
  const huge = createPeer(budget);
  owe(budget, huge, 500);
  t.equal(huge.ended, true);
  t.same(
    peers.map((peer) => peer.ended),
    [false, false, false],
  );
  const [first] = peers;
  if (first !== undefined) owe(budget, first, 101);
  t.same(
    peers.map((peer) => peer.ended),
    [true, false, false],
  );
  t.equal(budget.total, 50);
});

t.test('a connection that sent its bytes since the last note is not dropped', async (t) => {
  const budget = createSendBudget(100);
  const [fast, slow] = [createPeer(budget), createPeer(budget)];
  owe(budget, fast, 60);
  fast.unsent = 1;
  owe(budget, slow, 50);
  t.same([fast.ended, slow.ended], [false, false]);
  t.equal(budget.total, 51);
});

t.test('the total never drifts from the sum of unsent bytes', async (t) => {
  const budget = createSendBudget(1_000);
  const random = randomNumbers(7);
  const peers = Array.from({ length: 20 }, () => createPeer(budget));
  for (let i = 0; i < 5_000; i++) {
    const peer = peers[random(peers.length)];
    if (peer === undefined) continue;
    owe(budget, peer, random(4) === 0 ? 0 : random(200));
    const owed = peers.reduce((sum, { unsent }) => sum + unsent, 0);
    if (owed !== budget.total || owed > 1_000) {
      t.equal(budget.total, owed, `after ${i} steps`);
      return;
    }
  }
  t.ok(
    peers.some((peer) => peer.ended),
    'the limit was reached on the way',
  );
});
