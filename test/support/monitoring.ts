/** What a server's `--metrics` port answers. */
import type { Endpoint } from '../../lib/trust/endpoint.js';

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly type: string | null;
}

export async function get(at: Endpoint | undefined, path: string, method = 'GET'): Promise<Answer> {
  if (at === undefined) throw new Error('The server serves no metrics.');
  const response = await fetch(`http://${at.host}:${at.port}${path}`, { method });
  const { status, headers } = response;
  return { status, type: headers.get('content-type'), text: await response.text() };
}

/** Each sample's value by its name and labels, as they are written. */
export async function scrape(at: Endpoint | undefined): Promise<ReadonlyMap<string, number>> {
  const { text } = await get(at, '/metrics');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const [, name = '', value] = /^(.+) (\S+)$/.exec(line) ?? [];
      return [name, Number(value)];
    }),
  );
}
