/** Questions on a terminal, drawn by clack. Knows drawing, keys and the end of input; not what is asked. */
import { PassThrough, type Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import * as clack from '@clack/prompts';
import { wrapAnsi } from 'fast-wrap-ansi';
import { Cancelled, type Prompter } from './sign-in-questions.js';

interface ClackDeps {
  /** Both must be terminals: clack does not check. */
  readonly stdin: Readable & { setRawMode?(raw: boolean): unknown };
  readonly stdout: Writable & { readonly columns?: number; readonly rows?: number };
  /** Stops this program's job, as Ctrl-Z does; resolves when it is continued. */
  readonly suspend: () => Promise<void>;
  /** Ends a question as Ctrl-C does. */
  readonly stop: AbortSignal;
}

export interface ClackPrompter extends Prompter {
  /** Reports progress. */
  step(text: string): void;
  /** Closes the frame, if one was begun. */
  finish(text: string): void;
}

// As in vi. A name or password typed too early must not move "No" to "Yes".
for (const letter of ['h', 'j', 'k', 'l']) clack.settings.aliases.delete(letter);

// What clack puts before each line of a note.
const guideWidth = 3;

export function createClackPrompter(deps: ClackDeps): ClackPrompter {
  const { stdout } = deps;
  let begun = false;

  function begin(): void {
    if (!begun) clack.intro('secure-chat', { output: stdout });
    begun = true;
  }

  function ask<T>(question: (streams: Streams) => Promise<T | typeof clack.CANCEL_SYMBOL>): Promise<T> {
    begin();
    return answered(deps, question);
  }

  /** Paragraphs in the width of the terminal; indented lines, such as fingerprints, stay as they are. */
  function fitted(text: string): string {
    const width = Math.max(20, (stdout.columns ?? 80) - guideWidth);
    return text
      .split('\n')
      .map((line) => (line.startsWith(' ') ? line : wrapAnsi(line, width)))
      .join('\n');
  }

  return {
    text({ message, initial, check }) {
      return ask((streams) =>
        clack.text({
          ...streams,
          message,
          ...(initial !== undefined && { placeholder: initial, defaultValue: initial }),
          validate: (text = '') => (text === '' && initial !== undefined ? undefined : check?.(text)),
        }),
      );
    },
    password({ message, check }) {
      return ask((streams) =>
        clack.password({ ...streams, message, validate: (text = '') => check?.(text) }),
      );
    },
    select({ message, options }) {
      type Value = (typeof options)[number]['value'];
      const list = options as unknown as clack.SelectOptions<Value>['options'];
      return ask((streams) => clack.select({ ...streams, message, options: list, showInstructions: false }));
    },
    confirm({ message }) {
      return ask((streams) => clack.confirm({ ...streams, message, initialValue: false }));
    },
    note(text, kind) {
      begin();
      (kind === 'warning' ? clack.log.warn : clack.log.info)(fitted(text), { output: stdout });
    },
    step(text) {
      begin();
      clack.log.step(fitted(text), { output: stdout });
    },
    finish(text) {
      if (begun) clack.outro(text, { output: stdout });
      begun = false;
    },
  };
}

interface Streams {
  readonly input: Readable;
  readonly output: Writable;
  readonly signal: AbortSignal;
}

/**
 * One question. clack ends it at Ctrl-C and Escape, but would wait forever at Ctrl-D or when the terminal goes
 * away, so those are handled here.
 */
async function answered<T>(
  deps: ClackDeps,
  question: (streams: Streams) => Promise<T | typeof clack.CANCEL_SYMBOL>,
): Promise<T> {
  const { stdin, stop } = deps;
  if (stop.aborted) throw new Cancelled('interrupted');
  if (stdin.readableEnded || stdin.destroyed) throw new Cancelled('input-ended');
  const giveUp = new AbortController();
  let how: Cancelled['how'] = 'interrupted';
  const onStop = (): void => giveUp.abort();
  const onEnd = (): void => {
    how = 'input-ended';
    giveUp.abort();
  };
  const onKey = (_: unknown, key: { readonly ctrl?: boolean; readonly name?: string } | undefined): void => {
    if (key?.ctrl === true && key.name === 'd') onEnd();
  };
  stop.addEventListener('abort', onStop);
  const picture = createPicture(deps.stdout);
  const keys = createKeys(stdin, async () => {
    stdin.setRawMode?.(false);
    deps.stdout.write(showCursor);
    await deps.suspend();
    stdin.setRawMode?.(true);
    picture.redraw();
  });
  keys.input.on('keypress', onKey).on('end', onEnd);
  try {
    const answer = await question({ input: keys.input, output: picture.output, signal: giveUp.signal });
    if (clack.isCancel(answer)) throw new Cancelled(how);
    return answer as T;
  } finally {
    stop.removeEventListener('abort', onStop);
    keys.release();
    picture.release();
  }
}

const showCursor = '\x1b[?25h';

/** A question's output, which can be drawn again below what the shell wrote meanwhile. */
function createPicture(stdout: ClackDeps['stdout']) {
  const drawn: string[] = [];
  const output = new Writable({
    decodeStrings: false,
    write(chunk, _, done) {
      drawn.push(String(chunk));
      stdout.write(chunk);
      done();
    },
  });
  Object.defineProperties(output, {
    columns: { get: () => stdout.columns },
    rows: { get: () => stdout.rows },
  });
  const onResize = (): void => void output.emit('resize');
  stdout.on('resize', onResize);
  return {
    output,
    // All movements in it are relative to where it began: the first column.
    redraw: () => void stdout.write(drawn.join('')),
    release: () => void stdout.off('resize', onResize),
  };
}

interface Keys {
  /**
   * For node:readline: key by key, because readline puts all but the last key of a chunk at the end of the line,
   * and without errors, which readline throws. Ends when the terminal goes away.
   */
  readonly input: Readable;
  /** Leaves the stream to others, paused. */
  release(): void;
}

const ctrlZ = '\x1a';

/** A tab in the middle of a chunk was pasted, and becomes a space rather than a completion. */
function createKeys(stdin: ClackDeps['stdin'], suspend: () => Promise<void>): Keys {
  const decoder = new StringDecoder('utf8');
  const input = Object.assign(new PassThrough({ objectMode: true }), {
    isTTY: true,
    setRawMode: (raw: boolean) => void stdin.setRawMode?.(raw),
  });
  const onData = (chunk: Buffer | string): void => {
    const keys = [...(typeof chunk === 'string' ? chunk : decoder.write(chunk))];
    for (const [i, key] of keys.entries()) {
      // readline would stop this process alone, and read nothing afterwards.
      if (key === ctrlZ) void suspend();
      else input.write(key === '\t' && i < keys.length - 1 ? ' ' : key);
    }
  };
  const onEnd = (): void => void input.end();
  stdin.on('data', onData).on('end', onEnd).on('close', onEnd);
  if (!stdin.listeners('error').includes(ignore)) stdin.on('error', ignore);
  if (stdin.readableEnded || stdin.destroyed) onEnd();
  // The question before left it paused.
  stdin.resume();
  return {
    input,
    release() {
      stdin.off('data', onData).off('end', onEnd).off('close', onEnd);
      stdin.pause();
    },
  };
}

// Every error of a terminal is followed by `close`, and may come between questions.
function ignore(): void {}
