import { PassThrough, Writable } from 'node:stream';
import t, { type Test } from 'tap';
import { createLinesFace } from '../../../lib/client/face/lines.js';
import { createPen } from '../../../lib/client/face/pen.js';
import type { Asked } from '../../../lib/client/session.js';
import type { Conversation } from '../../../lib/protocol/events.js';
import { hostileText } from '../../fixtures/hostile-text.js';
import { createEmulator } from '../../support/emulator.js';
import { createFakeSession } from '../../support/fake-session.js';
import { settle, testTime } from '../../support/streams.js';
import { unsafe } from '../../support/unsafe.js';

// readline draws no line on a dumb terminal.
process.env.TERM = 'xterm';

const plainPen = createPen({ NO_COLOR: '1', LANG: 'C.UTF-8' }, true);

function start(t: Test, { columns = 72, pen = plainPen, paused = false } = {}) {
  const screen = createEmulator(columns);
  const stdin = new PassThrough();
  if (paused) stdin.pause();
  let raw = '';
  const stdout = Object.assign(
    new Writable({
      write(chunk, _, done) {
        raw += String(chunk);
        screen.write(String(chunk));
        done();
      },
    }),
    { columns, isTTY: true },
  );
  const stop = new AbortController();
  const later: (() => void)[] = [];
  const face = createLinesFace({
    stdin,
    stdout,
    pen,
    time: testTime,
    stop: stop.signal,
    later: (callback) => later.push(callback),
  });
  const fake = createFakeSession({
    listener: face.listener,
    answer: (request: Asked) =>
      request.type === 'who'
        ? { type: 'ok', re: 1, people: [{ name: 'ben', role: 'admin', terminals: 1 }] }
        : { type: 'ok', re: 1 },
  });
  const over = face.run(fake.session);
  t.teardown(() => stop.abort('SIGTERM'));
  const drawn = async (): Promise<void> => {
    await settle();
    await screen.drawn();
  };
  const type = async (text: string): Promise<void> => {
    stdin.write(text);
    await drawn();
  };
  const sync = async (conversations: readonly Conversation[] = []): Promise<void> => {
    fake.status({ state: 'online' });
    fake.happen({ kind: 'synced', first: true, conversations });
    await drawn();
  };
  const rows = (): string[] => screen.rows();
  return { ...fake, screen, rows, stdin, stdout, stop, over, type, sync, drawn, later, raw: () => raw };
}

/** The rows after the welcome. */
function below(rows: readonly string[]): string[] {
  return rows.slice(rows.findIndex((row) => row.includes('here:')) + 1);
}

t.test('a newcomer reads where they are, what can be typed and who is here', async (t) => {
  const { rows, sync } = start(t);
  await sync();
  t.match(rows()[0], 'you are in #lobby as ana');
  t.match(rows()[1], '/help');
  t.match(rows()[2], '1 person is here: ben (admin)');
  t.equal(rows().at(-1), 'ana>');
});

t.test('a terminal that was left paused by questions before is read', async (t) => {
  const { sync, type, said } = start(t, { paused: true });
  await sync();
  await type('hello\r');
  t.equal(said[0]?.text, 'hello');
});

t.test('messages stand above the line that is half typed', async (t) => {
  const { drawn, rows, sync, type, message, screen } = start(t);
  await sync();
  await type('half ty');
  message({ text: 'hello' });
  message({ text: 'waves', action: true });
  message({ to: 'ana', text: 'psst' });
  await drawn();
  t.same(below(rows()), ['12:34 ben: hello', '12:34 * ben waves', '12:34 [ben → you] psst', 'ana> half ty']);
  t.equal(screen.column, 'ana> half ty'.length);
  await type('ped');
  t.equal(rows().at(-1), 'ana> half typed');
});

t.test('a half-typed line of several rows, edited in its middle, survives too', async (t) => {
  const { drawn, rows, sync, type, message, screen, said } = start(t, { columns: 30 });
  await sync();
  const text = `${'abcdefghij'.repeat(7)}\u4f60\u597d`;
  await type(text);
  await type('\x1b[D\x1b[D\x1b[D');
  const before = rows().slice(-3);
  t.equal(before.join(''), `> ${text}`);
  const { column } = screen;
  for (let i = 0; i < 5; i++) {
    message({ text: `number ${i}` });
    await drawn();
  }
  t.same(rows().slice(-3), before);
  t.equal(screen.column, column);
  t.same(
    rows().slice(-8, -3),
    Array.from({ length: 5 }, (_, i) => `12:34 ben: number ${i}`),
  );
  await type('X\r');
  t.equal(said[0]?.text, `${text.slice(0, -3)}X${text.slice(-3)}`);
  t.notOk(below(rows()).some((row) => row.startsWith('ana> abc')));
});

t.test('what is said is on its way until it is acknowledged, in the order of the others', async (t) => {
  const { drawn, rows, sync, type, message, deliver, said } = start(t);
  await sync();
  await type('mine\r');
  t.same(below(rows()), ['      … sending: mine', 'ana>']);
  message({ text: 'meanwhile' });
  await drawn();
  t.same(below(rows()), ['12:34 ben: meanwhile', '      … sending: mine', 'ana>']);
  deliver(said[0]?.key ?? '', { state: 'sending', waitMs: 2100 });
  await drawn();
  t.match(below(rows())[1], /waiting 3 s/);
  message({ from: 'ana', text: 'mine' });
  deliver(said[0]?.key ?? '', { state: 'sent', seq: 9 });
  await drawn();
  t.same(below(rows()), ['12:34 ben: meanwhile', '12:34 ana: mine ✓', 'ana>']);
});

t.test('what was refused says why, and what cannot be sent is not', async (t) => {
  const { drawn, rows, sync, type, deliver, said } = start(t, { columns: 100 });
  await sync();
  await type('/msg zoe psst\r');
  t.match(below(rows())[0], '… sending: [→ zoe] psst');
  deliver(said[0]?.key ?? '', { state: 'failed', code: 'no-such-name', message: 'Nobody has that name.' });
  await type('/nonsense\r');
  await drawn();
  t.match(below(rows())[0], '✗ not sent: "psst": Nobody has that name');
  t.match(below(rows())[1], '✗ There is no command /nonsense');
  t.equal(said.length, 1);
});

t.test('many messages on their way take few rows', async (t) => {
  const { rows, sync, type } = start(t);
  await sync();
  for (let i = 0; i < 10; i++) await type(`line ${i}\r`);
  t.same(below(rows()), [
    '      … sending: line 0',
    '      … sending: line 1',
    '      … sending: line 2',
    '      and 7 more …',
    'ana>',
  ]);
});

t.test('what is new since the last time stands under a rule', async (t) => {
  const { rows, sync, message } = start(t);
  message({ seq: 1, text: 'old' });
  message({ seq: 2, text: 'own', from: 'ana' });
  message({ seq: 3, text: 'fresh' });
  message({ seq: 4, text: 'secret', to: 'ana' });
  await sync([
    { room: 'lobby', last: 3, read: 1 },
    { with: 'ben', last: 4, read: 0 },
  ]);
  t.equal(rows()[0], '12:34 ben: old');
  t.equal(rows()[1], '12:34 ana: own ✓');
  t.match(rows()[2], /^── new ─+$/);
  t.equal(rows()[3], '12:34 ben: fresh');
  t.equal(rows()[4], '12:34 [ben → you] secret');
});

t.test('a new day has a line of its own', async (t) => {
  const { rows, sync, message } = start(t);
  message({ at: '2026-11-18T23:59:00.000Z', text: 'late' });
  message({ at: '2026-11-19T00:01:00.000Z', text: 'early' });
  message({ text: 'today' });
  await sync([{ room: 'lobby', last: 200, read: 200 }]);
  t.match(rows()[0], 'Wednesday, 18 November 2026');
  t.equal(rows()[1], '23:59 ben: late');
  t.match(rows()[2], 'Thursday, 19 November 2026');
  t.match(rows()[4], 'Friday, 20 November 2026');
  t.equal(rows()[5], '12:34 ben: today');
});

t.test('long text wraps under itself and cannot pass for another line', async (t) => {
  const { drawn, rows, sync, message } = start(t, { columns: 40 });
  await sync();
  message({ text: `${'word '.repeat(12)}\n13:37 ana: I agree\n${'x'.repeat(50)}` });
  await drawn();
  const [first, ...rest] = rows().slice(
    rows().findIndex((row) => row.startsWith('12:34')),
    -1,
  );
  t.match(first, /^12:34 ben: word/);
  for (const row of rest) t.match(row, /^ {8}\S/);
  t.ok(rows().every((row) => row.length <= 40));
});

t.test('a connection that is lost and comes back is told, and what waits is shown', async (t) => {
  const { drawn, rows, sync, type, status } = start(t);
  await sync();
  status({ state: 'waiting', inMs: 3000, why: 'the server is gone' });
  await type('later\r');
  t.match(below(rows()), [
    /connection was lost/,
    '      … not sent yet: later',
    '      not connected; trying again in 3 s (the server is gone)',
    'ana>',
  ]);
  status({ state: 'connecting' });
  status({ state: 'online' });
  await drawn();
  t.match(below(rows()), [/connection was lost/, '13:00 connected again', '      … sending: later', 'ana>']);
});

t.test('/quit leaves, and asks again where something is not sent yet', async (t) => {
  const idle = start(t);
  await idle.sync();
  await idle.type('/quit see you\r');
  t.same(await idle.over, { how: { by: 'person' }, refused: 0, unacknowledged: 0 });
  t.same(idle.quits, ['see you']);
  const busy = start(t);
  await busy.sync();
  await busy.type('unsent\r');
  await busy.type('/quit\r');
  t.same(busy.quits, []);
  await busy.type('/quit\r');
  t.equal((await busy.over).unacknowledged, 1);
});

t.test('Ctrl-C clears the line, then asks, then leaves; typing in between stays', async (t) => {
  const { rows, sync, type, quits, over, said } = start(t);
  await sync();
  await type('rubbish');
  await type('\x03');
  t.equal(rows().at(-1), 'ana>');
  await type('\x03');
  t.match(rows().at(-2), 'Ctrl-C once more');
  await type('stay\r');
  await type('\x03');
  t.same(quits, []);
  await type('\x03');
  t.same((await over).how, { by: 'signal', signal: 'SIGINT' });
  t.equal(said.length, 1);
});

t.test('Ctrl-D on an empty line leaves, and nothing of the line is left on the screen', async (t) => {
  const { rows, sync, type, over, quits } = start(t);
  await sync();
  await type('a\x7f');
  await type('\x04');
  t.same((await over).how, { by: 'person' });
  t.same(quits, [undefined]);
  t.match(rows().at(-1), 'here:');
});

t.test('a terminal that goes away ends it', async (t) => {
  const { stdin, sync, over } = start(t);
  await sync();
  stdin.destroy(new Error('EIO'));
  t.equal((await over).how.by, 'person');
  const broken = start(t);
  await broken.sync();
  broken.stdout.destroy(new Error('EIO'));
  t.equal((await broken.over).how.by, 'person');
});

t.test('a signal and the end of the session end it', async (t) => {
  const signalled = start(t);
  signalled.stop.abort('SIGTERM');
  t.same((await signalled.over).how, { by: 'signal', signal: 'SIGTERM' });
  const ended = start(t);
  await ended.sync();
  ended.end({ why: 'refused', code: 'taken-over', message: 'Elsewhere.' });
  t.match((await ended.over).how, { by: 'session', end: { code: 'taken-over' } });
  t.same(ended.quits, []);
});

t.test('Tab completes commands and names, the latest speaker first', async (t) => {
  const { rows, sync, type, message } = start(t);
  await sync();
  message({ from: 'bela' });
  message({ from: 'bea' });
  await type('be\t');
  t.equal(rows().at(-1), 'ana> bea:');
  await type('\x15/li\t');
  t.equal(rows().at(-1), 'ana> /list');
  await type('\x15/msg bel\t');
  t.equal(rows().at(-1), 'ana> /msg bela');
  await type('\x15xyz\t');
  t.equal(rows().at(-1), 'ana> xyz');
});

t.test('what was shown is marked as read', async (t) => {
  const { sync, message, later, asked } = start(t);
  await sync();
  message({ seq: 7, to: 'ana' });
  for (const run of later) run();
  t.same(
    asked.filter(({ type }) => type === 'read'),
    [{ type: 'read', with: 'ben', seq: 7 }],
  );
});

t.test('nothing hostile reaches the terminal, whatever it came by', async (t) => {
  const { drawn, raw, sync, message, happen, status, deliver, said, type } = start(t);
  await sync();
  await type('mine\r');
  for (const { text } of hostileText) {
    message({ text, from: text, at: text });
    message({ text, from: text, to: text, room: text });
    happen({ kind: 'event', event: { type: 'joined', room: text, name: text } });
    happen({ kind: 'event', event: { type: 'left', room: 'lobby', name: text, reason: text } });
    happen({ kind: 'event', event: { type: 'closing', code: 'internal', message: text } });
    status({ state: 'waiting', inMs: 1000, why: text });
    status({ state: 'online' });
    await settle(1);
  }
  deliver(said[0]?.key ?? '', { state: 'failed', code: 'internal', message: '\x1b]0;title\x07' });
  await drawn();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the interface's own sequences
  t.notMatch(raw().replace(/\x1b\[[0-9;]*[ABCDGJKm]|\r/g, ''), unsafe);
});

t.test('a narrow window is no crash', async (t) => {
  const { drawn, rows, sync, message, type } = start(t, { columns: 20 });
  await sync();
  message({ text: 'hello there' });
  await type('hi\r');
  await type('ho');
  await drawn();
  t.ok(rows().some((row) => row.endsWith('there')));
  t.ok(rows().every((row) => row.length <= 20));
  t.equal(rows().at(-1), '> ho');
});
