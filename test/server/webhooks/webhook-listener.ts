/** The HTTPS side of webhooks: what it refuses, and what it does to those who flood it, stall or send garbage. */
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import t, { type Test } from 'tap';
import { ProtocolError } from '../../../lib/protocol/errors.js';
import { limits } from '../../../lib/protocol/limits.js';
import { type AddressRange, parseRange } from '../../../lib/server/net/address.js';
import { createTally } from '../../../lib/server/net/counts.js';
import { listenForWebhooks, type WebhookOutcome } from '../../../lib/server/webhooks/webhook-listener.js';
import { StoreError } from '../../../lib/store/store.js';
import { makeCertificate } from '../../support/certificate.js';
import { createFakeClock } from '../../support/fake-clock.js';
import { createFeed } from '../../support/feed.js';
import { httpsPost } from '../../support/https-post.js';
import { closed, plain } from '../../support/listener-scene.js';
import { localHeader, proxiedFrom } from '../../support/proxy-header.js';

const secret = 'A'.repeat(43);
const here = [parseRange('127.0.0.1') as AddressRange];
/** A request that posts this. */
const hi = `POST /hook/${secret} HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi`;

async function scene(
  t: Test,
  {
    post = async (given: string, _text: string) => given === secret,
    requestMs = 10_000,
    proxies = [] as AddressRange[],
  } = {},
) {
  const posts: string[] = [];
  const addresses: string[] = [];
  const logged: string[] = [];
  const banned = new Set<string>();
  const clock = createFakeClock();
  const outcomes = createTally<WebhookOutcome>();
  const listener = await listenForWebhooks(
    { host: '127.0.0.1', port: 0, keyPair: await makeCertificate(), requestMs, proxies },
    {
      webhooks: {
        async post(given, address, text) {
          addresses.push(address);
          const known = await post(given, text);
          if (known) posts.push(text);
          return known;
        },
      },
      banned: (address) => (banned.has(address) ? 'banned' : undefined),
      notices: { examine: () => false },
      outcomes,
      clock,
      log: {
        info: (event, fields) => void logged.push(JSON.stringify([event, fields])),
        warn: (event, fields) => void logged.push(JSON.stringify([event, fields])),
        error: (event, error) => void logged.push(`${event}: ${error}`),
      },
    },
  );
  t.teardown(listener.close);
  const url = `https://127.0.0.1:${listener.port}/hook/${secret}`;
  /** @param header what a balancer sends first */
  async function dial(header: Buffer = Buffer.alloc(0)): Promise<TLSSocket> {
    const under = await plain(listener.port);
    under.write(header);
    const socket = connect({ socket: under, rejectUnauthorized: false });
    socket.on('error', () => {});
    t.teardown(() => socket.destroy());
    await once(socket, 'secureConnect');
    return socket;
  }
  const counted = () => Object.fromEntries(outcomes.entries());
  return { posts, addresses, logged, counted, clock, listener, url, dial, banned };
}

/** All that the server sends until it ends the connection. */
async function rest(socket: TLSSocket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  if (!socket.closed) await once(socket, 'close');
  return text;
}

t.test('each refusal has its status and a short reason in plain text', async (t) => {
  const { url, posts, logged, counted } = await scene(t);
  const plain = { 'content-type': 'text/plain' };
  t.match(await httpsPost(url, 'hi', plain), { status: 204, body: '' });
  t.match(await httpsPost(url, '', { method: 'GET' }), { status: 405, headers: { allow: 'POST' } });
  t.match(await httpsPost(url, 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }), {
    status: 415,
  });
  t.match(await httpsPost(url, '{', { 'content-type': 'application/json' }), { status: 400 });
  const refused = await httpsPost(url, 'x'.repeat(limits.webhookBytes + 1), plain);
  t.match(refused, { status: 413, body: /^A body has at most \d+ bytes\.\n$/ });
  t.match(refused.headers, { 'content-type': 'text/plain; charset=utf-8' });
  t.match(await httpsPost(url, 'x'.repeat(limits.webhookBytes), plain), { status: 204 });
  for (const path of [
    '/',
    `/hook/${secret}x`,
    '/hook/',
    `/hook/${secret}?x=1`,
    `/hook/${'y'.repeat(4_000)}`,
  ]) {
    const other = new URL(path, url).href;
    t.match(
      await httpsPost(other, 'hi', plain),
      { status: 404, body: 'There is no such webhook.\n' },
      path.slice(0, 60),
    );
  }
  t.equal(posts.length, 2);
  t.notMatch(logged.join('\n'), secret, 'no path is logged');
  t.match(logged, [/"status":405,"why":"bad-method"/]);
  t.equal(logged.length, 1, 'one line a minute for an address');
  t.same(counted(), {
    ...{ posted: 2, 'bad-method': 1, 'bad-type': 1, malformed: 1 },
    ...{ 'too-large': 1, 'no-such-webhook': 5 },
  });
});

t.test('what the chat refuses becomes a status', async (t) => {
  const refusals: [Error, number][] = [
    [new ProtocolError('rate-limited', 'Slower.', 1_500), 429],
    [new ProtocolError('too-many-attempts', 'Slower.', 1_500), 429],
    [new ProtocolError('muted', 'Muted.'), 403],
    [new ProtocolError('message-too-long', 'Long.'), 413],
    [new StoreError('gone', { reason: 'unreachable' }), 503],
    [new StoreError('full', { reason: 'full' }), 503],
    [new Error('a bug'), 503],
  ];
  const { url, logged, counted } = await scene(t, {
    async post(_, text) {
      throw refusals[Number(text)]?.[0];
    },
  });
  for (const [at, [error, status]] of refusals.entries()) {
    const answer = await httpsPost(url, String(at));
    t.equal(answer.status, status, error.message);
    t.notMatch(answer.body, 'a bug');
  }
  t.match((await httpsPost(url, '0')).headers, { 'retry-after': '2' });
  t.match(logged.join('\n'), 'webhook failed: Error: a bug');
  t.same(counted(), {
    ...{ 'rate-limited': 2, 'too-many-attempts': 1, muted: 1, 'message-too-long': 1 },
    ...{ 'database-unavailable': 1, 'no-space': 1, internal: 1 },
  });
});

t.test('a body without length is cut at the limit', async (t) => {
  const { dial, posts } = await scene(t);
  const socket = await dial();
  const ended = rest(socket);
  socket.write(
    `POST /hook/${secret} HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n`,
  );
  const chunk = `1000\r\n${'x'.repeat(4_096)}\r\n`;
  for (let sent = 0; sent <= limits.webhookReadBytes; sent += 4_096) socket.write(chunk);
  t.match(await ended, /^HTTP\/1\.1 413 /);
  t.same(posts, []);
});

t.test(
  'a request that is refused is read to its end: its sender gets the answer, not a broken pipe',
  async (t) => {
    const { dial, posts, clock } = await scene(t);
    const socket = await dial();
    const ended = rest(socket);
    const request = (type: string, size: number, last = '') =>
      `POST /hook/${secret} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: ${size}\r\n${last}\r\n${'x'.repeat(size)}`;
    socket.write(request('text/plain', 200_000));
    socket.write(request('text/html', 30_000));
    socket.write(request('text/plain', 2, 'Connection: close\r\n'));
    const statuses = (await ended).match(/(?<=HTTP\/1\.1 )\d+/g);
    t.same(statuses, [413, 415, 204]);
    t.same(posts, ['xx']);
    clock.advance(60_000);
    const hurried = await dial();
    const answered = rest(hurried);
    hurried.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(limits.webhookBurst));
    hurried.write(request('text/plain', 30_000));
    hurried.write(request('text/plain', 2, 'Connection: close\r\n'));
    const last = (await answered).match(/(?<=HTTP\/1\.1 )\d+/g)?.slice(-3);
    t.same(last, [405, 429, 429]);
  },
);

t.test('those who send slowly, or nothing, are cut off', async (t) => {
  const { dial, posts, counted } = await scene(t, { requestMs: 300 });
  const [silent, slowHead, slowBody] = [await dial(), await dial(), await dial()];
  const ends = [silent, slowHead, slowBody].map(rest);
  slowHead.write('POST /hook/x HTTP/1.1\r\nHost:');
  slowBody.write(
    `POST /hook/${secret} HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\nslow`,
  );
  const [, head, body] = await Promise.all(ends);
  t.match(head, /^HTTP\/1\.1 408 /);
  t.match(body, /^HTTP\/1\.1 408 /);
  t.same(posts, []);
  t.same(counted(), { incomplete: 1 }, 'of the other two no request came');
});

t.test('garbage gets 400 and harms no one', async (t) => {
  const { dial, url } = await scene(t);
  for (const bytes of [
    '\0\0\0\0',
    'GET\r\n\r\n',
    `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(3_000)}\r\n`,
    'POST / HTTP/1.1\r\nContent-Length: 1e9\r\n\r\n',
  ]) {
    const socket = await dial();
    const ended = rest(socket);
    socket.write(bytes);
    t.match(await ended, /^HTTP\/1\.1 4(00|31) /);
  }
  t.match(await httpsPost(url, 'still here'), { status: 204 });
});

t.test('an address has a limited rate of requests and number of connections', async (t) => {
  const { url, dial, clock, posts } = await scene(t);
  const idle: TLSSocket[] = [];
  for (let count = 0; count < limits.webhookConnectionsPerAddress; count++) idle.push(await dial());
  t.match(await httpsPost(url, 'one too many'), { status: 0 });
  const closed = idle.map((socket) => once(socket, 'close'));
  for (const socket of idle) socket.destroy();
  await Promise.all(closed);
  clock.advance(60_000);
  // The server hears of the ends a little later than this end does.
  let next = await httpsPost(url, 'room again');
  while (next.status === 0) next = await httpsPost(url, 'room again');
  t.equal(next.status, 204);
  const socket = await dial();
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  clock.advance(60_000);
  for (let count = 0; count <= limits.webhookBurst; count++) socket.write(hi);
  while (!text.includes('HTTP/1.1 429 ')) await once(socket, 'data');
  t.match(text, /Retry-After: 1\r\n/);
  t.equal(posts.filter((post) => post === 'hi').length, limits.webhookBurst);
});

t.test(
  'those who hold all connections keep no one out',
  { skip: process.platform !== 'linux' && 'needs all of 127.0.0.0/8' },
  async (t) => {
    const { url, listener } = await scene(t);
    const most = limits.webhookConnectionsPerAddress;
    for (let address = 2; address < 2 + Math.ceil(limits.webhookConnections / most); address++) {
      for (let count = 0; count < most; count++) {
        const idle = connectTcp({
          ...{ host: '127.0.0.1', port: listener.port },
          localAddress: `127.0.0.${address}`,
        });
        t.teardown(() => idle.destroy());
        idle.on('error', () => {});
        await once(idle, 'connect');
      }
    }
    t.match(await httpsPost(url, 'hi'), { status: 204 });
  },
);

t.test('a banned address gets no handshake', async (t) => {
  const { url, banned, counted } = await scene(t);
  t.match(await httpsPost(url, 'hi'), { status: 204 });
  banned.add('127.0.0.1');
  t.match(await httpsPost(url, 'hi'), { status: 0 });
  t.same(counted(), { posted: 1, banned: 1 });
});

t.test('behind a balancer, limits, bans and posts go by the source of each connection', async (t) => {
  const { url, dial, banned, posts, addresses, logged, counted } = await scene(t, { proxies: here });
  const idle: TLSSocket[] = [];
  for (let count = 0; count < limits.webhookConnectionsPerAddress; count++)
    idle.push(await dial(proxiedFrom('203.0.113.9')));
  await t.rejects(dial(proxiedFrom('203.0.113.9')), 'one too many');
  banned.add('203.0.113.10');
  await t.rejects(dial(proxiedFrom('203.0.113.10')), 'banned');
  for (const header of [proxiedFrom('203.0.113.11'), proxiedFrom('20010db8000000000000000000000007')]) {
    const socket = await dial(header);
    socket.write(hi);
    t.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 204 /);
  }
  t.same(addresses, ['203.0.113.11', '2001:db8::7']);
  t.same(posts, ['hi', 'hi']);
  t.same(logged, []);
  t.match(await httpsPost(url, 'hi'), { status: 0 }, 'a balancer must say it');
  t.same(counted(), { 'too-many-connections': 1, banned: 1, posted: 2, 'bad-proxy-header': 1 });
  t.match(logged, [/PROXY header refused.*127\.0\.0\.1.*no PROXY header/]);
});

t.test('the rate of requests is one of the source', async (t) => {
  const { dial, posts } = await scene(t, { proxies: here });
  const [flood, other] = [await dial(proxiedFrom('203.0.113.9')), await dial(proxiedFrom('203.0.113.11'))];
  let text = '';
  flood.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  for (let count = 0; count <= limits.webhookBurst; count++) flood.write(hi);
  while (!text.includes('HTTP/1.1 429 ')) await once(flood, 'data');
  other.write(hi);
  t.match(String((await once(other, 'data'))[0]), /^HTTP\/1\.1 204 /);
  t.equal(posts.length, limits.webhookBurst + 1);
});

t.test('from other addresses no PROXY header is read', async (t) => {
  const { url, dial, addresses } = await scene(t, { proxies: [parseRange('192.0.2.0/24') as AddressRange] });
  await t.rejects(dial(proxiedFrom('203.0.113.9')));
  t.match(await httpsPost(url, 'hi'), { status: 204 });
  t.same(addresses, ['127.0.0.1']);
});

t.test('a balancer that says nothing, or checks, holds up neither others nor the end', async (t) => {
  const { listener, dial, clock, logged } = await scene(t, { proxies: here });
  const [silent, checking, other] = [
    await plain(listener.port),
    await plain(listener.port),
    await plain(listener.port),
  ];
  checking.end(localHeader);
  await closed(checking);
  const socket = await dial(proxiedFrom('203.0.113.9'));
  socket.write(hi);
  t.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 204 /);
  silent.write(proxiedFrom('203.0.113.9').subarray(0, 20));
  clock.advance(limits.proxyHeaderMs);
  await closed(silent);
  await closed(other);
  t.match(logged, [/incomplete after 5 s/]);
  const last = await plain(listener.port);
  // Accepted after it.
  await dial(proxiedFrom('203.0.113.9'));
  await listener.close();
  await closed(last);
});

t.test('a new certificate is used from the next connection on', async (t) => {
  const { listener, dial } = await scene(t);
  const first = (await dial()).getPeerCertificate().fingerprint256;
  listener.reload(await makeCertificate());
  const socket = await dial();
  t.not(socket.getPeerCertificate().fingerprint256, first);
  t.equal(socket.getProtocol(), 'TLSv1.3');
});

t.test('a sender that leaves before the answer, or never reads one, holds nothing up', async (t) => {
  const begun = createFeed<() => void>();
  const { listener, dial, clock } = await scene(t, {
    post: () => new Promise((resolve) => begun.put(() => resolve(true))),
  });
  const [gone, stuck] = [await dial(), await dial()];
  gone.write(hi);
  const finish = await begun.next();
  const closed = once(gone, 'close');
  gone.destroy();
  await closed;
  finish();
  stuck.write(hi);
  const finishLate = await begun.next();
  const end = listener.close();
  clock.advance(limits.closingMs);
  await end;
  t.pass('it has ended');
  finishLate();
});

t.test('at its end, what was received is answered', async (t) => {
  let begun = (): void => {};
  let finish = (): void => {};
  const arrived = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const { listener, url } = await scene(t, {
    async post() {
      begun();
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return true;
    },
  });
  const answer = httpsPost(url, 'last');
  await arrived;
  const closed = listener.close();
  finish();
  t.match(await answer, { status: 204 });
  await closed;
  t.match(await httpsPost(url, 'too late'), { status: 0 });
});
