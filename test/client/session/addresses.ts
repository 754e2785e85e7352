import t from 'tap';
import { createAddresses } from '../../../lib/client/session/addresses.js';
import type { Endpoint } from '../../../lib/trust/endpoint.js';

const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((host) => ({ host, port: 1 })) as [
  Endpoint,
  Endpoint,
  Endpoint,
  Endpoint,
];

t.test('a round begins with the address in use, and a server that goes away is tried last', async (t) => {
  const addresses = createAddresses({ given: [a, b, a], known: [b, c] });
  t.same(addresses.inOrder, [a, b, c]);
  addresses.leave(b);
  t.same(addresses.inOrder, [a, b, c], 'which is not in use');
  addresses.leave(a);
  t.same(addresses.current, b);
  t.same(addresses.inOrder, [b, c, a]);
  addresses.greeted(c, { peers: ['a:1', 'b:1'] });
  t.same(addresses.inOrder, [c, a, b]);
  addresses.leave(c);
  t.same(addresses.inOrder, [a, b, c]);
  const alone = createAddresses({ given: [a] });
  alone.leave(a);
  t.same(alone.inOrder, [a]);
});

t.test('what a server tells replaces what was told before, and not what the person gave', async (t) => {
  const kept: (readonly Endpoint[])[] = [];
  const addresses = createAddresses({ given: [a], known: [b, c], keep: (told) => kept.push(told) });
  addresses.greeted(a, { peers: ['d:1'] });
  t.same(addresses.inOrder, [a, d]);
  addresses.greeted(d, { peers: ['b:1'] });
  t.same(addresses.inOrder, [d, b, a], 'the one in use stays, told or not');
  addresses.greeted(b, {});
  t.same(addresses.inOrder, [b, a]);
  t.same(kept, [[a, d], [d, b], [b]]);
});

t.test('of what a server tells only addresses count, and no more than 16 of them', async (t) => {
  const addresses = createAddresses({ given: [a] });
  addresses.greeted(a, { peers: ['', 'b c', '\u001b[31m', 'x:0', 'https://b/', 'A:1', 'b:1', 'b:1'] });
  t.same(addresses.inOrder, [a, b]);
  addresses.greeted(a, { peers: Array.from({ length: 1_000 }, (_, port) => `h:${port + 1}`) });
  t.equal(addresses.inOrder.length, 17);
});
