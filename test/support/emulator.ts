/** A terminal emulator: what was written to it as rows of text, and the cursor. */
import xterm from '@xterm/headless';

export interface Emulator {
  write(text: string): void;
  /** Resolves when all that was written is on the screen. */
  drawn(): Promise<void>;
  /** Rows from the first written to the last that has anything on it, without space at their ends. */
  rows(): string[];
  readonly column: number;
}

export function createEmulator(cols: number): Emulator {
  const terminal = new xterm.Terminal({
    cols,
    rows: 24,
    scrollback: 10_000,
    allowProposedApi: true,
    // As the line discipline does it.
    convertEol: true,
  });
  return {
    write: (text) => terminal.write(text),
    drawn: () => new Promise((resolve) => terminal.write('', resolve)),
    rows() {
      const { active } = terminal.buffer;
      const rows = Array.from(
        { length: active.length },
        (_, i) => active.getLine(i)?.translateToString(true) ?? '',
      );
      while (rows.at(-1)?.trim() === '') rows.pop();
      return rows.map((row) => row.trimEnd());
    },
    get column() {
      return terminal.buffer.active.cursorX;
    },
  };
}
