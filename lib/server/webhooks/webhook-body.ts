/** Reads the text of a webhook's request: plain, `{"text": …}`, or as for Slack. Pure; knows no secrets. */

/** The text, or why there is none. */
type WebhookBody = { readonly ok: true; readonly text: string } | RefusedBody;

interface RefusedBody {
  readonly ok: false;
  readonly outcome: 'malformed' | 'bad-type';
  readonly reason: string;
}

const readers: Readonly<Record<string, (body: string) => WebhookBody>> = {
  'text/plain': (text) => ({ ok: true, text }),
  'application/json': readJson,
};

/** Whether a body with these headers can be read at all. @returns what is wrong */
export function unreadable(headers: {
  readonly 'content-type'?: string | undefined;
  readonly 'content-encoding'?: string | undefined;
}): RefusedBody | undefined {
  const encoding = headers['content-encoding'] ?? 'identity';
  const known = Object.hasOwn(readers, mediaType(headers['content-type']));
  if (known && encoding.toLowerCase() === 'identity') return undefined;
  const reason = 'Send application/json or text/plain in UTF-8, without Content-Encoding.';
  return { ok: false, outcome: 'bad-type', reason };
}

/** @param contentType one that is readable */
export function readWebhookBody(contentType: string | undefined, body: Buffer): WebhookBody {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    return readers[mediaType(contentType)]?.(text) ?? bad('The Content-Type is unknown.');
  } catch {
    return bad('The body is not UTF-8.');
  }
}

function mediaType(contentType = ''): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
}

function readJson(body: string): WebhookBody {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return bad('The body is not JSON.');
  }
  const { text, attachments } = isObject(value) ? value : {};
  if (text !== undefined && typeof text !== 'string') return bad('"text" must be a string.');
  const fallbacks = Array.isArray(attachments) ? attachments.map(fallbackOf) : [];
  const parts = [text, ...fallbacks].filter((part) => typeof part === 'string' && part !== '');
  if (parts.length > 0) return { ok: true, text: parts.join('\n') };
  return bad('There is no text: send {"text": "…"}, or attachments with "fallback".');
}

function fallbackOf(attachment: unknown): unknown {
  return isObject(attachment) ? attachment.fallback : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function bad(reason: string): RefusedBody {
  return { ok: false, outcome: 'malformed', reason };
}
