/** What leaves the server, and what an evil host or an evil name server can make of it. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { parsePushHosts } from '../../../lib/server/push/push-hosts.js';
import {
  isWorthRetry,
  type Notification,
  type SendOptions,
  sendPush,
} from '../../../lib/server/push/send-push.js';
import { makeCertificate } from '../../support/certificate.js';

const notification: Notification = { title: 'chat', text: 'ana sent you a message.', priority: 4 };

async function listen(t: Test, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => void sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function receiver(t: Test, respond: RequestListener = (_, response) => void response.end()) {
  const requests: { request: IncomingMessage; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      requests.push({ request, body });
      respond(request, response);
    });
  });
  return { requests, port: await listen(t, server) };
}

function send(url: string, list: string, options: SendOptions & { notification?: Notification } = {}) {
  const hosts = parsePushHosts(list.split(','));
  if (hosts === undefined) throw new Error(`not a list: ${list}`);
  return sendPush(url, options.notification ?? notification, hosts, options);
}

t.test('it is what ntfy takes: the text as body, title and priority as headers', async (t) => {
  const { requests, port } = await receiver(t);
  const host = `http://127.0.0.1:${port}`;
  t.same(await send(`${host}/topic?x=1`, host), { result: 'sent', what: 'HTTP 200' });
  const unicode = { title: 'Grüße\n你', text: 'ana: 你好 🎉', priority: 3 } as const;
  t.match(await send(`${host}/topic`, host, { notification: unicode }), { result: 'sent' });
  const [first, second] = requests;
  t.match(first?.request, { method: 'POST', url: '/topic?x=1' });
  t.match(first?.request.headers, {
    title: 'chat',
    priority: '4',
    'content-type': 'text/plain; charset=utf-8',
  });
  t.equal(first?.body, notification.text);
  const encoded = Buffer.from('Grüße\n你').toString('base64');
  t.equal(second?.request.headers.title, `=?UTF-8?B?${encoded}?=`, 'no header can be added by a title');
  t.equal(second?.body, unicode.text);
});

t.test(
  'over https the name is checked, and the connection goes to the address that was resolved',
  async (t) => {
    const { cert, key } = await makeCertificate(['push.example']);
    const heard: string[] = [];
    const server = createHttpsServer({ cert, key }, (request, response) => {
      heard.push(String(request.headers.host));
      response.end();
    });
    const port = await listen(t, server);
    const resolve = async () => [{ address: '127.0.0.1' }];
    // The loopback address is listed, so that a name may lead there.
    const list = `push.example:${port},evil.example:${port},127.0.0.1`;
    t.match(await send(`https://push.example:${port}/x`, list, { resolve, ca: cert }), { result: 'sent' });
    t.same(heard, [`push.example:${port}`]);
    t.match(await send(`https://evil.example:${port}/x`, list, { resolve, ca: cert }), {
      result: 'unreachable',
      what: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    t.match(await send(`https://push.example:${port}/x`, list, { resolve }), { result: 'unreachable' });
    t.equal(heard.length, 1);
  },
);

t.test(
  'a name that leads to a private address is not connected to, also if it changes its mind',
  async (t) => {
    const { requests, port } = await receiver(t);
    const list = `http://push.example:${port}`;
    const url = `${list}/topic`;
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '169.254.169.254', '10.0.0.1']) {
      const refused = { result: 'address-refused', what: 'address not allowed' };
      t.same(await send(url, list, { resolve: async () => [{ address }] }), refused, address);
    }
    // Asked again, the name server would lead to this machine. It is asked once.
    let asked = 0;
    const rebinding = async () => [{ address: asked++ === 0 ? '192.0.2.1' : '127.0.0.1' }];
    t.match(await send(url, list, { resolve: rebinding }), { result: 'address-refused' });
    t.equal(asked, 1);
    asked = 0;
    const once = async () => [{ address: asked++ === 0 ? '127.0.0.1' : '192.0.2.1' }];
    t.match(
      await send(url, `${list},127.0.0.1`, { resolve: once }),
      { result: 'sent' },
      'goes where it resolved',
    );
    t.equal(asked, 1);
    t.equal(requests.length, 1);
  },
);

t.test('no redirect is followed, and no answer is read to its end', async (t) => {
  const { requests: inner, port: innerPort } = await receiver(t);
  const { requests, port } = await receiver(t, (_, response) => {
    response.writeHead(307, { Location: `http://127.0.0.1:${innerPort}/secret` });
    response.end();
  });
  const host = `http://127.0.0.1:${port}`;
  t.same(await send(`${host}/x`, `${host},http://127.0.0.1:${innerPort}`), {
    result: 'rejected',
    what: 'HTTP 307',
  });
  t.equal(requests.length, 1);
  t.equal(inner.length, 0);
  const endless = await receiver(t, (_, response) => {
    response.writeHead(200);
    const more = () => response.write('x'.repeat(65_536));
    response.on('drain', more);
    more();
  });
  const other = `http://127.0.0.1:${endless.port}`;
  t.match(await send(`${other}/x`, other), { result: 'sent' });
});

t.test('a few answers may come before the one that counts, not endless ones', async (t) => {
  const some = await receiver(t, (_, response) => {
    for (let count = 0; count < 3; count++) response.writeProcessing();
    response.writeHead(200).end();
  });
  const good = `http://127.0.0.1:${some.port}`;
  t.match(await send(`${good}/x`, good), { result: 'sent' });
  const endless = await receiver(t, (_, response) => {
    const more = () => {
      response.writeProcessing();
      if (response.socket?.destroyed === false) setImmediate(more);
    };
    more();
  });
  const bad = `http://127.0.0.1:${endless.port}`;
  // The time in which an answer must come is longer than this test.
  const sent = await send(`${bad}/x`, bad, { timeoutMs: 3_600_000 });
  t.same(sent, { result: 'unreachable', what: 'failed' });
});

t.test('what may help is tried again, what cannot is not', async (t) => {
  for (const [status, result] of [
    [500, 'host-failed'],
    [503, 'host-failed'],
    [429, 'host-failed'],
    [400, 'rejected'],
    [403, 'rejected'],
    [404, 'rejected'],
  ] as const) {
    const { port } = await receiver(t, (_, response) => void response.writeHead(status).end());
    const host = `http://127.0.0.1:${port}`;
    const outcome = await send(`${host}/x`, host);
    t.same(outcome, { result, what: `HTTP ${status}` });
    t.equal(isWorthRetry(outcome), result === 'host-failed');
  }
  const other = await send('https://other.example/x', 'ntfy.sh');
  t.same(other, { result: 'host-refused', what: 'host not allowed' });
  const unknown = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
  const failing = async () => Promise.reject(unknown);
  t.same(await send('https://ntfy.sh/x', 'ntfy.sh', { resolve: failing }), {
    result: 'unreachable',
    what: 'ENOTFOUND',
  });
});

t.test(
  'silence ends in a timeout: of the name server, the host, and in the middle of an answer',
  async (t) => {
    const silent = createTcpServer(() => {});
    const port = await listen(t, silent);
    const host = `http://127.0.0.1:${port}`;
    t.same(await send(`${host}/x`, host, { timeoutMs: 200 }), { result: 'timed-out', what: 'timeout' });
    const never = () => new Promise<never>(() => {});
    t.same(await send('https://ntfy.sh/x', 'ntfy.sh', { resolve: never, timeoutMs: 200 }), {
      ...{ result: 'timed-out', what: 'timeout' },
    });
    const garbage = createTcpServer((socket) => void socket.end('SSH-2.0-OpenSSH\r\n'));
    const garbageHost = `http://127.0.0.1:${await listen(t, garbage)}`;
    t.match(await send(`${garbageHost}/x`, garbageHost), { result: 'unreachable' });
  },
);
