import t from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import { createConnectionLimits } from '../../../lib/server/net/connection-limits.js';

t.test('one address has a limited number of connections, and removing one twice counts once', async (t) => {
  const connections = createConnectionLimits();
  const remove = Array.from({ length: limits.unsignedPerAddress }, () => connections.add('192.0.2.1'));
  t.equal(connections.full('192.0.2.1'), true);
  t.equal(connections.full('192.0.2.2'), false, 'another address has a limit of its own');
  remove[0]?.();
  remove[0]?.();
  t.equal(connections.full('192.0.2.1'), false);
  connections.add('192.0.2.1');
  t.equal(connections.full('192.0.2.1'), true);
});

t.test('an IPv6 /64 counts as one address', async (t) => {
  const connections = createConnectionLimits();
  for (let i = 1; i <= limits.unsignedPerAddress; i++) connections.add(`2001:db8::${i.toString(16)}`);
  t.equal(connections.full('2001:db8::ffff'), true);
});

t.test('all addresses together have a limit', async (t) => {
  const connections = createConnectionLimits();
  for (let i = 0; i < limits.connectionsUnsigned; i++) connections.add(`198.51.100.${i}`);
  t.equal(connections.full('192.0.2.1'), true);
});
