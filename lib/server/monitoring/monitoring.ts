/**
 * The operator's HTTP port: `/metrics` for Prometheus, `/healthz` and `/readyz` for what starts and balances servers. Knows
 * paths and limits, not what is measured. What it says is for everyone who can reach it.
 */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../system/clock.js';
import type { Log } from '../log.js';
import { createRateLimiter } from '../rate-limiter.js';
import { createMetrics, type Measured } from './metrics.js';

export interface Monitoring {
  readonly address: { readonly host: string; readonly port: number };
  /** The server has started. Before, it is alive but not ready. */
  watch(measured: Measured & { readonly unready: () => Promise<string | undefined> }): void;
  close(): Promise<void>;
}

interface MonitoringOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** A request, its headers included, must come within this, and its answer be taken. Default 5 s. */
  readonly requestMs?: number;
}

interface Page {
  readonly status: number;
  readonly text: string;
  readonly contentType?: string;
}

const headerBytes = 4096;
/** More are closed at once. */
const connections = 64;
/** Each brings one request; beyond, they are closed at once: the chat comes first. */
const pace = { burst: 100, perSecond: 20 };

/** @throws the listener's error (`EADDRINUSE`, `EACCES`, …) */
export async function openMonitoring(
  { host, port, requestMs = 5_000 }: MonitoringOptions,
  { log, clock }: { readonly log: Log; readonly clock: Clock },
): Promise<Monitoring> {
  let ready = async (): Promise<Page> => unavailable('starting');
  let metrics = ready;
  const pages = new Map<string | undefined, () => Promise<Page>>([
    ['/healthz', async () => ({ status: 200, text: 'ok\n' })],
    ['/readyz', () => ready()],
    ['/metrics', () => metrics()],
  ]);

  const answer: RequestListener = (request, response) => {
    pageFor(pages, request).then(
      (page) => send(response, page),
      (error: unknown) => {
        log.error('monitoring failed', error);
        send(response, { status: 500, text: 'internal error\n' });
      },
    );
  };
  const timeouts = {
    headersTimeout: requestMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: 1_000,
  };
  const server = createServer({ maxHeaderSize: headerBytes, ...timeouts }, answer);
  server.maxConnections = connections;
  server.maxRequestsPerSocket = 1;
  server.setTimeout(requestMs);
  const arrivals = createRateLimiter<'all'>(pace, clock);
  server.on('connection', (socket) => {
    if (arrivals.take('all') > 0) socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, resolve);
  });
  server.on('error', (error) => log.error('accepting failed', error));
  const bound = server.address() as AddressInfo;

  return {
    address: { host: bound.address, port: bound.port },
    watch({ unready, ...measured }) {
      const all = createMetrics(measured);
      ready = async () => {
        const why = await unready();
        return why === undefined ? { status: 200, text: 'ready\n' } : unavailable(why);
      };
      metrics = async () => ({ status: 200, text: await all.text(), contentType: all.contentType });
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function pageFor(
  pages: ReadonlyMap<string | undefined, () => Promise<Page>>,
  { method, url }: IncomingMessage,
): Promise<Page> {
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, text: 'GET only\n' };
  const page = pages.get(url?.replace(/\?.*$/s, ''));
  return page === undefined ? { status: 404, text: `${[...pages.keys()].join(' ')}\n` } : page();
}

function unavailable(why: string): Page {
  return { status: 503, text: `${why}\n` };
}

function send(
  response: ServerResponse,
  { status, text, contentType = 'text/plain; charset=utf-8' }: Page,
): void {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    ...(status === 405 && { allow: 'GET, HEAD' }),
    connection: 'close',
  });
  response.end(text);
}
