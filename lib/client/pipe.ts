/**
 * The life of a session whose input is a stream of lines: reads each line when there is room for it, and at the end waits
 * until everything is sent. Knows neither what a line means nor how anything is shown.
 */
import type { Readable, Writable } from 'node:stream';
import type { FrontEndResult, StopSignal } from './front-end.js';
import type { OutgoingMessage, Session, SessionEvent } from './session/session.js';

// Enough to keep the connection busy, few enough to keep in memory while it is lost.
const backlogLimit = 100;

interface PipeDeps {
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** Aborted with a StopSignal as its reason. */
  readonly stop: AbortSignal;
  /** The longest line taken, in UTF-16 units. */
  readonly lineLimit: number;
}

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

export function createPipe({ stdin, stdout, stop, lineLimit }: PipeDeps): Pipe {
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
        if (event.delivery.state === 'failed') refused++;
        backlog.remove(event.key);
      }
      if (event.kind === 'synced') synced.open();
      if (event.kind !== 'status') return;
      online = event.status.state === 'online';
      if (event.status.state === 'ended') end({ by: 'session', end: event.status.end });
    },
    say(session, draft) {
      const key = session.say(draft);
      backlog.add(key);
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
  const keys = new Set<string>();
  let working = 0;
  let abandoned = false;
  // One caller waits at a time.
  let wake = (): void => {};

  return {
    get unacknowledged() {
      return keys.size;
    },
    add: (key: string) => void keys.add(key),
    remove(key: string): void {
      keys.delete(key);
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
      while (!abandoned && keys.size + working > limit) {
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

export type InputLine =
  | { readonly text: string }
  /** Longer than the limit: its text was dropped. */
  | { readonly tooLong: true };

interface InputLines {
  /** The next line without its end; undefined at the end of the input. One call at a time. */
  next(): Promise<InputLine | undefined>;
  /** Reads no more: a waiting `next`, and every later one, resolves to undefined. */
  stop(): void;
}

/**
 * @param limit the longest line that is kept, in UTF-16 units. At most this and one chunk of the stream is
 *   held. CR LF ends a line as LF does; a last line needs no end.
 */
export function createInputLines(stream: Readable, limit: number): InputLines {
  const decoder = new TextDecoder();
  const ready: InputLine[] = [];
  let partial = '';
  let skipping = false;
  let ended = false;
  let waiting: ((line: InputLine | undefined) => void) | undefined;

  function complete(text: string): void {
    if (skipping || text.length > limit) ready.push({ tooLong: true });
    else ready.push({ text: text.endsWith('\r') ? text.slice(0, -1) : text });
    skipping = false;
  }

  function take(text: string): void {
    const pieces = (partial + text).split('\n');
    partial = pieces.pop() ?? '';
    pieces.forEach(complete);
    if (partial.length > limit) {
      skipping = true;
      partial = '';
    }
  }

  function deliver(): void {
    if (waiting === undefined) return;
    const line = ready.shift();
    if (line === undefined && !ended) return;
    const resolve = waiting;
    waiting = undefined;
    resolve(line);
  }

  function onData(chunk: Buffer | string): void {
    take(typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }));
    if (ready.length > 0) stream.pause();
    deliver();
  }

  function onEnd(): void {
    if (ended) return;
    take(decoder.decode());
    if (partial !== '' || skipping) complete(partial);
    partial = '';
    finish();
  }

  function finish(): void {
    ended = true;
    stream.off('data', onData).off('end', onEnd).off('close', onEnd);
    stream.pause();
    deliver();
  }

  // A terminal that was closed is an error here, and the end of the input.
  stream.on('error', onEnd);
  stream.on('end', onEnd).on('close', onEnd);
  stream.on('data', onData);
  stream.pause();
  if (stream.readableEnded || stream.destroyed) onEnd();

  return {
    next() {
      return new Promise((resolve) => {
        waiting = resolve;
        deliver();
        if (waiting !== undefined) stream.resume();
      });
    },
    stop() {
      ready.length = 0;
      if (!ended) finish();
    },
  };
}
