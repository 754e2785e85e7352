import t, { type Test } from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import type { FileInfo } from '../../../lib/protocol/records.js';
import { eventsOf, fence, outcome, post, requestOk } from '../../support/requests.js';
import { runServer } from '../../support/running-server.js';
import { password, sessionScene } from '../../support/session-scene.js';

const people = ['ada', 'bob', 'eve'];
const edit = (of: number, text: string) => ({ type: 'edit', of, text }) as const;
const remove = (of: number) => ({ type: 'remove', of }) as const;

async function setUp(t: Test, settings: Parameters<typeof runServer>[1] = {}) {
  const server = await runServer(t, { people, ...settings });
  const [ada, bob, eve] = [await server.enter('ada'), await server.enter('bob'), await server.enter('eve')];
  return { server, ada, bob, eve };
}

t.test('an edit reaches everyone on every terminal, and history has only the new text', async (t) => {
  const { server, ada, bob } = await setUp(t);
  const second = await server.enter('ada');
  const { seq } = await post(ada, { room: 'lobby' }, 'teh text');
  const reply = await requestOk(ada, edit(seq, 'the\u202e text \n'));
  t.match(reply, { seq: seq + 1, at: String });
  await fence(bob, 'lobby', ada, second);
  const edited = { type: 'edited', of: seq, room: 'lobby', from: 'ada', text: 'the text' };
  for (const client of [ada, second, bob]) {
    t.same(eventsOf(client, 'edited'), [edited]);
    t.match(client.all('edited'), [{ seq: reply.seq, at: reply.at }]);
  }
  const { messages = [] } = await requestOk(bob, { type: 'history', room: 'lobby', limit: 2 });
  t.match(messages, [{ seq, text: 'the text', edited: reply.at }, { text: 'fence' }]);
  t.match((await requestOk(bob, { type: 'search', words: 'teh' })).found, []);
  t.equal((await requestOk(bob, { type: 'search', words: 'the' })).found?.length, 1);
});

t.test('messages of others, removed messages and other entries can’t be edited', async (t) => {
  const file: FileInfo = { name: 'a.txt', size: 1, hash: 'A'.repeat(43) };
  let announced = 0;
  const { ada, bob } = await setUp(t, {
    async prepare(store, accounts) {
      const [lobby] = await store.rooms();
      const account = accounts.get('ada')?.id ?? 0;
      const said = { target: { room: lobby?.id ?? 0 }, account, key: 'f', text: file.name, action: false };
      const appended = await store.append({ ...said, at: Date.now(), file });
      if (appended.outcome === 'kept') announced = appended.seq;
    },
  });
  const { seq } = await post(ada, { room: 'lobby' }, 'mine');
  t.equal(await outcome(bob, edit(seq, 'ours')), 'not-allowed');
  t.equal(await outcome(bob, remove(seq)), 'not-allowed');
  t.equal(await outcome(ada, edit(announced, 'b.txt')), 'not-allowed', 'an announcement is the file’s');
  t.equal(await outcome(ada, edit(seq, ' \n')), 'message-empty');
  t.equal(await outcome(ada, edit(seq, 'x'.repeat(limits.messageBytes + 1))), 'message-too-long');
  t.equal(await outcome(ada, edit(seq + 100, 'x')), 'no-such-message');
  const { seq: change = 0 } = await requestOk(ada, edit(seq, 'mine still'));
  for (const request of [edit(change, 'x'), remove(change)]) {
    t.equal(await outcome(ada, request), 'no-such-message', `${request.type} of an edit`);
  }
  await requestOk(ada, remove(seq));
  for (const request of [edit(seq, 'x'), remove(seq)]) {
    t.equal(await outcome(ada, request), 'no-such-message', `${request.type} of what is gone`);
  }
  await fence(ada, 'lobby', bob);
  t.same([bob.all('edited').length, bob.all('removed').length], [1, 1]);
});

t.test('owners and moderators of a room can remove messages of others', async (t) => {
  const { ada, bob, eve } = await setUp(t);
  for (const client of [ada, bob, eve]) await requestOk(client, { type: 'join', room: 'dev' });
  const by = async (text: string) => (await post(eve, { room: 'dev' }, text)).seq;
  const [one, two] = [await by('one xylophone'), await by('two')];
  t.equal(await outcome(bob, remove(one)), 'not-allowed');
  await requestOk(ada, { type: 'appoint', room: 'dev', name: 'bob', role: 'moderator' });
  t.equal(await outcome(bob, remove(one)), 'ok');
  t.equal(await outcome(ada, remove(two)), 'ok');
  await fence(eve, 'dev', bob, ada);
  const removed = [
    { type: 'removed', of: one, room: 'dev', from: 'bob' },
    { type: 'removed', of: two, room: 'dev', from: 'ada' },
  ];
  for (const client of [ada, bob, eve]) t.same(eventsOf(client, 'removed'), removed);
  const { messages = [] } = await requestOk(eve, { type: 'history', room: 'dev', limit: 3 });
  t.match(messages, [
    { seq: one, text: '', removed: 'bob' },
    { text: '', removed: 'ada' },
    { text: 'fence' },
  ]);
  t.same((await requestOk(eve, { type: 'search', words: 'xylophone' })).found, []);
  await requestOk(ada, { type: 'appoint', room: 'dev', name: 'bob', role: 'member' });
  t.equal(await outcome(bob, remove(await by('three'))), 'not-allowed', 'no longer, at once');
  const three = (await post(bob, { room: 'dev' }, 'own')).seq;
  await requestOk(bob, { type: 'leave', room: 'dev' });
  t.equal(await outcome(bob, remove(three)), 'no-such-message', 'who left changes nothing there');
});

t.test('in direct messages each person changes only their own, and both see it', async (t) => {
  const { ada, bob, eve } = await setUp(t);
  const { seq } = await post(ada, { to: 'bob' }, 'psst');
  t.equal(await outcome(bob, remove(seq)), 'not-allowed');
  t.equal(await outcome(eve, remove(seq)), 'no-such-message');
  await requestOk(ada, edit(seq, 'hush'));
  await requestOk(ada, remove(seq));
  for (const client of [ada, bob]) {
    await requestOk(client, { type: 'ping' });
    t.same(eventsOf(client, 'edited', 'removed'), [
      { type: 'edited', of: seq, to: 'bob', from: 'ada', text: 'hush' },
      { type: 'removed', of: seq, to: 'bob', from: 'ada' },
    ]);
  }
  await requestOk(eve, { type: 'ping' });
  t.same(eventsOf(eve, 'edited', 'removed'), []);
  const note = await post(ada, { to: 'ada' }, 'milk');
  await requestOk(ada, edit(note.seq, 'bread'));
  t.match(eventsOf(ada, 'edited').at(-1), { to: 'ada', text: 'bread' });
  t.equal(ada.all('edited').length, 2, 'once');
});

t.test('a blocked person can’t edit an old message but can remove it', async (t) => {
  const { ada, bob } = await setUp(t);
  const { seq } = await post(ada, { to: 'bob' }, 'hello');
  await requestOk(bob, { type: 'block', name: 'ada' });
  t.equal(await outcome(ada, edit(seq, 'read this!')), 'not-delivered');
  await requestOk(bob, { type: 'ping' });
  t.same(eventsOf(bob, 'edited'), []);
  t.match((await requestOk(bob, { type: 'history', with: 'ada' })).messages, [{ text: 'hello' }]);
  t.equal(await outcome(ada, remove(seq)), 'ok');
  await requestOk(bob, { type: 'unblock', name: 'ada' });
  const { seq: next } = await post(ada, { to: 'bob' }, 'sorry');
  t.equal(await outcome(ada, edit(next, 'so sorry')), 'ok');
});

t.test('edits and removals count as messages', async (t) => {
  const scene = await sessionScene(t, { rate: { burst: 4, perSecond: 2 } });
  const ada = scene.connect().wire;
  await requestOk(ada, { type: 'register', name: 'ada', password });
  // Who has not synced is answered by ok.
  const { seq = 0 } = await requestOk(ada, { type: 'say', room: 'lobby', text: '1', key: 'k1' });
  for (const request of [edit(seq, '2'), edit(seq, '3'), remove(seq)]) {
    t.equal(await outcome(ada, request), 'ok');
  }
  t.match(await ada.ask(remove(seq)), { code: 'rate-limited', retryAfter: 500 });
  t.equal(await outcome(ada, edit(seq, '4')), 'rate-limited');
});

t.test('a topic is one printable line, sent to the room when it changes', async (t) => {
  const { ada, bob } = await setUp(t);
  for (const client of [ada, bob]) await requestOk(client, { type: 'join', room: 'dev' });
  const topic = (text: string) => ({ type: 'set-topic', room: 'dev', topic: text }) as const;
  t.match(await requestOk(ada, topic(' so\nmuch \u202e to do ')), { seq: Number, at: String });
  t.notOk('seq' in (await requestOk(ada, topic('so much  to do'))), 'nothing changed');
  await requestOk(ada, topic('\u200b'));
  t.equal(await outcome(ada, topic('x'.repeat(limits.topicBytes + 1))), 'message-too-long');
  await fence(ada, 'dev', bob);
  const topics = eventsOf(bob, 'topic') as { topic: string }[];
  t.match(topics, [{ room: 'dev', from: 'ada' }, { topic: '' }]);
  t.equal(topics.length, 2);
  t.notMatch(topics[0]?.topic, /[\n\u202e]/);
  t.match((await requestOk(bob, { type: 'rooms' })).rooms?.at(-1), { room: 'dev', members: 2 });
});
