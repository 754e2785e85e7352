/**
 * Sends one notification, as ntfy takes it: POST with the text as body, `Title` and `Priority` as headers. The name is resolved
 * once, and the connection goes to exactly that address. Knows HTTP, not whom it is for.
 */
import { lookup } from 'node:dns/promises';
import { type ClientRequest, request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { bareHost, type PushHosts } from './push-hosts.js';

export interface Notification {
  readonly title: string;
  readonly text: string;
  /** ntfy's: 3 is the default, 4 is high. */
  readonly priority: 3 | 4;
}

/** What becomes of a try, and whether another one may help. */
const worthRetry = {
  sent: false,
  'host-refused': false,
  'address-refused': true,
  /** By the host, with a status. */
  rejected: false,
  /** The host has a fault of its own, or is asked too much. */
  'host-failed': true,
  unreachable: true,
  'timed-out': true,
} as const;

export interface PushOutcome {
  readonly result: keyof typeof worthRetry;
  /** For the log: a status or the code of an error. */
  readonly what: string;
}

export function isWorthRetry({ result }: PushOutcome): boolean {
  return worthRetry[result];
}

/** Addresses of a name. */
type Resolve = (host: string) => Promise<readonly { readonly address: string }[]>;

/** Of its own machinery: what a test replaces. */
export interface SendOptions {
  readonly resolve?: Resolve;
  readonly timeoutMs?: number;
  /** Certificates to trust, PEM; default: those that Node trusts. */
  readonly ca?: string;
}

const resolveAll: Resolve = (host) => lookup(host, { all: true });
const defaultTimeoutMs = 10_000;
/** Answers with a status of 1xx, before the one that counts. */
const mostHints = 5;

/** Never rejects. */
export async function sendPush(
  to: string,
  notification: Notification,
  hosts: PushHosts | undefined,
  options: SendOptions = {},
): Promise<PushOutcome> {
  const url = hosts?.parse(to);
  if (hosts === undefined || url === undefined) return { result: 'host-refused', what: 'host not allowed' };
  const signal = AbortSignal.timeout(options.timeoutMs ?? defaultTimeoutMs);
  try {
    const address = await addressOf(bareHost(url.hostname), hosts, options.resolve ?? resolveAll, signal);
    if (address === undefined) return { result: 'address-refused', what: 'address not allowed' };
    const status = await post(url, address, notification, { ...options, signal });
    return { result: resultOf(status), what: `HTTP ${status}` };
  } catch (error) {
    if (signal.aborted) return { result: 'timed-out', what: 'timeout' };
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed';
    return { result: 'unreachable', what: code };
  }
}

function resultOf(status: number): PushOutcome['result'] {
  if (status >= 200 && status < 300) return 'sent';
  return status >= 500 || status === 429 ? 'host-failed' : 'rejected';
}

/** The first that a connection may go to. */
async function addressOf(
  host: string,
  hosts: PushHosts,
  resolve: Resolve,
  signal: AbortSignal,
): Promise<string | undefined> {
  const found = isIP(host) > 0 ? [{ address: host }] : await Promise.race([resolve(host), aborted(signal)]);
  return found.find(({ address }) => hosts.mayConnect(address))?.address;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** @returns the status; what follows it is not read, and no redirect is followed */
function post(
  url: URL,
  address: string,
  { title, text, priority }: Notification,
  { ca, signal }: SendOptions & { readonly signal: AbortSignal },
): Promise<number> {
  const body = Buffer.from(text);
  const family = isIP(address);
  const options: RequestOptions & { ca?: string } = {
    method: 'POST',
    headers: {
      Title: headerText(title),
      Priority: String(priority),
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Length': body.length,
      'User-Agent': 'secure-chat',
    },
    // A connection of its own, to this address and no other: names can change their minds (DNS rebinding).
    agent: false,
    lookup: (_host, { all }, callback) =>
      all ? callback(null, [{ address, family }]) : callback(null, address, family),
    signal,
    ...(ca !== undefined && { ca }),
  };
  return new Promise((resolve, reject) => {
    const request: ClientRequest =
      url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options);
    request.once('response', (response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    // Endless ones (102, 103) would keep this process busy until the time is over.
    let hints = 0;
    request.on('information', () => {
      if (++hints > mostHints) request.destroy(new Error('no answer after many hints'));
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** RFC 2047, which ntfy reads: headers are ASCII. */
function headerText(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`;
}
