import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { createHooks, type Hook, hookLimits } from '../../lib/client/hooks.js';
import type { Message } from '../../lib/protocol/records.js';
import { createFakeClock } from '../support/fake-clock.js';
import { messageOf } from '../support/fake-session.js';
import { isAlive } from '../support/program.js';

async function scene(t: Test, hooks: readonly Hook[], blocked: readonly string[] = []) {
  const folder = await mkdtemp(join(tmpdir(), 'hooks-'));
  const clock = createFakeClock();
  const reports: string[] = [];
  const env = { PATH: process.env.PATH, FOLDER: folder, SECURE_CHAT_PASSWORD: 'pa55word' };
  const session = { name: 'ana', blocked: async () => new Set(blocked) };
  const running = createHooks({ hooks, env, clock }, session, (words) => reports.push(words));
  t.teardown(async () => {
    const closed = running.close();
    clock.advance(hookLimits.closingMs);
    await closed;
    await rm(folder, { recursive: true });
  });
  let seq = 0;
  const message = (fields: Partial<Message> = {}) =>
    running.notice({ kind: 'event', event: messageOf({ seq: ++seq, ...fields }) });
  const lines = async (file: string): Promise<string[]> => {
    const text = await readFile(join(folder, file), 'utf8').catch(() => '');
    return text.split('\n').slice(0, -1);
  };
  return {
    ...{ clock, folder, reports, message, lines, close: running.close },
    synced: (first = true) => running.notice({ kind: 'synced', first, conversations: [] }),
    async until(condition: () => boolean | Promise<boolean>) {
      while (!(await condition())) await pause(10);
    },
  };
}

function hook(on: Hook['on'], script: string): Hook {
  return { option: `--on-${on}`, on, command: ['sh', '-c', script] };
}

const keep = (file: string) => `read -r line; printf '%s\\n' "$line" >> "$FOLDER/${file}"`;
/** Notes that it runs, and goes on once the file is there. */
const wait = 'echo $$ >> "$FOLDER/begun"; while [ ! -e "$FOLDER/go" ]; do sleep 0.02; done';

t.test('a command gets the message as one line of JSON, without secrets in its environment', async (t) => {
  const { synced, message, lines, close } = await scene(t, [
    hook('message', `${keep('got')}; env > "$FOLDER/env"; echo noise; echo noise >&2`),
  ]);
  synced();
  message({ text: 'it is\n\x1b[31m$(date) `x`' });
  await close();
  const [line = '', ...more] = await lines('got');
  t.same(more, []);
  t.notMatch(line, '\x1b');
  t.same(JSON.parse(line), messageOf({ seq: 1, text: 'it is\n\x1b[31m$(date) `x`' }));
  const env = (await lines('env')).join('\n');
  t.match(env, 'FOLDER=');
  t.notMatch(env, /SECURE_CHAT|pa55word/);
});

t.test(
  'mentions and direct messages, or all messages; never those of oneself or of blocked people',
  async (t) => {
    const both = [hook('mention', keep('mentions')), hook('message', keep('messages'))];
    const texts = async (given: Partial<Message>[]) => {
      const { synced, message, lines, close } = await scene(t, both, ['eve']);
      synced();
      for (const fields of given) message(fields);
      await close();
      const all = async (file: string) => (await lines(file)).map((line) => JSON.parse(line).text).sort();
      return { mentions: await all('mentions'), messages: await all('messages') };
    };
    t.same(await texts([{ text: 'hi all' }, { text: 'hi Ana' }]), {
      mentions: ['hi Ana'],
      messages: ['hi Ana', 'hi all'],
    });
    t.same(await texts([{ text: 'for you', to: 'ana' }]), { mentions: ['for you'], messages: ['for you'] });
    t.same(
      await texts([
        { from: 'ana', text: 'ana is me' },
        { from: 'eve', text: 'ana!' },
        { text: '', removed: 'ben' },
      ]),
      { mentions: [], messages: [] },
    );
  },
);

t.test('what is replayed at the start runs nothing; what was missed later does', async (t) => {
  const { synced, message, lines, close } = await scene(t, [hook('message', keep('got'))]);
  message({ text: 'old' });
  synced();
  message({ text: 'missed' });
  synced(false);
  await close();
  t.match(await lines('got'), [/"missed"/]);
});

t.test('no more than four run at once, however many messages there are', async (t) => {
  const { synced, message, lines, until } = await scene(t, [
    hook('message', 'echo + >> "$FOLDER/log"; sleep 0.05; echo - >> "$FOLDER/log"'),
  ]);
  synced();
  for (let i = 0; i < 12; i++) message();
  await until(async () => (await lines('log')).length === 24);
  let now = 0;
  const counts = (await lines('log')).map((line) => {
    now += line === '+' ? 1 : -1;
    return now;
  });
  t.ok(Math.max(...counts) <= hookLimits.atOnce, `${counts}`);
});

t.test('messages that come too fast are left out, which is reported once', async (t) => {
  const { synced, message, reports } = await scene(t, [hook('message', wait)]);
  synced();
  for (let i = 0; i < hookLimits.atOnce + hookLimits.waiting; i++) message();
  t.same(reports, []);
  message();
  message();
  t.match(reports, [/^--on-message: sh runs too slowly/]);
  t.equal(reports.length, 1);
});

t.test('a command that is missing or fails is reported once', async (t) => {
  const missing = await scene(t, [{ option: '--on-message', on: 'message', command: ['no-such-program'] }]);
  missing.synced();
  for (let i = 0; i < 3; i++) missing.message();
  await missing.until(() => missing.reports.length > 0);
  await missing.close();
  t.match(missing.reports, [/^--on-message: no-such-program can't be run \(no such file/]);
  t.equal(missing.reports.length, 1);

  const failing = await scene(t, [hook('mention', 'exit 3')]);
  failing.synced();
  for (let i = 0; i < 3; i++) failing.message({ to: 'ana' });
  await failing.until(() => failing.reports.length > 0);
  await failing.close();
  t.same(failing.reports, ['--on-mention: sh exited with code 3. This is shown only once.']);
});

t.test('a command that takes too long is killed, and what it has started', async (t) => {
  const { synced, message, lines, until, clock, reports } = await scene(t, [
    hook('message', 'sleep 1000 & echo $! >> "$FOLDER/pids"; echo $$ >> "$FOLDER/pids"; wait'),
  ]);
  synced();
  message();
  await until(async () => (await lines('pids')).length === 2);
  clock.advance(hookLimits.ms);
  await until(() => reports.length > 0);
  t.match(reports, [/took longer than 10 s/]);
  const pids = (await lines('pids')).map(Number);
  await until(() => !pids.some(isAlive));
});

t.test('closing drops what waits and ends what runs after a second', async (t) => {
  const { synced, message, lines, until, clock, close, reports } = await scene(t, [hook('message', wait)]);
  synced();
  for (let i = 0; i < 20; i++) message();
  await until(async () => (await lines('begun')).length === hookLimits.atOnce);
  const closed = close();
  clock.advance(hookLimits.closingMs);
  await closed;
  message();
  const pids = (await lines('begun')).map(Number);
  t.equal(pids.length, hookLimits.atOnce);
  await until(() => !pids.some(isAlive));
  t.same(reports, []);
});

t.test('a command need not read the message', async (t) => {
  const { synced, message, close, reports } = await scene(t, [hook('message', 'exec 0<&-; exit 0')]);
  synced();
  message({ text: 'x'.repeat(4096) });
  await close();
  t.same(reports, []);
});
