/** Requests over the wire: those that must succeed, refusals by code, posts and fences. */
import type { RequestBody } from '../../lib/client/wire/connection.js';
import type { Reply, ServerFrame } from '../../lib/protocol/events.js';
import type { Message } from '../../lib/protocol/records.js';
import { ok } from './running-server.js';
import type { Wire } from './wire-client.js';

export type RequestClient = Pick<Wire, 'ask' | 'next' | 'all' | 'frames'>;
export type Recipient = { readonly room: string } | { readonly to: string };

let keys = 0;

/** Fields of an `ok`; throws where it is none. */
export async function requestOk(
  client: RequestClient,
  request: RequestBody,
): Promise<Extract<Reply, { type: 'ok' }>> {
  return ok(await client.ask(request));
}

/** The code of a refusal, or `ok`. */
export async function outcome(client: RequestClient, request: RequestBody): Promise<string> {
  const reply = await client.ask(request);
  return reply.type === 'error' ? (reply as Extract<Reply, { type: 'error' }>).code : 'ok';
}

/** Posts a message under a new key; throws if it is refused. */
export async function post(client: RequestClient, spot: Recipient, text: string): Promise<Message> {
  const reply = await client.ask({ type: 'say', ...spot, text, key: `post-${++keys}` });
  if (reply.type !== 'message') throw new Error(`Not posted: ${JSON.stringify(reply)}`);
  return reply as Message;
}

/** Resolves when these members have received everything sent to the room so far. */
export async function fence(
  by: RequestClient,
  room: string,
  ...receivedBy: readonly RequestClient[]
): Promise<void> {
  const { key } = await post(by, { room }, 'fence');
  for (const client of receivedBy) {
    while (!client.all('message').some((message) => message.key === key)) await client.next('message');
  }
}

/** Events of these types so far, without fields that a test cannot know. */
export function eventsOf(client: RequestClient, ...types: readonly ServerFrame['type'][]): object[] {
  return client.frames
    .filter(({ type }) => types.includes(type))
    .map((frame) => {
      const { seq: _, at: __, key: ___, ...rest } = frame as ServerFrame & Record<string, unknown>;
      return rest;
    });
}
