/** Keys as xterm sends them. */
export const keys = {
  up: '\x1b[A',
  down: '\x1b[B',
  right: '\x1b[C',
  left: '\x1b[D',
  home: '\x1b[H',
  end: '\x1b[F',
  pageUp: '\x1b[5~',
  pageDown: '\x1b[6~',
  altHome: '\x1b[1;3H',
  altEnd: '\x1b[1;3F',
  f8: '\x1b[19~',
  enter: '\r',
  tab: '\t',
  shiftTab: '\x1b[Z',
  backspace: '\x7f',
  escape: '\x1b',
  focusIn: '\x1b[I',
  focusOut: '\x1b[O',
} as const;

/** `ctrl('a')` is Ctrl-A. */
export function ctrl(letter: string): string {
  return String.fromCharCode(letter.toUpperCase().charCodeAt(0) & 0x1f);
}

/** `alt('b')` is Alt-B. */
export function alt(key: string): string {
  return `\x1b${key}`;
}

/** What a terminal makes of a text that is pasted: line ends come as CR. */
export function pasted(text: string): string {
  return `\x1b[200~${text.replaceAll('\n', '\r')}\x1b[201~`;
}
