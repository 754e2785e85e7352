/**
 * Webhooks over HTTPS, with the server's certificate: limits first, then one text to post, then a status. Knows HTTP, not who
 * may post. A URL is a secret: no path is logged.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import { type ErrorCode, ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import type { Clock } from '../../system/clock.js';
import type { Log } from '../log.js';
import { type AddressRange, addressKey } from '../net/address.js';
import { createBalancers } from '../net/balancers.js';
import { type ConnectionLimits, createConnectionLimits } from '../net/connection-limits.js';
import { createCounts, type Tally } from '../net/counts.js';
import { connectionId, type KeyPairPem, secureOptions } from '../net/listener.js';
import type { Notices } from '../notices.js';
import { createRateLimiter } from '../rate-limiter.js';
import { refusalOf } from '../refusal.js';
import { readWebhookBody, unreadable } from './webhook-body.js';
import type { Webhooks } from './webhooks.js';

interface WebhookListenerOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly keyPair: KeyPairPem;
  /** As in ListenerOptions. */
  readonly proxies?: readonly AddressRange[];
  /** From a request's first byte to its last; default `limits.webhookMs`. */
  readonly requestMs?: number;
}

/** What becomes of a request, or of a connection before it has one. */
export type WebhookOutcome =
  | 'posted'
  | 'no-such-webhook'
  | 'bad-method'
  | 'bad-type'
  | 'malformed'
  | 'too-large'
  | 'too-fast'
  | 'incomplete'
  | 'bad-proxy-header'
  | ErrorCode;

interface WebhookListenerDeps {
  readonly webhooks: Pick<Webhooks, 'post'>;
  /** Why an address is banned; undefined for any other. */
  readonly banned: (address: string) => string | undefined;
  readonly notices: Pick<Notices, 'examine'>;
  readonly outcomes: Tally<WebhookOutcome>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface WebhookListener {
  readonly port: number;
  /** As Listener.reload. */
  reload(keyPair: KeyPairPem): void;
  /** Answers the requests that have arrived, then ends every connection, after `limits.closingMs` at the latest. */
  close(): Promise<void>;
}

interface Answer {
  readonly outcome: WebhookOutcome;
  readonly reason?: string;
  /** Milliseconds. */
  readonly retryAfter?: number | undefined;
}

export const webhookPath = '/hook/';

/** Of all others: 503. */
const statuses: Partial<Record<WebhookOutcome, number>> = {
  posted: 204,
  malformed: 400,
  'message-empty': 400,
  muted: 403,
  'room-locked': 403,
  restricted: 403,
  'no-such-webhook': 404,
  'no-such-room': 404,
  'not-a-member': 404,
  'bad-method': 405,
  'too-large': 413,
  'message-too-long': 413,
  'bad-type': 415,
  'too-fast': 429,
  'rate-limited': 429,
  'slow-mode': 429,
  'too-many-attempts': 429,
};

/** It can't listen there; `cause` is the system's error. */
export class WebhookListenError extends Error {
  constructor(cause: unknown) {
    super('cannot listen for webhooks', { cause });
    this.name = 'WebhookListenError';
  }
}

/** @throws WebhookListenError */
export async function listenForWebhooks(
  options: WebhookListenerOptions,
  deps: WebhookListenerDeps,
): Promise<WebhookListener> {
  const requestMs = options.requestMs ?? limits.webhookMs;
  const server = createServer({
    ...secureOptions(options.keyPair),
    handshakeTimeout: limits.handshakeMs,
    headersTimeout: requestMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: Math.min(1_000, requestMs),
    keepAliveTimeout: 5_000,
    maxHeaderSize: 8 * 1024,
  });
  // Also of those who don't read their answers.
  server.timeout = 2 * requestMs;
  // Most senders make a connection for each request.
  const connectionLimits = createConnectionLimits({
    clock: deps.clock,
    live: { perAddress: limits.webhookBurst },
    unauthenticated: { perAddress: limits.webhookConnectionsPerAddress, total: limits.webhookConnections },
  });
  const { proxies = [] } = options;
  const { sockets, sourceOf } = admitConnections(server, { ...deps, proxies, connectionLimits });
  const posting = answerRequests(server, { ...deps, sourceOf, connectionLimits });
  await new Promise<void>((resolve, reject) => {
    const failed = (error: Error): void => reject(new WebhookListenError(error));
    server.once('error', failed);
    server.listen({ host: options.host, port: options.port }, () => {
      server.removeListener('error', failed);
      resolve();
    });
  });
  server.on('error', (error) => deps.log.error('accepting webhooks failed', error));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('No address for webhooks.');
  return {
    port: bound.port,
    reload: (keyPair) => server.setSecureContext(secureOptions(keyPair)),
    async close() {
      server.close();
      const late = new Promise((resolve) => deps.clock.after(limits.closingMs, () => resolve(undefined)));
      await Promise.race([Promise.all(posting), late]);
      for (const socket of sockets) socket.destroy();
    },
  };
}

interface Connections {
  /** All that are open. */
  readonly sockets: ReadonlySet<Socket>;
  /** Where a request's connection comes from; undefined if it is closed. */
  sourceOf(socket: Socket): string | undefined;
}

interface AdmissionDeps extends WebhookListenerDeps {
  readonly connectionLimits: Pick<ConnectionLimits, 'admit' | 'unauthenticated'>;
  readonly proxies: readonly AddressRange[];
}

/** Before TLS: a refused connection costs no handshake. */
function admitConnections(server: Server, deps: AdmissionDeps): Connections {
  const { banned, connectionLimits, outcomes } = deps;
  const sources = new Map<string, string>();
  const counts = createCounts();
  const onRefused = () => outcomes.count('bad-proxy-header');
  const balancers = createBalancers({ ...deps, from: deps.proxies, onRefused });
  // The server's own would begin with TLS at once.
  const startTls = server.listeners('connection');
  server.removeAllListeners('connection');

  function admit(socket: Socket, address: string): void {
    const key = addressKey(address);
    const full = counts.of(key) >= limits.webhookConnectionsPerAddress;
    const isBanned = banned(address) !== undefined;
    if (isBanned || full || !connectionLimits.admit(address)) {
      outcomes.count(isBanned ? 'banned' : 'too-many-connections');
      socket.destroy();
      return;
    }
    const id = connectionId(socket);
    const uncount = counts.add(key);
    // Those who hold many idle connections keep no one out.
    const giveBack = connectionLimits.unauthenticated.take(address, () => {
      outcomes.count('too-many-connections');
      socket.destroy();
    });
    sources.set(id, address);
    socket.once('close', () => {
      uncount();
      giveBack();
      sources.delete(id);
    });
    for (const start of startTls) start.call(server, socket);
  }

  server.on('connection', (socket: Socket) => balancers.receive(socket, (source) => admit(socket, source)));
  return { sockets: balancers.sockets, sourceOf: (socket) => sources.get(connectionId(socket)) };
}

/** @returns the requests that are being posted */
function answerRequests(
  server: Server,
  deps: WebhookListenerDeps &
    Pick<Connections, 'sourceOf'> & { readonly connectionLimits: Pick<ConnectionLimits, 'signedIn'> },
): ReadonlySet<Promise<void>> {
  const { clock, log, outcomes } = deps;
  const rate = { burst: limits.webhookBurst, perSecond: limits.webhooksPerSecond };
  const requests = createRateLimiter<string>(rate, clock);
  // A flood must not fill the disk with its log.
  const logged = createRateLimiter<string>({ burst: 1, perSecond: 1 / 60 }, clock);
  const posting = new Set<Promise<void>>();

  async function post(secret: string, address: string, text: string): Promise<Answer> {
    try {
      if (!(await deps.webhooks.post(secret, address, text)))
        return { outcome: 'no-such-webhook', reason: 'There is no such webhook.' };
      deps.connectionLimits.signedIn(address);
      return { outcome: 'posted' };
    } catch (error) {
      if (!(error instanceof ProtocolError) && !deps.notices.examine(error))
        log.error('webhook failed', error);
      const { code, message, retryAfter } = refusalOf(error);
      return { outcome: code, reason: message, retryAfter };
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const address = deps.sourceOf(request.socket);
    if (address === undefined) return;
    const wait = requests.take(addressKey(address));
    // First, even where it is refused: of an answer that comes before the end of the body, many senders see only a broken pipe.
    const body = await readBody(request);
    if (body === 'gone') {
      outcomes.count('incomplete');
      return;
    }
    const received = wait > 0 ? tooFast(wait) : receive(request, body);
    const reply = 'text' in received ? post(secretOf(request), address, received.text) : received;
    const answered = Promise.resolve(reply).then((given) => {
      const { outcome: why } = given;
      outcomes.count(why);
      if (why !== 'posted' && logged.take(addressKey(address)) === 0) {
        log.info('webhook refused', { address, status: statusOf(given), why });
      }
      return send(response, given, !request.complete);
    });
    posting.add(answered);
    await answered;
    posting.delete(answered);
  }

  server.on('request', (request, response) => void answer(request, response));
  return posting;
}

const tooFast = (retryAfter: number): Answer => ({
  ...{ outcome: 'too-fast', reason: 'Too many requests from your address.', retryAfter },
});

const statusOf = ({ outcome }: Answer): number => statuses[outcome] ?? 503;

function receive(request: IncomingMessage, body: Buffer | 'too-large'): Answer | { readonly text: string } {
  if (request.method !== 'POST') return { outcome: 'bad-method', reason: 'Use POST.' };
  const wrong = unreadable(request.headers);
  if (wrong !== undefined) return wrong;
  if (body === 'too-large')
    return { outcome: 'too-large', reason: `A body has at most ${limits.webhookBytes} bytes.` };
  return readWebhookBody(request.headers['content-type'], body);
}

/** What is not in the form of a secret is one that does not exist. */
function secretOf({ url = '' }: IncomingMessage): string {
  return url.startsWith(webhookPath) ? url.slice(webhookPath.length) : '';
}

/** @returns 'gone' where the sender is gone, or was cut off */
async function readBody(request: IncomingMessage): Promise<Buffer | 'too-large' | 'gone'> {
  if (Number(request.headers['content-length'] ?? 0) > limits.webhookReadBytes) return 'too-large';
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      size += (chunk as Buffer).length;
      if (size > limits.webhookReadBytes) break;
      if (size <= limits.webhookBytes) chunks.push(chunk as Buffer);
    }
  } catch {
    return 'gone';
  }
  return size > limits.webhookBytes ? 'too-large' : Buffer.concat(chunks);
}

/** @param last ends the connection: the rest of the request is not read */
function send(response: ServerResponse, answer: Answer, last: boolean): Promise<void> {
  const { reason, retryAfter } = answer;
  const status = statusOf(answer);
  // Its sender is gone.
  if (response.destroyed) return Promise.resolve();
  const seconds = retryAfter === undefined ? undefined : Math.max(1, Math.ceil(retryAfter / 1000));
  response.writeHead(status, {
    ...(reason !== undefined && { 'Content-Type': 'text/plain; charset=utf-8' }),
    ...(seconds !== undefined && { 'Retry-After': seconds }),
    ...(status === 405 && { Allow: 'POST' }),
    ...(last && { Connection: 'close' }),
  });
  return new Promise((resolve) => {
    response.once('close', resolve);
    response.end(reason === undefined ? undefined : `${reason}\n`, () => resolve());
  });
}
