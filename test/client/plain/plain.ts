import t, { type Test } from 'tap';
import { createPlainFrontEnd } from '../../../lib/client/plain/plain.js';
import { plainMessage } from '../../../lib/client/text/plain-message.js';
import type { RequestBody } from '../../../lib/client/wire/connection.js';
import type { Reply } from '../../../lib/protocol/events.js';
import type { Conversation, RoomRules, Whois } from '../../../lib/protocol/records.js';
import { hostileText } from '../../fixtures/hostile-text.js';
import { createFakeSession, messageOf } from '../../support/fake-session.js';
import { noTransfers } from '../../support/no-transfers.js';
import { createStreams, settle, testTime } from '../../support/streams.js';
import { unsafe } from '../../support/unsafe.js';

const lobby = {
  ...{ room: 'lobby', last: 7, read: 7, unread: 0, mentions: 0 },
  at: '2026-11-20T12:34:00.000Z',
};

interface Given {
  readonly motd?: string;
  readonly typed?: boolean;
}

function start(t: Test, { motd, typed = false }: Given = {}) {
  const streams = createStreams();
  const stop = new AbortController();
  const pending: (() => void)[] = [];
  const frontEnd = createPlainFrontEnd({
    ...streams,
    time: testTime,
    stop: stop.signal,
    later: (callback) => pending.push(callback),
    openTransfers: noTransfers,
    typed,
  });
  const fake = createFakeSession({
    listener: frontEnd.listener,
    async answer(request: RequestBody): Promise<Reply> {
      // A server takes longer than the next line.
      if (request.type === 'join') await settle();
      if (request.type === 'leave')
        frontEnd.listener({ kind: 'event', event: { type: 'parted', room: request.room } });
      if (request.type === 'join' && request.room === 'shut')
        return { type: 'error', re: 1, code: 'not-allowed', message: 'Not you.' };
      if (request.type === 'conversations') return { type: 'ok', re: 1, conversations: [lobby] };
      return request.type === 'who'
        ? { type: 'ok', re: 1, people: [{ name: 'ana', role: 'admin', terminals: 2 }] }
        : { type: 'ok', re: 1, ...(request.type === 'whois' && { whois: whois(request.name) }) };
    },
  });
  const session = { ...fake.session, motd };
  const over = frontEnd.run(session);
  t.teardown(() => streams.stdin.destroy());
  const later = (): void => {
    for (const run of pending.splice(0)) run();
  };
  return { ...streams, ...fake, session, stop, over, later };
}

function whois(name: string): Whois {
  const away = name === 'ben' ? { away: 'lunch' } : {};
  return { name, role: 'member', since: '', terminals: 1, rooms: [], ...away };
}

t.test('a message is a line, an action and a direct message look different', async (t) => {
  t.equal(plainMessage(messageOf(), testTime), '12:34 ben: hi\n');
  t.equal(plainMessage(messageOf({ action: true, text: 'waves' }), testTime), '12:34 * ben waves\n');
  t.equal(plainMessage(messageOf({ to: 'ana' }), testTime), '12:34 ben -> ana: hi\n');
  t.equal(plainMessage(messageOf({ room: 'cats' }), testTime), '12:34 #cats ben: hi\n');
  t.equal(plainMessage(messageOf({ at: 'never' }), testTime), '--:-- ben: hi\n');
});

t.test('short codes become emoji at a terminal, and stay in a pipe', async (t) => {
  for (const [typed, text] of [
    [true, 'done 🎉'],
    [false, 'done :tada:'],
  ] as const) {
    const { stdin, said, synced, over, deliverAll } = start(t, { typed });
    synced();
    deliverAll();
    stdin.end('done :tada:\n');
    await over;
    t.equal(said[0]?.text, text);
  }
});

t.test('further lines of a message are indented, whatever they say', async (t) => {
  const text = 'one\n12:34 ana: I owe you\r\n13:00 ana: really\u2028x';
  const [first, ...rest] = plainMessage(messageOf({ text }), testTime).trimEnd().split('\n');
  t.equal(first, '12:34 ben: one');
  t.equal(rest.length, 3);
  for (const line of rest) t.match(line, /^ {8}/);
});

t.test('nothing hostile reaches the output', async (t) => {
  for (const { name, text } of hostileText) {
    const all = messageOf({ text, from: text, to: text });
    t.notMatch(plainMessage(all, testTime), unsafe, name);
  }
  const { happen, err, over, stdin, synced, deliverAll } = start(t);
  for (const { text } of hostileText) {
    happen({ kind: 'event', event: { type: 'joined', room: text, name: text } });
    happen({ kind: 'event', event: { type: 'left', room: 'lobby', name: text, reason: text } });
    happen({ kind: 'event', event: { type: 'closing', code: 'internal', message: text } });
    happen({ kind: 'event', event: { type: 'muted', by: text, reason: text } });
    happen({ kind: 'event', event: { type: 'gap', with: text, after: 1, before: 2 } });
    happen({ kind: 'status', status: { state: 'waiting', inMs: 10, why: text } });
  }
  t.notMatch(err(), unsafe);
  deliverAll();
  synced();
  stdin.end();
  await over;
});

t.test('lines are posted, and the end waits for every acknowledgement', async (t) => {
  const { stdin, said, deliver, synced, over, quits, message, out } = start(t);
  synced();
  stdin.end('hello\n//slash\n/me waves\n/msg ben psst');
  await settle();
  t.same(
    said.map(({ key: _, ...draft }) => draft),
    [
      { room: 'lobby', text: 'hello' },
      { room: 'lobby', text: '/slash' },
      { room: 'lobby', text: 'waves', action: true },
      { to: 'ben', text: 'psst' },
    ],
  );
  message({ from: 'ana', text: 'hello' });
  t.equal(out(), '12:34 ana: hello\n');
  for (const { key } of said.slice(0, 3)) deliver(key, { state: 'sent', seq: 7 });
  await settle();
  t.same(quits, []);
  deliver(said[3]?.key ?? '', { state: 'sent', seq: 8 });
  t.same(await over, { endedBy: { by: 'person' }, refused: 0, unacknowledged: 0 });
  t.same(quits, [undefined]);
});

t.test('the message of the day is shown first, and cannot look like a message', async (t) => {
  const { err, over, stdin, synced, session } = start(t, {
    motd: 'welcome\n12:34 ben: I owe you\u001b[2J\n',
  });
  t.ok(session.motd);
  synced();
  stdin.end();
  await over;
  const lines = err().split('\n');
  t.match(lines.slice(1, 3), [/^13:00 -- \* welcome$/, /^13:00 -- \* 12:34 ben: I owe you/]);
  t.notMatch(lines.join(''), unsafe);
});

t.test(
  'the rules of the lobby are shown at the start, those of a room on joining, and what changes',
  async (t) => {
    const { happen, status, stdin, err } = start(t);
    t.teardown(() => stdin.end());
    const room = (name: string, rules?: RoomRules): Conversation => ({
      ...{ room: name, last: 0, read: 0, unread: 0, mentions: 0 },
      ...(rules && { rules }),
    });
    const synced = (first: boolean, ...conversations: Conversation[]): string => {
      happen({ kind: 'synced', first, conversations });
      return err();
    };
    status({ state: 'online' });
    t.equal(
      synced(true, room('lobby', { restrict: ['caps'] }), room('dev')),
      '13:00 -- in #lobby as ana\n13:00 -- the rules of #lobby: no all-caps\n',
    );
    happen({ kind: 'event', event: { type: 'room', conversation: room('cats', { slow: 30_000 }) } });
    t.match(err(), 'you are in #cats; rules: slow mode (30 s between messages)');
    happen({ kind: 'event', event: { type: 'rules', room: 'dev', by: 'ben', rules: { locked: true } } });
    t.match(err(), 'ben set the rules of #dev: locked');
    const now = [room('lobby', { restrict: ['caps'] }), room('dev', { locked: true }), room('cats')];
    t.equal(
      synced(false, ...now),
      '13:00 -- the rules of #cats were cleared\n',
      'while it was not connected',
    );
  },
);

t.test('a direct message to a person who is away says so, once per absence', async (t) => {
  const { err, over, stdin, synced, deliverAll, happen } = start(t);
  synced();
  deliverAll();
  err();
  stdin.write('/msg ben one\n/msg ben two\n/msg cyd hi\n');
  await settle();
  t.equal(err(), '13:00 -- ben is away (lunch) and will see your message later\n');
  happen({ kind: 'event', event: { type: 'back', name: 'ben' } });
  happen({ kind: 'event', event: { type: 'away', name: 'ben', text: 'lunch' } });
  err();
  stdin.end('/msg ben three\n');
  await over;
  t.equal(err(), '13:00 -- ben is away (lunch) and will see your message later\n');
});

t.test('secrets are not asked for in a pipe', async (t) => {
  const { err, over, stdin, synced, asked } = start(t);
  synced();
  stdin.end('/passwd\n/recovery\n/2fa on\n/2fa off\n');
  t.equal((await over).refused, 4);
  t.match(err(), /only the full screen/);
  t.same(asked, []);
});

t.test('an empty input still shows earlier messages', async (t) => {
  const { stdin, over, quits, message, synced, out } = start(t);
  stdin.end();
  await settle();
  t.same(quits, []);
  message({ text: 'history' });
  synced();
  await over;
  t.equal(out(), '12:34 ben: history\n');
});

t.test('a line that cannot be sent is shown, counted, and not sent', async (t) => {
  const { stdin, said, over, err, synced, deliverAll } = start(t);
  synced();
  deliverAll();
  stdin.write(`/nothing at all\n${'x'.repeat(5000)}\n${'y'.repeat(70_000)}\n\n\u200b\n`);
  stdin.end('fine\n');
  t.same(await over, { endedBy: { by: 'person' }, refused: 4, unacknowledged: 0 });
  t.same(
    said.map(({ text }) => text),
    ['fine'],
  );
  t.equal(
    err()
      .split('\n')
      .filter((line) => line.includes('not')).length,
    4,
  );
});

t.test('a message that the server refuses is shown with its beginning, and counted', async (t) => {
  const { stdin, said, over, err, synced, deliver } = start(t);
  synced();
  stdin.end('/msg nobody-here psst\n');
  await settle();
  deliver(said[0]?.key ?? '', { state: 'failed', code: 'no-such-name', message: 'Nobody has that name.' });
  t.equal((await over).refused, 1);
  t.match(err(), 'not sent: "psst": Nobody has that name');
});

t.test('about a hundred messages are kept at most, however fast they come', async (t) => {
  const { stdin, said, over, synced, deliverAll } = start(t);
  synced();
  const lines = Array.from({ length: 1000 }, (_, i) => `line ${i}\n`);
  for (const line of lines) stdin.write(line);
  stdin.end();
  await settle();
  t.ok(said.length <= 101, String(said.length));
  deliverAll();
  t.equal((await over).unacknowledged, 0);
  t.equal(said.length, 1000);
  t.equal(said.at(-1)?.text, 'line 999');
});

t.test('/quit waits for the messages before it, and has a reason', async (t) => {
  const { stdin, said, over, synced, deliverAll, quits } = start(t);
  synced();
  stdin.write('first\n/quit see you\nnever\n');
  await settle();
  t.same(quits, []);
  deliverAll();
  t.same((await over).endedBy, { by: 'person' });
  t.same(quits, ['see you']);
  t.equal(said.length, 1);
});

t.test('/list, /who and /help answer on stdout', async (t) => {
  const { stdin, over, synced, err, out } = start(t);
  synced();
  stdin.end('/list\n/who\n/help\n');
  await over;
  const shown = out();
  t.match(shown, /^13:00 -- #lobby {2}2026-11-20 12:34\n/);
  t.equal(shown.split('13:00 -- 1 person is here: ana (you, admin, 2 terminals)').length, 3);
  t.match(shown, '/quit');
  t.equal(err(), '13:00 -- in #lobby as ana\n');
});

t.test('at a connection, changes that the replayed messages have already are not shown again', async (t) => {
  const { message, happen, synced, status, err, out } = start(t);
  const change = (type: 'edited' | 'removed', of: number) =>
    happen({
      kind: 'event',
      event: { type, of, seq: 90, room: 'lobby', from: 'ben', text: 'now', at: '2026-11-20T12:00:00.000Z' },
    } as Parameters<typeof happen>[0]);
  message({ seq: 10, text: 'now', edited: '2026-11-20T12:00:00.000Z' });
  message({ seq: 11, text: '', removed: 'ben' });
  message({ seq: 12, text: 'as it was' });
  change('edited', 10);
  change('removed', 11);
  change('edited', 3);
  t.equal(err(), '', 'not of what is printed as it is now, nor of what is not printed');
  change('edited', 12);
  t.match(err(), 'ben edited a message: now', 'but of what was printed before it came');
  synced();
  err();
  change('edited', 10);
  change('removed', 3);
  t.match(err(), /edited[\s\S]*deleted/);

  status({ state: 'waiting', inMs: 1, why: 'gone' });
  status({ state: 'connecting' });
  err();
  message({ seq: 20, text: 'now', edited: '2026-11-20T12:00:00.000Z' });
  change('edited', 20);
  t.equal(err(), '');
  change('removed', 12);
  t.match(err(), 'ben deleted a message', 'what was printed before the loss is news');
  t.match(out(), 'as it was');
});

t.test('it says when the server does not answer, and when it does again', async (t) => {
  const { synced, status, err } = start(t);
  synced();
  err();
  status({ state: 'no-answer' });
  t.equal(err(), '13:00 -- no answer, waiting\n');
  status({ state: 'online' });
  t.equal(err(), '13:00 -- connected again\n');
});

t.test('a signal ends it at once and counts what was not acknowledged', async (t) => {
  const { stdin, over, synced, stop, quits } = start(t);
  synced();
  stdin.write('unsent\n');
  await settle();
  stop.abort('SIGINT');
  t.same(await over, { endedBy: { by: 'signal', signal: 'SIGINT' }, refused: 0, unacknowledged: 1 });
  t.same(quits, [undefined]);
});

t.test('the end of the session ends the front end', async (t) => {
  const { over, end, quits } = start(t);
  end({ why: 'lost', message: 'gone' });
  t.same((await over).endedBy, { by: 'session', end: { why: 'lost', message: 'gone' } });
  t.same(quits, []);
});

t.test('a reader that closed stdout ends it quietly', async (t) => {
  const { stdout, over, synced, message, said, stdin, deliverAll } = start(t);
  synced();
  stdin.write('before\n');
  await settle();
  stdout.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  await settle();
  message({ text: 'without a reader' });
  deliverAll();
  t.same(await over, { endedBy: { by: 'person' }, refused: 0, unacknowledged: 0 });
  t.equal(said.length, 1);
});

t.test('presence and the state of the connection are shown on stderr', async (t) => {
  const { happen, status, err, out, synced } = start(t);
  synced();
  happen({ kind: 'event', event: { type: 'joined', room: 'lobby', name: 'ben' } });
  happen({ kind: 'event', event: { type: 'left', room: 'lobby', name: 'ben', reason: 'tea' } });
  happen({ kind: 'event', event: { type: 'crowd', room: 'lobby', joined: 3, left: 0, online: 150 } });
  status({ state: 'waiting', inMs: 1500, why: 'the server is gone.' });
  status({ state: 'connecting' });
  status({ state: 'online' });
  t.same(err().trimEnd().split('\n'), [
    '13:00 -- in #lobby as ana',
    '13:00 -- ben joined',
    '13:00 -- ben left (tea)',
    '13:00 -- 3 joined; 150 online',
    '13:00 -- not connected; trying again in 2 s (the server is gone)',
    '13:00 -- connected again',
  ]);
  t.equal(out(), '');
});

t.test('lines after /join are posted in that room once it is joined', async (t) => {
  const { stdin, synced, said, deliverAll, over } = start(t);
  synced();
  deliverAll();
  stdin.end('/join #dev\nfor dev\n/window #lobby\nfor all\n');
  await over;
  t.match(said, [
    { room: 'dev', text: 'for dev' },
    { room: 'lobby', text: 'for all' },
  ]);
});

t.test('in a pipe nothing is posted after a conversation could not be opened', async (t) => {
  const refused: [line: string, why: RegExp][] = [
    ['/join #shut', /Not you\./],
    ['/JOIN', /Usage: \/join/],
    ['/join #no way', /Usage: \/join/],
    ['/query no!body', /"no!body" is not a valid name/],
    ['/window 3', /There is no conversation "3"/],
    ['/win', /Usage: \/window/],
    ['/jion #dev', /Did you mean \/join/],
  ];
  for (const [line, why] of refused) {
    const { stdin, synced, said, deliverAll, over, err } = start(t);
    synced();
    deliverAll();
    err();
    // The writer holds its end open, as `tail -f` does.
    stdin.write(`for all\n\n${line}\nfor few\n/window @ben\nfor ben\n`);
    t.same(await over, { endedBy: { by: 'person' }, refused: 1, unacknowledged: 0 }, line);
    t.match(said, [{ room: 'lobby', text: 'for all' }]);
    t.equal(said.length, 1);
    const shown = err().trimEnd().split('\n');
    t.equal(shown.length, 1);
    t.ok(shown[0]?.startsWith(`13:00 -- line 3, "${line}", was refused, and nothing after it was sent: `));
    t.match(shown[0], why);
  }
});

t.test('a person goes on typing after a conversation could not be opened', async (t) => {
  const { stdin, synced, said, deliverAll, over, err } = start(t, { typed: true });
  synced();
  deliverAll();
  err();
  stdin.end('/join #shut\n/window 3\nfor all\n');
  t.equal((await over).refused, 2);
  t.match(said, [{ room: 'lobby', text: 'for all' }]);
  t.match(err(), /^13:00 -- Not you\.\n13:00 -- There is no conversation "3"/);
});

t.test('in a pipe no other refusal ends it', async (t) => {
  const { stdin, synced, said, deliverAll, over } = start(t);
  synced();
  deliverAll();
  const long = 'x'.repeat(5000);
  stdin.end(
    `/msg no!body psst\n/nothing\n//join #shut\n/query ben ${long}\nfor ben\n/window #lobby\nfor all\n`,
  );
  t.equal((await over).refused, 3);
  t.match(said, [
    { room: 'lobby', text: '/join #shut' },
    { to: 'ben', text: 'for ben' },
    { room: 'lobby', text: 'for all' },
  ]);
});

t.test('in a pipe lines for a room that you were kicked from do not go to the lobby', async (t) => {
  for (const [typed, room] of [
    [false, 'dev'],
    [true, 'lobby'],
  ] as const) {
    const { stdin, synced, said, deliverAll, over, happen } = start(t, { typed });
    synced();
    deliverAll();
    stdin.write('/join #dev\n');
    await settle(20);
    happen({ kind: 'event', event: { type: 'parted', room: 'dev', by: 'mo' } });
    stdin.end('for dev\n');
    await over;
    t.match(said, [{ room, text: 'for dev' }]);
  }
});

t.test('in a pipe lines after /leave go to the lobby', async (t) => {
  for (const leave of ['/leave', '/leave #dev']) {
    const { stdin, synced, said, deliverAll, over } = start(t);
    synced();
    deliverAll();
    stdin.end(`/join #dev\n${leave}\nfor all\n`);
    await over;
    t.match(said, [{ room: 'lobby', text: 'for all' }]);
  }
});

t.test('in a pipe a command waits for the messages before it', async (t) => {
  const { stdin, synced, said, asked, deliver, over } = start(t);
  synced();
  stdin.end('first\n/logout\n');
  await settle();
  t.same(asked, []);
  deliver(said[0]?.key ?? '', { state: 'sent', seq: 7 });
  await over;
  t.same(asked, [{ type: 'logout' }]);
});

t.test('events of the catch-up show their own time', async (t) => {
  const { happen, err } = start(t);
  const at = '2026-11-20T07:08:00.000Z';
  const topic = { type: 'topic', seq: 5, room: 'dev', from: 'mo', at, topic: 'plans' } as const;
  happen({ kind: 'event', event: topic });
  t.equal(err(), '07:08 -- mo set the topic of #dev: plans\n');
});

t.test('shown messages are marked as read, once for many', async (t) => {
  const { message, asked, later, synced } = start(t);
  synced();
  message({ seq: 1 });
  message({ seq: 2 });
  message({ seq: 3, from: 'cat', to: 'ana' });
  message({ seq: 4, from: 'ana', to: 'dan' });
  t.same(asked, []);
  later();
  t.same(asked, [
    { type: 'read', room: 'lobby', seq: 2 },
    { type: 'read', with: 'cat', seq: 3 },
    { type: 'read', with: 'dan', seq: 4 },
  ]);
});

t.test('a reply has its quote above it, and reactions are below a message', async (t) => {
  const of = { seq: 3, from: 'ana', text: 'shall we?' };
  t.equal(plainMessage(messageOf({ of }), testTime), '12:34 > ana: shall we?\n12:34 ben: hi\n');
  t.equal(
    plainMessage(messageOf({ of: { seq: 3 }, room: 'cats' }), testTime),
    '12:34 #cats > a deleted message\n12:34 #cats ben: hi\n',
  );
  const reactions = [{ emoji: '👍', count: 3, mine: true } as const, { emoji: '🎉', count: 1 }];
  t.equal(plainMessage(messageOf({ reactions }), testTime), '12:34 ben: hi\n12:34 + 👍 3 (you)  🎉 1\n');
  const imitated = plainMessage(messageOf({ text: '> ana: x\n> ana: never\n+ 👍 3' }), testTime);
  t.equal(imitated, '12:34 ben: > ana: x\n        > ana: never\n        + 👍 3\n');
  for (const { text } of hostileText) {
    const hostile = { of: { seq: 1, from: text, text }, reactions: [{ emoji: text, count: 1 }] };
    const lines = plainMessage(messageOf(hostile), testTime);
    t.notMatch(lines, unsafe);
    t.equal(lines.split('\n').length, 4, 'each is one line');
  }
});

t.test('reactions and pins are shown, but not what a catch-up repeats', async (t) => {
  const { message, happen, synced, status, err } = start(t);
  const entry = { seq: 90, room: 'lobby', from: 'cyd', at: '2026-11-20T12:00:00.000Z' };
  const about = (seq: number) => ({ seq, from: 'ben', text: 'hi' });
  const react = (of: number, emoji?: string) =>
    happen({
      kind: 'event',
      event: { type: 'reaction', ...entry, of: about(of), reactions: [], ...(emoji && { emoji }) },
    });
  const pin = (type: 'pinned' | 'unpinned') =>
    happen({ kind: 'event', event: { type, ...entry, of: about(3) } });
  message({ seq: 10, reactions: [{ emoji: '👍', count: 1 }] });
  message({ seq: 11 });
  react(10, '👍');
  react(3, '👍');
  pin('pinned');
  t.equal(err(), '', 'of what is printed with its reactions, and of what is not printed');
  react(11, '👍');
  t.equal(err(), '12:00 -- cyd reacted 👍 to ben: hi\n');
  synced();
  err();
  react(10);
  pin('pinned');
  pin('unpinned');
  t.equal(
    err(),
    [
      '12:00 -- cyd took back a reaction to ben: hi',
      '12:00 -- cyd pinned a message, ben: hi',
      '12:00 -- cyd unpinned a message, ben: hi\n',
    ].join('\n'),
  );
  status({ state: 'waiting', inMs: 1, why: 'gone' });
  status({ state: 'connecting' });
  err();
  react(11, '🎉');
  pin('pinned');
  t.match(err(), /reacted 🎉[\s\S]*pinned/, 'what happened while the connection was lost is news');
});
