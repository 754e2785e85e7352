/**
 * The life of a session whose input is a stream of lines: reads each line when there is room for it, and at the end waits
 * until everything is sent. Knows neither what a line means nor how anything is shown.
 */
import type { Readable, Writable } from 'node:stream';
import type { FrontEndResult, StopSignal } from './front-end.js';
import { createInputLines, type InputLine } from './input-lines.js';
import type { DeliveryStatus, OutgoingMessage, Session, SessionEvent } from './session/session.js';

/**
 * The longest line taken, in UTF-16 units. A longer one cannot be a message of 4 KiB: neither as text, once unprintable characters
 * are dropped, nor in JSON, where a byte can take six characters.
 */
export const lineLimit = 64 * 1024;
// Enough to keep the connection busy, few enough to keep in memory while it is lost.
const backlogLimit = 100;

interface PipeDeps {
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** Aborted with a StopSignal as its reason. */
  readonly stop: AbortSignal;
  /** A message was refused by the server. */
  readonly onRefused?: (text: string, why: Refusal) => void;
}

type Refusal = Extract<DeliveryStatus, { state: 'failed' }>;

export interface Pipe {
  /** Must see everything that happens. */
  notice(event: SessionEvent): void;
  /** Posts a message and counts it until it is acknowledged. */
  say(session: Session, draft: OutgoingMessage): string;
  /** Counts something that was refused before the server saw it. */
  refuse(): void;
  /** Reads no more lines; what was posted is still waited for. */
  close(): void;
  /** Counts work other than messages while it runs. */
  busy<T>(work: Promise<T>): Promise<T>;
  /** The same, and the next line is read only when it is done, because that line may depend on it. */
  inTurn(work: Promise<void>): void;
  /** Reads to the end. */
  run(session: Session, steps: PipeSteps): Promise<FrontEndResult>;
}

/** Ends the session, as /quit does. */
export interface PipeQuit {
  readonly reason: string | undefined;
}

interface PipeSteps {
  readonly onLine: (line: InputLine) => PipeQuit | undefined;
  /** Runs before the connection is closed. */
  readonly before?: () => void;
}

export function createPipe({ stdin, stdout, stop, onRefused }: PipeDeps): Pipe {
  const lines = createInputLines(stdin, lineLimit);
  const backlog = createBacklog();
  const synced = createLatch();
  const ended = createLatch();
  let turn = Promise.resolve();
  let refused = 0;
  let online = false;
  let over: FrontEndResult['endedBy'] | undefined;

  function end(how: FrontEndResult['endedBy']): void {
    over ??= how;
    lines.stop();
    ended.open();
    backlog.abandon();
  }

  async function readAll({ onLine }: PipeSteps): Promise<string | undefined> {
    for (;;) {
      await Promise.race([turn, ended.opened]);
      await backlog.atMost(backlogLimit);
      const line = await lines.next();
      if (line === undefined) return undefined;
      const quit = onLine(line);
      if (quit !== undefined) return quit.reason;
    }
  }

  return {
    notice(event) {
      if (event.kind === 'delivery' && event.delivery.state !== 'sending') {
        const { key, delivery } = event;
        if (delivery.state === 'failed') {
          refused++;
          onRefused?.(backlog.textOf(key), delivery);
        }
        backlog.remove(key);
      }
      if (event.kind === 'synced') synced.open();
      if (event.kind !== 'status') return;
      online = event.status.state === 'online';
      if (event.status.state === 'ended') end({ by: 'session', end: event.status.end });
    },
    say(session, draft) {
      const key = session.say(draft);
      backlog.add(key, draft.text);
      return key;
    },
    refuse() {
      refused++;
    },
    close: lines.stop,
    busy: backlog.busy,
    inTurn(work) {
      turn = backlog.busy(work);
    },
    async run(session, steps) {
      const onStop = (): void => end({ by: 'signal', signal: stop.reason as StopSignal });
      // A reader that is gone, as in `| head`, is no error: nothing needs to be shown.
      const onOutputGone = (): void => lines.stop();
      if (stop.aborted) onStop();
      stop.addEventListener('abort', onStop);
      stdout.on('error', onOutputGone);
      const reason = await readAll(steps);
      lines.stop();
      // Also when the input ends at once, earlier messages are shown.
      await Promise.race([synced.opened, ended.opened]);
      await Promise.race([Promise.all([backlog.atMost(0), session.settled()]), ended.opened]);
      const endedBy = over ?? ({ by: 'person' } as const);
      const result = { endedBy, refused, unacknowledged: backlog.unacknowledged };
      if (endedBy.by !== 'session') {
        if (online) steps.before?.();
        await session.quit(reason);
      }
      stop.removeEventListener('abort', onStop);
      return result;
    },
  };
}

/** A promise that is resolved from outside. */
function createLatch(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Messages that are not acknowledged yet, and other work in progress. */
function createBacklog() {
  const texts = new Map<string, string>();
  let working = 0;
  let abandoned = false;
  // One caller waits at a time.
  let wake = (): void => {};

  return {
    get unacknowledged() {
      return texts.size;
    },
    add: (key: string, text: string) => void texts.set(key, text),
    textOf: (key: string) => texts.get(key) ?? '',
    remove(key: string): void {
      texts.delete(key);
      wake();
    },
    async busy<T>(work: Promise<T>): Promise<T> {
      working++;
      try {
        return await work;
      } finally {
        working--;
        wake();
      }
    },
    /** Resolves when so much is left, or it was abandoned. */
    async atMost(limit: number): Promise<void> {
      while (!abandoned && texts.size + working > limit) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    abandon(): void {
      abandoned = true;
      wake();
    },
  };
}
