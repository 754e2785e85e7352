/** The front end of `secure-chat listen`, with a session that the test controls and real commands. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { createListen, type ListenWanted, listenLimits } from '../../lib/client/listen.js';
import { plainLine } from '../../lib/client/text/plain-message.js';
import { hostileText } from '../fixtures/hostile-text.js';
import { createFakeClock } from '../support/fake-clock.js';
import { createFakeSession, messageOf } from '../support/fake-session.js';
import { isAlive } from '../support/program.js';
import { folder } from '../support/running-server.js';
import { createStreams, settle, testTime } from '../support/streams.js';
import { unsafe } from '../support/unsafe.js';

async function start(t: Test, as: ListenWanted['as']) {
  const streams = createStreams();
  const clock = createFakeClock();
  const stop = new AbortController();
  const here = await folder(t);
  const env = { PATH: process.env.PATH, FOLDER: here, SECURE_CHAT_TOKEN: 'a secret' };
  const frontEnd = createListen({
    ...{ ...streams, env, clock, time: testTime, stop: stop.signal },
    wanted: { rooms: [], as },
  });
  const fake = createFakeSession({ listener: frontEnd.listener });
  const over = frontEnd.run(fake.session);
  async function lines(file: string): Promise<string[]> {
    const text = await readFile(join(here, file), 'utf8').catch(() => '');
    return text.split('\n').slice(0, -1);
  }
  async function until(condition: () => Promise<boolean>): Promise<void> {
    while (!(await condition())) await pause(10);
  }
  return { ...streams, ...fake, clock, stop, over, lines, until };
}

const shell = (script: string) => ({ command: ['sh', '-c', script] });
/** Notes its process and a child of its own, and does not end. */
const endless = 'sleep 1000 & echo $! >> "$FOLDER/pids"; echo $$ >> "$FOLDER/pids"; wait';

t.test('a message is one line, and nothing hostile reaches the output', async (t) => {
  const at = '2026-11-20T12:34:56.000Z';
  const line = (fields: Parameters<typeof messageOf>[0]) => plainLine(messageOf({ at, ...fields }), testTime);
  t.equal(line({ text: 'a\nb' }), '2026-11-20 12:34 ben: a b\n');
  t.equal(line({ room: 'ops', action: true, text: 'waves' }), '2026-11-20 12:34 #ops * ben waves\n');
  t.equal(line({ to: 'ana', of: { seq: 1 } }), '2026-11-20 12:34 ben -> ana: hi\n');
  const { happen, synced, stdout, stop, over, err, until } = await start(t, 'text');
  let printed = '';
  stdout.on('data', (chunk) => {
    printed += String(chunk);
  });
  synced();
  for (const { text } of hostileText) {
    happen({ kind: 'event', event: messageOf({ text, from: text, room: text, seq: 1 }) });
    happen({ kind: 'status', status: { state: 'waiting', inMs: 1, why: text } });
  }
  const count = (): number => printed.split('\n').length - 1;
  await until(async () => count() >= hostileText.length);
  t.equal(count(), hostileText.length);
  for (const text of [printed, err()]) t.notMatch(text, unsafe);
  stop.abort('SIGTERM');
  t.match(await over, { endedBy: { by: 'signal', signal: 'SIGTERM' } });
});

t.test('as text only messages, as JSON also what happens to them', async (t) => {
  const text = await start(t, 'text');
  const json = await start(t, 'json');
  for (const { message, happen, synced } of [text, json]) {
    message({ text: 'replayed' });
    synced();
    message({ text: 'new' });
    const fields = { room: 'lobby', from: 'ben', at: '' };
    happen({ kind: 'event', event: { type: 'edited', seq: 900, ...fields, of: 5, text: 'x' } });
    happen({ kind: 'event', event: { type: 'joined', room: 'lobby', name: 'cleo' } });
  }
  await settle();
  t.match(text.out(), /^\S+ \S+ ben: new\n$/);
  const lines = json.out().trimEnd().split('\n');
  t.match(
    lines.map((line) => JSON.parse(line)),
    [
      { type: 'message', text: 'new' },
      { type: 'edited', of: 5 },
    ],
  );
  t.equal(lines.length, 2);
  json.end({ why: 'refused', code: 'signed-out', message: 'Out.' });
  t.match(await json.over, { endedBy: { by: 'session', end: { code: 'signed-out' } } });
  text.stdout.destroy(new Error('closed'));
  text.message({ text: 'no reader' });
  t.match(await text.over, { endedBy: { by: 'person' } });
});

t.test('one command at a time, in order, and not for own messages', async (t) => {
  const script = 'read -r line; echo + >> "$FOLDER/log"; sleep 0.02; printf "%s\\n" "$line" >> "$FOLDER/log"';
  const { synced, message, lines, until, stop, over } = await start(t, shell(script));
  synced();
  for (const text of ['one', 'two', 'three']) message({ text });
  message({ from: 'ana', text: 'mine' });
  message({ text: 'four' });
  await until(async () => (await lines('log')).length === 8);
  t.same(
    (await lines('log')).map((line) => (line === '+' ? line : JSON.parse(line).text)),
    ['+', 'one', '+', 'two', '+', 'three', '+', 'four'],
  );
  stop.abort('SIGINT');
  t.match(await over, { endedBy: { signal: 'SIGINT' } });
});

t.test(
  'a command that takes too long is killed with all it has started, and the next one follows',
  async (t) => {
    const script = `read -r line; case $line in *slow*) ${endless};; esac; echo ran >> "$FOLDER/log"`;
    const { synced, message, lines, until, clock, stop, over, err } = await start(t, shell(script));
    synced();
    message({ text: 'slow', seq: 7 });
    message({ text: 'quick' });
    await until(async () => (await lines('pids')).length === 2);
    clock.advance(listenLimits.commandMs);
    await until(async () => (await lines('log')).length === 1);
    t.equal(err(), 'secure-chat: --exec: sh was killed: it took longer than 60 s, for message 7\n');
    const pids = (await lines('pids')).map(Number);
    await until(async () => !pids.some(isAlive));
    stop.abort('SIGTERM');
    await over;
  },
);

t.test('at the end the command that runs gets a second, what waits is dropped', async (t) => {
  const { synced, message, lines, until, clock, stop, over, err } = await start(t, shell(endless));
  synced();
  message({ text: 'one' });
  message({ text: 'two' });
  await until(async () => (await lines('pids')).length === 2);
  stop.abort('SIGTERM');
  await settle();
  clock.advance(listenLimits.closingMs);
  t.match(await over, { endedBy: { signal: 'SIGTERM' } });
  const pids = (await lines('pids')).map(Number);
  t.equal(pids.length, 2);
  await until(async () => !pids.some(isAlive));
  t.equal(err(), '');
});

t.test('a missing command is reported, and the next one is tried', async (t) => {
  const { synced, message, until, stop, over, stderr } = await start(t, { command: ['no-such-program'] });
  let told = '';
  stderr.on('data', (chunk) => {
    told += String(chunk);
  });
  synced();
  message({ seq: 1 });
  message({ seq: 2 });
  await until(async () => told.split('\n').length === 3);
  t.match(told, /--exec: no-such-program can't be run \(no such file.*\), for message 1\n.*for message 2\n$/);
  stop.abort('SIGTERM');
  await over;
});
