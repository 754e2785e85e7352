import t from 'tap';
import { createStaySignedIn } from '../../../lib/client/sign-in/stay-signed-in.js';

interface Scene {
  readonly kept?: boolean;
  readonly offer?: boolean;
  readonly full?: boolean;
}

function scene({ kept = false, offer = true, full = false }: Scene = {}) {
  const done: string[] = [];
  const stay = createStaySignedIn({
    saved: {
      async save(name, token) {
        if (full) throw new Error('disk full');
        done.push(`saved ${token} of ${name}`);
      },
      async drop(name) {
        done.push(`dropped ${name}`);
      },
    },
    name: 'ana',
    kept,
    offer,
    async decline() {
      done.push('declined');
    },
    warn: (error) => void done.push(`${error}`),
  });
  return { stay, done };
}

t.test('a session is saved once its person says so, and each new token of it', async (t) => {
  const { stay, done } = scene();
  t.ok(stay.offer);
  await stay.keepToken('one');
  await stay.keepToken('two');
  t.same(done, []);
  await stay.begin();
  t.notOk(stay.offer);
  await stay.keepToken('three');
  t.same(done, ['saved two of ana', 'saved three of ana']);
});

t.test('a session that is kept from the start is not offered to be', async (t) => {
  const { stay, done } = scene({ kept: true });
  t.notOk(stay.offer);
  await stay.keepToken('one');
  t.same(done, ['saved one of ana']);
  t.notOk(scene({ offer: false }).stay.offer);
});

t.test('after a no nothing is saved, and it is not offered again', async (t) => {
  const { stay, done } = scene({ kept: true });
  await stay.keepToken('one');
  await stay.end();
  await stay.keepToken('two');
  t.same(done, ['saved one of ana', 'dropped ana', 'declined']);
  t.notOk(stay.offer);
});

t.test('a session that cannot be saved goes on, and is not taken for saved', async (t) => {
  const { stay, done } = scene({ full: true });
  await stay.keepToken('one');
  await t.rejects(stay.begin(), { message: 'disk full' });
  t.ok(stay.offer);
  await stay.keepToken('two');
  t.same(done, []);
  const kept = scene({ kept: true, full: true });
  await kept.stay.keepToken('one');
  t.same(kept.done, ['Error: disk full']);
});
