/**
 * The plain front end: messages and what commands answer go to stdout, a line each, notices to stderr; lines come from
 * stdin. Knows streams and words, no terminal.
 */
import type { Readable, Writable } from 'node:stream';
import { formatRoomOrPerson, parseRoomOrPerson, type RoomOrPerson } from '../../protocol/names.js';
import { printable } from '../../protocol/printable.js';
import type { Conversation, Message, RoomRules } from '../../protocol/records.js';
import { type AwayStatus, createAwayStatus } from '../commands/away-status.js';
import { opensConversation } from '../commands/commands.js';
import { createLineRunner, type LineRunner } from '../commands/run-line.js';
import { createListener, type FrontEnd, type OpenTransfers } from '../front-end.js';
import type { OpenHooks } from '../hooks.js';
import type { InputLine } from '../input-lines.js';
import { createPipe, type Pipe, type PipeQuit } from '../pipe.js';
import { createReadMarks, type ReadMarks } from '../session/read-marks.js';
import type { DeliveryStatus, Session, SessionEvent, StaySignedIn } from '../session/session.js';
import { changedRulesWords, eventWords, roomRulesWords } from '../text/event-words.js';
import type { LocalTime } from '../text/local-time.js';
import { continuation, plainMessage } from '../text/plain-message.js';
import {
  createStatusLines,
  excerpt,
  failureWords,
  isOver,
  motdLines,
  newsWords,
  percentOf,
  stayOffer,
  transferWords,
} from '../text/wording.js';
import type { Transfer } from '../transfer/transfer.js';
import type { Transfers } from '../transfer/transfers.js';
import type { ServerEvent } from '../wire/connection.js';
import { printContext, printHistory } from './history.js';

interface PlainDeps {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly time: LocalTime;
  /** Aborted with a StopSignal as its reason. */
  readonly stop: AbortSignal;
  /** Calls back once after about a second, without keeping the process alive. */
  readonly later: (callback: () => void) => void;
  readonly openTransfers: OpenTransfers;
  readonly openHooks?: OpenHooks | undefined;
  /** A person types, and sees a refusal before typing the next line. */
  readonly typed: boolean;
  /** About the chat that is hosted by this program; shown at the start. */
  readonly hosted?: readonly string[] | undefined;
}

// Longer lines cannot be messages, even once unprintable characters are dropped.
const lineLimit = 64 * 1024;

export function createPlainFrontEnd(deps: PlainDeps): FrontEnd {
  const { listener, open } = createListener();
  const pipe = createPipe({ ...deps, lineLimit });
  return {
    listener,
    async run(session, _servers, stay) {
      const marks = createReadMarks({ session, later: deps.later });
      const chat = createPlainChat({ deps, session, stay, pipe, marks });
      const hooks = deps.openHooks?.(session, chat.report);
      open((event) => {
        chat.show(event);
        hooks?.notice(event);
        pipe.notice(event);
      });
      // Without a reader of stderr, messages still go to stdout.
      deps.stderr.on('error', () => {});
      const result = await pipe.run(session, { onLine: chat.onLine, before: marks.flush });
      await hooks?.close();
      return result;
    },
  };
}

interface PlainChat {
  readonly show: (event: SessionEvent) => void;
  /** Shows a notice of this program. */
  readonly report: (words: string) => void;
  readonly onLine: (line: InputLine) => PipeQuit | undefined;
}

interface Printed {
  /** Edited or removed. */
  readonly changed: boolean;
  readonly reacted: boolean;
}

/** What the parts below share. */
interface Chat {
  readonly deps: PlainDeps;
  readonly session: Session;
  readonly stay: StaySignedIn | undefined;
  readonly pipe: Pipe;
  readonly marks: ReadMarks;
  readonly away: AwayStatus;
  readonly transfers: Transfers;
  readonly reports: ReturnType<typeof createTransferReports>;
  /** One line on stderr, or several for a text of several. */
  readonly show: (words: string, at?: string | number) => void;
  /** The same on stdout: what a command answers. */
  readonly answer: (words: string) => void;
  /** The beginnings of messages on their way, by key. */
  readonly sending: Map<string, string>;
  /** Where lines that are typed go. */
  conversation: RoomOrPerson;
  lineNumber: number;
  /** Until the connection has caught up: of each message printed so far, what the replay need not tell again. */
  catchUp: { readonly first: boolean; readonly printed: Map<number, Printed> } | undefined;
  /**
   * In a pipe, the line that is to open another conversation, until it has: if it fails, the lines after it must not go
   * to the old one.
   */
  opening: string | undefined;
  /** Of each room, as far as they were told. */
  readonly rules: Map<string, RoomRules | undefined>;
  quit: PipeQuit | undefined;
}

function createPlainChat(given: Pick<Chat, 'deps' | 'session' | 'stay' | 'pipe' | 'marks'>): PlainChat {
  const { deps, session, pipe } = given;

  function lines(words: string, at: string | number = deps.time.now()): string {
    const [first = '', ...more] = printable(words, { newlines: true }).split('\n');
    const all = [`${deps.time.minute(at)} -- ${first}`, ...more.map((line) => continuation + line)];
    return all.map((line) => `${line}\n`).join('');
  }
  const show: Chat['show'] = (words, at) => void deps.stderr.write(lines(words, at));

  const reports = createTransferReports(show, pipe.refuse);
  const chat: Chat = {
    ...given,
    show,
    answer: (words) => void deps.stdout.write(lines(words)),
    away: createAwayStatus({ session, show }),
    reports,
    transfers: deps.openTransfers(session, reports.report),
    sending: new Map(),
    conversation: { room: 'lobby' },
    lineNumber: 0,
    catchUp: { first: true, printed: new Map() },
    opening: undefined,
    rules: new Map(),
    quit: undefined,
  };
  const runner = createRunner(chat);
  const showStatus = createStatusLines(show);
  return {
    onLine: (line) => takeLine(line, chat, runner),
    report: show,
    show(event) {
      switch (event.kind) {
        case 'event':
          runner.notice(event.event);
          showEvent(event.event, chat);
          break;
        case 'status':
          showStatus(event.status);
          if (event.status.state === 'connecting') chat.catchUp ??= { first: false, printed: new Map() };
          break;
        case 'synced':
          chat.catchUp = undefined;
          showSynced(event, chat);
          break;
        case 'delivery':
          showDelivery(event, chat);
          break;
        default:
          event satisfies never;
      }
    },
  };
}

function takeLine(line: InputLine, chat: Chat, runner: LineRunner): PipeQuit | undefined {
  const { deps, pipe } = chat;
  chat.lineNumber++;
  chat.opening = 'text' in line && !deps.typed && opensConversation(line.text) ? line.text : undefined;
  if ('tooLong' in line) {
    pipe.refuse();
    chat.show('not sent: a line is too long for a message');
    return chat.quit;
  }
  const { done } = runner.run(line.text);
  if (done !== undefined) pipe.inTurn(done);
  return chat.quit;
}

/** What this front end does for commands. */
function createRunner(chat: Chat): LineRunner {
  const { deps, session, stay, pipe, transfers, reports, answer } = chat;
  const printer = { time: deps.time, show: answer, print: (message: Message) => print(message, chat) };

  /** The input ends only once they are done. */
  function busy<T>(transfer: T): T {
    void pipe.busy(reports.idle(transfers));
    return transfer;
  }

  return createLineRunner({
    session: {
      name: session.name,
      hello: session.hello,
      reconnect: session.reconnect,
      get watched() {
        return session.watched;
      },
      async ask(request) {
        // A program cannot see what is unsent yet: /logout or /leave would overtake it.
        if (!deps.typed) await session.settled();
        // What was printed is not unread.
        if (request.type === 'conversations') chat.marks.flush();
        return session.ask(request);
      },
    },
    time: deps.time,
    emoji: deps.typed,
    hosted: deps.hosted,
    stay,
    transfers: {
      send: (path, to) => busy(transfers.send(path, to)),
      get: (seq, path) => busy(transfers.get(seq, path)),
      cancel: transfers.cancel,
      get current() {
        return transfers.current;
      },
    },
    conversation: () => chat.conversation,
    answer(lines) {
      for (const line of lines) answer(line);
    },
    refuse: (message) => refuse(message, chat),
    say(draft) {
      chat.sending.set(pipe.say(session, draft), excerpt(draft.text));
      if (draft.to !== undefined) void pipe.busy(chat.away.wroteTo(draft.to));
    },
    open: (conversation) => goTo(conversation, chat),
    goTo(which) {
      const parsed = parseRoomOrPerson(which, 'room');
      if (parsed.ok) goTo(parsed.conversation, chat);
      return parsed.ok;
    },
    left: (room) => leaveFor(room, chat),
    showHistory: (range, query) => printHistory(range, query, printer),
    jump: (seq, query) => printContext(seq, query, printer),
    quit(reason) {
      chat.quit = { reason };
    },
  });
}

function refuse(message: string, { pipe, show, opening, lineNumber }: Chat): void {
  pipe.refuse();
  if (opening === undefined) {
    show(message);
    return;
  }
  show(`line ${lineNumber}, "${excerpt(opening)}", was refused, and nothing after it was sent: ${message}`);
  pipe.close();
}

function goTo(conversation: RoomOrPerson, chat: Chat): void {
  chat.conversation = conversation;
  chat.opening = undefined;
  const name = formatRoomOrPerson(conversation);
  chat.show('room' in conversation ? `in ${name}` : `direct message with ${name}; /window #lobby goes back`);
}

function leaveFor(room: string, chat: Chat): void {
  const { conversation } = chat;
  if ('room' in conversation && conversation.room === room) goTo({ room: 'lobby' }, chat);
}

function print(message: Message, { deps }: Chat): void {
  deps.stdout.write(plainMessage(message, deps.time));
}

function showEvent(event: ServerEvent, chat: Chat): void {
  chat.away.notice(event);
  if (event.type === 'message') {
    print(event, chat);
    const changed = event.edited !== undefined || event.removed !== undefined;
    chat.catchUp?.printed.set(event.seq, { changed, reacted: event.reactions !== undefined });
    chat.marks.shown(event);
    return;
  }
  if (isOld(event, chat)) return;
  if (event.type === 'rules') chat.rules.set(event.room, event.rules);
  if (event.type === 'room') chat.rules.set(event.conversation.room ?? '', event.conversation.rules);
  const words = eventWords(event, chat.session.name);
  if (words !== undefined) chat.show(words, 'at' in event ? event.at : undefined);
  // A person sees it. A program's next lines are for that room alone, and the server refuses them.
  if (event.type === 'parted' && chat.deps.typed) leaveFor(event.room, chat);
}

/**
 * A change that the replay repeats: of a message that was printed as it is now, or, at the start, of one from before what
 * is printed.
 */
function isOld(event: ServerEvent, { catchUp }: Chat): boolean {
  if (catchUp === undefined) return false;
  const { first, printed } = catchUp;
  switch (event.type) {
    case 'edited':
    case 'removed':
      return printed.get(event.of)?.changed ?? first;
    case 'reaction':
      return printed.get(event.of.seq)?.reacted ?? first;
    case 'pinned':
    case 'unpinned':
      return first;
    default:
      return false;
  }
}

function showSynced({ first, conversations }: Extract<SessionEvent, { kind: 'synced' }>, chat: Chat): void {
  const { deps, session, show } = chat;
  if (!first) {
    chat.transfers.resume();
    void chat.away.restore();
    showChangedRules(conversations, chat);
    return;
  }
  show(`in #lobby as ${session.name}`);
  for (const { room, rules } of conversations) if (room !== undefined) chat.rules.set(room, rules);
  const rules = roomRulesWords('lobby', chat.rules.get('lobby'));
  if (rules !== undefined) show(rules);
  for (const line of [...motdLines(session.motd), ...(deps.hosted ?? [])]) show(line);
  const news = newsWords(conversations);
  if (news !== undefined) show(news);
  if (chat.stay?.offer) show(stayOffer);
}

/** While the connection was lost. */
function showChangedRules(conversations: readonly Conversation[], { rules, show }: Chat): void {
  for (const { room, rules: now } of conversations) {
    if (room === undefined) continue;
    const words = rules.has(room) ? changedRulesWords(room, { before: rules.get(room), now }) : undefined;
    if (words !== undefined) show(words);
    rules.set(room, now);
  }
}

function showDelivery({ key, delivery }: { key: string; delivery: DeliveryStatus }, chat: Chat): void {
  if (delivery.state === 'failed') {
    chat.show(`not sent: "${chat.sending.get(key) ?? ''}": ${failureWords(delivery)}`);
  }
  if (delivery.state !== 'sending') chat.sending.delete(key);
}

/** Transfers as lines: one at each change of state, and at each quarter. */
function createTransferReports(show: (words: string) => void, failed: () => void) {
  // The stage of each that was shown last.
  const shown = new Map<number, string>();
  let waiting: (() => void)[] = [];

  function wake(): void {
    const woken = waiting;
    waiting = [];
    for (const each of woken) each();
  }

  return {
    report(transfer: Transfer): void {
      const { id, direction, progress } = transfer;
      const quarter = Math.floor((percentOf(transfer) ?? 0) / 25);
      const stage = progress.state === 'moving' ? `moving ${quarter}` : progress.state;
      // The message with the file says that it was sent.
      const announced = direction === 'send' && progress.state === 'done';
      if (!announced && shown.get(id) !== stage) show(transferWords(transfer));
      shown.set(id, stage);
      if (!isOver(transfer)) return;
      shown.delete(id);
      if (progress.state === 'failed') failed();
      wake();
    },
    /** Resolves when no transfer is in progress. */
    async idle(transfers: Pick<Transfers, 'current'>): Promise<void> {
      while (transfers.current.length > 0) {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
        });
      }
    },
  };
}
