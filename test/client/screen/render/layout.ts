import t from 'tap';
import { layout, margins } from '../../../../lib/client/screen/render/layout.js';
import { conversation, screen } from '../../../support/screens.js';

t.test('rows add up at every size', async (t) => {
  for (let rows = 0; rows <= 30; rows++) {
    for (const columns of [0, 1, 5, 20, 40, 80, 500]) {
      for (const hint of [true, false]) {
        const where = layout(screen({ columns, rows, hint }));
        const others = [where.topLine, where.hint, where.status].filter(Boolean).length;
        t.equal(others + where.pane.height + where.input, rows, `${columns}x${rows}`);
        t.ok(where.pane.width >= 0 && where.pane.width <= columns);
      }
    }
  }
});

t.test('without room the hint goes first, then the status line, then the top line', async (t) => {
  const at = (rows: number) => {
    const { hint, status, topLine } = layout(screen({ columns: 20, rows, hint: true }));
    return [hint && 'hint', status && 'status', topLine && 'top'].filter(Boolean);
  };
  t.same(at(10), ['hint', 'status', 'top']);
  t.same(at(9), ['status', 'top']);
  t.same(at(6), ['status', 'top']);
  t.same(at(5), ['top']);
  t.same(at(4), []);
});

t.test('a question is shown whenever there is a row for it', async (t) => {
  const question = { text: 'Leave? y/n', about: 'quit' } as const;
  t.equal(layout(screen({ rows: 5, question })).status, true);
  t.equal(layout(screen({ rows: 2, question })).status, true);
  t.equal(layout(screen({ rows: 1, question })).input, 1);
});

t.test('people are listed from 80 columns on, or as chosen', async (t) => {
  const left = (columns: number, side: 'auto' | 'shown' | 'hidden') =>
    layout(screen({ columns, peopleList: side })).people?.left;
  t.equal(left(79, 'auto'), undefined);
  t.equal(left(80, 'auto'), 62);
  t.equal(left(79, 'shown'), 61);
  t.equal(left(40, 'shown'), 26);
  t.equal(left(39, 'shown'), undefined);
  t.equal(left(200, 'hidden'), undefined);
});

t.test('the input grows with its lines up to a third of the screen', async (t) => {
  const rowsFor = (text: string) =>
    layout(
      screen({
        conversations: [
          conversation('#lobby', { draft: { text, cursor: 0, killed: '', past: [], last: 'other' } }),
        ],
      }),
    ).input;
  t.equal(rowsFor(''), 1);
  t.equal(rowsFor('a\nb\nc'), 3);
  t.equal(rowsFor('x'.repeat(100)), 2);
  t.equal(rowsFor('a\n'.repeat(50)), 8);
});

t.test('texts get most of the pane at every width', async (t) => {
  for (let width = 20; width <= 500; width++) t.ok(margins(width).text <= width / 2, String(width));
});
