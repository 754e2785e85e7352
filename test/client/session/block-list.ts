import t from 'tap';
import { createBlockList } from '../../../lib/client/session/block-list.js';

t.test('the names are asked for once, and again after a change or a reconnect', async (t) => {
  const names = ['eve'];
  let asked = 0;
  let online = true;
  const list = createBlockList(async () => {
    asked++;
    if (!online) throw new Error('no connection');
    return { type: 'ok', re: 1, names: [...names] };
  });
  t.same([...((await list.names()) ?? [])], ['eve']);
  list.sent({ type: 'blocks' });
  await list.names();
  t.equal(asked, 1);
  names.push('mallory');
  list.sent({ type: 'block', name: 'mallory' });
  t.same([...((await list.names()) ?? [])], ['eve', 'mallory']);
  list.reconnected();
  online = false;
  t.same([...((await list.names()) ?? [])], ['eve', 'mallory'], 'what was known');
  online = true;
  names.pop();
  t.same([...((await list.names()) ?? [])], ['eve'], 'asked again');
});

t.test('without an answer nothing is known', async (t) => {
  const list = createBlockList(async () => {
    throw new Error('no connection');
  });
  t.equal(await list.names(), undefined);
});
