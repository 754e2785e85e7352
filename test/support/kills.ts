/** Clients on pipes that send while their server is killed, and what must be true afterwards. */
import type { Test } from 'tap';
import type { Running } from './program.js';
import { password, startServerProcess } from './server-process.js';

const people = ['ann', 'ben', 'cleo', 'dora', 'edgar'];
const lines = 200;
const kills = 3;

function texts(client: Running): string[] {
  return client
    .stdout()
    .split('\n')
    .filter((line) => line.startsWith('{"type":"message"'))
    .map((line) => (JSON.parse(line) as { text: string }).text);
}

/** Five clients send 200 lines each while the server is killed three times. @param settings of the server */
export async function sendThroughKills(t: Test, ...settings: string[]): Promise<void> {
  const server = await startServerProcess(...settings);
  t.teardown(() => server.close());
  const link = await server.invite('--uses', String(people.length));
  const clients: Running[] = [];
  for (const name of people) {
    const client = server.connect(link, name, '--json');
    await client.prints(/"state":"online"/);
    clients.push(client);
  }

  for (const [index, client] of clients.entries()) {
    const name = people[index];
    const say = (n: number) => `${JSON.stringify({ type: 'say', room: 'lobby', text: `${name} ${n}` })}\n`;
    client.write(Array.from({ length: lines }, (_, n) => say(n)).join(''));
  }
  for (let kill = 1; kill <= kills; kill++) {
    const mark = Math.floor((lines * kill) / (kills + 2));
    await clients[0]?.prints(new RegExp(`"text":"ann ${mark}"`));
    await server.killAndRestart();
  }

  // Each client has all last lines before any of them leaves.
  for (const client of clients) {
    for (const name of people) await client.prints(new RegExp(`"text":"${name} ${lines - 1}"`));
  }
  for (const client of clients) client.end();
  for (const [index, client] of clients.entries())
    t.equal(await client.ended, 0, `${people[index]} ends with 0`);

  const order = texts(clients[0] as Running);
  t.equal(order.length, people.length * lines, 'every line is there');
  t.equal(new Set(order).size, order.length, 'and none twice');
  for (const client of clients) t.same(texts(client), order, 'in the same order for all');
  for (const name of people) {
    const own = order.filter((text) => text.startsWith(`${name} `));
    t.same(
      own,
      Array.from({ length: lines }, (_, n) => `${name} ${n}`),
      `${name}'s in ${name}'s order`,
    );
  }
  t.same(await history(server, order.length), order, 'and so it is in the history');
}

/** The whole history, page by page. */
async function history(
  server: Awaited<ReturnType<typeof startServerProcess>>,
  expected: number,
): Promise<string[]> {
  const reader = server.home.run(['connect', server.link, '--name', 'ann', '--json', '--attach'], {
    SECURE_CHAT_PASSWORD: password,
  });
  await reader.prints(/"state":"online"/);
  const all: string[] = [];
  let after = 0;
  for (let id = 1; all.length < expected; id++) {
    reader.write(`${JSON.stringify({ type: 'history', id, room: 'lobby', after })}\n`);
    const [line] = await reader.prints(new RegExp(`^.*"re":${id}[,}].*\\n`, 'm'));
    const { messages } = JSON.parse(line) as { messages: { seq: number; text: string }[] };
    if (messages.length === 0) break;
    all.push(...messages.map(({ text }) => text));
    after = messages.at(-1)?.seq ?? after;
  }
  reader.end();
  await reader.ended;
  return all;
}
