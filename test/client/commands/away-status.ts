import t from 'tap';
import { createAwayStatus } from '../../../lib/client/commands/away-status.js';
import type { RequestBody } from '../../../lib/client/wire/connection.js';
import type { Reply } from '../../../lib/protocol/events.js';
import { hostileText } from '../../fixtures/hostile-text.js';
import { unsafe } from '../../support/unsafe.js';

function scene(away: Record<string, string>, { terminals = 1 } = {}) {
  const asked: RequestBody[] = [];
  const shown: string[] = [];
  let online = true;
  const awayStatus = createAwayStatus({
    session: {
      name: 'ana',
      async ask(request): Promise<Reply> {
        asked.push(request);
        if (request.type === 'away') return { type: 'ok', re: 1 };
        if (!online || request.type !== 'whois') throw new Error('no connection');
        const { name } = request;
        const text = away[name];
        const whois = { name, role: 'member' as const, since: '', terminals, rooms: [] };
        return { type: 'ok', re: 1, whois: { ...whois, ...(text !== undefined && { away: text }) } };
      },
    },
    show: (words) => shown.push(words),
  });
  return {
    awayStatus,
    asked,
    shown,
    connect(on: boolean) {
      online = on;
    },
  };
}

t.test('the status is asked for once, and shown if the person is away', async (t) => {
  const { awayStatus, asked, shown } = scene({ ben: '', cyd: 'lunch' });
  for (const name of ['ben', 'ben', 'cyd', 'dan', 'dan']) await awayStatus.wroteTo(name);
  t.same(shown, [
    'ben is away and will see your message later',
    'cyd is away (lunch) and will see your message later',
  ]);
  t.equal(asked.length, 3);
});

t.test('the status is asked for again once it changed or the person left', async (t) => {
  const { awayStatus, shown } = scene({ ben: 'lunch' });
  for (const event of [
    { type: 'away', name: 'ben', text: 'lunch' },
    { type: 'back', name: 'ben' },
    { type: 'left', room: 'lobby', name: 'ben' },
  ] as const) {
    await awayStatus.wroteTo('ben');
    awayStatus.notice(event);
  }
  await awayStatus.wroteTo('ben');
  t.equal(shown.length, 4);
});

t.test('without a connection nothing is shown, and the status is asked for again', async (t) => {
  const { awayStatus, shown, connect } = scene({ ben: '' });
  connect(false);
  await awayStatus.wroteTo('ben');
  t.same(shown, []);
  connect(true);
  await awayStatus.wroteTo('ben');
  t.equal(shown.length, 1);
});

t.test('your own away status is restored after a lost connection', async (t) => {
  const { awayStatus, asked, connect } = scene({});
  await awayStatus.restore();
  awayStatus.notice({ type: 'away', name: 'ben', text: 'tea' });
  await awayStatus.restore();
  t.same(asked, [], 'no one was');
  awayStatus.notice({ type: 'away', name: 'ana', text: 'lunch' });
  connect(false);
  await awayStatus.restore();
  connect(true);
  await awayStatus.restore();
  t.same(asked.at(-1), { type: 'away', text: 'lunch' });
  awayStatus.notice({ type: 'back', name: 'ana' });
  await awayStatus.restore();
  t.equal(asked.length, 3);
});

t.test('what another terminal set meanwhile counts', async (t) => {
  const { awayStatus, asked } = scene({}, { terminals: 2 });
  awayStatus.notice({ type: 'away', name: 'ana', text: 'lunch' });
  await awayStatus.restore();
  await awayStatus.restore();
  t.same(asked, [{ type: 'whois', name: 'ana' }]);
});

t.test('an away text cannot drive a terminal', async (t) => {
  for (const { text } of hostileText) {
    const { awayStatus, shown } = scene({ [text]: text });
    await awayStatus.wroteTo(text);
    t.notMatch(shown.join(''), unsafe);
  }
});
