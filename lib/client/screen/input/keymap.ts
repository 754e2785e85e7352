/** Which key does what, in one table that /help keys is made from. Knows names of keys and of actions; carries out none. */
import { messageKeys } from '../state/message-keys.js';
import type { ConversationPlace } from '../state/state.js';

export type Digit = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

export type KeyGroup = 'editing' | 'moving' | 'conversations' | 'selected' | 'other';

interface KeyBinding {
  /** Names as in `Key`; two keys one after the other with a space between. */
  readonly keys: readonly string[];
  /** Keys that only some terminals send: not in the help. */
  readonly also?: readonly string[];
  /** Edits go by their own names, except `up` and `down`: `older` and `newer` go on in the input history. */
  readonly does: string;
  readonly help: string;
}

/** What a key does. */
export type KeyAction = (
  | typeof editing
  | typeof moving
  | typeof conversations
  | typeof other
)[number]['does'];

/** What the screen is asked to do. */
export type ScreenAction =
  | { readonly do: KeyAction | 'close-image' }
  | { readonly do: 'insert'; readonly text: string; readonly pasted?: true }
  | { readonly do: 'focus'; readonly focused: boolean }
  /** `from`: what the person came from, if that was on another server. */
  | { readonly do: 'open'; readonly place: ConversationPlace; readonly from?: ConversationPlace }
  | { readonly do: 'leave'; readonly how: 'interrupt' | 'person' };

export interface KeyRow extends KeyBinding {
  readonly does: KeyAction;
  readonly group: KeyGroup;
}

const digits: readonly Digit[] = [1, 2, 3, 4, 5, 6, 7, 8, 9];

const editing = [
  { keys: ['enter'], does: 'send', help: 'send; if empty while reconnecting: try now' },
  { keys: ['alt-enter'], also: ['shift-enter', 'ctrl-enter'], does: 'newline', help: 'start a new line' },
  { keys: ['tab'], does: 'complete', help: 'complete; again: the next of the choices below' },
  { keys: ['shift-tab'], does: 'complete-back', help: 'the choice before' },
  {
    keys: ['backspace', 'ctrl-h'],
    also: ['shift-backspace'],
    does: 'delete-left',
    help: 'delete the character before',
  },
  { keys: ['delete'], does: 'delete-right', help: 'delete the character after' },
  { keys: ['ctrl-w'], does: 'delete-space-word-left', help: 'cut the word before, up to a space' },
  {
    keys: ['alt-backspace'],
    also: ['ctrl-backspace'],
    does: 'delete-word-left',
    help: 'cut the word before',
  },
  {
    keys: ['alt-d'],
    also: ['ctrl-delete', 'alt-delete'],
    does: 'delete-word-right',
    help: 'cut the word after',
  },
  { keys: ['ctrl-u'], does: 'kill-to-start', help: 'cut to the start of the line' },
  { keys: ['ctrl-k'], does: 'kill-to-end', help: 'cut to the end of the line' },
  { keys: ['ctrl-y'], does: 'yank', help: 'paste what was cut' },
  { keys: ['ctrl-t'], does: 'transpose', help: 'swap two characters' },
  { keys: ['ctrl-_', 'ctrl-x ctrl-u'], does: 'undo', help: 'undo' },
  { keys: ['ctrl-r'], does: 'search-inputs', help: 'search what you typed before; again: older' },
  { keys: ['ctrl-x ctrl-e'], does: 'compose', help: 'write in $EDITOR' },
] as const satisfies readonly KeyBinding[];

const selecting = 'select a message';

const moving = [
  { keys: ['left', 'ctrl-b'], does: 'left', help: 'character left' },
  { keys: ['right', 'ctrl-f'], does: 'right', help: 'character right' },
  { keys: ['ctrl-left', 'alt-b'], does: 'word-left', help: 'word left' },
  { keys: ['ctrl-right', 'alt-f'], does: 'word-right', help: 'word right' },
  { keys: ['home', 'ctrl-a'], does: 'home', help: 'start of the line' },
  { keys: ['end', 'ctrl-e'], does: 'end', help: 'end of the line' },
  { keys: ['up'], does: 'older', help: 'line above, or the previous input' },
  { keys: ['down'], does: 'newer', help: 'line below, or the next input' },
  { keys: ['pageup'], also: ['shift-pageup'], does: 'page-up', help: 'older messages' },
  { keys: ['pagedown'], also: ['shift-pagedown'], does: 'page-down', help: 'newer messages' },
  { keys: ['shift-up'], also: ['wheel-up'], does: 'rows-up', help: 'scroll up, as with the mouse wheel' },
  { keys: ['shift-down'], also: ['wheel-down'], does: 'rows-down', help: 'scroll down' },
  { keys: ['alt-up'], does: 'select-up', help: selecting },
  { keys: ['alt-down'], does: 'select-down', help: selecting },
  { keys: ['alt-home', 'ctrl-home'], does: 'top', help: 'oldest messages' },
  { keys: ['alt-end', 'ctrl-end'], does: 'bottom', help: 'newest messages' },
] as const satisfies readonly KeyBinding[];

const conversations = [
  ...digits.map((digit) => ({
    keys: [`alt-${digit}`],
    does: `conversation-${digit}` as const,
    help: 'conversation 1 to 9',
  })),
  { keys: ['ctrl-n', 'alt-right'], does: 'next', help: 'next conversation' },
  { keys: ['ctrl-p', 'alt-left'], does: 'previous', help: 'previous conversation' },
  { keys: ['alt-a'], does: 'next-unread', help: 'next unread conversation' },
  { keys: ['alt-k'], does: 'switch', help: 'go to a conversation by name' },
  { keys: ['alt-/'], does: 'last', help: 'the conversation you came from' },
] as const satisfies readonly KeyBinding[];

const other = [
  { keys: ['f8', 'alt-s'], does: 'side-lists', help: 'show or hide the lists at the side' },
  { keys: ['alt-o'], does: 'unfold', help: 'show long answers in full again, or fold them' },
  { keys: ['alt-l'], does: 'plain-text', help: 'plain text to copy with the mouse' },
  { keys: ['ctrl-l'], does: 'redraw', help: 'redraw the screen' },
  { keys: ['escape'], does: 'cancel', help: 'leave a selected message, an edit, a search' },
  { keys: ['ctrl-c'], does: 'interrupt', help: 'clear the input; if empty: quit' },
  { keys: ['ctrl-d'], does: 'delete-or-quit', help: 'like Delete; if empty: quit' },
  { keys: ['ctrl-z'], does: 'suspend', help: 'suspend; "fg" resumes' },
] as const satisfies readonly KeyBinding[];

export const keymap: readonly KeyRow[] = [
  ...editing.map((row) => ({ ...row, group: 'editing' as const })),
  ...moving.map((row) => ({ ...row, group: 'moving' as const })),
  ...conversations.map((row) => ({ ...row, group: 'conversations' as const })),
  ...other.map((row) => ({ ...row, group: 'other' as const })),
];

export type Meaning =
  | { readonly kind: 'action'; readonly action: KeyAction }
  /** The first of two keys: pass it to `lookUp` as `pending` with the next one. */
  | { readonly kind: 'begun'; readonly pending: string }
  /** Not in the table. After a `pending` key both are dropped, as readline does. */
  | { readonly kind: 'nothing' };

/** What a key does, given the key before it if that was the first of two. */
export function lookUp(name: string, pending?: string): Meaning {
  const keys = pending === undefined ? name : `${pending} ${name}`;
  const action = actions.get(keys);
  if (action !== undefined) return { kind: 'action', action };
  return firsts.has(keys) ? { kind: 'begun', pending: keys } : { kind: 'nothing' };
}

/** What /help keys shows: the table in groups, lines of at most 72 columns. `to` is the dash in `Alt-1…9`. */
export function keyHelp(to = '\u2026'): string[] {
  const rows = [
    ...[...new Set(keymap.map(({ help }) => help))].map((help) => shownRow(help, to)),
    ...messageKeys.map(({ key, help }) => ({ keys: key, help, group: 'selected' as const })),
  ];
  const width = Math.max(...rows.map(({ keys }) => keys.length));
  return rows.flatMap(({ keys, help, group }, i) => {
    const line = `  ${keys.padEnd(width)}  ${help}`;
    return group === rows[i - 1]?.group ? [line] : [groupNames[group], line];
  });
}

/** A key's name as people write it: `Ctrl-A`, `PgUp`, `Ctrl-X Ctrl-E`. */
export function shownKey(name: string): string {
  return name
    .split(' ')
    .map((key) => {
      const [, before = '', last = ''] = /^((?:[a-z]+-)*)(.+)$/.exec(key) ?? [];
      const words = before.split('-').slice(0, -1);
      return [...words, shownNames[last] ?? last].map(capitalised).join('-');
    })
    .join(' ');
}

const shownNames: Readonly<Record<string, string>> = { pageup: 'PgUp', pagedown: 'PgDn' };

const groupNames: Readonly<Record<KeyGroup, string>> = {
  editing: 'Editing',
  moving: 'Moving',
  conversations: 'Conversations',
  other: 'Other',
  selected: 'On a selected message, where possible',
};

const actions: ReadonlyMap<string, KeyAction> = new Map(
  keymap.flatMap(({ keys, also = [], does }) => [...keys, ...also].map((key) => [key, does] as const)),
);

const firsts: ReadonlySet<string> = new Set(
  [...actions.keys()].flatMap((keys) => (keys.includes(' ') ? [keys.replace(/ [^ ]*$/, '')] : [])),
);

/** Rows with the same help are one line. */
function shownRow(help: string, to: string): { keys: string; help: string; group: KeyGroup } {
  const rows = keymap.filter((row) => row.help === help);
  const keys = rows.flatMap((row) => row.keys).map(shownKey);
  const first = keys[0] ?? '';
  const shown = keys.length > 3 ? `${first}${to}${keys.at(-1)?.at(-1)}` : keys.join(', ');
  return { keys: shown, help, group: rows[0]?.group ?? 'other' };
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
