/**
 * A network that is silent, loses packets or is slow: nothing is missing, nothing comes twice, and a client says that it
 * is cut off. About three minutes.
 */
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { openBadNetwork } from '../support/bad-network.js';
import { type JsonClient, jsonClient } from '../support/json-client.js';

t.setTimeout(1_200_000);

const silenceMs = 60_000;
const promisedMs = 20_000;

const network = await openBadNetwork();

/** Someone beside the server, and someone behind the bad network. */
interface Scene {
  readonly near: JsonClient;
  readonly far: JsonClient;
}

function texts(client: JsonClient): string[] {
  return client
    .lines()
    .filter(({ type }) => type === 'message')
    .map(({ text }) => String(text));
}

/** Longer than `prints` waits: TCP tries again after a minute or two. */
async function until(client: JsonClient, fits: () => boolean): Promise<void> {
  while (!fits()) await once(client.running.process, 'printed');
}

function say(client: JsonClient, text: string): void {
  client.running.write(`${JSON.stringify({ type: 'say', room: 'lobby', text })}\n`);
}

/** Resolves when both have the last message of both. Then they must have the same. */
async function compare(t: Test, { near, far }: Scene, expected: number): Promise<void> {
  const last = ['near: the last', 'far: the last'].map((text) => `${text} of ${expected}`);
  say(near, last[0] ?? '');
  say(far, last[1] ?? '');
  for (const client of [near, far]) {
    await until(client, () => last.every((text) => texts(client).includes(text)));
    t.equal(client.lines().filter(({ type }) => type === 'gap').length, 0, 'no gap');
  }
  const order = texts(near);
  t.same(texts(far), order, 'both have the same, in one order');
  t.equal(order.length, expected + 2, 'all of it');
  t.equal(new Set(order).size, order.length, 'none twice');
}

t.test(
  'a bad network',
  { skip: typeof network === 'string' && `no bad network here: ${network}` },
  async (t) => {
    if (typeof network === 'string') return;
    t.teardown(() => network.remove());
    const data = join(network.near.folder, 'data');
    const server = network.near.run(['server', '--data', data, '--host', network.address, '--rate', '1000']);
    t.teardown(() => server.kill('SIGKILL'));
    const [, firstLink = ''] = await server.prints(/^join link: (\S+)\n/m);
    const invite = network.near.run(['invite', '--data', data]);
    const [link = ''] = await invite.prints(/secure-chat:\S+/);
    const adopt = (client: JsonClient['running']) => t.teardown(() => client.kill('SIGKILL'));
    const near = await jsonClient({ home: network.near, adopt }, firstLink, 'ann');
    const far = await jsonClient({ home: network.far, adopt }, link, 'ben');
    const scene = { near, far };
    let count = 0;
    const both = (text: string) => {
      say(near, `near: ${text}`);
      say(far, `far: ${text}`);
      count += 2;
    };

    await t.test('silence of a minute', async (t) => {
      network.lose(100);
      const begin = performance.now();
      const seen = far.lines().length;
      const offline = () =>
        far
          .lines()
          .slice(seen)
          .find(({ type, state }) => type === 'status' && state !== 'online');
      let noticedMs = Number.POSITIVE_INFINITY;
      void until(far, () => offline() !== undefined).then(() => {
        noticedMs = performance.now() - begin;
      });
      for (let n = 0; performance.now() - begin < silenceMs; n++) {
        both(`silence ${n}`);
        await setTimeout(1_000);
      }
      t.comment(`after ${Math.round(noticedMs)} ms: ${JSON.stringify(offline())}`);
      t.ok(noticedMs <= promisedMs, 'the client says that it is cut off within 20 s');
      network.heal();
      const healed = performance.now();
      await compare(t, scene, count);
      t.comment(`complete ${Math.round(performance.now() - healed)} ms after it was over`);
      count += 2;
    });

    await t.test('a loss of 10 %', async (t) => {
      network.lose(10);
      const resent = network.resent();
      for (let n = 0; n < 100; n++) both(`loss ${n} ${'x'.repeat(500)}`);
      const begin = performance.now();
      await compare(t, scene, count);
      t.comment(`complete after ${Math.round(performance.now() - begin)} ms`);
      count += 2;
      const again = network.resent() - resent;
      t.ok(again > 0, `${again} segments were lost and sent again`);
      network.heal();
    });

    await t.test('200 kbit/s', async (t) => {
      network.slow(200);
      for (let n = 0; n < 100; n++) both(`slow ${n} ${'y'.repeat(2_000)}`);
      const begin = performance.now();
      await compare(t, scene, count);
      t.comment(`complete after ${Math.round(performance.now() - begin)} ms`);
      network.heal();
    });
  },
);
