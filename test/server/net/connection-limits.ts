import t from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import { createConnectionLimits } from '../../../lib/server/net/connection-limits.js';

t.test('so many of one address may stand in the doorway, and leaving twice counts once', async (t) => {
  const doorway = createConnectionLimits();
  const leave = Array.from({ length: limits.unsignedPerAddress }, () => doorway.enter('192.0.2.1'));
  t.equal(doorway.crowded('192.0.2.1'), true);
  t.equal(doorway.crowded('192.0.2.2'), false, 'another address has its own places');
  leave[0]?.();
  leave[0]?.();
  t.equal(doorway.crowded('192.0.2.1'), false);
  doorway.enter('192.0.2.1');
  t.equal(doorway.crowded('192.0.2.1'), true);
});

t.test('an IPv6 network of one household is one address', async (t) => {
  const doorway = createConnectionLimits();
  for (let i = 1; i <= limits.unsignedPerAddress; i++) doorway.enter(`2001:db8::${i.toString(16)}`);
  t.equal(doorway.crowded('2001:db8::ffff'), true);
});

t.test('there is an end to all addresses together', async (t) => {
  const doorway = createConnectionLimits();
  for (let i = 0; i < limits.connectionsUnsigned; i++) doorway.enter(`198.51.100.${i}`);
  t.equal(doorway.crowded('192.0.2.1'), true);
});
