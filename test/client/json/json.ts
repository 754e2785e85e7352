import t, { type Test } from 'tap';
import { createJsonFrontEnd } from '../../../lib/client/json/json.js';
import type { RequestBody } from '../../../lib/client/wire/connection.js';
import type { Reply } from '../../../lib/protocol/events.js';
import { hostileText } from '../../fixtures/hostile-text.js';
import { createFakeSession } from '../../support/fake-session.js';
import { createStreams, settle } from '../../support/streams.js';
import { unsafe } from '../../support/unsafe.js';

type Line = Record<string, unknown>;

function start(
  t: Test,
  answer: (request: RequestBody) => Reply = () => ({ type: 'ok', re: 9 }),
  given: { motd?: string } = {},
) {
  const streams = createStreams();
  const stop = new AbortController();
  const frontEnd = createJsonFrontEnd({ ...streams, stop: stop.signal });
  const fake = createFakeSession({ listener: frontEnd.listener, answer, ...given });
  const over = frontEnd.run(fake.session);
  t.teardown(() => streams.stdin.destroy());
  const lines = (): Line[] => {
    const text = streams.out();
    return text === ''
      ? []
      : text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line));
  };
  const type = async (...requests: unknown[]): Promise<void> => {
    for (const each of requests) {
      streams.stdin.write(`${typeof each === 'string' ? each : JSON.stringify(each)}\n`);
    }
    await settle();
  };
  return { ...streams, ...fake, stop, over, lines, type };
}

t.test('the first line says who is signed in, and where', async (t) => {
  const { lines } = start(t);
  t.same(lines(), [{ type: 'session', name: 'ana', role: 'member', server: 'test server' }]);
});

t.test('the first line has the message of the day', async (t) => {
  const { lines } = start(t, undefined, { motd: 'Quiet hours\nfrom ten on' });
  t.match(lines(), [{ type: 'session', motd: 'Quiet hours\nfrom ten on' }]);
});

t.test('a message is delivered under its id, and its key is kept', async (t) => {
  const { type, lines, said, synced, deliver } = start(t);
  synced();
  lines();
  await type(
    { type: 'say', room: 'lobby', text: 'one', id: 'a' },
    { type: 'say', to: 'ben', text: 'two', key: 'mine', action: true },
  );
  t.same(said, [
    { room: 'lobby', text: 'one', key: 'key-1' },
    { to: 'ben', text: 'two', action: true, key: 'mine' },
  ]);
  deliver('key-1', { state: 'sending', waitMs: 200 });
  deliver('key-1', { state: 'sent', seq: 7 });
  deliver('mine', { state: 'failed', code: 'no-such-name', message: 'Nobody.' });
  t.same(lines(), [
    { type: 'delivery', re: 'a', key: 'key-1', state: 'sending' },
    { type: 'delivery', key: 'mine', state: 'sending' },
    { type: 'delivery', re: 'a', key: 'key-1', state: 'sending', waitMs: 200 },
    { type: 'delivery', re: 'a', key: 'key-1', state: 'sent', seq: 7 },
    { type: 'delivery', key: 'mine', state: 'failed', code: 'no-such-name', message: 'Nobody.' },
  ]);
});

t.test('two messages with one key are each answered under their own id', async (t) => {
  const { type, lines, synced, deliver } = start(t);
  synced();
  const twice = { type: 'say', room: 'lobby', text: 'one', key: 'mine' };
  await type({ ...twice, id: 'a' }, { ...twice, id: 'b' });
  deliver('mine', { state: 'sent', seq: 7 });
  deliver('mine', { state: 'sent', seq: 7 });
  const sent = lines().filter(({ state }) => state === 'sent');
  t.same(
    sent.map(({ re }) => re),
    ['a', 'b'],
  );
});

t.test('other requests are sent and answered', async (t) => {
  const { type, lines, asked, synced } = start(t, ({ type }) =>
    type === 'who'
      ? { type: 'ok', re: 9, people: [{ name: 'ben', role: 'member', terminals: 1 }] }
      : { type: 'error', re: 9, code: 'no-such-room', message: 'No such room.' },
  );
  synced();
  lines();
  await type(
    { type: 'who', id: 1 },
    { type: 'history', room: 'cats', limit: 5 },
    { type: 'read', room: 'cats', seq: 3 },
  );
  t.same(asked, [
    { type: 'who' },
    { type: 'history', room: 'cats', limit: 5 },
    { type: 'read', room: 'cats', seq: 3 },
  ]);
  t.same(lines(), [
    { type: 'ok', re: 1, people: [{ name: 'ben', role: 'member', terminals: 1 }] },
    { type: 'error', code: 'no-such-room', message: 'No such room.' },
    { type: 'error', code: 'no-such-room', message: 'No such room.' },
  ]);
});

t.test('a line that is not a request is an error, and the next one works', async (t) => {
  const { type, lines, said, synced, over, stdin, deliverAll } = start(t);
  synced();
  lines();
  const bad = [
    'not json',
    '[]',
    '"say"',
    'null',
    '{"type":"dance","id":5}',
    '{"type":"say","text":"nowhere"}',
    '{"type":"say","room":"a","to":"b","text":"two places"}',
    '{"type":"say","room":"lobby"}',
    '{"type":"say","room":"lobby","text":7,"id":"x"}',
    '{"type":"say","room":"lobby","text":"hi","extra":1}',
    '{"type":"say","room":"lobby","text":"hi","id":{}}',
    `{"type":"say","room":"lobby","text":"hi","id":"${'i'.repeat(65)}"}`,
    `{"type":"say","room":"lobby","text":"${'x'.repeat(70_000)}"}`,
  ];
  await type(...bad, '', { type: 'say', room: 'lobby', text: 'good' });
  const errors = lines().filter((line) => line.type === 'error');
  t.equal(errors.length, bad.length);
  t.equal(errors.find((line) => line.code === 'unknown-type')?.re, 5);
  t.equal(errors.find((line) => line.re === 'x')?.code, 'bad-request');
  t.equal(errors.at(-1)?.code, 'frame-too-large');
  t.same(said, [{ room: 'lobby', text: 'good', key: 'key-1' }]);
  deliverAll();
  stdin.end();
  t.equal((await over).refused, bad.length);
});

t.test('requests that the client sends itself are refused', async (t) => {
  const { type, lines, asked, synced } = start(t);
  synced();
  lines();
  await type(
    { type: 'sign-in', name: 'ana', password: 'hunter22' },
    { type: 'register', name: 'ana', password: 'hunter22' },
    { type: 'recover', name: 'ana', code: 'x', password: 'hunter22' },
    { type: 'resume', token: 'x' },
    { type: 'check-name', name: 'ben' },
    { type: 'set-remember', remember: true },
    { type: 'sync' },
    { type: 'ping' },
  );
  t.same(asked, []);
  const refused = lines();
  t.same(new Set(refused.map((line) => line.code)), new Set(['not-allowed']));
  t.equal(refused.length, 8);
  t.notMatch(JSON.stringify(refused), 'hunter22');
});

t.test('events and the state of the connection are lines', async (t) => {
  const { lines, synced, message, happen, status, end } = start(t);
  lines();
  status({ state: 'connecting' });
  synced();
  message({ seq: 4, text: 'hi' });
  happen({ kind: 'event', event: { type: 'joined', room: 'lobby', name: 'ben' } });
  status({ state: 'waiting', inMs: 1000, why: 'gone' });
  end({ why: 'refused', code: 'taken-over', message: 'Elsewhere.' });
  t.same(lines(), [
    { type: 'status', state: 'connecting' },
    { type: 'status', state: 'online' },
    {
      type: 'synced',
      first: true,
      conversations: [{ room: 'lobby', last: 0, read: 0, unread: 0, mentions: 0 }],
    },
    {
      type: 'message',
      seq: 4,
      room: 'lobby',
      from: 'ben',
      text: 'hi',
      at: '2026-11-20T12:34:56.000Z',
      key: 'k',
    },
    { type: 'joined', room: 'lobby', name: 'ben' },
    { type: 'status', state: 'waiting', inMs: 1000, why: 'gone' },
    { type: 'status', state: 'ended', why: 'refused', code: 'taken-over', message: 'Elsewhere.' },
  ]);
});

t.test('a distrusted server ends with a sentence, not with an error object', async (t) => {
  const { lines, end, over } = start(t);
  lines();
  end({ why: 'distrusted', error: new Error('another key') });
  t.same(lines(), [{ type: 'status', state: 'ended', why: 'distrusted', message: 'another key' }]);
  t.equal((await over).endedBy.by, 'session');
});

t.test('nothing that others wrote can drive a terminal, and a program gets it as it is', async (t) => {
  const { lines, message, happen, stdout } = start(t);
  lines();
  let all = '';
  stdout.on('data', (chunk) => {
    all += chunk;
  });
  for (const { name, text } of hostileText) {
    message({ text, from: text, room: text, at: text, key: text });
    happen({ kind: 'event', event: { type: 'left', room: text, name: text, reason: text } });
    const strange = { type: 'joined', room: 'lobby', name: 'ben', [text]: { [text]: [text] } } as const;
    happen({ kind: 'event', event: strange });
    await settle();
    const printed = all.trimEnd().split('\n');
    all = '';
    for (const line of printed) t.notMatch(line, unsafe, name);
    const [said, left, other] = printed.map((line) => JSON.parse(line));
    t.match([said.text, said.from, left.reason], [text, text, text], name);
    t.same(other[text], { [text]: [text] }, name);
  }
});

t.test('the end of the input waits for acknowledgements and replies', async (t) => {
  let reply: (reply: Reply) => void = () => {};
  const streams = createStreams();
  const frontEnd = createJsonFrontEnd({ ...streams, stop: new AbortController().signal });
  const fake = createFakeSession({
    listener: frontEnd.listener,
    answer: () =>
      new Promise<Reply>((resolve) => {
        reply = resolve;
      }),
  });
  const over = frontEnd.run(fake.session);
  fake.synced();
  streams.stdin.end('{"type":"who"}\n{"type":"say","room":"lobby","text":"hi"}\n');
  await settle();
  fake.deliverAll();
  await settle();
  t.same(fake.quits, []);
  reply({ type: 'ok', re: 1, people: [] });
  t.same(await over, { endedBy: { by: 'person' }, refused: 0, unacknowledged: 0 });
  t.same(fake.quits, [undefined]);
});

t.test('quit has a reason', async (t) => {
  const { type, over, synced, quits } = start(t);
  synced();
  await type({ type: 'quit', reason: 'tea' });
  await over;
  t.same(quits, ['tea']);
});
