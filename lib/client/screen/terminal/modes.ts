/** What a terminal is told when a full screen begins and when it ends. Knows sequences, no terminal. */

// In the order they are set; they end in the opposite one. Numbers are DEC private modes.
const modes = [
  // The alternate screen, with the cursor kept for the way back.
  { mode: 1049, on: true },
  // No wrapping: a row that the terminal believes to be wider than we do stays one row.
  { mode: 7, on: false },
  // Bracketed paste.
  { mode: 2004, on: true },
  // Focus reports.
  { mode: 1004, on: true },
] as const;

// XTWINOPS 22 and 23: the terminal keeps its title, and gets it back.
const keepTitle = '\x1b[22;0t';
const giveTitleBack = '\x1b[23;0t';

/** @param again the title is kept already */
export function enterSequence(again: boolean): string {
  return `${again ? '' : keepTitle}${modes.map(({ mode, on }) => set(mode, on)).join('')}`;
}

/**
 * Right whatever was being written: it first ends a string, a synchronized picture, a style and a link, and
 * shows the cursor.
 */
export const leaveSequence = [
  '\x1b\\\x1b[?2026l\x1b[0m\x1b]8;;\x1b\\\x1b[?25h',
  ...modes.toReversed().map(({ mode, on }) => set(mode, !on)),
  giveTitleBack,
].join('');

/** The text has to be printable. The Linux console of old shows such sequences, so it has no title. */
export function titleSequence(title: string, env: Readonly<Record<string, string | undefined>>): string {
  return env.TERM === 'linux' ? '' : `\x1b]2;${title}\x07`;
}

function set(mode: number, on: boolean): string {
  return `\x1b[?${mode}${on ? 'h' : 'l'}`;
}
