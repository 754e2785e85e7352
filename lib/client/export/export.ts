/**
 * The whole history of conversations, written out page by page. Knows a session and where text goes; neither
 * files nor command lines.
 */
import type { Reply } from '../../protocol/events.js';
import { printable } from '../../protocol/printable.js';
import type { Conversation, Message } from '../../protocol/records.js';
import { createListener, type FrontEnd, type StopSignal } from '../front-end.js';
import type { Asked, Happening, Session } from '../session/session.js';
import { byteCount } from '../text/byte-count.js';
import { createStamp, spoken, transcribed } from '../text/transcript.js';

export interface ExportDeps {
  /** Resolves when there is room for more; rejects where nothing more can be written. */
  readonly write: (text: string) => Promise<void>;
  /** Tells how far it is, of one conversation. */
  readonly progress: (conversation: string, messages: number) => void;
  /** Aborted with a StopSignal as its reason. */
  readonly stop: AbortSignal;
  readonly wanted: ExportWanted;
  readonly now: () => number;
}

export interface ExportWanted {
  /** Without rooms and people: all that this person is in. */
  readonly rooms: readonly string[];
  readonly people: readonly string[];
  /** Milliseconds since the epoch. */
  readonly since?: number;
  readonly format: 'text' | 'json';
}

/** What was asked for is not there; the message says what to do. */
export class ExportError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ExportError';
  }
}

type Place = { readonly room: string } | { readonly with: string };

const pageSize = 100;

/** Its `run` rejects with ExportError, and with whatever `write` rejects with. */
export function createExport(deps: ExportDeps): FrontEnd {
  const { listener, open } = createListener();
  return {
    listener,
    async run(session) {
      const line = createLine(open);
      const stopped = new Promise<StopSignal>((resolve) => {
        const onStop = (): void => resolve(deps.stop.reason as StopSignal);
        if (deps.stop.aborted) onStop();
        deps.stop.addEventListener('abort', onStop);
      });
      try {
        const signal = await Promise.race([exportAll(session, { ...deps, line }), stopped]);
        await session.quit();
        const by = signal === undefined ? { by: 'person' as const } : { by: 'signal' as const, signal };
        return { how: by, refused: 0, unacknowledged: 0 };
      } catch (error) {
        if (line.end !== undefined) {
          return { how: { by: 'session', end: line.end }, refused: 0, unacknowledged: 0 };
        }
        await session.quit();
        throw error;
      }
    },
  };
}

/** The connection as an export sees it: it is there, or comes back. */
function createLine(open: (tell: (happening: Happening) => void) => void) {
  let conversations: readonly Conversation[] | undefined;
  let end: Extract<Extract<Happening, { kind: 'status' }>['status'], { state: 'ended' }>['end'] | undefined;
  let online = false;
  let waiting: (() => void)[] = [];

  open((happening) => {
    if (happening.kind === 'status') online = happening.status.state === 'online';
    if (happening.kind === 'status' && happening.status.state === 'ended') end = happening.status.end;
    if (happening.kind === 'synced') conversations ??= happening.conversations;
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  });

  return {
    get end() {
      return end;
    },
    /** All that this person is in; rejects where the session ended. */
    async ready(): Promise<readonly Conversation[]> {
      while (conversations === undefined || !online) {
        if (end !== undefined) throw new Error('the session ended');
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
        });
      }
      return conversations;
    },
  };
}

type Line = ReturnType<typeof createLine>;
type Export = ExportDeps & { readonly line: Line };

async function exportAll(session: Session, work: Export): Promise<undefined> {
  const places = chosen(await work.line.ready(), work.wanted);
  for (const [index, place] of places.entries())
    await exportOne(session, { ...work, place, first: index === 0 });
  return undefined;
}

function chosen(all: readonly Conversation[], { rooms, people }: ExportWanted): Place[] {
  if (rooms.length === 0 && people.length === 0) return all.map(placeOf);
  for (const room of rooms) {
    if (!all.some((each) => each.room === room)) {
      throw new ExportError(`You are not in #${room}. /rooms shows which rooms there are, /join enters one.`);
    }
  }
  return [...rooms.map((room) => ({ room })), ...people.map((name) => ({ with: name }))];
}

function placeOf({ room, with: peer }: Conversation): Place {
  return room === undefined ? { with: peer ?? '' } : { room };
}

async function exportOne(session: Session, work: Export & { place: Place; first: boolean }): Promise<void> {
  const { place, wanted, line, write, progress } = work;
  const name = printable('room' in place ? `#${place.room}` : `@${place.with}`);
  const stamp = createStamp(undefined);
  if (wanted.format === 'text') {
    const by = `exported by ${printable(session.name)} on ${stamp(work.now())}`;
    await write(`${work.first ? '' : '\n'}${name} at ${printable(session.hello.server)}, ${by}\n\n`);
  }
  let count = 0;
  let after: number | undefined;
  for (let more = true; more; ) {
    const start = wanted.since === undefined ? { after: 0 } : { since: new Date(wanted.since).toISOString() };
    const range = after === undefined ? start : { after };
    const reply = await persist(session, line, { type: 'history', ...place, ...range, limit: pageSize });
    if (reply.type === 'error') throw new ExportError(`${name}: ${reply.message}`);
    const { messages = [] } = reply;
    // What was removed is gone from here too.
    const kept = messages.filter(({ removed }) => removed === undefined);
    const lines = kept.map((message) =>
      wanted.format === 'json'
        ? JSON.stringify(message)
        : transcribed(wordsOf(message), { at: Date.parse(message.at), stamp }),
    );
    if (lines.length > 0) await write(`${lines.join('\n')}\n`);
    count += kept.length;
    progress(name, count);
    after = messages.at(-1)?.seq ?? after;
    more = reply.more === true && messages.length > 0;
  }
}

/** Asks until there is an answer, over as many connections as it takes. */
async function persist(session: Session, line: Line, request: Asked): Promise<Reply> {
  for (;;) {
    await line.ready();
    const reply = await session.ask(request).catch(() => undefined);
    if (reply !== undefined) return reply;
    // Whoever lost the connection is told so only after this turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function wordsOf({ from, text, action, file, seq }: Message): string {
  if (file !== undefined) {
    return spoken({
      from,
      text: `sent a file: ${file.name} (${byteCount(file.size)}), ID ${seq}`,
      action: true,
    });
  }
  return spoken({ from, text, action: action === true });
}
