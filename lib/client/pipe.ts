/**
 * The life of a session that is typed into by a program: lines in, each when there is room for it, and an end
 * that waits for what was said. Knows neither what a line means nor how anything is shown.
 */
import type { Readable, Writable } from 'node:stream';
import type { Leave, StopSignal } from './front-end.js';
import type { Draft, Happening, Session } from './session/session.js';

// Enough to keep the connection busy, few enough to remember while it is lost.
const queueLimit = 100;

export interface PipeDeps {
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** Aborted with a StopSignal as its reason. */
  readonly stop: AbortSignal;
  /** The longest line taken, in UTF-16 units. */
  readonly lineLimit: number;
}

export interface Pipe {
  /** Must see everything that happens. */
  notice(happening: Happening): void;
  /** Says something and counts it until it is acknowledged. */
  say(session: Session, draft: Draft): string;
  /** Something to say was refused before the server saw it. */
  refuse(): void;
  /** Reads no further line; what was said is still waited for. */
  close(): void;
  /** Counts work other than messages while it runs. */
  busy<T>(work: Promise<T>): Promise<T>;
  /** The same; the next line is read when it is done, for where that is said may depend on it. */
  inTurn(work: Promise<void>): void;
  /** Reads to the end. `onLine` gives `{quit}` to leave then; `before` runs before the connection closes. */
  run(session: Session, steps: PipeSteps): Promise<Leave>;
}

export interface PipeSteps {
  readonly onLine: (line: InputLine) => { readonly quit: string | undefined } | undefined;
  readonly before?: () => void;
}

export function createPipe({ stdin, stdout, stop, lineLimit }: PipeDeps): Pipe {
  const lines = createInputLines(stdin, lineLimit);
  const unacknowledged = new Set<string>();
  let working = 0;
  let turn = Promise.resolve();
  let refused = 0;
  let online = false;
  let over: Leave['how'] | undefined;
  let wake = (): void => {};
  let markSynced = (): void => {};
  const synced = new Promise<void>((resolve) => {
    markSynced = resolve;
  });
  let markOver = (): void => {};
  const ended = new Promise<void>((resolve) => {
    markOver = resolve;
  });

  function end(how: Leave['how']): void {
    over ??= how;
    lines.stop();
    markOver();
    wake();
  }

  function settle(key: string): void {
    unacknowledged.delete(key);
    wake();
  }

  async function room(limit: number): Promise<void> {
    while (over === undefined && unacknowledged.size + working > limit) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  async function readAll(steps: PipeSteps): Promise<string | undefined> {
    for (;;) {
      await room(queueLimit);
      const line = await lines.next();
      if (line === undefined) return undefined;
      const answer = steps.onLine(line);
      if (answer !== undefined) return answer.quit;
      await Promise.race([turn, ended]);
    }
  }

  async function busy<T>(work: Promise<T>): Promise<T> {
    working++;
    try {
      return await work;
    } finally {
      working--;
      wake();
    }
  }

  return {
    notice(happening) {
      if (happening.kind === 'delivery' && happening.delivery.state !== 'sending') {
        if (happening.delivery.state === 'failed') refused++;
        settle(happening.key);
      }
      if (happening.kind === 'synced') markSynced();
      if (happening.kind !== 'status') return;
      online = happening.status.state === 'online';
      if (happening.status.state === 'ended') end({ by: 'session', end: happening.status.end });
    },
    say(session, draft) {
      const key = session.say(draft);
      unacknowledged.add(key);
      return key;
    },
    refuse() {
      refused++;
    },
    close: lines.stop,
    busy,
    inTurn(work) {
      turn = busy(work);
    },
    async run(session, steps) {
      const onStop = (): void => end({ by: 'signal', signal: stop.reason as StopSignal });
      // A reader that is gone, as in `| head`, is no fault: nobody is left to show anything to.
      const onOutputGone = (): void => lines.stop();
      if (stop.aborted) onStop();
      stop.addEventListener('abort', onStop);
      stdout.on('error', onOutputGone);
      const reason = await readAll(steps);
      lines.stop();
      // An input that ends at once still gets to see what was said before.
      await Promise.race([synced, ended]);
      await Promise.race([Promise.all([room(0), session.settled()]), ended]);
      const leave = {
        how: over ?? ({ by: 'person' } as const),
        refused,
        unacknowledged: unacknowledged.size,
      };
      if (leave.how.by !== 'session') {
        if (online) steps.before?.();
        await session.quit(reason);
      }
      stop.removeEventListener('abort', onStop);
      return leave;
    },
  };
}

export type InputLine =
  | { readonly text: string }
  /** Longer than the limit; its text is gone, the lines after it are not. */
  | { readonly tooLong: true };

export interface InputLines {
  /** The next line without its end; undefined once there is none. One call at a time. */
  next(): Promise<InputLine | undefined>;
  /** Reads no more: a waiting `next`, and every later one, gives undefined. */
  stop(): void;
}

/**
 * @param limit the longest line that is kept, in UTF-16 units. At most this and one chunk of the stream is
 *   held. CR LF ends a line as LF does; a last line needs no end.
 */
export function createInputLines(stream: Readable, limit: number): InputLines {
  const decoder = new TextDecoder();
  const ready: InputLine[] = [];
  let rest = '';
  let skipping = false;
  let ended = false;
  let waiting: ((line: InputLine | undefined) => void) | undefined;

  function complete(text: string): void {
    if (skipping || text.length > limit) ready.push({ tooLong: true });
    else ready.push({ text: text.endsWith('\r') ? text.slice(0, -1) : text });
    skipping = false;
  }

  function take(text: string): void {
    const pieces = (rest + text).split('\n');
    rest = pieces.pop() ?? '';
    pieces.forEach(complete);
    if (rest.length > limit) {
      skipping = true;
      rest = '';
    }
  }

  function hand(): void {
    if (waiting === undefined) return;
    const line = ready.shift();
    if (line === undefined && !ended) return;
    const give = waiting;
    waiting = undefined;
    give(line);
  }

  function onData(chunk: Buffer | string): void {
    take(typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }));
    if (ready.length > 0) stream.pause();
    hand();
  }

  function onEnd(): void {
    if (ended) return;
    take(decoder.decode());
    if (rest !== '' || skipping) complete(rest);
    rest = '';
    finish();
  }

  function finish(): void {
    ended = true;
    stream.off('data', onData).off('end', onEnd).off('close', onEnd);
    stream.pause();
    hand();
  }

  // A terminal that went away is an error here, and the end of what is typed.
  stream.on('error', onEnd);
  stream.on('end', onEnd).on('close', onEnd);
  stream.on('data', onData);
  stream.pause();
  if (stream.readableEnded || stream.destroyed) onEnd();

  return {
    next() {
      return new Promise((resolve) => {
        waiting = resolve;
        hand();
        if (waiting !== undefined) stream.resume();
      });
    },
    stop() {
      ready.length = 0;
      if (!ended) finish();
    },
  };
}
