/**
 * The plain face: what is said goes to stdout, one message a line, everything else to stderr; what is typed
 * comes from stdin. Knows streams and words, no terminal.
 */
import type { Readable, Writable } from 'node:stream';
import { ProtocolError } from '../protocol/errors.js';
import type { Message } from '../protocol/events.js';
import { messageText } from '../protocol/message-text.js';
import { printable } from '../protocol/printable.js';
import { type Act, parseInput } from './commands.js';
import { createListener, type Face } from './face.js';
import type { InputLine } from './input-lines.js';
import type { LocalTime } from './local-time.js';
import { createPipe, type Pipe } from './pipe.js';
import { createReadMarks, type ReadMarks } from './read-marks.js';
import type { Draft, Happening, Session } from './session.js';
import { elsewhere, errorWords, excerpt, failureWords, peopleWords, presenceWords, statusWords } from './wording.js';

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
  const who = message.action === true ? (to === '' ? `* ${from}` : `${from}${to}: * ${from}`) : `${from}${to}:`;
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

function createTalk(given: {
  readonly deps: PlainDeps;
  readonly session: Session;
  readonly pipe: Pipe;
  readonly marks: ReadMarks;
}): Talk {
  const { deps, session, pipe, marks } = given;
  const said = new Map<string, string>();
  let lostOnce = false;

  function tell(words: string): void {
    deps.stderr.write(`${deps.time.minute(deps.time.now())} -- ${words}\n`);
  }

  function refuse(words: string): void {
    pipe.refuse();
    tell(words);
  }

  function say(draft: Draft): void {
    try {
      messageText(draft.text);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      refuse(`not sent: "${excerpt(draft.text)}": ${error.message}`);
      return;
    }
    said.set(pipe.say(session, draft), excerpt(draft.text));
  }

  async function list(): Promise<void> {
    try {
      const reply = await session.ask({ type: 'who' });
      tell(reply.type === 'ok' ? peopleWords(reply.people ?? [], session.name) : errorWords(reply));
    } catch {
      tell('not connected just now: nobody can say who is here');
    }
  }

  function perform(act: Act): { quit: string | undefined } | undefined {
    switch (act.do) {
      case 'nothing':
        return undefined;
      case 'say':
        say({ room: 'lobby', text: act.text, ...(act.action && { action: act.action }) });
        return undefined;
      case 'tell':
        say({ to: act.to, text: act.text });
        return undefined;
      case 'list':
        void pipe.busy(list());
        return undefined;
      case 'help':
        act.lines.forEach(tell);
        return undefined;
      case 'quit':
        return { quit: act.reason };
      case 'error':
        refuse(act.message);
        return undefined;
      default:
        return act satisfies never;
    }
  }

  return {
    take(line) {
      if ('tooLong' in line) {
        refuse('not sent: a line is far too long for a message');
        return undefined;
      }
      return perform(parseInput(line.text));
    },
    show(happening) {
      switch (happening.kind) {
        case 'event': {
          const { event } = happening;
          if (event.type !== 'message') return tell(presenceWords(event) ?? '');
          deps.stdout.write(plainMessage(event, deps.time));
          return marks.shown(event);
        }
        case 'status': {
          const words = statusWords(happening.status);
          if (happening.status.state === 'waiting') lostOnce = true;
          if (words !== undefined && lostOnce) tell(words);
          return;
        }
        case 'synced':
          if (happening.first) tell(`in #lobby as ${session.name}`);
          return;
        case 'delivery': {
          const { key, delivery } = happening;
          if (delivery.state === 'sending') return;
          if (delivery.state === 'failed') tell(`not sent: "${said.get(key) ?? ''}": ${failureWords(delivery)}`);
          said.delete(key);
          return;
        }
        default:
          return happening satisfies never;
      }
    },
  };
}
