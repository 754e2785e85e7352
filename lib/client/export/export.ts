/**
 * Exports the whole history of conversations, page by page. Knows a session and a writer; neither files nor the
 * command line.
 */
import type { Reply } from '../../protocol/events.js';
import { formatRoomOrPerson, type RoomOrPerson, roomOrPersonOf } from '../../protocol/names.js';
import { printable, printableJson } from '../../protocol/printable.js';
import { byteCount } from '../../protocol/quantities.js';
import type { Message } from '../../protocol/records.js';
import { createListener, type FrontEnd, whenStopped } from '../front-end.js';
import { type ConnectionWatch, createConnectionWatch } from '../session/connection-watch.js';
import { askConversations, historyPages } from '../session/pages.js';
import type { Session } from '../session/session.js';
import { createStamp } from '../text/local-time.js';
import { reactionWords, replyWords, spoken, transcribed } from '../text/wording.js';
import type { RequestBody } from '../wire/connection.js';

interface ExportDeps {
  /** Resolves when there is room for more; rejects if nothing more can be written. */
  readonly write: (text: string) => Promise<void>;
  /** Called with the number of messages so far of one conversation. */
  readonly progress: (conversation: string, messages: number) => void;
  /** Aborted with a StopSignal as its reason. */
  readonly stop: AbortSignal;
  readonly wanted: ExportWanted;
  readonly now: () => number;
}

export interface ExportWanted {
  /** Without rooms and people: all conversations of this person. */
  readonly rooms: readonly string[];
  readonly people: readonly string[];
  /** Milliseconds since the epoch. */
  readonly since?: number;
  readonly format: 'text' | 'json';
}

/** What was asked for does not exist; the message says what to do. */
export class ExportError extends Error {
  override readonly name = 'ExportError';
}

/** Its `run` rejects with ExportError, with ProtocolError for pages that lead nowhere, and with the error of `write`. */
export function createExport(deps: ExportDeps): FrontEnd {
  const { listener, open } = createListener();
  return {
    listener,
    async run(session) {
      const connection = createConnectionWatch(session);
      open(connection.notice);
      const stopped = whenStopped(deps.stop);
      try {
        const signal = await Promise.race([exportAll(session, { ...deps, connection }), stopped]);
        await session.quit();
        const by = signal === undefined ? { by: 'person' as const } : { by: 'signal' as const, signal };
        return { endedBy: by, refused: 0, unacknowledged: 0 };
      } catch (error) {
        if (connection.end !== undefined) {
          return { endedBy: { by: 'session', end: connection.end }, refused: 0, unacknowledged: 0 };
        }
        await session.quit();
        throw error;
      }
    },
  };
}

type Export = ExportDeps & { readonly connection: ConnectionWatch };

async function exportAll(session: Session, work: Export): Promise<undefined> {
  const conversations = await chosen(work);
  for (const [index, conversation] of conversations.entries())
    await exportOne(session, { ...work, conversation, first: index === 0 });
  return undefined;
}

async function chosen({ connection, wanted }: Export): Promise<RoomOrPerson[]> {
  const { rooms, people } = wanted;
  if (rooms.length === 0 && people.length === 0) {
    const all = await askConversations(connection.ask);
    if ('code' in all) throw new ExportError(all.message);
    return all.map(roomOrPersonOf);
  }
  const all = await connection.ready();
  for (const room of rooms) {
    if (!all.some((each) => each.room === room)) {
      throw new ExportError(`You are not a member of #${room}. Connect and join it with /join #${room}.`);
    }
  }
  return [...rooms.map((room) => ({ room })), ...people.map((name) => ({ with: name }))];
}

async function exportOne(
  session: Session,
  work: Export & { conversation: RoomOrPerson; first: boolean },
): Promise<void> {
  const { conversation, wanted, connection, write, progress } = work;
  const name = printable(formatRoomOrPerson(conversation));
  const stamp = createStamp(undefined);
  if (wanted.format === 'text') {
    const by = `exported by ${printable(session.name)} on ${stamp(work.now())}`;
    await write(`${work.first ? '' : '\n'}${name} at ${printable(session.hello.server)}, ${by}\n\n`);
  }
  const ask = async (request: RequestBody): Promise<Reply> => {
    const reply = await connection.ask(request);
    if (reply.type === 'error') throw new ExportError(`${name}: ${reply.message}`);
    return reply;
  };
  const start = wanted.since === undefined ? { after: 0 } : { since: wanted.since };
  let count = 0;
  for await (const messages of historyPages(ask, conversation, start)) {
    const lines = messages.flatMap((message) =>
      wanted.format === 'json'
        ? printableJson(message)
        : messageLines(message).map((words) => transcribed(words, { at: Date.parse(message.at), stamp })),
    );
    if (lines.length > 0) await write(`${lines.join('\n')}\n`);
    count += messages.length;
    progress(name, count);
  }
}

/** With a line above it for what it replies to, and one below for its reactions. */
function messageLines(message: Message): string[] {
  const reactions = reactionWords(message.reactions);
  return [
    ...(message.of === undefined ? [] : [replyWords(message.of)]),
    messageWords(message),
    ...(reactions === undefined ? [] : [reactions]),
  ];
}

function messageWords({ from, text, action, file, seq }: Message): string {
  if (file === undefined) return spoken({ from, text, action: action === true });
  const sent = `sent a file: ${file.name} (${byteCount(file.size)}), ID ${seq}`;
  return spoken({ from, text: sent, action: true });
}
