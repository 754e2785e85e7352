/** One HTTPS request, whatever the certificate: what came back, or how the connection ended. */
import type { OutgoingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import type { Socket } from 'node:net';
import { connect } from 'node:tls';

export interface HttpAnswer {
  /** 0 where the connection ended without an answer. */
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** @param through a connection to use, by default a new one */
export function httpsPost(
  url: string,
  body: string | Buffer,
  { method = 'POST', ...headers }: OutgoingHttpHeaders & { method?: string } = {
    'content-type': 'text/plain',
  },
  through?: Socket,
): Promise<HttpAnswer> {
  return new Promise((resolve) => {
    const none = { status: 0, body: '', headers: {} };
    const over = {
      createConnection: () => connect({ ...(through && { socket: through }), rejectUnauthorized: false }),
    };
    const alone = { rejectUnauthorized: false, agent: false } as const;
    const sent = request(url, { method, headers, ...(through ? over : alone) }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('close', () => {
        resolve({ status: response.statusCode ?? 0, body: text, headers: response.headers });
      });
    });
    sent.on('error', () => resolve(none));
    sent.end(body);
  });
}
