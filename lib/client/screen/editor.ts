/** A text being typed, and what readline keys do to it. Pure; knows graphemes, neither keys nor screens. */

export interface Editor {
  readonly text: string;
  /** UTF-16 offset into `text`, always between two grapheme clusters. */
  readonly cursor: number;
  /** What Ctrl-Y brings back. */
  readonly killed: string;
  /** Earlier states, for undo; bounded. */
  readonly past: readonly { readonly text: string; readonly cursor: number }[];
  /** The last edit, so that consecutive kills gather and consecutive typing is one undo step. */
  readonly last: 'type' | 'kill' | 'other';
}

export type Edit =
  | { readonly edit: 'insert'; readonly text: string }
  | {
      readonly edit:
        | 'left'
        | 'right'
        | 'word-left'
        | 'word-right'
        | 'home'
        | 'end'
        | 'up'
        | 'down'
        | 'delete-left'
        | 'delete-right'
        | 'delete-word-left'
        | 'delete-space-word-left'
        | 'delete-word-right'
        | 'kill-to-start'
        | 'kill-to-end'
        | 'yank'
        | 'transpose'
        | 'undo'
        | 'clear';
    }
  /** Replaces everything, as history and completion do; the cursor goes to `cursor` or the end. */
  | { readonly edit: 'set'; readonly text: string; readonly cursor?: number };

export const emptyEditor: Editor = { text: '', cursor: 0, killed: '', past: [], last: 'other' };
