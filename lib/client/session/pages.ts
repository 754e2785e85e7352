/** What comes page by page, checked, so that a loop over pages ends whatever the server sends. */
import { ProtocolError } from '../../protocol/errors.js';
import { accepted, type ServerFrameOf } from '../../protocol/events.js';
import type { RoomOrPerson } from '../../protocol/names.js';
import type { Conversation, Message, Person } from '../../protocol/records.js';
import type { Session } from './session.js';

/**
 * @param seqs of a page's messages. @param range what it was asked with
 * @throws ProtocolError `bad-frame` for a page that leads nowhere: one with other messages than asked for, or an empty one
 *   that is not the last
 */
export function checkPage(
  seqs: readonly number[],
  { after, before, more }: { after?: number | undefined; before?: number | undefined; more: boolean },
): void {
  const [least, most] = [after ?? Number.NEGATIVE_INFINITY, before ?? Number.POSITIVE_INFINITY];
  const inOrder = seqs.every((seq, i) => seq > (seqs[i - 1] ?? least) && seq < most);
  if (!inOrder || (more && seqs.length === 0)) throw pageRepeated();
}

export function pageRepeated(): ProtocolError {
  return new ProtocolError(
    'bad-frame',
    'The server repeats itself, so the list is incomplete. Tell its operator.',
  );
}

/** Behind a message with this seq, or from a moment on, in milliseconds since the epoch. */
export type HistoryStart = { readonly after: number } | { readonly since: number };

const pageSize = 100;

/**
 * The messages of a conversation up to now, oldest first, without those that were removed: page by page, as fast as they are
 * taken.
 * @throws ProtocolError for a refusal, or `bad-frame` for a page that leads nowhere; what `ask` rejects with
 */
export async function* historyPages(
  ask: Session['ask'],
  place: RoomOrPerson,
  start: HistoryStart,
): AsyncGenerator<readonly Message[], undefined, undefined> {
  let after = 'after' in start ? start.after : undefined;
  const since = 'since' in start ? { since: new Date(start.since).toISOString() } : {};
  for (let more = true; more; ) {
    const range = after === undefined ? since : { after };
    const reply = accepted(await ask({ type: 'history', ...place, ...range, limit: pageSize }));
    const { messages = [] } = reply;
    more = reply.more === true;
    const seqs = messages.map(({ seq }) => seq);
    checkPage(seqs, { after, more });
    yield messages.filter(({ removed }) => removed === undefined);
    after = seqs.at(-1) ?? after;
  }
}

/**
 * All conversations of this person, direct ones newest first; or the server's error.
 * @throws ConnectionLost, or ProtocolError `bad-frame` where the server does not go on
 */
export async function askConversations(
  ask: Session['ask'],
): Promise<readonly Conversation[] | ServerFrameOf<'error'>> {
  const all: Conversation[] = [];
  let before: number | undefined;
  for (;;) {
    const reply = await ask({ type: 'conversations', ...(before !== undefined && { before }) });
    if (reply.type === 'error') return reply;
    const { conversations = [], more = false } = reply;
    all.push(...conversations);
    if (!more) return all;
    const next = oldestDirect(conversations);
    if (next === undefined || next >= (before ?? Number.POSITIVE_INFINITY)) throw pageRepeated();
    before = next;
  }
}

/** What the next page of `conversations` is asked with; undefined where there are no direct ones. */
export function oldestDirect(conversations: readonly Conversation[]): number | undefined {
  return conversations.findLast((each) => each.with !== undefined)?.last;
}

// A longer list is of no use.
const mostPeople = 100_000;

/**
 * All of them, by name; or the server's error.
 * @param room without it, everyone who is signed in
 * @throws ConnectionLost, or ProtocolError `bad-frame` where the server does not go on
 */
export async function askPeople(
  ask: Session['ask'],
  room?: string,
): Promise<readonly Person[] | ServerFrameOf<'error'>> {
  const all = new Map<string, Person>();
  let after: string | undefined;
  for (;;) {
    const reply = await ask({
      type: 'who',
      ...(room !== undefined && { room }),
      ...(after !== undefined && { after }),
    });
    if (reply.type === 'error') return reply;
    const { people = [], more = false } = reply;
    const before = all.size;
    for (const person of people) all.set(person.name, person);
    if (more && all.size === before) throw pageRepeated();
    if (!more || all.size >= mostPeople) return [...all.values()];
    after = people.at(-1)?.name;
  }
}
