/**
 * The plain face: what is said goes to stdout, one message a line, everything else to stderr; what is typed
 * comes from stdin. Knows streams and words, no terminal.
 */
import type { Readable, Writable } from 'node:stream';
import type { Message } from '../../protocol/events.js';
import { printable } from '../../protocol/printable.js';
import type { Happening, Session, Status } from '../session.js';
import { type Deeds, perform, whoIsHere } from './deeds.js';
import { createListener, type Face } from './face.js';
import type { InputLine } from './input-lines.js';
import type { LocalTime } from './local-time.js';
import { createPipe, type Pipe } from './pipe.js';
import { createReadMarks, type ReadMarks } from './read-marks.js';
import { elsewhere, eventWords, excerpt, failureWords, statusWords } from './wording.js';

export interface PlainDeps {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly time: LocalTime;
  /** Aborted with a StopSignal as its reason. */
  readonly stop: AbortSignal;
  /** Calls back once after about a second, without keeping the process alive. */
  readonly later: (callback: () => void) => void;
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
  const [first = '', ...more] = printable(message.text, { newlines: true }).split('\n');
  const to = message.to === undefined ? '' : ` -> ${printable(message.to)}`;
  const who =
    message.action === true ? (to === '' ? `* ${from}` : `${from}${to}: * ${from}`) : `${from}${to}:`;
  const head = `${time.minute(message.at)}${elsewhere(message.room)} ${who} ${first}`;
  return [head, ...more.map((line) => `${continuation}${line}`)].map((line) => `${line}\n`).join('');
}

export function createPlainFace(deps: PlainDeps): Face {
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

  function tell(words: string): void {
    deps.stderr.write(`${deps.time.minute(deps.time.now())} -- ${words}\n`);
  }

  const deeds: Deeds = {
    say(draft) {
      said.set(pipe.say(session, draft), excerpt(draft.text));
    },
    answer: (lines) => lines.forEach(tell),
    list() {
      void pipe.busy(whoIsHere(session)).then((here) => tell(typeof here === 'string' ? here : here.words));
    },
    quit(reason) {
      quit = { quit: reason };
    },
    errand() {},
    sight() {},
    transfer() {},
    lastPeer: () => undefined,
    refuse(message) {
      pipe.refuse();
      tell(message);
    },
  };

  function showStatus(status: Status): void {
    const words = statusWords(status);
    if (status.state === 'waiting') wasLost = true;
    if (words !== undefined && wasLost) tell(words);
    if (status.state === 'online') wasLost = false;
  }

  return {
    take(line) {
      if ('tooLong' in line) deeds.refuse('not sent: a line is far too long for a message');
      else perform(line.text, deeds);
      return quit;
    },
    show(happening) {
      switch (happening.kind) {
        case 'event':
          if (happening.event.type === 'message') {
            deps.stdout.write(plainMessage(happening.event, deps.time));
            marks.shown(happening.event);
          } else {
            const words = eventWords(happening.event);
            if (words !== undefined) tell(words);
          }
          break;
        case 'status':
          showStatus(happening.status);
          break;
        case 'synced':
          if (happening.first) tell(`in #lobby as ${session.name}`);
          break;
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
