/** A host for push notifications, on 127.0.0.1: keeps what it gets, and answers with the status that the test chooses. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import { createFeed, type Feed } from './feed.js';

interface Received {
  readonly path: string;
  readonly title: string;
  readonly priority: string;
  readonly text: string;
}

export interface PushReceiver {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  readonly received: Feed<Received>;
  /** Of the next answers; 0: it never answers. */
  status: number;
}

export async function startPushReceiver(t: Test): Promise<PushReceiver> {
  const received = createFeed<Received>();
  const receiver = { origin: '', received, status: 200 };
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      const { title, priority } = request.headers;
      received.put({ path: request.url ?? '', title: String(title), priority: String(priority), text });
      if (receiver.status > 0) response.writeHead(receiver.status).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  receiver.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return receiver;
}
