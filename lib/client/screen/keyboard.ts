/**
 * Keys: they answer a question in the status line if there is one, else become actions. Knows the keymap and the
 * state, but neither what is asked nor what an action does.
 */
import { printable } from '../../protocol/printable.js';
import { lookUp, type ScreenAction } from './input/keymap.js';
import type { Key } from './input/keys.js';
import type { StatusQuestion } from './state/state.js';
import type { ScreenStore } from './state/store.js';

export interface Keyboard {
  press(key: Key): void;
  /** Asks for one key; `yes` is called for y, any other key means no. */
  ask(question: StatusQuestion, yes: () => void): void;
  /** Asks for a line that is kept nowhere; undefined if the person cancels. */
  askLine(question: string, options: { hidden: boolean }): Promise<string | undefined>;
}

/** A line that is asked for. */
interface LineQuestion {
  readonly question: string;
  readonly hidden: boolean;
  typed: string;
  /** Undefined: cancelled. */
  done(line: string | undefined): void;
}

/** More stars would say nothing new. */
const mostStars = 32;

/** @param soon calls back once, after everything that is due now */
export function createKeyboard({
  store,
  dispatch,
  soon,
}: {
  store: ScreenStore;
  dispatch: (action: ScreenAction) => void;
  soon: (callback: () => void) => void;
}): Keyboard {
  /** The first of two keys, as Ctrl-X. */
  let pending: string | undefined;
  let yes: (() => void) | undefined;
  let asked: LineQuestion | undefined;
  /** Typed after an answer, before the next question is shown: it may be a secret, and must not be posted. */
  let held: Key[] | undefined;

  function press(key: Key): void {
    if (leavesPlainText(store, key)) return;
    if (store.state.image !== undefined && key.kind !== 'focus' && key.kind !== 'end') {
      const action = imageAction(key);
      if (action !== undefined) dispatch({ do: action });
      return;
    }
    if (held !== undefined && key.kind !== 'end') {
      held.push(key);
      return;
    }
    if (typesAnswer(key) || answersQuestion(key)) return;
    const next = keyAction(key, pending);
    pending = next.pending;
    if (next.action !== undefined) dispatch(next.action);
  }

  /** @returns whether the key was used up by a question */
  function answersQuestion(key: Key): boolean {
    const { question } = store.state;
    if (question === undefined || question.about === 'search') return false;
    if (key.kind === 'focus' || key.kind === 'end') return false;
    const then = yes;
    yes = undefined;
    showQuestion(store, undefined);
    if (key.kind === 'text' && /^[yY]$/.test(key.text)) then?.();
    else if (key.kind === 'key' && key.name === 'ctrl-c' && question.about === 'quit')
      dispatch({ do: 'leave', how: 'interrupt' });
    // Any other key cancels and nothing more, but typed text other than n is not lost.
    else return key.kind === 'key' || (key.kind === 'text' && /^[nN]$/.test(key.text));
    return true;
  }

  function typesAnswer(key: Key): boolean {
    if (asked === undefined || key.kind === 'focus') return false;
    typeAnswer(asked, key);
    if (asked !== undefined) showLineQuestion(store, asked);
    return key.kind !== 'end';
  }

  function release(): void {
    const keys = held ?? [];
    held = undefined;
    for (const key of keys) press(key);
  }

  return {
    press,
    ask(question, then) {
      yes = then;
      showQuestion(store, question);
    },
    askLine(question, { hidden }) {
      asked?.done(undefined);
      return new Promise((resolve) => {
        asked = {
          ...{ question, hidden, typed: '' },
          done(line) {
            asked = undefined;
            if (line !== undefined && held === undefined) {
              held = [];
              soon(release);
            }
            showQuestion(store, undefined);
            resolve(line);
          },
        };
        showLineQuestion(store, asked);
      });
    },
  };
}

function typeAnswer(asked: LineQuestion, key: Key): void {
  if (key.kind === 'text' || key.kind === 'paste') {
    const [line = ''] = key.text.split(/[\r\n]/);
    // A hidden line is kept to the letter: it is never shown.
    asked.typed += asked.hidden ? line : printable(line);
    return;
  }
  const meaning = key.kind === 'key' ? lookUp(key.name) : undefined;
  const action = meaning?.kind === 'action' ? meaning.action : undefined;
  const isEscape = key.kind === 'key' && key.name === 'escape';
  if (action === 'send') asked.done(asked.typed);
  else if (action === 'interrupt' || isEscape || key.kind === 'end') asked.done(undefined);
  else if (action === 'delete-left') asked.typed = [...asked.typed].slice(0, -1).join('');
  else if (action === 'kill-to-start') asked.typed = '';
}

function showLineQuestion(store: ScreenStore, { question, hidden, typed }: LineQuestion): void {
  const shown = hidden ? '*'.repeat(Math.min(mostStars, [...typed].length)) : typed;
  showQuestion(store, { about: 'secret', text: `${question}${shown}_` });
}

function showQuestion(store: ScreenStore, question: StatusQuestion | undefined): void {
  store.update((state) => ({ ...state, question }));
}

/** @returns whether the key ended the plain text view */
function leavesPlainText(store: ScreenStore, key: Key): boolean {
  if (store.state.plainText === undefined || key.kind === 'focus' || key.kind === 'end') return false;
  store.update(({ plainText: _, ...state }) => state);
  return true;
}

/** While an image covers everything: q and the keys that cancel close it, those for the whole screen work as ever. */
function imageAction(key: Key): 'close-image' | 'redraw' | 'suspend' | undefined {
  if (key.kind === 'text' && key.text === 'q') return 'close-image';
  if (key.kind !== 'key') return undefined;
  if (['escape', 'ctrl-c', 'ctrl-d'].includes(key.name)) return 'close-image';
  const meaning = lookUp(key.name);
  const action = meaning.kind === 'action' ? meaning.action : undefined;
  return action === 'redraw' || action === 'suspend' ? action : undefined;
}

/** The action of a key. @param pending the first of two keys */
function keyAction(key: Key, pending: string | undefined): { action?: ScreenAction; pending?: string } {
  switch (key.kind) {
    case 'text':
    case 'paste': {
      const text = printable(key.text, { newlines: true });
      return { action: { do: 'insert', text, ...(key.kind === 'paste' && { pasted: true }) } };
    }
    case 'focus':
      return { action: { do: 'focus', focused: key.focused }, ...(pending !== undefined && { pending }) };
    case 'end':
      return { action: { do: 'leave', how: 'person' } };
    case 'key': {
      const meaning = lookUp(key.name, pending);
      if (meaning.kind === 'begun') return { pending: meaning.pending };
      return meaning.kind === 'action' ? { action: { do: meaning.action } } : {};
    }
    default:
      return key satisfies never;
  }
}
