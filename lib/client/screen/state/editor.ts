/** A text being typed, and what readline keys do to it. Pure; knows graphemes, neither keys nor screens. */
import {
  betweenCharacters,
  characterAfter,
  characterBefore,
  countCharacters,
  skipCharacters,
} from './graphemes.js';

export interface Editor {
  readonly text: string;
  /** UTF-16 offset into `text`, always between two grapheme clusters. */
  readonly cursor: number;
  /** What Ctrl-Y brings back. */
  readonly killed: string;
  /** Earlier states, for undo; bounded. */
  readonly past: readonly { readonly text: string; readonly cursor: number }[];
  /** The last edit: consecutive kills are one, and consecutive typing is one undo step. */
  readonly last: 'type' | 'kill' | 'other';
}

export type Edit =
  | { readonly edit: 'insert'; readonly text: string }
  | { readonly edit: SimpleEdit }
  /** Replaces everything; the cursor goes to `cursor` or the end. */
  | { readonly edit: 'set'; readonly text: string; readonly cursor?: number };

export type SimpleEdit = keyof typeof simpleEdits;

export const emptyEditor: Editor = { text: '', cursor: 0, killed: '', past: [], last: 'other' };

const statesKept = 100;
/** UTF-16 units of all states kept for undo, 2 MiB; the latest is always kept. */
const unitsKept = 2 ** 20;
/** UTF-16 units; twice the longest paste. Without a limit, holding Ctrl-Y would fill the memory. */
const longestText = 2 ** 21;
// More than anyone types between two events: it was pasted, and is an undo step of its own.
const typedAtOnce = 32;

/**
 * The editor after one edit. The same object if `up` or `down` finds no line, so that the history can take over.
 * An insertion that would exceed 2 Mi UTF-16 units changes nothing.
 */
export function edit(editor: Editor, what: Edit): Editor {
  if (what.edit === 'insert') return insert(editor, what.text);
  if (what.edit === 'set') return set(editor, what.text, what.cursor);
  return simpleEdits[what.edit](editor);
}

/** Whether an action is an edit without arguments. */
export function isSimpleEdit(name: string): name is SimpleEdit {
  return Object.hasOwn(simpleEdits, name);
}

const simpleEdits = {
  left: (editor) => moveTo(editor, characterBefore(editor.text, editor.cursor)),
  right: (editor) => moveTo(editor, characterAfter(editor.text, editor.cursor)),
  'word-left': (editor) => moveTo(editor, wordLeft(editor)),
  'word-right': (editor) => moveTo(editor, wordRight(editor)),
  home: (editor) => moveTo(editor, lineStart(editor.text, editor.cursor)),
  end: (editor) => moveTo(editor, lineEnd(editor.text, editor.cursor)),
  up,
  down,
  'delete-left': (editor) => remove(editor, characterBefore(editor.text, editor.cursor), editor.cursor),
  'delete-right': (editor) => remove(editor, editor.cursor, characterAfter(editor.text, editor.cursor)),
  'delete-word-left': (editor) => killLeft(editor, wordLeft(editor)),
  'delete-space-word-left': (editor) => killLeft(editor, spaceWordLeft(editor)),
  'delete-word-right': (editor) => killRight(editor, wordRight(editor)),
  'kill-to-start': killToStart,
  'kill-to-end': killToEnd,
  yank: (editor) => replace(editor, { from: editor.cursor, to: editor.cursor, by: editor.killed }),
  transpose,
  undo,
  clear: (editor) => set(editor, '', 0),
} satisfies Record<string, (editor: Editor) => Editor>;

interface Replacement {
  readonly from: number;
  readonly to: number;
  readonly by: string;
  readonly last?: Editor['last'];
  /** Part of the undo step before it. */
  readonly sameStep?: boolean;
}

function replace(editor: Editor, { from, to, by, last = 'other', sameStep = false }: Replacement): Editor {
  if (from === to && by === '') return settled(editor);
  const length = editor.text.length - (to - from) + by.length;
  if (length > Math.max(longestText, editor.text.length)) return settled(editor);
  const text = editor.text.slice(0, from) + by + editor.text.slice(to);
  return {
    text,
    // What came together can be one character now: a letter before a mark, two halves of a flag.
    cursor: betweenCharacters(text, from + by.length),
    killed: editor.killed,
    past: sameStep ? editor.past : withPast(editor),
    last,
  };
}

function withPast({ text, cursor, past }: Editor): Editor['past'] {
  const kept = [{ text, cursor }];
  let units = text.length;
  for (let i = past.length - 1; i >= 0 && kept.length < statesKept; i--) {
    const state = past[i];
    units += state?.text.length ?? 0;
    if (state === undefined || units > unitsKept) break;
    kept.push(state);
  }
  return kept.reverse();
}

function insert(editor: Editor, text: string): Editor {
  const typed = text.length <= typedAtOnce && !text.includes('\n');
  return replace(editor, {
    from: editor.cursor,
    to: editor.cursor,
    by: text,
    last: typed ? 'type' : 'other',
    sameStep: typed && editor.last === 'type',
  });
}

function set(editor: Editor, text: string, cursor = text.length): Editor {
  const at = betweenCharacters(text, cursor);
  if (text === editor.text) return moveTo(editor, at);
  return { text, cursor: at, killed: editor.killed, past: withPast(editor), last: 'other' };
}

function remove(editor: Editor, from: number, to: number): Editor {
  return replace(editor, { from, to, by: '' });
}

function undo(editor: Editor): Editor {
  const state = editor.past.at(-1);
  if (state === undefined) return settled(editor);
  return { ...editor, ...state, past: editor.past.slice(0, -1), last: 'other' };
}

function moveTo(editor: Editor, cursor: number): Editor {
  return cursor === editor.cursor ? settled(editor) : { ...editor, cursor, last: 'other' };
}

/** Ends a series of typing or kills. */
function settled(editor: Editor): Editor {
  return editor.last === 'other' ? editor : { ...editor, last: 'other' };
}

function killLeft(editor: Editor, from: number): Editor {
  if (from === editor.cursor) return editor;
  const gone = editor.text.slice(from, editor.cursor);
  const killed = editor.last === 'kill' ? gone + editor.killed : gone;
  return { ...replace(editor, { from, to: editor.cursor, by: '', last: 'kill' }), killed };
}

function killRight(editor: Editor, to: number): Editor {
  if (to === editor.cursor) return editor;
  const gone = editor.text.slice(editor.cursor, to);
  const killed = editor.last === 'kill' ? editor.killed + gone : gone;
  return { ...replace(editor, { from: editor.cursor, to, by: '', last: 'kill' }), killed };
}

/** At the start of a line it joins the line before, as Ctrl-K at the end joins the line after. */
function killToStart(editor: Editor): Editor {
  const start = lineStart(editor.text, editor.cursor);
  return killLeft(editor, start === editor.cursor ? Math.max(0, start - 1) : start);
}

function killToEnd(editor: Editor): Editor {
  const end = lineEnd(editor.text, editor.cursor);
  return killRight(editor, end === editor.cursor ? Math.min(editor.text.length, end + 1) : end);
}

/** Swaps the characters around the cursor, at the end of a line the two before it. */
function transpose(editor: Editor): Editor {
  const { text, cursor } = editor;
  const end = cursor === lineEnd(text, cursor) ? cursor : characterAfter(text, cursor);
  const middle = characterBefore(text, end);
  if (middle <= lineStart(text, cursor)) return settled(editor);
  const from = characterBefore(text, middle);
  return replace(editor, { from, to: end, by: text.slice(middle, end) + text.slice(from, middle) });
}

function up(editor: Editor): Editor {
  const { text, cursor } = editor;
  const start = lineStart(text, cursor);
  if (start === 0) return editor;
  const count = countCharacters(text, start, cursor);
  return moveTo(editor, skipCharacters(text, { from: lineStart(text, start - 1), to: start - 1, count }));
}

function down(editor: Editor): Editor {
  const { text, cursor } = editor;
  const end = lineEnd(text, cursor);
  if (end === text.length) return editor;
  const count = countCharacters(text, lineStart(text, cursor), cursor);
  return moveTo(editor, skipCharacters(text, { from: end + 1, to: lineEnd(text, end + 1), count }));
}

function lineStart(text: string, at: number): number {
  // For lastIndexOf -1 is 0.
  return at === 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1;
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}

const wordCharacter = /[\p{L}\p{N}]/u;

function wordLeft({ text, cursor }: Editor): number {
  let at = cursor;
  let inWord = false;
  while (at > 0) {
    const before = characterBefore(text, at);
    const isWord = wordCharacter.test(text.slice(before, at));
    if (inWord && !isWord) break;
    inWord = isWord;
    at = before;
  }
  return at;
}

function wordRight({ text, cursor }: Editor): number {
  // Marks and joiners belong to the word that they are in; alone, as after a heart, they are none.
  const toEnd = /[^\p{L}\p{N}]*[\p{L}\p{N}\p{M}\u200c\u200d]*/uy;
  toEnd.lastIndex = cursor;
  toEnd.exec(text);
  return betweenCharacters(text, toEnd.lastIndex);
}

function spaceWordLeft({ text, cursor }: Editor): number {
  const isSpace = (at: number): boolean => /\s/.test(text.charAt(at));
  let at = cursor;
  while (at > 0 && isSpace(at - 1)) at--;
  while (at > 0 && !isSpace(at - 1)) at--;
  const between = betweenCharacters(text, at);
  // A space with a mark on it is one character.
  return between < cursor ? between : characterBefore(text, cursor);
}
