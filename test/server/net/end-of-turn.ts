import t from 'tap';
import { createEndOfTurn } from '../../../lib/server/net/end-of-turn.js';
import { turns } from '../../support/turns.js';

t.test('flushes run in order, after the callback that asked and the promises it settled', async (t) => {
  const endOfTurn = createEndOfTurn();
  const order: string[] = [];
  // In a callback of the event loop, as sockets and the store's thread call.
  setImmediate(() => {
    endOfTurn({ flush: () => void order.push('first flush') });
    void Promise.resolve()
      .then(() => order.push('promise'))
      .then(() => endOfTurn({ flush: () => void order.push('third flush') }));
    endOfTurn({ flush: () => void order.push('second flush') });
    order.push('callback');
  });
  await turns(3);
  t.same(order, ['callback', 'promise', 'first flush', 'second flush', 'third flush']);
});

t.test('flushes run before the next turn of the event loop', async (t) => {
  const endOfTurn = createEndOfTurn();
  const order: string[] = [];
  setImmediate(() => {
    endOfTurn({ flush: () => void order.push('flush') });
    setImmediate(() => order.push('next turn'));
  });
  await turns(3);
  t.same(order, ['flush', 'next turn']);
});

t.test('a flush asked for during a flush runs too, after the others', async (t) => {
  const endOfTurn = createEndOfTurn();
  const order: string[] = [];
  endOfTurn({
    flush() {
      order.push('a');
      endOfTurn({ flush: () => void order.push('c') });
    },
  });
  endOfTurn({ flush: () => void order.push('b') });
  await turns(1);
  t.same(order, ['a', 'b', 'c']);
});
