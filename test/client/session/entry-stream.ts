import t from 'tap';
import { createEntryStream, streamedMost } from '../../../lib/client/session/entry-stream.js';
import type { RequestBody } from '../../../lib/client/wire/connection.js';
import type { Reply } from '../../../lib/protocol/events.js';
import type { RoomOrPerson } from '../../../lib/protocol/names.js';
import type { Conversation, Message } from '../../../lib/protocol/records.js';
import { lobbyMessage, messageOf } from '../../support/fake-session.js';

const lobby: Conversation = { room: 'lobby', last: 0, read: 0, unread: 0, mentions: 0 };
const everything = (): boolean => true;

/** A stream of ana's, and a server whose history is `stored`. */
function scene(options: { wants?: (place: RoomOrPerson) => boolean; since?: number } = {}) {
  const stored: Message[] = [];
  const asked: RequestBody[] = [];
  let answer = async (request: RequestBody): Promise<Reply> => historyOf(stored, request);
  const stream = createEntryStream({
    session: { name: 'ana' },
    ask(request) {
      asked.push(request);
      return answer(request);
    },
    wants: options.wants ?? everything,
    since: options.since,
  });
  const entries = stream.entries();
  const live = (event: Message): void => stream.notice({ kind: 'event', event });
  return {
    ...{ stream, entries, stored, asked, live },
    answerWith(given: typeof answer) {
      answer = given;
    },
    /** It is stored, then everyone gets it. */
    post(seq: number, fields: Partial<Message> = {}) {
      const message = lobbyMessage(seq, fields);
      stored.push(message);
      live(message);
    },
    async seqs(count: number): Promise<number[]> {
      const found: number[] = [];
      while (found.length < count) {
        const { value, done } = await entries.next();
        if (done) break;
        found.push(value.seq);
      }
      return found;
    },
  };
}

/** Pages of three. */
function historyOf(stored: readonly Message[], request: RequestBody): Reply {
  if (request.type === 'conversations') {
    const at = stored.at(-1)?.at;
    return { type: 'ok', re: 1, conversations: [{ ...lobby, ...(at !== undefined && { at }) }] };
  }
  if (request.type !== 'history') throw new Error(request.type);
  const { after = 0, since } = request;
  const found = stored.filter(({ seq, at }) => seq > after && (since === undefined || at >= since));
  return { type: 'ok', re: 1, messages: found.slice(0, 3), more: found.length > 3 };
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

t.test('entries come in order from the start on, those that are wanted', async (t) => {
  const { stream, post, seqs, live } = scene({ wants: (place) => 'room' in place });
  post(1);
  stream.start();
  post(2);
  live(messageOf({ seq: 3, to: 'ana' }));
  post(4, { text: '', removed: 'ben' });
  stream.notice({
    kind: 'event',
    event: { type: 'edited', seq: 5, room: 'lobby', from: 'ben', at: '', of: 2, text: 'x' },
  });
  stream.notice({ kind: 'event', event: { type: 'joined', room: 'lobby', name: 'cleo' } });
  post(6);
  t.same(await seqs(3), [2, 5, 6]);
});

t.test('the history since a moment comes first, and nothing twice', async (t) => {
  const since = Date.parse('2026-11-20T19:00:00.000Z');
  const { stream, post, seqs, stored, asked } = scene({ since });
  stored.push(
    lobbyMessage(1, { at: '2026-11-20T18:00:00.000Z' }),
    ...range(2, 8).map((seq) => lobbyMessage(seq)),
  );
  stream.start();
  post(9);
  t.same(await seqs(8), range(2, 9));
  post(10);
  t.same(await seqs(1), [10]);
  t.match(asked, [
    { type: 'conversations' },
    { since: '2026-11-20T19:00:00.000Z' },
    { after: 4 },
    { after: 7 },
  ]);
  t.equal(asked.length, 4);
});

t.test('a quiet conversation is not asked for', async (t) => {
  const { stream, post, seqs, stored, asked } = scene({ since: Date.parse('2026-11-20T21:00:00.000Z') });
  stored.push(lobbyMessage(1));
  stream.start();
  const next = seqs(1);
  await Promise.resolve();
  post(2);
  t.same(await next, [2]);
  t.equal(asked.length, 1);
});

t.test('a slow reader misses no message, and does not fill the memory', async (t) => {
  const { stream, post, seqs, asked, stored } = scene();
  stream.start();
  const count = 3 * streamedMost;
  for (const seq of range(1, count)) post(seq);
  t.same(await seqs(streamedMost), range(1, streamedMost));
  t.equal(asked.length, 0);
  // Removed meanwhile.
  stored.splice(streamedMost, 1);
  t.same(await seqs(5), range(streamedMost + 2, streamedMost + 6));
  t.equal(asked.length, 2);
  post(count + 1);
  const rest = range(streamedMost + 7, count + 1);
  t.same(await seqs(rest.length), rest);
  post(count + 2);
  t.same(await seqs(1), [count + 2]);
});

t.test('what a catch-up leaves out is read from the history', async (t) => {
  const { stream, post, seqs, stored, live } = scene();
  stream.start();
  post(1);
  stored.push(...range(2, 9).map((seq) => lobbyMessage(seq)));
  stream.notice({ kind: 'event', event: { type: 'gap', room: 'lobby', after: 1, before: 8 } });
  for (const seq of [8, 9]) live(lobbyMessage(seq));
  post(10);
  t.same(await seqs(10), range(1, 10));
});

t.test('after a restore from a backup, numbers that were read come again', async (t) => {
  const { stream, post, seqs, stored } = scene({ since: 0 });
  stored.push(lobbyMessage(100));
  stream.start();
  t.same(await seqs(1), [100]);
  stream.notice({ kind: 'synced', first: false, conversations: [{ ...lobby, last: 50 }] });
  post(51);
  t.same(await seqs(1), [51]);
});

t.test('a room that one has left has no more to tell; another refusal is an error', async (t) => {
  const { stream, seqs, answerWith, live } = scene();
  stream.start();
  const gap = { kind: 'event', event: { type: 'gap', room: 'lobby', after: 1, before: 8 } } as const;
  answerWith(async () => ({ type: 'error', re: 1, code: 'not-a-member', message: 'no' }));
  stream.notice(gap);
  live(lobbyMessage(9));
  t.same(await seqs(1), [9]);
  answerWith(async () => ({ type: 'error', re: 1, code: 'internal', message: 'no' }));
  stream.notice(gap);
  await t.rejects(seqs(1), { code: 'internal' });
});

t.test('it ends with the session after what came before, and at once when it is closed', async (t) => {
  const ended = scene();
  ended.stream.start();
  ended.post(1);
  ended.stream.notice({ kind: 'status', status: { state: 'ended', end: { why: 'quit' } } });
  ended.post(2);
  t.same(await ended.seqs(9), [1]);

  const closed = scene();
  closed.stream.start();
  closed.post(1);
  closed.post(2);
  t.same(await closed.seqs(1), [1]);
  closed.stream.close();
  t.same(await closed.seqs(9), []);
  const waiting = scene();
  waiting.stream.start();
  const none = waiting.seqs(9);
  waiting.stream.close();
  t.same(await none, []);
});
