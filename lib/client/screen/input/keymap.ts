/** Which key does what, in one table that the help is made from. Knows names of keys and of commands, carries out none. */
import type { SimpleEdit } from './editor.js';

/** What a key can ask for. Those that edit are the names of edits; `up` and `down` come as `older` and `newer`. */
export type Command =
  | Exclude<SimpleEdit, 'up' | 'down' | 'clear'>
  | 'send'
  | 'newline'
  | 'complete'
  | 'complete-back'
  /** The line above or below; beyond the first and the last what was typed earlier or later. */
  | 'older'
  | 'newer'
  | 'page-up'
  | 'page-down'
  | 'top'
  | 'bottom'
  | 'next'
  | 'previous'
  | `conversation-${Digit}`
  /** The conversation before this one. */
  | 'last'
  | 'next-unread'
  | 'side'
  | 'bare'
  | 'redraw'
  | 'interrupt'
  | 'suspend'
  /** The end of the input where nothing is typed, else `delete-right`. */
  | 'delete-or-end'
  | 'compose';

export type Digit = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

export type KeyGroup = 'editing' | 'moving' | 'conversations' | 'other';

export interface KeyRow {
  /** Names as in `Key`; two keys one after the other with a space between. */
  readonly keys: readonly string[];
  /** Keys that only some terminals have, or that everybody tries anyway: not in the help. */
  readonly also?: readonly string[];
  readonly does: Command;
  readonly help: string;
  readonly group: KeyGroup;
}

const digits: readonly Digit[] = [1, 2, 3, 4, 5, 6, 7, 8, 9];

const editing: readonly Omit<KeyRow, 'group'>[] = [
  { keys: ['enter'], does: 'send', help: 'send' },
  { keys: ['alt-enter'], also: ['shift-enter', 'ctrl-enter'], does: 'newline', help: 'begin a new line' },
  { keys: ['tab'], does: 'complete', help: 'complete a name, command, room or file' },
  { keys: ['shift-tab'], does: 'complete-back', help: 'the completion before' },
  {
    keys: ['backspace', 'ctrl-h'],
    also: ['shift-backspace'],
    does: 'delete-left',
    help: 'delete to the left',
  },
  { keys: ['delete'], does: 'delete-right', help: 'delete to the right' },
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
  { keys: ['ctrl-x ctrl-e'], does: 'compose', help: 'write in $EDITOR' },
];

const moving: readonly Omit<KeyRow, 'group'>[] = [
  { keys: ['left', 'ctrl-b'], does: 'left', help: 'one character left' },
  { keys: ['right', 'ctrl-f'], does: 'right', help: 'one character right' },
  { keys: ['ctrl-left', 'alt-b'], does: 'word-left', help: 'one word left' },
  { keys: ['ctrl-right', 'alt-f'], does: 'word-right', help: 'one word right' },
  { keys: ['home', 'ctrl-a'], does: 'home', help: 'to the start of the line' },
  { keys: ['end', 'ctrl-e'], does: 'end', help: 'to the end of the line' },
  { keys: ['up'], does: 'older', help: 'line above, or what you typed before' },
  { keys: ['down'], does: 'newer', help: 'line below, or what you typed after' },
  { keys: ['pageup'], also: ['shift-pageup'], does: 'page-up', help: 'older messages' },
  { keys: ['pagedown'], also: ['shift-pagedown'], does: 'page-down', help: 'newer messages' },
  { keys: ['alt-home', 'ctrl-home'], does: 'top', help: 'the oldest messages here' },
  { keys: ['alt-end', 'ctrl-end'], does: 'bottom', help: 'the newest messages' },
];

const conversations: readonly Omit<KeyRow, 'group'>[] = [
  ...digits.map((digit) => ({
    keys: [`alt-${digit}`],
    does: `conversation-${digit}` as const,
    help: 'the conversation of that number',
  })),
  { keys: ['ctrl-n', 'alt-right'], does: 'next', help: 'the next conversation' },
  { keys: ['ctrl-p', 'alt-left'], does: 'previous', help: 'the conversation before' },
  { keys: ['alt-a'], does: 'next-unread', help: 'the next one with something new' },
  { keys: ['alt-/'], does: 'last', help: 'back to the one you came from' },
];

const other: readonly Omit<KeyRow, 'group'>[] = [
  { keys: ['f8', 'alt-s'], does: 'side', help: 'show or hide the list of people' },
  { keys: ['alt-l'], does: 'bare', help: 'text alone, to mark and copy with the mouse' },
  { keys: ['ctrl-l'], does: 'redraw', help: 'draw the screen again' },
  { keys: ['ctrl-c'], does: 'interrupt', help: 'clear what is typed; twice on nothing: leave' },
  { keys: ['ctrl-d'], does: 'delete-or-end', help: 'delete to the right; on nothing: leave' },
  { keys: ['ctrl-z'], does: 'suspend', help: 'back to the shell; "fg" returns' },
];

export const keymap: readonly KeyRow[] = [
  ...editing.map((row) => ({ ...row, group: 'editing' as const })),
  ...moving.map((row) => ({ ...row, group: 'moving' as const })),
  ...conversations.map((row) => ({ ...row, group: 'conversations' as const })),
  ...other.map((row) => ({ ...row, group: 'other' as const })),
];

export type Meaning =
  | { readonly kind: 'command'; readonly command: Command }
  /** The first of two keys: to be given to `lookUp` as `pending` with the next one. */
  | { readonly kind: 'begun'; readonly pending: string }
  /** No key of ours. After a `pending` key both are dropped, as readline does. */
  | { readonly kind: 'nothing' };

/** What a key by its name, and the one before it where that was the first of two, asks for. */
export function lookUp(name: string, pending?: string): Meaning {
  const keys = pending === undefined ? name : `${pending} ${name}`;
  const command = commands.get(keys);
  if (command !== undefined) return { kind: 'command', command };
  return firsts.has(keys) ? { kind: 'begun', pending: keys } : { kind: 'nothing' };
}

/** The table for people, in groups, every line at most 72 columns wide. `to` stands in `Alt-1…9`. */
export function keyHelp(to = '\u2026'): string[] {
  const rows = [...new Set(keymap.map(({ help }) => help))].map((help) => shownRow(help, to));
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
  editing: 'Writing',
  moving: 'Moving about',
  conversations: 'Conversations',
  other: 'Everything else',
};

const commands: ReadonlyMap<string, Command> = new Map(
  keymap.flatMap(({ keys, also = [], does }) => [...keys, ...also].map((key) => [key, does] as const)),
);

const firsts: ReadonlySet<string> = new Set(
  [...commands.keys()].flatMap((keys) => (keys.includes(' ') ? [keys.replace(/ [^ ]*$/, '')] : [])),
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
