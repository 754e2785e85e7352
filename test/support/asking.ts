/** What tests ask of a server over the wire: requests that have to be granted, refusals by their code, fences. */
import type { RequestBody } from '../../lib/client/wire/connection.js';
import type { Reply, ServerFrame } from '../../lib/protocol/events.js';
import type { Message } from '../../lib/protocol/records.js';
import { ok } from './running-server.js';
import type { Wire } from './wire-client.js';

export type Asker = Pick<Wire, 'ask' | 'next' | 'all' | 'frames'>;
export type Spot = { readonly room: string } | { readonly to: string };

let keys = 0;

/** Fields of an `ok`; throws where it is none. */
export async function granted(client: Asker, request: RequestBody): Promise<Extract<Reply, { type: 'ok' }>> {
  return ok(await client.ask(request));
}

/** The code of a refusal, or `ok`. */
export async function outcome(client: Asker, request: RequestBody): Promise<string> {
  const reply = await client.ask(request);
  return reply.type === 'error' ? (reply as Extract<Reply, { type: 'error' }>).code : 'ok';
}

/** Says something under a fresh key; throws where it was refused. */
export async function saying(client: Asker, spot: Spot, text: string): Promise<Message> {
  const reply = await client.ask({ type: 'say', ...spot, text, key: `said-${++keys}` });
  if (reply.type !== 'message') throw new Error(`Not said: ${JSON.stringify(reply)}`);
  return reply as Message;
}

/** Resolves when all that a room was told so far has come to those who hear it. */
export async function fence(by: Asker, room: string, ...heardBy: readonly Asker[]): Promise<void> {
  const { key } = await saying(by, { room }, 'fence');
  for (const client of heardBy) {
    while (!client.all('message').some((message) => message.key === key)) await client.next('message');
  }
}

/** Events of these types so far, without what a test cannot know beforehand. */
export function told(client: Asker, ...types: readonly ServerFrame['type'][]): object[] {
  return client.frames
    .filter(({ type }) => types.includes(type))
    .map((frame) => {
      const { seq: _, at: __, key: ___, ...rest } = frame as ServerFrame & Record<string, unknown>;
      return rest;
    });
}
