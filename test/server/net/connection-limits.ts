import t from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import { createConnectionLimits } from '../../../lib/server/net/connection-limits.js';
import { createFakeClock } from '../../support/fake-clock.js';
import { randomNumbers } from '../../support/random.js';

function setUp({ perAddress = 10 } = {}) {
  const clock = createFakeClock();
  const random = randomNumbers(1);
  const connectionLimits = createConnectionLimits({
    clock,
    live: { perAddress },
    random: () => random(1_000) / 1_000,
  });
  const evicted: string[] = [];
  /** Takes a place. @returns gives it back */
  const take = (address: string, name = address) =>
    connectionLimits.unauthenticated.take(address, () => void evicted.push(name));
  return { clock, connectionLimits, evicted, take };
}

const { unsignedPerAddress, connectionsUnsigned } = limits;

t.test('the newcomer gets the place of another connection of its address when those are taken', async (t) => {
  const { take, evicted } = setUp();
  take('192.0.2.2');
  for (let i = 0; i < unsignedPerAddress; i++) take('192.0.2.1', `old ${i}`);
  t.same(evicted, []);
  take('192.0.2.1', 'new');
  t.equal(evicted.length, 1);
  t.match(evicted, [/^old/]);
});

t.test('which one is chance, so that no one can time when to come', async (t) => {
  const { take, evicted } = setUp();
  for (let i = 0; i < unsignedPerAddress; i++) take('192.0.2.1', `old ${i}`);
  for (let i = 0; i < 40; i++) take('192.0.2.1', `new ${i}`);
  t.equal(new Set(evicted).size, 40, 'each once');
  t.ok(evicted.some((name) => name.startsWith('new')));
  const order = evicted.flatMap((name) => /^old (\d+)/.exec(name)?.[1] ?? []).map(Number);
  t.notSame(
    order,
    order.toSorted((a, b) => a - b),
  );
});

t.test('a place that was given back, even twice, counts once', async (t) => {
  const { take, evicted } = setUp();
  const back = Array.from({ length: unsignedPerAddress }, () => take('192.0.2.1'));
  back[0]?.();
  back[0]?.();
  take('192.0.2.1');
  t.same(evicted, []);
  take('192.0.2.1');
  t.equal(evicted.length, 1);
});

t.test('an address that signed in lately may have eight times as many', async (t) => {
  const { connectionLimits, take, evicted } = setUp();
  take('192.0.2.1');
  connectionLimits.signedIn('192.0.2.1');
  const most = Math.min(connectionsUnsigned, 8 * unsignedPerAddress);
  for (let i = 1; i < most; i++) take('192.0.2.1');
  t.same(evicted, []);
  take('192.0.2.1');
  t.equal(evicted.length, 1);
});

t.test('unfinished handshakes are limited for each address, and for all', (t) => {
  const { connectionLimits } = setUp();
  let open = 0;
  const begin = (address: string) => {
    open += 1;
    connectionLimits.handshakes.take(address, () => {
      open -= 1;
    });
  };
  for (let i = 0; i < 2 * limits.handshakesPerAddress; i++) begin('192.0.2.1');
  t.equal(open, limits.handshakesPerAddress);
  for (let i = 0; i < 2 * limits.handshakes; i++) begin(`198.51.100.${i % 50}`);
  t.equal(open, limits.handshakes);
  t.end();
});

t.test('an IPv6 /64 counts as one address', async (t) => {
  const { take, evicted } = setUp();
  for (let i = 1; i <= unsignedPerAddress; i++) take(`2001:db8::${i.toString(16)}`);
  take('2001:db8::ffff');
  t.equal(evicted.length, 1);
});

t.test('when all places are taken, an address that has the most loses one', async (t) => {
  const { take, evicted } = setUp();
  take('198.51.100.1', 'honest');
  for (let i = 1; i < connectionsUnsigned; i++) take(`192.0.2.${i % 7}`, 'greedy');
  t.same(evicted, []);
  for (let i = 0; i < 50; i++) take(`203.0.113.${i % 10}`, 'newcomer');
  t.equal(evicted.length, 50);
  t.notOk(evicted.includes('honest'));
});

t.test('among equals, an address that signed in keeps its place', async (t) => {
  const { connectionLimits, take, evicted } = setUp();
  connectionLimits.signedIn('198.51.100.1');
  take('198.51.100.1', 'known');
  for (let i = 1; i < connectionsUnsigned + 200; i++) take(`192.0.${i >> 8}.${i & 255}`, 'stranger');
  t.equal(evicted.length, 200);
  t.notOk(evicted.includes('known'));
  const before = evicted.length;
  for (let i = 1; i < unsignedPerAddress; i++) take('198.51.100.1', 'known');
  const own = evicted.slice(before).filter((name) => name === 'known').length;
  t.ok(own > 4 && own < 12, `but it can't have as many as it likes: ${own} times it lost one`);
});

t.test('an address has a rate of handshakes', async (t) => {
  const { connectionLimits, clock } = setUp({ perAddress: 10 });
  const admitted = () =>
    Array.from({ length: 30 }, () => connectionLimits.admit('192.0.2.1')).filter(Boolean);
  t.equal(admitted().length, 10, 'as many at once as it may have connections');
  clock.advance(500);
  t.equal(admitted().length, limits.handshakesPerSecondPerAddress / 2);
  t.ok(connectionLimits.admit('192.0.2.2'), 'another address has its own');
});

t.test('all strangers together have one too, which does not concern those who signed in', async (t) => {
  const { connectionLimits, clock } = setUp();
  connectionLimits.signedIn('198.51.100.1');
  let admitted = 0;
  for (let i = 0; i < 1_000; i++) if (connectionLimits.admit(`192.0.${i >> 8}.${i & 255}`)) admitted++;
  t.equal(admitted, limits.handshakeBurst);
  t.equal(connectionLimits.admit('203.0.113.1'), false);
  t.equal(connectionLimits.admit('198.51.100.1'), true);
  clock.advance(1_000 / limits.handshakesPerSecond);
  t.equal(connectionLimits.admit('203.0.113.1'), true, 'and it recovers');
});

t.test('a stranger that comes once is not refused because others come all the time', async (t) => {
  const { connectionLimits } = setUp({ perAddress: 1_000 });
  for (let i = 0; i < 5_000; i++) connectionLimits.admit(`192.0.2.${i % 8}`);
  t.equal(connectionLimits.admit('192.0.2.1'), false);
  t.equal(connectionLimits.admit('203.0.113.1'), true);
});

t.test('an address is forgotten when ten thousand others have signed in since', async (t) => {
  const { connectionLimits } = setUp();
  connectionLimits.signedIn('198.51.100.1');
  connectionLimits.signedIn('198.51.100.2');
  for (let i = 1; i < 10_000; i++) {
    connectionLimits.signedIn(`10.0.${i >> 8}.${i & 255}`);
    connectionLimits.signedIn('198.51.100.2');
  }
  for (let i = 0; i < 1_000; i++) connectionLimits.admit(`192.0.${i >> 8}.${i & 255}`);
  t.equal(connectionLimits.admit('198.51.100.1'), false);
  t.equal(connectionLimits.admit('198.51.100.2'), true);
});
