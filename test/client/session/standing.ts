import t from 'tap';
import { createStanding } from '../../../lib/client/session/standing.js';
import { ConnectionLost, type RequestBody, type Settle } from '../../../lib/client/wire/connection.js';

const ok = { type: 'ok', re: 1 } as const;
const refused = { type: 'error', re: 1, code: 'no-such-name', message: '' } as const;

/** What is asked for on a new connection, with how to answer it. */
function restored(standing: ReturnType<typeof createStanding>) {
  const asked: (readonly [RequestBody, Settle])[] = [];
  standing.restore((request, settle) => asked.push([request, settle]));
  return asked;
}

t.test('who is waited for is waited for again, until they have come', async (t) => {
  const standing = createStanding();
  standing.sent({ type: 'watch', name: 'Ben' })(ok);
  standing.sent({ type: 'watch', name: 'ann' })(ok);
  t.same(standing.watched, ['ann', 'ben']);
  t.same(
    restored(standing).map(([request]) => request),
    [
      { type: 'watch', name: 'ben' },
      { type: 'watch', name: 'ann' },
    ],
  );
  standing.notice({ type: 'online', name: 'ben' });
  t.same(standing.watched, ['ann']);
  standing.sent({ type: 'unwatch', name: 'ann' })(ok);
  t.same(restored(standing), []);
});

t.test('the event may come before the reply', async (t) => {
  const standing = createStanding();
  const settle = standing.sent({ type: 'watch', name: 'ben' });
  standing.notice({ type: 'online', name: 'ben' });
  settle(ok);
  t.same(standing.watched, []);
});

t.test('what was refused or lost was not asked for; what was to be restored stays', async (t) => {
  const standing = createStanding();
  standing.sent({ type: 'watch', name: 'ben' })(refused);
  standing.sent({ type: 'watch', name: 'ben' })(new ConnectionLost('gone'));
  t.same(standing.watched, []);
  standing.sent({ type: 'watch', name: 'ben' })(ok);
  standing.sent({ type: 'watch', name: 'ben' })(new ConnectionLost('gone'));
  standing.sent({ type: 'unwatch', name: 'ben' })(new ConnectionLost('gone'));
  t.same(standing.watched, ['ben'], 'it was asked for before');
  restored(standing)[0]?.[1](new ConnectionLost('gone'));
  t.same(standing.watched, ['ben']);
  restored(standing)[0]?.[1](refused);
  t.same(standing.watched, []);
});

t.test('what is shared is shared again: the last that the server has agreed to', async (t) => {
  const standing = createStanding();
  const both = { type: 'share', typing: true, receipts: true } as const;
  t.same(restored(standing), []);
  standing.sent(both)(ok);
  standing.sent({ type: 'share', typing: true })(new ConnectionLost('gone'));
  t.same(
    restored(standing).map(([request]) => request),
    [both],
  );
});
