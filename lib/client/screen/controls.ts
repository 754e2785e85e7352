/** What keys do. Knows the stage, the editor and the keymap; neither bytes nor how anything looks. */
import { printable } from '../../protocol/printable.js';
import type { LineRunner } from '../commands/run-line.js';
import { type Edit, type Editor, edit } from './input/editor.js';
import { emptyHistory, newer, older, remember } from './input/input-history.js';
import type { Key } from './input/key.js';
import { type Command, lookUp } from './input/keymap.js';
import type { Tab } from './input/tab.js';
import { createQuestions } from './questions.js';
import type { Scrolling } from './scrolling.js';
import { change, current, find } from './state/conversations.js';
import type { Loader } from './state/loader.js';
import type { ConversationId, Question } from './state/state.js';
import type { ScreenStore } from './state/store.js';
import { looked, neighbour, nextUnread, turnedTo } from './state/turning.js';
import { withDraft } from './state/update.js';

export interface ControlsDeps {
  readonly stage: ScreenStore;
  readonly loader: Loader;
  readonly scrolling: Scrolling;
  readonly tab: Tab;
  readonly runner: Pick<LineRunner, 'run'>;
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

const leaveQuestion: Question = {
  about: 'quit',
  text: 'Leave the chat? y, or Ctrl-C once more; any other key stays',
};

export function createControls(deps: ControlsDeps): Controls {
  const { stage, loader, scrolling, tab, runner } = deps;
  let pending: string | undefined;
  let history = emptyHistory;
  let last: ConversationId = stage.state.current;
  const { leave, soon } = deps;
  const questions = createQuestions({ stage, leave, soon, press });

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
    const { text } = draft;
    // What was refused stays where it can be mended; what was typed into another conversation is its own.
    if (runner.run(text).keep) return;
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
    else questions.ask(leaveQuestion, () => deps.leave('person'));
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
    if (dressed(key) || questions.takes(key)) return;
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
    ask: questions.ask,
    enquire: questions.enquire,
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
