/** What one member could do to all others with messages, rooms and names; a clock that was ahead; the operator's first link. */
import { DatabaseSync } from '@photostructure/sqlite';
import t from 'tap';
import type { RequestBody } from '../../lib/client/wire/connection.js';
import { limits } from '../../lib/protocol/limits.js';
import { findMentions } from '../../lib/protocol/mentions.js';
import { hashToken } from '../../lib/server/auth/tokens.js';
import { fileScene } from '../support/file-scene.js';
import { outcome, requestOk } from '../support/requests.js';
import { password, sessionScene } from '../support/session-scene.js';
import { openStore, temporaryFile } from '../support/sqlite-store.js';
import { kept, lobbyOf, newEntry, people } from '../support/store-subject.js';

const minute = 60_000;
const day = 24 * 60 * minute;

t.test('mentions are counted when a message is stored, not again from its text', async (t) => {
  const file = await temporaryFile(t);
  const store = await openStore(t, file);
  const [ada, bob] = await people(store, 'ada', 'bob');
  const target = await lobbyOf(store);
  for (const key of ['1', '2', '3'])
    await kept(store, { ...newEntry(ada.id, target, key), text: 'a@b.c bob' });
  await store.close();
  const db = new DatabaseSync(file);
  db.exec("UPDATE log SET text = 'nothing'; DELETE FROM mentions WHERE seq = 1");
  db.close();
  t.match(await (await openStore(t, file)).conversations(bob.id), [{ unread: 3, mentions: 2 }]);
});

t.test('mentions beside addresses and links take time in proportion to the text', async (t) => {
  // In proportion to its square, each of these would take longer than a test may.
  for (const piece of ['a@b.c a ', 'http://a.b/ a ', 'a--', 'a.', '. a']) {
    const text = piece.repeat(300_000);
    t.ok(findMentions(text, 'a').length <= 300_000, piece);
    t.same(findMentions(text, 'a'.repeat(limits.nameLength)), []);
  }
});

t.test('a private room can’t pose as a public one, and every invitation can be answered', async (t) => {
  const { signIn } = await sessionScene(t);
  const [eve, bob, ada] = [await signIn('eve'), await signIn('bob'), await signIn('ada')].map(
    ({ wire }) => wire,
  );
  if (eve === undefined || bob === undefined || ada === undefined) throw new Error('no one came');
  await requestOk(eve, { type: 'join', room: 'announce', private: true });
  await requestOk(eve, { type: 'invite', room: 'announce', name: 'bob' });
  t.equal(await outcome(ada, { type: 'join', room: 'announce' }), 'room-name-taken');
  await requestOk(eve, { type: 'leave', room: 'announce', end: true });

  await requestOk(ada, { type: 'join', room: 'announce' });
  await requestOk(bob, { type: 'join', room: 'announce' });
  const { people: there = [] } = await requestOk(bob, { type: 'who', room: 'announce' });
  t.same(there.map(({ name }) => name).toSorted(), ['ada', 'bob'], 'he is in the public one');
  for (const wire of [eve, bob])
    t.equal(await outcome(wire, { type: 'join', room: 'announce', private: true }), 'room-name-taken');

  await requestOk(bob, { type: 'join', room: 'den', private: true });
  t.equal(await outcome(eve, { type: 'join', room: 'den', private: true }), 'room-name-taken');
  await requestOk(bob, { type: 'invite', room: 'den', name: 'eve' });
  await requestOk(eve, { type: 'leave', room: 'den' });
  await requestOk(bob, { type: 'invite', room: 'den', name: 'eve' });
  await requestOk(eve, { type: 'join', room: 'den' });
});

t.test('an empty room is no room, and never the whole server', async (t) => {
  const { store, signIn } = await sessionScene(t);
  const { wire } = await signIn('ada');
  await store.setRole((await store.account('ada'))?.id ?? 0, 'admin');
  await signIn('bob');
  const file = { name: 'f', size: 1, hash: 'x'.repeat(43), key: 'k' };
  const requests: RequestBody[] = [
    { type: 'say', room: '', text: 'x', key: 'k' },
    { type: 'history', room: '' },
    { type: 'search', words: 'x', room: '' },
    { type: 'read', room: '', seq: 1 },
    { type: 'leave', room: '' },
    { type: 'set-topic', room: '', topic: 'x' },
    { type: 'invite', room: '', name: 'bob' },
    { type: 'appoint', room: '', name: 'bob', role: 'owner' },
    { type: 'who', room: '' },
    { type: 'offer', room: '', ...file },
    { type: 'files', room: '' },
    { type: 'kick', room: '', name: 'bob' },
    { type: 'mute', room: '', name: 'bob' },
    { type: 'unmute', room: '', name: 'bob' },
    { type: 'set-rules', room: '', slow: 1 },
  ];
  for (const request of requests) t.equal(await outcome(wire, request), 'no-such-room', request.type);
  t.equal(await outcome(wire, { type: 'join', room: '' }), 'name-invalid', 'a room that can’t be made');
});

t.test('one address can’t take all rooms, nor can one account', async (t) => {
  const { clock, store, connect } = await sessionScene(t);
  const enter = async (name: string, address: string) => {
    const { wire } = connect(address);
    await requestOk(wire, { type: 'register', name, password });
    return wire;
  };
  const makers = limits.roomsMadePerAddress / limits.roomsMade;
  for (let maker = 0; maker < makers; maker++) {
    const wire = await enter(`maker${maker}`, '192.0.2.7');
    const create = async (name: string): Promise<string> => {
      clock.advance(3_000);
      return outcome(wire, { type: 'join', room: name });
    };
    for (let made = 0; made < limits.roomsMade; made++) {
      const came = await create(`room${maker}-${made}`);
      if (came !== 'ok') t.fail(`room ${made} of account ${maker}: ${came}`);
    }
    t.equal(await create('more'), 'too-many-rooms', `account ${maker}`);
  }
  t.equal((await store.rooms()).length, 1 + limits.roomsMadePerAddress);
  const [near, far] = [await enter('near', '192.0.2.7'), await enter('far', '192.0.2.8')];
  t.match(await near.ask({ type: 'join', room: 'tea' }), { code: 'too-many-rooms', message: /your address/ });
  t.equal(await outcome(near, { type: 'join', room: 'room0-0' }), 'ok', 'joining is not making');
  t.equal(await outcome(far, { type: 'join', room: 'tea' }), 'ok');
  await store.setRole((await store.account('near'))?.id ?? 0, 'admin');
  const { wire: admin } = connect('192.0.2.7');
  await requestOk(admin, { type: 'sign-in', name: 'near', password, mode: 'take-over' });
  t.equal(await outcome(admin, { type: 'join', room: 'notices' }), 'ok', 'admins are not limited');
});

t.test('where registration is open, who comes first does not void the operator’s link', async (t) => {
  const { clock, store, connect, signIn } = await sessionScene(t);
  const code = 'c'.repeat(22);
  const now = clock.now();
  const link = {
    code: hashToken(code),
    role: 'admin',
    uses: 1,
    expires: now + day,
    at: now,
    first: true,
  } as const;
  await store.createInvite(link);
  await signIn('eve');
  const { wire } = connect();
  t.match(await wire.ask({ type: 'register', name: 'ada', password, code }), { type: 'ok', role: 'admin' });
});

t.test('a message from the future does not keep older ones', async (t) => {
  const scene = await fileScene(t, { retention: { ms: 30 * day }, people: ['ada'] });
  const [ada] = [await scene.store.account('ada')];
  const target = await lobbyOf(scene.store);
  const say = (text: string, ago: number) =>
    kept(scene.store, { ...newEntry(ada?.id ?? 0, target, text), text, at: scene.clock.now() - ago * day });
  for (const ago of [60, 59, 58, 57, -400, 56, 55, 54, 53, 1]) await say(`${ago}`, ago);
  await scene.cleanUp(60 * minute);
  const left = await scene.store.history({ target, limit: 99, keep: 'oldest' });
  t.same(
    left.map(({ text }) => text),
    ['1'],
  );
});
