/**
 * The line interface: what is said scrolls by above the line that one types. Knows what to show and when;
 * where it stands on the screen is the typing line's business.
 */
import type { Readable, Writable } from 'node:stream';
import type { Conversation, Message } from '../../protocol/events.js';
import type { Delivery, Event, Happening, Session, Status } from '../session.js';
import { createCompletion } from './completion.js';
import { type Deeds, perform, whoIsHere } from './deeds.js';
import { createListener, type Face, type Leave, type StopSignal } from './face.js';
import { createLinesView, type OnItsWay } from './lines-view.js';
import type { LocalTime } from './local-time.js';
import type { Pen } from './pen.js';
import { createReadMarks } from './read-marks.js';
import { createTypingLine } from './typing-line.js';
import { eventWords, excerpt, failureWords, statusWords } from './wording.js';

export interface LinesDeps {
  /** Terminals both. */
  readonly stdin: Readable & { setRawMode?(raw: boolean): unknown };
  readonly stdout: Writable & { readonly columns?: number };
  readonly time: LocalTime;
  readonly pen: Pen;
  /** Aborted with a StopSignal as its reason. */
  readonly stop: AbortSignal;
  /** Calls back once after about a second, without keeping the process alive. */
  readonly later: (callback: () => void) => void;
}

export function createLinesFace(deps: LinesDeps): Face {
  const { listener, open } = createListener();
  return {
    listener,
    async run(session) {
      const screen = createScreen(deps, session);
      open(screen.show);
      return screen.over;
    },
  };
}

interface Screen {
  readonly show: (happening: Happening) => void;
  readonly over: Promise<Leave>;
}

function createScreen(deps: LinesDeps, session: Session): Screen {
  const { stdin, stdout, time, pen, stop } = deps;
  const view = createLinesView({ pen, time, me: session.name, columns: () => stdout.columns ?? 80 });
  const marks = createReadMarks({ session, later: deps.later });
  const completion = createCompletion(session.name);
  const onTheirWay = new Map<string, OnItsWay>();
  // What came before the first catch-up was complete, as only then it is known what of it is new.
  let early: Message[] | undefined = [];
  let connection: string | undefined;
  // Whoever wants to leave has been asked whether that is meant.
  let asked = false;
  let left = false;
  let finish: (leave: Leave) => void = () => {};
  const over = new Promise<Leave>((resolve) => {
    finish = resolve;
  });

  const line = createTypingLine({
    stdin,
    stdout,
    onLine(text) {
      const again = asked;
      asked = false;
      perform(text, { ...deeds, quit: (reason) => quit(reason, again) });
    },
    onInterrupt,
    onEnd: () => leave({ by: 'person' }),
    onResize: refresh,
    complete: completion.complete,
  });
  const deeds: Omit<Deeds, 'quit'> = {
    say(draft) {
      const { text, to, action } = draft;
      onTheirWay.set(session.say(draft), { text, to, action });
      refresh();
    },
    answer: (lines) => line.print(view.answer(lines)),
    list: () => void list(),
    refuse: (message) => tell(`${pen.marks.failed} ${message}`, 'bad'),
  };
  const onStop = (): void => leave({ by: 'signal', signal: stop.reason as StopSignal });
  stop.addEventListener('abort', onStop);
  refresh();
  if (stop.aborted) onStop();

  function refresh(): void {
    line.setFooter(view.footer({ onTheirWay: [...onTheirWay.values()], connection }), view.prompt());
  }

  function tell(words: string, kind?: 'bad'): void {
    line.print(view.notice(words, kind));
  }

  function onInterrupt(): void {
    if (line.typed !== '') {
      line.clearTyped();
    } else if (asked) {
      leave({ by: 'signal', signal: 'SIGINT' });
    } else {
      asked = true;
      tell('Ctrl-C once more to leave, or go on typing');
    }
  }

  function leave(how: Leave['how'], reason?: string): void {
    if (left) return;
    left = true;
    stop.removeEventListener('abort', onStop);
    line.close();
    if (how.by !== 'session' && connection === undefined) marks.flush();
    const gone = how.by === 'session' ? Promise.resolve() : session.quit(reason);
    void gone.then(() => finish({ how, refused: 0, unacknowledged: onTheirWay.size }));
  }

  async function list(): Promise<void> {
    const here = await whoIsHere(session);
    if (typeof here === 'string') {
      tell(here, 'bad');
    } else {
      for (const name of here.names) completion.saw(name);
      line.print(view.answer([here.words]));
    }
  }

  function quit(reason: string | undefined, again: boolean): void {
    if (onTheirWay.size === 0 || again) {
      leave({ by: 'person' }, reason);
      return;
    }
    asked = true;
    const unsent = onTheirWay.size === 1 ? 'a message is' : `${onTheirWay.size} messages are`;
    tell(`${unsent} not sent yet: /quit once more to leave all the same`, 'bad');
  }

  function showMessage(message: Message): void {
    completion.saw(message.from);
    line.print(view.message(message));
    marks.shown(message);
  }

  function welcome(conversations: readonly Conversation[]): void {
    const first = firstUnread(early ?? [], conversations, session.name);
    for (const message of early ?? []) {
      if (message === first) line.print(view.rule('new'));
      showMessage(message);
    }
    early = undefined;
    line.print(view.rule(`you are in #lobby as ${session.name}`));
    line.print(view.answer(['/help for commands, /list for who is here, /quit to leave']));
    void list();
  }

  function showEvent(event: Event): void {
    if (event.type === 'message') {
      if (early === undefined) showMessage(event);
      else early.push(event);
      return;
    }
    if (event.type === 'joined') completion.saw(event.name);
    const words = eventWords(event);
    if (words !== undefined) tell(words);
  }

  function showStatus(status: Exclude<Status, { state: 'ended' }>): void {
    const wasLost = connection !== undefined;
    if (status.state === 'waiting') {
      if (!wasLost) tell('the connection was lost; what you type is sent when it is back', 'bad');
      connection = statusWords(status);
    } else if (status.state === 'connecting') {
      if (wasLost) connection = 'connecting';
    } else {
      connection = undefined;
      if (wasLost) tell('connected again');
    }
    refresh();
  }

  function showDelivery(key: string, delivery: Delivery): void {
    const draft = onTheirWay.get(key);
    if (draft === undefined) return;
    if (delivery.state === 'sending') onTheirWay.set(key, { ...draft, waitMs: delivery.waitMs });
    else onTheirWay.delete(key);
    if (delivery.state === 'failed')
      deeds.refuse(`not sent: "${excerpt(draft.text)}": ${failureWords(delivery)}`);
    refresh();
  }

  function show(happening: Happening): void {
    switch (happening.kind) {
      case 'event':
        showEvent(happening.event);
        break;
      case 'status':
        if (happening.status.state === 'ended') leave({ by: 'session', end: happening.status.end });
        else showStatus(happening.status);
        break;
      case 'synced':
        if (happening.first) welcome(happening.conversations);
        break;
      case 'delivery':
        showDelivery(happening.key, happening.delivery);
        break;
      default:
        happening satisfies never;
    }
  }

  return { show, over };
}

/** The first of others' messages that this account has not read anywhere. */
function firstUnread(
  messages: readonly Message[],
  conversations: readonly Conversation[],
  me: string,
): Message | undefined {
  const read = new Map(conversations.map((each) => [each.room ?? `@${each.with}`, each.read]));
  return messages.find(({ room, from, seq }) => from !== me && seq > (read.get(room ?? `@${from}`) ?? 0));
}
