/** What is typed, key by key. Knows chunks of bytes, not what a key does. */
import { PassThrough, type Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

export interface Keys {
  /**
   * For node:readline, which of a chunk of several keys puts all but the last at the end of the line, and
   * throws the errors of its input. Ends when the terminal goes away, however it goes.
   */
  readonly input: Readable;
  /** Leaves the stream to others, paused. */
  release(): void;
}

/** A tab with more after it in its chunk was pasted: it is a space, for nobody asked for a completion. */
export function createKeys(stdin: Readable & { setRawMode?(raw: boolean): unknown }): Keys {
  const decoder = new StringDecoder('utf8');
  const input = Object.assign(new PassThrough({ objectMode: true }), {
    isTTY: true,
    setRawMode: (raw: boolean) => void stdin.setRawMode?.(raw),
  });
  const onData = (chunk: Buffer | string): void => {
    const keys = [...(typeof chunk === 'string' ? chunk : decoder.write(chunk))];
    for (const [i, key] of keys.entries()) input.write(key === '\t' && i < keys.length - 1 ? ' ' : key);
  };
  const onEnd = (): void => void input.end();
  stdin.on('data', onData).on('end', onEnd).on('close', onEnd);
  if (!stdin.listeners('error').includes(ignore)) stdin.on('error', ignore);
  if (stdin.readableEnded || stdin.destroyed) onEnd();
  // Whoever asked questions before left it paused.
  stdin.resume();
  return {
    input,
    release() {
      stdin.off('data', onData).off('end', onEnd).off('close', onEnd);
      stdin.pause();
    },
  };
}

// Every error of a terminal is followed by `close`, and may come when nobody is asked anything.
function ignore(): void {}
