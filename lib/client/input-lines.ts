/** A stream as lines, read when they are asked for. Knows bytes and line ends, not what a line means. */
import type { Readable } from 'node:stream';

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
