import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import t, { type Test } from 'tap';
import { createServerScreen } from '../../lib/cli/server-screen.js';
import type { ServerSettings } from '../../lib/cli/start-server.js';
import { runServer } from '../support/running-server.js';

const words = { called: 'secure-chat', invite: 'secure-chat invite --data /srv/chat' };

async function summary(t: Test, settings: Partial<ServerSettings>): Promise<string> {
  const { running } = await runServer(t, settings);
  const output = Object.assign(new PassThrough(), { columns: 200 });
  createServerScreen(output).summary(running, words);
  return stripVTControlCharacters(String(output.read()));
}

t.test('a server that forgets says so at its start, and one that does not is silent about it', async (t) => {
  const day = 24 * 60 * 60_000;
  t.match(await summary(t, { keep: { ms: 90 * day } }), /keeps +what was said and sent in the last 90 days/);
  t.match(await summary(t, { keep: { ms: day / 2 } }), /in the last 12 h/);
  t.match(await summary(t, { keep: { messages: 10_000 } }), /the newest 10000 messages of each conversation/);
  t.notMatch(await summary(t, {}), /keeps/);
});

t.test('the command for invites is the one for this data', async (t) => {
  t.match(await summary(t, {}), `one link a person: ${words.invite}`);
});
