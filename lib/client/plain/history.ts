/** /history and /jump where there is no screen to scroll: what was said is printed again. */
import type { Message } from '../../protocol/records.js';
import type { Place, Sight } from '../commands/act.js';
import { errandRefusal } from '../commands/refusal.js';
import type { Asked, Session } from '../session/session.js';
import type { LocalTime } from '../text/local-time.js';

export interface SightsDeps {
  readonly session: Pick<Session, 'ask'>;
  readonly time: LocalTime;
  readonly here: () => Place;
  /** Where a message is that was found; undefined where that is not known. */
  readonly placeOf: (seq: number) => Place | undefined;
  readonly tell: (words: string) => void;
  readonly refuse: (message: string) => void;
  readonly print: (message: Message) => void;
}

const pageSize = 100;
/** Messages of one /history; whoever wants more asks from there on, or exports. */
const mostPrinted = 1_000;
/** Before and after the message that /jump shows. */
const around = 5;

/** Resolves when it was printed or refused. Never rejects. */
export function createSights({ session, time, here, placeOf, tell, refuse, print }: SightsDeps) {
  async function page(
    range: object,
    place = here(),
  ): Promise<{ messages: readonly Message[]; more: boolean } | undefined> {
    const where = 'room' in place ? place : { with: place.to };
    const request = { type: 'history', ...where, ...range } as Asked;
    const reply = await session.ask(request);
    if (reply.type === 'ok') return { messages: reply.messages ?? [], more: reply.more === true };
    refuse(errandRefusal(reply, request));
    return undefined;
  }

  /** With the day wherever it changes. */
  function printAll(messages: readonly Message[]): void {
    let day = '';
    for (const message of messages) {
      if (time.day(message.at) !== day) tell(time.day(message.at));
      day = time.day(message.at);
      print(message);
    }
    if (messages.length === 0) tell('nothing was said here then');
  }

  async function last(count: number): Promise<void> {
    let messages: readonly Message[] = [];
    for (let more = true; more && messages.length < count; ) {
      const before = messages[0]?.seq;
      const limit = Math.min(pageSize, count - messages.length);
      const older = await page({ limit, ...(before !== undefined && { before }) });
      if (older === undefined) return;
      messages = [...older.messages, ...messages];
      more = older.more && older.messages.length > 0;
    }
    printAll(messages);
  }

  async function since(at: number): Promise<void> {
    const messages: Message[] = [];
    for (let more = true; more && messages.length < mostPrinted; ) {
      const after = messages.at(-1)?.seq;
      const next = await page({
        limit: pageSize,
        ...(after === undefined ? { since: new Date(at).toISOString() } : { after }),
      });
      if (next === undefined) return;
      messages.push(...next.messages);
      more = next.more;
    }
    printAll(messages);
    if (messages.length >= mostPrinted) tell(`these are the first ${messages.length} of them`);
  }

  async function jump(seq: number): Promise<void> {
    const place = placeOf(seq) ?? here();
    const before = await page({ before: seq + 1, limit: around + 1 }, place);
    const after = before && (await page({ after: seq, limit: around }, place));
    if (before === undefined || after === undefined) return;
    if (before.messages.at(-1)?.seq !== seq) {
      refuse(`There is no message ${seq} here. /window #ROOM goes to another room first.`);
      return;
    }
    printAll([...before.messages, ...after.messages]);
  }

  return async (sight: Sight): Promise<void> => {
    try {
      if (sight.do === 'jump') await jump(sight.seq);
      else if ('last' in sight) await last(sight.last);
      else await since(sight.since);
    } catch {
      refuse('Not connected just now: try again when the connection is back.');
    }
  };
}
