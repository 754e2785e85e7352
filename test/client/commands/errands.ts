import t from 'tap';
import type { Errand, PeopleErrand, Place } from '../../../lib/client/commands/act.js';
import type { Asked } from '../../../lib/client/session/session.js';
import type { ErrorCode } from '../../../lib/protocol/errors.js';
import type { Found, Message } from '../../../lib/protocol/records.js';
import { hostileText } from '../../fixtures/hostile-text.js';
import { type Answers, errandsScene } from '../../support/errands-scene.js';
import { messageOf } from '../../support/fake-session.js';
import { unsafe } from '../../support/unsafe.js';

const scene = (answers: Answers = {}, here: Place = { room: 'dev' }) => errandsScene({ here, answers });

const found = (seq: number, fields: Partial<Found> = {}): Found => ({
  ...{ seq, room: 'dev', from: 'ben', at: '2026-11-20T12:34:56.000Z', excerpt: 'a red fox', marks: [[2, 5]] },
  ...fields,
});

t.test('what names no room is about the one where it was typed', async (t) => {
  const requests: [Errand | PeopleErrand, object][] = [
    [{ do: 'leave' }, { type: 'leave', room: 'dev' }],
    [
      { do: 'leave', room: 'ops', end: true },
      { type: 'leave', room: 'ops', end: true },
    ],
    [
      { do: 'topic', topic: 'x' },
      { type: 'set-topic', room: 'dev', topic: 'x' },
    ],
    [
      { do: 'invite', name: 'ben' },
      { type: 'invite', room: 'dev', name: 'ben' },
    ],
    [
      { do: 'role', name: 'ben', inRoom: 'owner' },
      { type: 'appoint', room: 'dev', name: 'ben', role: 'owner' },
    ],
    [{ do: 'files' }, { type: 'files', room: 'dev' }],
  ];
  for (const [errand, request] of requests) {
    const { errands, asked, refused } = scene();
    await errands.run(errand);
    t.same(asked, [request]);
    t.same(refused, []);
  }
  const { errands, asked, refused } = scene({}, { to: 'ben' });
  await errands.run({ do: 'leave' });
  t.same(asked, [], 'between two people there is none');
  t.match(refused, [/name a room/]);
});

t.test('whoever joins is there when the server says so, and not before', async (t) => {
  const yes = scene();
  await yes.run({ do: 'join', room: 'ops', private: true });
  t.same(yes.asked, [{ type: 'join', room: 'ops', private: true }]);
  t.same(yes.joined, ['ops']);
  const no = scene({ join: 'room-name-taken' });
  await no.run({ do: 'join', room: 'ops' });
  t.same(no.joined, []);
  t.same(no.refused, ['The server said no. /rooms shows which there are.']);
});

t.test('a refusal says what to type next', async (t) => {
  const cases: [Errand | PeopleErrand, Asked['type'], ErrorCode, string][] = [
    [{ do: 'files' }, 'files', 'not-a-member', '/join #dev does it.'],
    [{ do: 'leave' }, 'leave', 'room-would-end', '/leave #dev end does it all the same.'],
    [{ do: 'delete', which: 3 }, 'remove', 'no-such-message', '/search finds'],
    [{ do: 'role', name: 'ben', inRoom: 'owner' }, 'appoint', 'not-a-member', 'The server said no.'],
  ];
  for (const [errand, type, code, words] of cases) {
    const { errands, refused } = scene({ [type]: code });
    await errands.run(errand);
    t.equal(refused.length, 1);
    t.match(refused[0], words);
  }
});

t.test('an edit is of the last own message that is still there', async (t) => {
  const messages: Message[] = [
    messageOf({ seq: 1, from: 'ana', text: 'first' }),
    messageOf({ seq: 2, from: 'ana', text: 'second' }),
    messageOf({ seq: 3, from: 'ana', text: '', removed: 'ana' }),
    messageOf({ seq: 4, from: 'ben' }),
  ];
  const { errands, asked } = scene({ history: { messages } });
  await errands.run({ do: 'edit', text: 'better' });
  t.match(asked[1], { type: 'edit', of: 2, text: 'better' });
  await errands.run({ do: 'delete' });
  t.match(asked[3], { type: 'remove', of: 2 });
  await errands.run({ do: 'delete', which: 'ben' });
  t.match(asked[5], { type: 'remove', of: 4 });
  const none = scene({ history: { messages: [] } });
  await none.run({ do: 'edit', text: 'better' });
  t.same(none.refused, ['You have said nothing here lately.']);
  t.equal(none.asked.length, 1);
});

t.test('a search shows its matches, goes on where it was, and remembers where they are', async (t) => {
  const answers: Answers = {
    search: { found: [found(9), found(5, { room: undefined as never, with: 'ben' })], more: true },
  };
  const { errands, asked, told } = scene(answers);
  const terms = { words: 'red', since: Date.UTC(2026, 10, 1) };
  await errands.run({ do: 'search', terms });
  t.match(asked[0], { type: 'search', words: 'red', since: '2026-11-01T00:00:00.000Z' });
  t.match(told.join('\n'), /^9 .*#dev {2}ben:\n {4}a \[red\] fox\n5 .*@ben/);
  t.match(told.at(-1), /\/jump ID.*\/search/);
  t.same(errands.placeOf(9), { room: 'dev' });
  t.same(errands.placeOf(5), { to: 'ben' });
  t.equal(errands.placeOf(4), undefined);
  answers.search = { found: [], more: false };
  await errands.run({ do: 'search-more' });
  t.match(asked[1], { type: 'search', words: 'red', before: 5 });
  t.equal(told.at(-1), 'There is nothing more.');
  await errands.run({ do: 'search-more' });
  t.equal(asked.length, 2, 'the end is the end');
});

t.test('who wrote last is who is answered', async (t) => {
  const { errands } = scene();
  t.equal(errands.lastPeer, undefined);
  errands.notice(messageOf({ from: 'ben' }));
  t.equal(errands.lastPeer, undefined, 'a room is no person');
  const { room: _, ...direct } = messageOf({ from: 'cyd', to: 'ana' });
  errands.notice(direct);
  errands.notice({ ...direct, from: 'ana', to: 'dora' });
  t.equal(errands.lastPeer, 'cyd');
});

t.test('nothing in a list can drive a terminal', async (t) => {
  for (const { text } of hostileText) {
    const { errands, told } = scene({
      rooms: { rooms: [{ room: text, topic: text, members: 1, invited: text }] },
      search: { found: [found(1, { from: text, excerpt: text, room: text, marks: [[0, 1]] })] },
      files: { messages: [messageOf({ from: text, file: { name: text, size: 1, hash: '' } })] },
    });
    await errands.run({ do: 'rooms' });
    await errands.run({ do: 'search', terms: { words: 'x' } });
    await errands.run({ do: 'files' });
    t.notMatch(told.join(''), unsafe);
  }
});
