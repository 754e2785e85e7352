import t from 'tap';
import { peopleRows } from '../../../../lib/client/screen/render/people-list.js';
import type { PersonState } from '../../../../lib/client/screen/state/state.js';
import { person, plainLook, screen } from '../../../support/screens.js';

function rows(people: readonly PersonState[], height: number, peopleBeyond = 0): string[] {
  return peopleRows(screen({ people, peopleBeyond }), plainLook, { width: 18, height }).map((row) =>
    row
      .map(({ text }) => text)
      .join('')
      .slice(2),
  );
}

t.test('people are shown with what they are, and never by colour alone', async (t) => {
  const people = [
    person('alice', { role: 'admin' }),
    person('bob', { away: true }),
    person('cleo', { online: false }),
  ];
  t.same(rows(people, 5), ['2 here', '● alice ★', '○ bob', '· cleo', '']);
});

t.test('those for whom there is no row are counted in the last', async (t) => {
  const people = Array.from({ length: 5 }, (_, i) => person(`person${i}`));
  t.same(rows(people, 6).at(-1), '● person4');
  t.same(rows(people, 5), ['5 here', '● person0', '● person1', '● person2', '+2 more']);
  t.same(rows(people, 7, 100).at(-1), '+100 more');
  t.same(rows(people, 1), ['5 here']);
  t.same(rows(people, 0), []);
});

t.test('a name that is too long is cut, with its mark kept', async (t) => {
  t.equal(rows([person('maximilian-of-the-mountains', { role: 'admin' })], 3)[1], '● maximilian-… ★');
});
