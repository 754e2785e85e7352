import t from 'tap';
import { createOutbox } from '../../../lib/client/session/outbox.js';
import { ConnectionLost, type RequestBody, type Settle } from '../../../lib/client/wire/connection.js';
import { type ErrorCode, ProtocolError } from '../../../lib/protocol/errors.js';
import { createFakeClock } from '../../support/fake-clock.js';
import { message } from '../../support/fake-server.js';

/** An outbox, what it sent, and what it reported. */
function prepare() {
  const clock = createFakeClock();
  const reports: unknown[][] = [];
  const sent: { asked: RequestBody; settle: Settle }[] = [];
  let keys = 0;
  const outbox = createOutbox({
    clock,
    makeKey: () => {
      keys += 1;
      return `k${keys}`;
    },
    report: (key, delivery) => {
      const { state } = delivery;
      const more = state === 'sending' ? delivery.waitMs : state === 'sent' ? delivery.seq : delivery.code;
      reports.push([key, state, more]);
    },
  });
  const request = (asked: RequestBody, settle: Settle) => void sent.push({ asked, settle });
  const ok = (seq: number) => sent.at(-1)?.settle({ type: 'ok', re: 1, seq });
  const error = (code: ErrorCode, retryAfter?: number) =>
    sent.at(-1)?.settle({
      ...{ type: 'error', re: 1, code, message: code },
      ...(retryAfter !== undefined && { retryAfter }),
    } as Parameters<Settle>[0]);
  return { clock, reports, sent, outbox, request, ok, error };
}

/** The outbox never acts at once. */
const turn = () => new Promise(setImmediate);

t.test('nothing is sent while there is no connection', async (t) => {
  const { outbox, sent, request, ok, reports } = prepare();
  t.equal(outbox.say({ room: 'lobby', text: 'a' }), 'k1');
  await turn();
  t.equal(sent.length, 0);
  outbox.open(request);
  await turn();
  t.same(sent[0]?.asked, { type: 'say', room: 'lobby', text: 'a', key: 'k1' });
  ok(4);
  t.same(reports, [['k1', 'sent', 4]]);
});

t.test('the first of reply and copy counts, and old replies do not', async (t) => {
  const { outbox, sent, request, ok, reports } = prepare();
  outbox.open(request);
  for (const text of ['a', 'b', 'c']) outbox.say({ room: 'lobby', text });
  await turn();
  outbox.acknowledge(message(1, { key: 'k1' }));
  ok(99);
  await turn();
  ok(2);
  outbox.acknowledge(message(2, { key: 'k2' }));
  await turn();
  outbox.hold();
  sent.at(-1)?.settle(new ConnectionLost('gone'));
  outbox.open(request);
  await turn();
  sent[2]?.settle({ type: 'error', re: 1, code: 'internal', message: 'late' });
  ok(3);
  await outbox.settled();
  t.same(reports, [
    ['k1', 'sent', 1],
    ['k2', 'sent', 2],
    ['k3', 'sent', 3],
  ]);
});

t.test('a transient refusal is retried', async (t) => {
  const { outbox, sent, request, ok, error, reports, clock } = prepare();
  outbox.open(request);
  outbox.say({ room: 'lobby', text: 'a' });
  await turn();
  for (const [code, retryAfter] of [
    ['rate-limited', 300],
    ['busy', undefined],
    ['internal', undefined],
    ['shutting-down', undefined],
    ['rate-limited', Number.MAX_SAFE_INTEGER],
  ] as const) {
    error(code, retryAfter);
    clock.advance(Math.min(retryAfter ?? 1_000, 5 * 60_000) - 1);
    await turn();
    const before = sent.length;
    clock.advance(1);
    await turn();
    t.equal(sent.length, before + 1, code);
  }
  ok(1);
  t.same(
    reports.map((report) => report.slice(1)),
    [
      ['sending', 300],
      ['sending', 1_000],
      ['sending', 1_000],
      ['sending', 1_000],
      ['sending', 5 * 60_000],
      ['sent', 1],
    ],
  );
  t.equal(clock.pending, 0);
});

t.test('a slow-mode or mute refusal fails at once, even with a retry time', async (t) => {
  const { outbox, sent, request, error, reports, clock } = prepare();
  outbox.open(request);
  const codes = ['muted', 'slow-mode', 'room-locked', 'restricted'] as const;
  for (const code of codes) {
    outbox.say({ room: 'lobby', text: code });
    await turn();
    error(code, 5_000);
    await turn();
  }
  t.match(
    reports.map(([, state, what]) => [state, what]),
    codes.map((code) => ['failed', code]),
  );
  t.equal(sent.length, codes.length, 'each was sent once');
  t.equal(clock.pending, 0);
});

t.test('a wait ends with the connection', async (t) => {
  const { outbox, sent, request, ok, error, reports, clock } = prepare();
  outbox.open(request);
  outbox.say({ room: 'lobby', text: 'a' });
  await turn();
  error('rate-limited', 60_000);
  outbox.hold();
  t.equal(clock.pending, 0);
  outbox.open(request);
  await turn();
  t.equal(sent.length, 2);
  error('rate-limited', 60_000);
  outbox.acknowledge(message(5, { key: 'k1' }));
  t.equal(clock.pending, 0);
  ok(9);
  t.same(reports.at(-1), ['k1', 'sent', 5]);
});

t.test('a message that keeps failing in the server does not block the others forever', async (t) => {
  const { outbox, sent, request, error, reports, clock } = prepare();
  outbox.open(request);
  outbox.say({ room: 'lobby', text: 'poison' });
  outbox.say({ room: 'lobby', text: 'b' });
  for (let tries = 0; tries < 30; tries += 1) {
    await turn();
    error('internal');
    clock.advance(1_000);
  }
  t.same(reports.at(-1), ['k1', 'failed', 'internal']);
  await turn();
  t.match(sent.at(-1)?.asked, { text: 'b' });
});

t.test('settled waits for each message to be sent or failed', async (t) => {
  const { outbox, request, ok, error } = prepare();
  await outbox.settled();
  outbox.open(request);
  outbox.say({ room: 'lobby', text: 'a' });
  outbox.say({ room: 'lobby', text: 'b' });
  let settled = false;
  const settling = outbox.settled().then(() => {
    settled = true;
  });
  await turn();
  ok(1);
  await turn();
  t.notOk(settled);
  error('message-too-long');
  await settling;
});

t.test('a closed outbox sends and reports nothing', async (t) => {
  const { outbox, sent, request, ok, reports } = prepare();
  outbox.open(request);
  outbox.say({ room: 'lobby', text: 'a' });
  await turn();
  const settling = outbox.settled();
  outbox.close();
  await settling;
  ok(1);
  outbox.open(request);
  outbox.say({ room: 'lobby', text: 'b' });
  await outbox.settled();
  await turn();
  t.equal(sent.length, 1);
  t.same(reports, []);
});

t.test('ten thousand messages keep their order', async (t) => {
  const { outbox, reports } = prepare();
  let seq = 0;
  for (let line = 0; line < 10_000; line += 1) outbox.say({ room: 'lobby', text: `${line}` });
  outbox.open((_asked, settle) => {
    seq += 1;
    const reply = { type: 'ok', re: seq, seq } as const;
    queueMicrotask(() => settle(reply));
  });
  await outbox.settled();
  t.ok(reports.every(([key, state, at]) => key === `k${at}` && state === 'sent'));
  t.equal(reports.length, 10_000);
});

t.test('ten thousand messages that are too long fail one by one', async (t) => {
  const { outbox, reports } = prepare();
  for (let line = 0; line < 10_000; line += 1) outbox.say({ room: 'lobby', text: 'long' });
  outbox.open(() => {
    throw new ProtocolError('frame-too-large', 'too long');
  });
  await outbox.settled();
  t.equal(reports.length, 10_000);
  t.same(reports.at(-1), ['k10000', 'failed', 'message-too-long']);
});
