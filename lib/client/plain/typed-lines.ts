/** What lines do: they are posted or are commands, in the conversation that is open. Knows a pipe and commands, no stream. */
import { formatRoomOrPerson, parseRoomOrPerson, type RoomOrPerson } from '../../protocol/names.js';
import type { Message } from '../../protocol/records.js';
import type { AwayStatus } from '../commands/away-status.js';
import { opensConversation } from '../commands/commands.js';
import { createLineRunner, type LineRunner } from '../commands/run-line.js';
import type { InputLine } from '../input-lines.js';
import type { Pipe, PipeQuit } from '../pipe.js';
import type { ReadMarks } from '../session/read-marks.js';
import type { Session, StaySignedIn } from '../session/session.js';
import type { LocalTime } from '../text/local-time.js';
import { excerpt } from '../text/wording.js';
import type { Transfers } from '../transfer/transfers.js';
import type { ServerEvent } from '../wire/connection.js';
import { printContext, printHistory } from './history.js';

interface TypedLinesDeps {
  readonly session: Session;
  readonly stay: StaySignedIn | undefined;
  readonly hosted?: readonly string[] | undefined;
  readonly time: LocalTime;
  /** A person types, and sees a refusal before typing the next line. */
  readonly typed: boolean;
  readonly pipe: Pipe;
  readonly marks: ReadMarks;
  readonly away: AwayStatus;
  readonly transfers: Transfers;
  /** Resolves when no transfer is in progress. */
  readonly idle: () => Promise<void>;
  readonly show: (words: string) => void;
  /** Shows what a command answers. */
  readonly answer: (words: string) => void;
  readonly print: (message: Message) => void;
}

interface Typing extends TypedLinesDeps {
  /** Where lines go. */
  conversation: RoomOrPerson;
  lineNumber: number;
  /**
   * In a pipe, the line that is to open another conversation, until it has: if it fails, the lines after it must not go
   * to the old one.
   */
  opening: string | undefined;
  quit: PipeQuit | undefined;
}

interface TypedLines {
  take(line: InputLine): PipeQuit | undefined;
  /** Must see every event. */
  notice(event: ServerEvent): void;
}

export function createTypedLines(deps: TypedLinesDeps): TypedLines {
  const typing: Typing = {
    ...deps,
    conversation: { room: 'lobby' },
    ...{ lineNumber: 0, opening: undefined, quit: undefined },
  };
  const runner = createRunner(typing);
  return {
    take(line) {
      takeLine(line, typing, runner);
      return typing.quit;
    },
    notice(event) {
      runner.notice(event);
      // A person sees it. A program's next lines are for that room alone, and the server refuses them.
      if (event.type === 'parted' && deps.typed) leaveFor(event.room, typing);
    },
  };
}

function takeLine(line: InputLine, typing: Typing, runner: LineRunner): void {
  const { typed, pipe, show } = typing;
  typing.lineNumber++;
  typing.opening = 'text' in line && !typed && opensConversation(line.text) ? line.text : undefined;
  if ('tooLong' in line) {
    pipe.refuse();
    show('not sent: a line is too long for a message');
    return;
  }
  const { done } = runner.run(line.text);
  if (done !== undefined) pipe.inTurn(done);
}

/** What this front end does for commands. */
function createRunner(typing: Typing): LineRunner {
  const { session, stay, time, typed, hosted, pipe, marks, away, transfers, idle, answer, print } = typing;
  const printer = { time, show: answer, print };

  /** The input ends only once they are done. */
  function busy<T>(transfer: T): T {
    void pipe.busy(idle());
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
        if (!typed) await session.settled();
        // What was printed is not unread.
        if (request.type === 'conversations') marks.flush();
        return session.ask(request);
      },
    },
    ...{ time, hosted, stay, emoji: typed },
    transfers: {
      send: (path, to) => busy(transfers.send(path, to)),
      get: (seq, path) => busy(transfers.get(seq, path)),
      cancel: transfers.cancel,
      get current() {
        return transfers.current;
      },
    },
    conversation: () => typing.conversation,
    answer(lines) {
      for (const line of lines) answer(line);
    },
    refuse: (message) => refuse(message, typing),
    say(draft) {
      pipe.say(session, draft);
      if (draft.to !== undefined) void pipe.busy(away.wroteTo(draft.to));
    },
    open: (conversation) => goTo(conversation, typing),
    goTo(which) {
      const parsed = parseRoomOrPerson(which, 'room');
      if (parsed.ok) goTo(parsed.conversation, typing);
      return parsed.ok;
    },
    left: (room) => leaveFor(room, typing),
    showHistory: (range, query) => printHistory(range, query, printer),
    jump: (seq, query) => printContext(seq, query, printer),
    quit(reason) {
      typing.quit = { reason };
    },
  });
}

function refuse(message: string, { pipe, show, opening, lineNumber }: Typing): void {
  pipe.refuse();
  if (opening === undefined) {
    show(message);
    return;
  }
  show(`line ${lineNumber}, "${excerpt(opening)}", was refused, and nothing after it was sent: ${message}`);
  pipe.close();
}

function goTo(conversation: RoomOrPerson, typing: Typing): void {
  typing.conversation = conversation;
  typing.opening = undefined;
  const name = formatRoomOrPerson(conversation);
  typing.show(
    'room' in conversation ? `in ${name}` : `direct message with ${name}; /window #lobby goes back`,
  );
}

function leaveFor(room: string, typing: Typing): void {
  const { conversation } = typing;
  if ('room' in conversation && conversation.room === room) goTo({ room: 'lobby' }, typing);
}
