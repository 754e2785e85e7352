/** What keys do. Knows the stage, the editor and the keymap; neither bytes nor how anything looks. */
import { printable } from '../../protocol/printable.js';
import { type Deeds, perform } from '../face/deeds.js';
import type { Scrolling } from './scrolling.js';
import { change, current, find } from './stage/conversations.js';
import type { Loader } from './stage/loader.js';
import type { Stage } from './stage/stage.js';
import { looked, neighbour, nextUnread, turnedTo } from './stage/turning.js';
import { asked, withDraft } from './stage/update.js';
import type { ConversationId, Question } from './state.js';
import { type Edit, type Editor, edit } from './typing/editor.js';
import { emptyHistory, newer, older, remember } from './typing/input-history.js';
import type { Key } from './typing/key.js';
import { type Command, lookUp } from './typing/keymap.js';
import type { Tab } from './typing/tab.js';

export interface ControlsDeps {
  readonly stage: Stage;
  readonly loader: Loader;
  readonly scrolling: Scrolling;
  readonly tab: Tab;
  readonly deeds: Deeds;
  /** Shows text alone, until a key is pressed. */
  readonly bare: () => void;
  readonly redraw: () => void;
  readonly suspend: () => void;
  readonly compose: () => void;
  readonly leave: (how: 'interrupt' | 'person') => void;
  /** Somebody looks at the newest of the conversation on the screen. */
  readonly looked: () => void;
  /** Calls back once, when all that is to be done at once has been done. */
  readonly soon: (callback: () => void) => void;
}

export interface Controls {
  press(key: Key): void;
  /** Asks for one key; `yes` is called for y, any other key means no. */
  ask(question: Question, yes: () => void): void;
  /** Asks for a line that is kept nowhere; undefined where it is wanted no more. */
  enquire(question: string, options: { hidden: boolean }): Promise<string | undefined>;
  /** Puts a conversation on the screen, with what the server has of it. */
  turn(id: ConversationId): void;
  /** Puts a text in place of what is typed in a conversation. */
  replace(id: ConversationId, text: string): void;
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

const leaveQuestion: Question = {
  about: 'quit',
  text: 'Leave the chat? y, or Ctrl-C once more; any other key stays',
};

export function createControls(deps: ControlsDeps): Controls {
  const { stage, loader, scrolling, tab, deeds } = deps;
  let pending: string | undefined;
  let history = emptyHistory;
  let yes: (() => void) | undefined;
  let enquiry: Enquiry | undefined;
  // Typed after an answer, before the next question is there: it may be a secret, and is said to nobody.
  let held: Key[] | undefined;
  let last: ConversationId = stage.state.current;

  function type(what: Edit): void {
    const { draft } = current(stage.state);
    put(edit(draft, what));
  }

  function put(draft: Editor): void {
    stage.update((state) => withDraft(state, draft));
  }

  function set(text: string): void {
    type({ edit: 'set', text });
  }

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
    if (again) deps.leave('interrupt');
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
            deps.soon(release);
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

  /** @returns whether the key put an end to the bare text */
  function dressed(key: Key): boolean {
    if (stage.state.bare === undefined || key.kind === 'focus' || key.kind === 'end') return false;
    stage.update(({ bare: _, ...state }) => state);
    return true;
  }

  function turn(id: ConversationId | undefined): void {
    const from = stage.state.current;
    if (id === undefined || id === from) return;
    last = from;
    stage.update((state) => turnedTo(state, id));
    if (current(stage.state).entries.length === 0) void loader.older(id);
    deps.looked();
  }

  function submit(): void {
    const { id, draft } = current(stage.state);
    const place = id.startsWith('#') ? { room: id.slice(1) } : { to: id.slice(1) };
    const { text } = draft;
    // What was refused stays where it can be mended; what was typed into another conversation is its own.
    if (!perform(text, deeds, place)) return;
    history = remember(history, { in: id, text });
    // A command may have put the conversation away.
    if (find(stage.state, id) === undefined) return;
    stage.change(id, (conversation) => ({
      ...conversation,
      draft: edit(conversation.draft, { edit: 'clear' }),
    }));
  }

  function recall(step: 'older' | 'newer'): void {
    const { id, draft } = current(stage.state);
    const moved = edit(draft, { edit: step === 'older' ? 'up' : 'down' });
    if (moved !== draft) {
      put(moved);
      return;
    }
    const recalled = (step === 'older' ? older : newer)(history, { in: id, text: draft.text });
    if (recalled === undefined) return;
    history = recalled.history;
    set(recalled.text);
  }

  function interrupt(): void {
    if (current(stage.state).draft.text !== '') type({ edit: 'clear' });
    else ask(leaveQuestion, () => deps.leave('person'));
  }

  function side(): void {
    stage.update((state) => {
      const visible = state.side === 'shown' || (state.side === 'auto' && scrolling.sideIsShown());
      return { ...state, side: visible ? 'hidden' : 'shown' };
    });
  }

  function run(command: Command): void {
    switch (command) {
      case 'send':
        submit();
        break;
      case 'newline':
        type({ edit: 'insert', text: '\n' });
        break;
      case 'complete':
      case 'complete-back':
        tab.press(command === 'complete-back');
        break;
      case 'older':
      case 'newer':
        recall(command);
        break;
      case 'page-up':
      case 'page-down':
      case 'top':
      case 'bottom':
        scrolling.move(command);
        deps.looked();
        break;
      case 'next':
        turn(neighbour(stage.state, 1));
        break;
      case 'previous':
        turn(neighbour(stage.state, -1));
        break;
      case 'last':
        turn(last);
        break;
      case 'next-unread':
        turn(nextUnread(stage.state));
        break;
      case 'side':
        side();
        break;
      case 'bare':
        deps.bare();
        break;
      case 'redraw':
        deps.redraw();
        break;
      case 'interrupt':
        interrupt();
        break;
      case 'suspend':
        deps.suspend();
        break;
      case 'delete-or-end':
        if (current(stage.state).draft.text === '') interrupt();
        else type({ edit: 'delete-right' });
        break;
      case 'compose':
        deps.compose();
        break;
      default:
        if (isConversation(command)) turn(stage.state.conversations[Number(command.slice(-1)) - 1]?.id);
        else type({ edit: command });
    }
  }

  function press(key: Key): void {
    if (held !== undefined && key.kind !== 'end') {
      held.push(key);
      return;
    }
    if (dressed(key) || enquired(key) || answered(key)) return;
    switch (key.kind) {
      case 'text':
      case 'paste':
        pending = undefined;
        type({ edit: 'insert', text: printable(key.text, { newlines: true }) });
        break;
      case 'focus':
        stage.update((state) => looked({ ...state, focused: key.focused }));
        if (key.focused) deps.looked();
        break;
      case 'end':
        deps.leave('person');
        break;
      case 'key': {
        const meaning = lookUp(key.name, pending);
        pending = meaning.kind === 'begun' ? meaning.pending : undefined;
        if (meaning.kind === 'command') run(meaning.command);
        break;
      }
      default:
        key satisfies never;
    }
  }

  return {
    press,
    ask,
    enquire,
    turn,
    replace: (id, text) =>
      stage.update((state) =>
        change(state, id, (conversation) => ({
          ...conversation,
          draft: edit(conversation.draft, { edit: 'set', text: printable(text, { newlines: true }) }),
        })),
      ),
  };
}

function isConversation(command: Command): command is Extract<Command, `conversation-${number}`> {
  return command.startsWith('conversation-');
}
