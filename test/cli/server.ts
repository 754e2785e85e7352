import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import t, { type Test } from 'tap';
import { createServerScreen } from '../../lib/cli/server-screen.js';
import type { ServerSettings } from '../../lib/cli/server-settings.js';
import { openCommandLine } from '../support/run-main.js';
import { runServer } from '../support/running-server.js';

const guests = { call: 'npx -y ./secure-chat-1.2.3.tgz', file: '/srv/secure-chat-1.2.3.tgz' };
const words = { called: 'secure-chat', guests, invite: 'secure-chat invite --data /srv/chat' };

async function summary(t: Test, settings: Partial<ServerSettings>): Promise<string> {
  const { running } = await runServer(t, settings);
  const output = Object.assign(new PassThrough(), { columns: 200 });
  createServerScreen(output).summary(running, words);
  return stripVTControlCharacters(String(output.read()));
}

t.test('the summary shows how long history is kept, if not forever', async (t) => {
  const day = 24 * 60 * 60_000;
  t.match(await summary(t, { keep: { ms: 90 * day } }), /history +messages and files of the last 90 days/);
  t.match(await summary(t, { keep: { ms: day / 2 } }), /of the last 12 h/);
  t.match(await summary(t, { keep: { messages: 10_000 } }), /the newest 10000 messages of each conversation/);
  t.notMatch(await summary(t, {}), /history/);
});

t.test('the summary shows where webhooks are taken and metrics are served', async (t) => {
  const free = { host: '127.0.0.1', port: 0 };
  const text = await summary(t, { webhooks: free, metrics: free });
  t.match(text, /webhooks +https:\/\/127\.0\.0\.1:\d+ /);
  t.match(text, /metrics +http:\/\/127\.0\.0\.1:\d+\/metrics /);
  t.notMatch(await summary(t, {}), /webhooks|metrics/);
});

t.test('the invite command in the summary has the same --data', async (t) => {
  t.match(await summary(t, {}), new RegExp(`one link per person:\\n\\n${words.invite}\\n`));
});

t.test('the summary has the command for guests, and what to send with it', async (t) => {
  const text = await summary(t, {});
  t.match(text, `\n${guests.call} connect LINK\n`);
  t.match(text, `Send them that file, too: ${guests.file}`);
});

t.test('events on the terminal are lines with what they are about', async (t) => {
  const { running } = await runServer(t);
  const output = Object.assign(new PassThrough(), { columns: 200 });
  const screen = createServerScreen(output);
  screen.summary(running, words);
  output.read();
  const { log } = screen;
  log.info('signed in', { name: 'ada', address: '192.0.2.1' });
  log.info('account recovered', { name: 'ada', address: '192.0.2.1' });
  log.info('old messages deleted', { count: 3 });
  log.info('handshake failed', { address: '192.0.2.1' });
  log.warn('connection refused', { address: '192.0.2.1', code: 'too-many-connections' });
  log.warn('clock jumped ahead, so deleting by age waits', { hours: 30 });
  log.warn('closed before everything was sent');
  log.error('storage failed', new Error('disk\u001b[2J full'));
  const shown = stripVTControlCharacters(String(output.read())).replace(/^\d\d:\d\d /gm, '');
  t.same(shown.split('\n'), [
    '● ada signed in from 192.0.2.1',
    '● ada recovered the account from 192.0.2.1',
    '● old messages deleted: 3',
    '▲ connection refused: too-many-connections, 192.0.2.1',
    '▲ clock jumped ahead, so deleting by age waits: hours 30',
    '▲ closed before everything was sent',
    '■ storage failed: disk[2J full',
    '',
  ]);
});

t.test('SIGHUP does not end a server that is still starting', async (t) => {
  const commandLine = await openCommandLine(t);
  const data = join(commandLine.home, 'data');
  const server = commandLine.start(['server', '--data', data, '--host', '127.0.0.1', '--port', '0']);
  await new Promise<void>((resolve) => {
    server.signals.on('newListener', (name) => {
      if (name === 'SIGHUP') resolve();
    });
  });
  t.notOk(existsSync(join(data, 'secure-chat.db')), 'nothing is open yet');
  server.signals.emit('SIGHUP');
  await server.prints('join link');
  server.signals.emit('SIGTERM');
  t.equal((await server.done).code, 0);
});
