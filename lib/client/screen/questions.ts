/**
 * What is asked in place of the status line: answered by one key, or by a line that is kept nowhere. Knows keys and the
 * stage, not what is asked.
 */
import { printable } from '../../protocol/printable.js';
import type { Key } from './input/key.js';
import { lookUp } from './input/keymap.js';
import type { Question } from './state/state.js';
import type { ScreenStore } from './state/store.js';
import { asked } from './state/update.js';

export interface QuestionsDeps {
  readonly stage: ScreenStore;
  readonly leave: (how: 'interrupt') => void;
  /** Calls back once, when all that is to be done at once has been done. */
  readonly soon: (callback: () => void) => void;
  /** Presses a key that was held back, as if it came now. */
  readonly press: (key: Key) => void;
}

export interface Questions {
  /** Asks for one key; `yes` is called for y, any other key means no. */
  ask(question: Question, yes: () => void): void;
  /** Asks for a line that is kept nowhere; undefined where it is wanted no more. */
  enquire(question: string, options: { hidden: boolean }): Promise<string | undefined>;
  /** @returns whether the key was an answer, or is held back because it may become one */
  takes(key: Key): boolean;
}

/** A line that is asked for. */
interface Enquiry {
  readonly question: string;
  readonly hidden: boolean;
  typed: string;
  done(line: string | undefined): void;
}

/** More say no more. */
const mostStars = 32;

export function createQuestions({ stage, leave, soon, press }: QuestionsDeps): Questions {
  let yes: (() => void) | undefined;
  let enquiry: Enquiry | undefined;
  // Typed after an answer, before the next question is there: it may be a secret, and is said to nobody.
  let held: Key[] | undefined;

  function ask(question: Question, then: () => void): void {
    yes = then;
    stage.update((state) => asked(state, question));
  }

  /** @returns whether the key answered a question */
  function answered(key: Key): boolean {
    const { question } = stage.state;
    if (question === undefined || key.kind === 'focus' || key.kind === 'end') return false;
    const then = yes;
    yes = undefined;
    stage.update((state) => asked(state, undefined));
    const again = key.kind === 'key' && key.name === 'ctrl-c' && question.about === 'quit';
    if (again) leave('interrupt');
    else if (key.kind === 'text' && /^[yY]$/.test(key.text)) then?.();
    // A key that says no is no more than that, but what somebody goes on typing is not lost.
    else return !(key.kind === 'text' || key.kind === 'paste');
    return true;
  }

  function showEnquiry(): void {
    const { question, hidden, typed } = enquiry ?? { question: '', hidden: true, typed: '' };
    const shown = hidden ? '*'.repeat(Math.min(mostStars, [...typed].length)) : typed;
    stage.update((state) => asked(state, { about: 'secret', text: `${question}${shown}_` }));
  }

  function enquire(question: string, { hidden }: { hidden: boolean }): Promise<string | undefined> {
    enquiry?.done(undefined);
    return new Promise((resolve) => {
      enquiry = {
        ...{ question, hidden, typed: '' },
        done(line) {
          enquiry = undefined;
          if (line !== undefined && held === undefined) {
            held = [];
            soon(release);
          }
          stage.update((state) => asked(state, undefined));
          resolve(line);
        },
      };
      showEnquiry();
    });
  }

  function release(): void {
    const keys = held ?? [];
    held = undefined;
    for (const key of keys) press(key);
  }

  /** @returns whether the key was of a line that is asked for */
  function enquired(key: Key): boolean {
    if (enquiry === undefined || key.kind === 'focus') return false;
    if (key.kind === 'text' || key.kind === 'paste') {
      const [line = ''] = key.text.split(/[\r\n]/);
      // What is hidden is what was typed, to the letter: it is shown nowhere.
      enquiry.typed += enquiry.hidden ? line : printable(line);
      showEnquiry();
      return true;
    }
    const meaning = key.kind === 'key' ? lookUp(key.name, undefined) : undefined;
    const command = meaning?.kind === 'command' ? meaning.command : undefined;
    if (command === 'send') enquiry.done(enquiry.typed);
    else if (key.kind === 'end' || command === 'interrupt' || (key.kind === 'key' && key.name === 'escape')) {
      enquiry.done(undefined);
    } else if (command === 'delete-left' || command === 'kill-to-start') {
      enquiry.typed = command === 'delete-left' ? [...enquiry.typed].slice(0, -1).join('') : '';
      showEnquiry();
    }
    return key.kind !== 'end';
  }

  return {
    ask,
    enquire,
    takes(key) {
      if (held !== undefined && key.kind !== 'end') {
        held.push(key);
        return true;
      }
      return enquired(key) || answered(key);
    },
  };
}
