/** /history and /jump without a screen to scroll: earlier messages are printed again. */

import type { Message } from '../../protocol/records.js';
import { CommandRefused, type HistoryQuery, type HistoryRange } from '../commands/command.js';
import { checkPage } from '../session/pages.js';
import type { LocalTime } from '../text/local-time.js';
import type { RequestBody } from '../wire/connection.js';

interface HistoryPrinter {
  readonly time: LocalTime;
  readonly show: (words: string) => void;
  readonly print: (message: Message) => void;
}

const pageSize = 100;
/** Messages of one /history; the next one or an export shows more. */
const printedMax = 1_000;
/** Messages before and after the one that /jump shows. */
const contextSize = 5;

/** @throws CommandRefused, ConnectionLost */
export async function printHistory(
  range: HistoryRange,
  query: HistoryQuery,
  printer: HistoryPrinter,
): Promise<void> {
  if ('last' in range) return printAll(await lastMessages(range.last, query), printer);
  const messages = await messagesSince(range.since, query);
  printAll(messages, printer);
  if (messages.length >= printedMax) printer.show(`only the first ${messages.length} are shown`);
}

/** @throws CommandRefused, ConnectionLost */
export async function printContext(seq: number, query: HistoryQuery, printer: HistoryPrinter): Promise<void> {
  const before = await page({ before: seq + 1, limit: contextSize + 1 }, query);
  const after = await page({ after: seq, limit: contextSize }, query);
  if (before.messages.at(-1)?.seq !== seq) {
    throw new CommandRefused(`There is no message ${seq} here. Go to its room first, as in /window #ROOM.`);
  }
  printAll([...before.messages, ...after.messages], printer);
}

async function lastMessages(count: number, query: HistoryQuery): Promise<readonly Message[]> {
  let messages: readonly Message[] = [];
  for (let more = true; more && messages.length < count; ) {
    const before = messages[0]?.seq;
    const limit = Math.min(pageSize, count - messages.length);
    const older = await page({ limit, ...(before !== undefined && { before }) }, query);
    messages = [...older.messages, ...messages];
    more = older.more;
  }
  return messages;
}

async function messagesSince(at: number, query: HistoryQuery): Promise<readonly Message[]> {
  const messages: Message[] = [];
  for (let more = true; more && messages.length < printedMax; ) {
    const after = messages.at(-1)?.seq;
    const start = after === undefined ? { since: new Date(at).toISOString() } : { after };
    const next = await page({ limit: pageSize, ...start }, query);
    messages.push(...next.messages);
    more = next.more;
  }
  return messages;
}

/** @throws CommandRefused, ConnectionLost; ProtocolError `bad-frame` for a page that leads nowhere */
async function page(
  range: { limit: number; before?: number; after?: number; since?: string },
  { ask, conversation }: HistoryQuery,
): Promise<{ messages: readonly Message[]; more: boolean }> {
  const request = { type: 'history', ...conversation, ...range } as RequestBody;
  const { messages = [], more = false } = await ask(request);
  checkPage(
    messages.map(({ seq }) => seq),
    { ...range, more },
  );
  return { messages, more };
}

/** With the date wherever it changes. */
function printAll(messages: readonly Message[], { time, show, print }: HistoryPrinter): void {
  let day = '';
  for (const message of messages) {
    if (time.day(message.at) !== day) show(time.day(message.at));
    day = time.day(message.at);
    print(message);
  }
  if (messages.length === 0) show('no messages');
}
