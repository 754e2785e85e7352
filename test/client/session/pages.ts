import t from 'tap';
import { askPeople } from '../../../lib/client/session/pages.js';
import type { Reply } from '../../../lib/protocol/events.js';

const person = (name: string) => ({ name, role: 'member', terminals: 1 }) as const;

t.test('all pages are fetched', async (t) => {
  const pages: Record<string, Omit<Reply & { type: 'ok' }, 'type' | 're'>> = {
    '': { people: [person('ada'), person('ben')], more: true },
    ben: { people: [person('cleo')], more: true },
    cleo: { people: [person('dan')] },
  };
  const asked: unknown[] = [];
  const ask = async (request: { type: string; after?: string | number | undefined }): Promise<Reply> => {
    asked.push(request);
    return { type: 'ok', re: 1, ...pages[request.after ?? ''] };
  };
  t.same(await askPeople(ask, 'dev'), ['ada', 'ben', 'cleo', 'dan'].map(person));
  t.same(asked, [
    { type: 'who', room: 'dev' },
    { type: 'who', room: 'dev', after: 'ben' },
    { type: 'who', room: 'dev', after: 'cleo' },
  ]);
});

t.test('a refusal is passed on, and a page that leads nowhere is one', async (t) => {
  const refusal = { type: 'error', re: 1, code: 'no-such-room', message: 'There is no such room.' } as const;
  t.same(await askPeople(async () => refusal), refusal);
  const empty = askPeople(async () => ({ type: 'ok', re: 1, people: [], more: true }));
  await t.rejects(empty, { code: 'bad-frame' });
});
