/**
 * A line being typed at the bottom of a terminal, under text that goes on scrolling: the one place that moves
 * the cursor. Knows rows and keys, not what the text means.
 */
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import stringWidth from 'string-width';
import { createKeys } from './keys.js';

export interface TypingLine {
  /** Puts text, whole lines, above the line that is being typed, which stays as it is. */
  print(text: string): void;
  /** Changes what stands under the scrolling text: rows that fit the width, and the prompt. */
  setFooter(rows: readonly string[], prompt: string): void;
  /** What is typed so far. */
  readonly typed: string;
  clearTyped(): void;
  /** Removes the line and the footer; the terminal is as it was before. */
  close(): void;
}

export interface TypingLineDeps {
  readonly stdin: Readable & { setRawMode?(raw: boolean): unknown };
  readonly stdout: Writable & { readonly columns?: number };
  /** Enter. What was typed is gone from the screen. */
  readonly onLine: (text: string) => void;
  /** Ctrl-C. */
  readonly onInterrupt: () => void;
  /** Ctrl-D on an empty line, or the terminal is gone. */
  readonly onEnd: () => void;
  /** The window has another size: what depends on it is to be set again. */
  readonly onResize: () => void;
  /** What the word before the cursor becomes at Tab; undefined to leave it. */
  readonly complete: (line: string) => string | undefined;
}

const historyKept = 200;

export function createTypingLine(deps: TypingLineDeps): TypingLine {
  const { stdin, stdout } = deps;
  let prompt = '> ';
  let footer: readonly string[] = [];
  // What of the two is on the screen.
  let shown = { prompt, rows: 0 };
  let closed = false;
  // Several events of one turn make one redraw.
  let unprinted = '';
  let scheduled = false;

  const keys = createKeys(stdin);
  const line: Interface = createInterface({
    input: keys.input,
    output: stdout,
    terminal: true,
    prompt,
    historySize: historyKept,
    removeHistoryDuplicates: true,
    completer: (text: string) => {
      const completed = deps.complete(text);
      return [completed === undefined ? [] : [completed], text];
    },
  });

  function setPrompt(): void {
    line.setPrompt([...footer, prompt].join('\n'));
    shown = { prompt, rows: footer.length };
  }

  /** Replaces everything from the footer down; `rows` is how far below its first row the cursor is. */
  function redraw(rows: number, afterwards: () => void): void {
    cork(stdout, () => {
      stdout.write(`${rows > 0 ? `\x1b[${rows}A` : ''}\r\x1b[J`);
      afterwards();
    });
  }

  function flush(): void {
    scheduled = false;
    if (closed) return;
    const text = unprinted;
    unprinted = '';
    const { rows } = line.getCursorPos();
    redraw(rows, () => {
      // readline moves up from where it last left the cursor.
      stdout.write(`${text}${'\n'.repeat(rows)}`);
      setPrompt();
      line.prompt(true);
    });
  }

  function schedule(): void {
    if (scheduled || closed) return;
    scheduled = true;
    queueMicrotask(flush);
  }

  function onLine(text: string): void {
    const rows = rowsOf(`${shown.prompt}${text}`, stdout.columns ?? 80) + shown.rows;
    // By now the cursor is at the start of the row under what was typed.
    redraw(rows, () => {
      setPrompt();
      line.prompt();
    });
    deps.onLine(text);
  }

  function onClose(): void {
    if (!closed) deps.onEnd();
  }

  line.on('line', onLine).on('SIGINT', deps.onInterrupt).on('close', onClose).on('error', onClose);
  stdout.on('resize', deps.onResize).on('error', onClose);
  line.prompt();

  return {
    print(text) {
      unprinted += text;
      schedule();
    },
    setFooter(rows, nextPrompt) {
      footer = rows;
      prompt = nextPrompt;
      schedule();
    },
    get typed() {
      return line.line;
    },
    clearTyped() {
      line.write(null, { ctrl: true, name: 'e' });
      line.write(null, { ctrl: true, name: 'u' });
    },
    close() {
      if (closed) return;
      closed = true;
      redraw(line.getCursorPos().rows, () => stdout.write(unprinted));
      line.close();
      keys.release();
      stdout.off('resize', deps.onResize);
    },
  };
}

/** Rows that a prompt and what was typed take, with the one that Enter moved to counted as the last. */
function rowsOf(text: string, columns: number): number {
  let offset = 0;
  // As readline counts: a wide character does not stand across the edge.
  for (const character of stripStyles(text)) {
    const width = stringWidth(character);
    if (width === 2 && (offset + 1) % columns === 0) offset++;
    offset += width;
  }
  return Math.floor(offset / columns) + 1;
}

function stripStyles(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
  return text.replace(/\x1b\[[0-9;]*m/g, '');
}

function cork(stream: Writable, write: () => void): void {
  stream.cork();
  try {
    write();
  } finally {
    stream.uncork();
  }
}
