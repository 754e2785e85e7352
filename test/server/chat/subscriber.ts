import t from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import { createSubscriber } from '../../../lib/server/chat/fan-out.js';

function setUp() {
  const passed: Buffer[] = [];
  return { passed, gate: createSubscriber((bytes) => passed.push(bytes)) };
}

t.test('an open gate passes every buffer on as it is', async (t) => {
  const { gate, passed } = setUp();
  const shared = Buffer.from('to everybody');
  gate.send(shared);
  t.equal(gate.isOpen, true);
  t.equal(passed[0], shared);
});

t.test('a shut one holds them, and lets them out in order when it opens', async (t) => {
  const { gate, passed } = setUp();
  gate.hold();
  gate.send(Buffer.from('a'));
  gate.send(Buffer.from('b'));
  t.equal(gate.isOpen, false);
  t.same(passed, []);
  t.equal(gate.open(), true);
  gate.send(Buffer.from('c'));
  t.same(passed.map(String), ['a', 'b', 'c']);
  t.equal(gate.isOpen, true);
});

t.test(
  'more than a connection may have unsent is not kept: the gate stays shut until held anew',
  async (t) => {
    const { gate, passed } = setUp();
    gate.hold();
    gate.send(Buffer.alloc(limits.queueBytes));
    gate.send(Buffer.from('x'));
    t.equal(gate.open(), false);
    gate.send(Buffer.from('y'));
    t.equal(gate.open(), false, 'one piece of it would be a gap');
    t.same(passed, []);
    gate.hold();
    gate.send(Buffer.from('z'));
    t.equal(gate.open(), true);
    t.same(passed.map(String), ['z']);
  },
);

t.test('exactly as much is kept', async (t) => {
  const { gate, passed } = setUp();
  gate.hold();
  gate.send(Buffer.alloc(limits.queueBytes));
  t.equal(gate.open(), true);
  t.equal(passed[0]?.length, limits.queueBytes);
});
