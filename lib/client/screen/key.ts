/** One key, or one event of a terminal that comes the same way. Knows names, not bytes nor what a key does. */

export type Key =
  /** Text to insert: one or more characters that no key name stands for. */
  | { readonly kind: 'text'; readonly text: string }
  /**
   * A key by name as people write it: `enter`, `alt-enter`, `tab`, `shift-tab`, `backspace`, `alt-backspace`, `delete`,
   * `up`, `down`, `left`, `right`, `alt-left`, `ctrl-left`, `home`, `end`, `ctrl-home`, `pageup`, `pagedown`, `f7`,
   * `ctrl-a` … `ctrl-z`, `ctrl-_`, `alt-a` … `alt-z`, `alt-0` … `alt-9`, `alt-/`, `escape`.
   */
  | { readonly kind: 'key'; readonly name: string }
  /** A bracketed paste, whole, line ends as \n, not yet made printable. */
  | { readonly kind: 'paste'; readonly text: string }
  /** The terminal window got or lost the keyboard (DECSET 1004). */
  | { readonly kind: 'focus'; readonly focused: boolean }
  /** The terminal is gone. */
  | { readonly kind: 'end' };
