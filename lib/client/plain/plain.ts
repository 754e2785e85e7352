/**
 * The plain face: what is said goes to stdout, one message a line, everything else to stderr; what is typed
 * comes from stdin. Knows streams and words, no terminal.
 */
import type { Readable, Writable } from 'node:stream';
import { parseName, parseRoomName } from '../../protocol/names.js';
import { printable } from '../../protocol/printable.js';
import type { Message } from '../../protocol/records.js';
import { createAbsences } from '../commands/absences.js';
import type { Place, Turn } from '../commands/act.js';
import { isTurn } from '../commands/commands.js';
import { type Deeds, perform, whoIsHere } from '../commands/deeds.js';
import { createErrands } from '../commands/errands.js';
import { createTransferDesk } from '../commands/transfer-desk.js';
import { createListener, type FrontEnd, type OpenTransfers } from '../front-end.js';
import type { InputLine } from '../pipe.js';
import { createPipe, type Pipe } from '../pipe.js';
import { createReadMarks, type ReadMarks } from '../session/read-marks.js';
import type { Event, Happening, Session, Status } from '../session/session.js';
import { byteCount } from '../text/byte-count.js';
import type { LocalTime } from '../text/local-time.js';
import {
  elsewhere,
  eventWords,
  excerpt,
  failureWords,
  motdLines,
  newsWords,
  statusWords,
} from '../text/wording.js';
import { createSights } from './history.js';
import { createReports } from './transfer-reports.js';

export interface PlainDeps {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly time: LocalTime;
  /** Aborted with a StopSignal as its reason. */
  readonly stop: AbortSignal;
  /** Calls back once after about a second, without keeping the process alive. */
  readonly later: (callback: () => void) => void;
  readonly openTransfers: OpenTransfers;
  /** Somebody types, and sees what is refused before the next line. */
  readonly typed: boolean;
  /** What there is to know of the chat that is hosted here; told at the beginning. */
  readonly hosted?: readonly string[] | undefined;
}

// A line that cannot be a message even after what is unprintable was dropped is not kept to be looked at.
const lineLimit = 64 * 1024;

/** Eight spaces stand where a line of its own has its time, so that no text can fake another's line. */
const continuation = '        ';

/**
 * A message as plain lines: `HH:MM ana: text`, `HH:MM * ana text`, `HH:MM ana -> ben: text`, and
 * `HH:MM #room ana: text` for rooms other than the lobby. Nothing in it can drive a terminal.
 */
export function plainMessage(message: Message, time: LocalTime): string {
  const from = printable(message.from);
  const [first = '', ...more] = printable(plainText(message), { newlines: true }).split('\n');
  const to = message.to === undefined ? '' : ` -> ${printable(message.to)}`;
  const action = message.action === true || message.file !== undefined || message.removed !== undefined;
  const who = action ? (to === '' ? `* ${from}` : `${from}${to}: * ${from}`) : `${from}${to}:`;
  const head = `${time.minute(message.at)}${elsewhere(message.room)} ${who} ${first}`;
  return [head, ...more.map((line) => `${continuation}${line}`)].map((line) => `${line}\n`).join('');
}

function plainText({ text, file, removed, edited, seq }: Message): string {
  if (removed !== undefined) return `said something that ${removed} removed`;
  if (file !== undefined) return `sent a file: ${file.name} (${byteCount(file.size)}), /get ${seq}`;
  return edited === undefined ? text : `${text} (edited)`;
}

export function createPlainFrontEnd(deps: PlainDeps): FrontEnd {
  const { listener, open } = createListener();
  const pipe = createPipe({ ...deps, lineLimit });
  return {
    listener,
    run(session) {
      const marks = createReadMarks({ session, later: deps.later });
      const talk = createTalk({ deps, session, pipe, marks });
      open((happening) => {
        talk.show(happening);
        pipe.notice(happening);
      });
      // Whoever ends the reading of stderr still gets the messages.
      deps.stderr.on('error', () => {});
      return pipe.run(session, { onLine: talk.take, before: marks.flush });
    },
  };
}

interface Talk {
  readonly show: (happening: Happening) => void;
  readonly take: (line: InputLine) => { readonly quit: string | undefined } | undefined;
}

interface Parts {
  readonly deps: PlainDeps;
  readonly session: Session;
  readonly pipe: Pipe;
  readonly marks: ReadMarks;
}

function createTalk({ deps, session, pipe, marks }: Parts): Talk {
  const said = new Map<string, string>();
  let quit: { readonly quit: string | undefined } | undefined;
  let wasLost = false;
  let here: Place = { room: 'lobby' };
  let lineNumber = 0;
  // In a pipe, the line that is to change the conversation, until it has: what comes after it is meant for another.
  let turning: string | undefined;
  let leaving: string | undefined;

  function tell(words: string, at: string | number = deps.time.now()): void {
    const [first = '', ...more] = printable(words, { newlines: true }).split('\n');
    const lines = [`${deps.time.minute(at)} -- ${first}`, ...more.map((line) => continuation + line)];
    deps.stderr.write(lines.map((line) => `${line}\n`).join(''));
  }

  function refuse(message: string): void {
    pipe.refuse();
    tell(message);
  }

  /** The line that is being done. */
  function refuseLine(message: string): void {
    if (turning === undefined) {
      refuse(message);
    } else {
      const line = `line ${lineNumber}, "${excerpt(turning)}"`;
      refuse(`${line}, was refused, and nothing after it was sent: ${message}`);
      pipe.close();
    }
  }

  function turnTo(place: Place): void {
    here = place;
    turning = undefined;
    tell('room' in place ? `in #${place.room}` : `to ${place.to} alone; /window #lobby goes back`);
  }

  function answer(lines: readonly string[]): void {
    for (const line of lines) tell(line);
  }

  const errands = createErrands({
    session,
    time: deps.time,
    here: () => here,
    answer,
    refuse: refuseLine,
    joined: (room) => turnTo({ room }),
    hosted: deps.hosted,
  });
  const absences = createAbsences({ session, tell });
  const sights = createSights({
    session,
    time: deps.time,
    here: () => here,
    placeOf: errands.placeOf,
    tell,
    refuse,
    print,
  });
  const reports = createReports({ tell, failed: pipe.refuse });
  const transfers = deps.openTransfers(session, reports.report);
  const transfer = createTransferDesk({ transfers, here: () => here, answer, refuse });

  function print(message: Message): void {
    deps.stdout.write(plainMessage(message, deps.time));
  }

  function turn(act: Turn): void {
    if (act.do === 'query') {
      turnTo({ to: act.name });
      if (act.text !== '') perform(act.text.startsWith('/') ? `/${act.text}` : act.text, deeds, here);
      return;
    }
    const which = String(act.which);
    const room = parseRoomName(which);
    const name = parseName(which.replace(/^@/, ''));
    if (which.startsWith('@') && name.ok) turnTo({ to: name.name });
    else if (room.ok) turnTo({ room: room.name });
    else refuseLine('Say which, as in /window #lobby or /window @ben.');
  }

  const deeds: Deeds = {
    say(draft) {
      said.set(pipe.say(session, draft), excerpt(draft.text));
      if (draft.to !== undefined) void pipe.busy(absences.wroteTo(draft.to));
    },
    errand(errand) {
      if (errand.do === 'leave') leaving = errand.room ?? ('room' in here ? here.room : undefined);
      // A program cannot see what is on its way yet: /logout or /leave would overtake it.
      const saidBefore = deps.typed ? Promise.resolve() : session.settled();
      pipe.inTurn(saidBefore.then(() => errands.run(errand)));
    },
    sight: (sight) => void pipe.busy(sights(sight)),
    turn,
    transfer(act) {
      transfer(act);
      // An input that ends waits for what is on its way.
      void pipe.busy(reports.over(transfers));
    },
    lastPeer: () => errands.lastPeer,
    now: deps.time.now,
    answer,
    list() {
      const room = 'room' in here && here.room !== 'lobby' ? here.room : undefined;
      const asked = whoIsHere(session, room);
      void pipe.busy(asked).then((who) => tell(typeof who === 'string' ? who : who.words));
    },
    quit(reason) {
      quit = { quit: reason };
    },
    refuse: refuseLine,
  };

  function showStatus(status: Status): void {
    const words = statusWords(status);
    if (status.state === 'waiting') wasLost = true;
    if (words !== undefined && wasLost) tell(words);
    if (status.state === 'online') wasLost = false;
  }

  function showEvent(event: Event): void {
    errands.notice(event);
    absences.notice(event);
    if (event.type === 'message') {
      print(event);
      marks.shown(event);
      return;
    }
    const words = eventWords(event);
    if (words !== undefined) tell(words, 'at' in event ? event.at : undefined);
    if (event.type !== 'parted' || !('room' in here) || here.room !== event.room) return;
    // A person sees it. What a program goes on to write is for that room alone, and the server refuses it.
    if (deps.typed || leaving === event.room) turnTo({ room: 'lobby' });
  }

  return {
    take(line) {
      lineNumber++;
      leaving = undefined;
      turning = 'text' in line && !deps.typed && isTurn(line.text) ? line.text : undefined;
      if ('tooLong' in line) refuse('not sent: a line is far too long for a message');
      else perform(line.text, deeds, here);
      return quit;
    },
    show(happening) {
      switch (happening.kind) {
        case 'event':
          showEvent(happening.event);
          break;
        case 'status':
          showStatus(happening.status);
          break;
        case 'synced': {
          if (!happening.first) {
            transfers.resume();
            void absences.resume();
            break;
          }
          tell(`in #lobby as ${session.name}`);
          for (const line of [...motdLines(session.motd), ...(deps.hosted ?? [])]) tell(line);
          const news = newsWords(happening.conversations);
          if (news !== undefined) tell(news);
          break;
        }
        case 'delivery': {
          const { key, delivery } = happening;
          if (delivery.state === 'failed')
            tell(`not sent: "${said.get(key) ?? ''}": ${failureWords(delivery)}`);
          if (delivery.state !== 'sending') said.delete(key);
          break;
        }
        default:
          happening satisfies never;
      }
    },
  };
}
