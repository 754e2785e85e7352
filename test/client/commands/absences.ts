import t from 'tap';
import { createAbsences } from '../../../lib/client/commands/absences.js';
import type { Asked } from '../../../lib/client/session/session.js';
import type { Reply } from '../../../lib/protocol/events.js';
import { hostileText } from '../../fixtures/hostile-text.js';
import { unsafe } from '../../support/unsafe.js';

function scene(away: Record<string, string>, { terminals = 1 } = {}) {
  const asked: Asked[] = [];
  const told: string[] = [];
  let online = true;
  const absences = createAbsences({
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
    tell: (words) => told.push(words),
  });
  return {
    absences,
    asked,
    told,
    connect(on: boolean) {
      online = on;
    },
  };
}

t.test('it is asked once, and told where they are away', async (t) => {
  const { absences, asked, told } = scene({ ben: '', cyd: 'lunch' });
  for (const name of ['ben', 'ben', 'cyd', 'dan', 'dan']) await absences.wroteTo(name);
  t.same(told, ['ben is away, and finds it when back', 'cyd is away (lunch), and finds it when back']);
  t.equal(asked.length, 3);
});

t.test('it is asked again once they went, came or went away', async (t) => {
  const { absences, told } = scene({ ben: 'lunch' });
  for (const event of [
    { type: 'away', name: 'ben', text: 'lunch' },
    { type: 'back', name: 'ben' },
    { type: 'left', room: 'lobby', name: 'ben' },
  ] as const) {
    await absences.wroteTo('ben');
    absences.notice(event);
  }
  await absences.wroteTo('ben');
  t.equal(told.length, 4);
});

t.test('without a connection nothing is told, and it is asked again', async (t) => {
  const { absences, told, connect } = scene({ ben: '' });
  connect(false);
  await absences.wroteTo('ben');
  t.same(told, []);
  connect(true);
  await absences.wroteTo('ben');
  t.equal(told.length, 1);
});

t.test('whoever was away is so again after a lost connection', async (t) => {
  const { absences, asked, connect } = scene({});
  await absences.resume();
  absences.notice({ type: 'away', name: 'ben', text: 'tea' });
  await absences.resume();
  t.same(asked, [], 'nobody was');
  absences.notice({ type: 'away', name: 'ana', text: 'lunch' });
  connect(false);
  await absences.resume();
  connect(true);
  await absences.resume();
  t.same(asked.at(-1), { type: 'away', text: 'lunch' });
  absences.notice({ type: 'back', name: 'ana' });
  await absences.resume();
  t.equal(asked.length, 3);
});

t.test('what was said on another terminal meanwhile counts', async (t) => {
  const { absences, asked } = scene({}, { terminals: 2 });
  absences.notice({ type: 'away', name: 'ana', text: 'lunch' });
  await absences.resume();
  await absences.resume();
  t.same(asked, [{ type: 'whois', name: 'ana' }]);
});

t.test('what somebody says of being away cannot drive a terminal', async (t) => {
  for (const { text } of hostileText) {
    const { absences, told } = scene({ [text]: text });
    await absences.wroteTo(text);
    t.notMatch(told.join(''), unsafe);
  }
});
