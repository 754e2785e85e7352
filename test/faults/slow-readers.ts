/** Twenty clients that stop reading: what that costs the server, what the others see of it, and what the twenty get later. */
import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { limits } from '../../lib/protocol/limits.js';
import { ok, runServer } from '../support/running-server.js';
import { password, type ServerProcess, startServerProcess } from '../support/server-process.js';
import { dial, type WireClient } from '../support/wire-client.js';

const sloths = 20;
const mebibyte = 1024 * 1024;
const text = 'x'.repeat(limits.messageBytes);
const batch = 25;

interface Person {
  readonly name: string;
  readonly client: WireClient;
  readonly token: string;
}

async function register(t: Test, { port }: ServerProcess, code: string, name: string): Promise<Person> {
  const client = await dial(port);
  t.teardown(() => client.destroy());
  const { token = '' } = ok(await client.ask({ type: 'register', name, password, code }));
  ok(await client.ask({ type: 'sync' }));
  return { name, client, token };
}

const keysOf = (client: WireClient) => client.all('message').map(({ key }) => key);

/** Posts from one client and waits until another has all of it. @returns the keys, and milliseconds until then */
function createPoster(from: WireClient, to: WireClient) {
  const keys: string[] = [];
  return {
    keys,
    async post(): Promise<number> {
      const start = performance.now();
      const posts = Array.from({ length: batch }, () => {
        keys.push(`k${keys.length}`);
        return from.ask({ type: 'say', room: 'lobby', text, key: keys.at(-1) ?? '' });
      });
      const last = keys.at(-1);
      await Promise.all([...posts, to.next('message', ({ key }) => key === last)]);
      return performance.now() - start;
    },
  };
}

function residentBytes(pid: number | undefined): number {
  const [, kibibytes = ''] = /^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) * 1024;
}

const median = (values: readonly number[]) =>
  Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0);

const onLinux = process.platform === 'linux' ? {} : { skip: 'reads /proc' };

t.test('twenty that do not read are dropped, and get everything when they return', onLinux, async (t) => {
  const server = await startServerProcess('--rate', '10000');
  t.teardown(() => server.close());
  const code = (await server.invite('--uses', String(sloths + 2))).split('/').at(-1) ?? '';
  const ada = await register(t, server, code, 'ada');
  const bob = await register(t, server, code, 'bob');
  const slow: Person[] = [];
  for (let i = 0; i < sloths; i++) slow.push(await register(t, server, code, `sloth${i}`));
  const poster = createPoster(ada.client, bob.client);

  const before: number[] = [];
  for (let i = 0; i < 12; i++) before.push(await poster.post());
  const { pid } = server.process().process;
  const idle = residentBytes(pid);
  for (const { client } of slow) client.pause();
  let most = 0;
  const meanwhile: number[] = [];
  const gone = () => bob.client.all('left').filter(({ room }) => room === 'lobby').length;
  while (gone() < sloths) {
    if (poster.keys.length > 20_000) throw new Error('80 MB later some are still there.');
    meanwhile.push(await poster.post());
    most = Math.max(most, residentBytes(pid));
  }
  const growth = Math.round((most - idle) / mebibyte);
  t.ok(growth <= 64, `the server grew by ${growth} MiB`);
  t.comment(
    `${batch} messages took ${median(before)} ms, with ${sloths} stalled readers ${median(meanwhile)} ms`,
  );
  t.ok(bob.client.all('left').every(({ reason }) => reason === 'connection lost'));
  t.same(keysOf(ada.client), poster.keys, 'the sender has everything, in order');
  t.same(keysOf(bob.client), poster.keys, 'and so has another reader');

  for (const { name, client, token } of slow) {
    client.resume();
    await client.closed;
    const back = await dial(server.port);
    t.teardown(() => back.destroy());
    ok(await back.ask({ type: 'resume', token }));
    ok(await back.ask({ type: 'sync', rooms: { lobby: client.all('message').at(-1)?.seq ?? 0 } }));
    t.same(back.all('gap'), []);
    const all = [...keysOf(client), ...keysOf(back)];
    t.ok(
      all.length === poster.keys.length && all.every((key, i) => key === poster.keys[i]),
      `${name} has everything`,
    );
    back.destroy();
  }
});

t.test('one that reads again in time gets the reason why the connection ends', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob', 'sloth'] });
  const [ada, bob] = [await server.enter('ada'), await server.enter('bob')];
  const sloth = await server.enter('sloth');
  const poster = createPoster(ada, bob);
  sloth.pause();
  while (bob.all('left').length === 0) await poster.post();
  sloth.resume();
  await sloth.closed;
  t.match(sloth.frames.at(-1), { type: 'closing', code: 'slow-consumer' });
  const seen = keysOf(sloth);
  t.same(seen, poster.keys.slice(0, seen.length), 'and it has what came before, without a gap');
});
