/** One key, or one event of a terminal that comes the same way. Knows names, not bytes nor what a key does. */

export type Key =
  /** Text to insert: one or more characters that no key name stands for. */
  | { readonly kind: 'text'; readonly text: string }
  /**
   * A key by name as people write it: `enter`, `tab`, `backspace`, `delete`, `insert`, `up`, `down`, `left`, `right`,
   * `home`, `end`, `pageup`, `pagedown`, `f1` … `f12`, `escape`, each also after `ctrl-`, `alt-`, `shift-` in this order;
   * `ctrl-a` … `ctrl-z`, `ctrl-space`, `ctrl-_`, `ctrl-\`, `ctrl-]`, `ctrl-^`; `alt-` and any lower-case character;
   * `ctrl-alt-a` … . Ctrl-I, Ctrl-J and Ctrl-M are `tab`, `enter` and `enter` to most terminals, Ctrl-/ is `ctrl-_`.
   */
  | { readonly kind: 'key'; readonly name: string }
  /** A bracketed paste, whole, line ends as \n, not yet made printable. */
  | { readonly kind: 'paste'; readonly text: string }
  /** The terminal window got or lost the keyboard (DECSET 1004). */
  | { readonly kind: 'focus'; readonly focused: boolean }
  /** The terminal is gone. */
  | { readonly kind: 'end' };
