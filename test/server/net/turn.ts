import t from 'tap';
import { createTurn } from '../../../lib/server/net/connection.js';
import { turns } from '../../support/turns.js';

t.test('flushes run in order, after the callback that asked and the promises it settled', async (t) => {
  const turn = createTurn();
  const order: string[] = [];
  // In a callback of the event loop, as sockets and the store's thread call.
  setImmediate(() => {
    turn(() => order.push('first flush'));
    void Promise.resolve()
      .then(() => order.push('promise'))
      .then(() => turn(() => order.push('third flush')));
    turn(() => order.push('second flush'));
    order.push('callback');
  });
  await turns(3);
  t.same(order, ['callback', 'promise', 'first flush', 'second flush', 'third flush']);
});

t.test('they run before the next turn of the event loop', async (t) => {
  const turn = createTurn();
  const order: string[] = [];
  setImmediate(() => {
    turn(() => order.push('flush'));
    setImmediate(() => order.push('next turn'));
  });
  await turns(3);
  t.same(order, ['flush', 'next turn']);
});

t.test('what is asked for during a flush runs too, in a round of its own', async (t) => {
  const turn = createTurn();
  const order: string[] = [];
  turn(() => {
    order.push('a');
    turn(() => order.push('c'));
  });
  turn(() => order.push('b'));
  await turns(1);
  t.same(order, ['a', 'b', 'c']);
});
