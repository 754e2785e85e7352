/** The input line: typing, completing and sending it, and what was typed before. Knows the state, no keys. */
import type { OutgoingMessage } from '../session/session.js';
import { carryOut } from './draft-task.js';
import { completeDraft } from './input/completion.js';
import type { Prompt } from './prompts.js';
import { current } from './state/conversations.js';
import { type Edit, edit } from './state/editor.js';
import { emptyHistory, newer, older, remember, searchInputs } from './state/input-history.js';
import type { ConversationState } from './state/state.js';
import type { ScreenStore } from './state/store.js';

export interface InputLineDeps {
  readonly store: ScreenStore;
  /** Posts or runs a typed line. @returns whether the line is to stay in the input, as after a refusal */
  readonly runLine: (line: string) => boolean;
  /** @returns whether it was accepted; a refusal was shown */
  readonly post: (draft: OutgoingMessage) => boolean;
  /** Gives an own message another text. Resolves with false after a refusal, which was shown. */
  readonly edit: (of: number, text: string) => Promise<boolean>;
  /** Tries a lost connection at once. */
  readonly reconnect: () => void;
  readonly hideHint: () => void;
}

export function createInputLine(deps: InputLineDeps) {
  const { store, runLine, reconnect, hideHint } = deps;
  let inputs = emptyHistory;

  function put(draft: ConversationState['draft']): void {
    store.change(store.state.current, (conversation) => ({ ...conversation, draft }));
  }

  function type(what: Edit): void {
    put(edit(current(store.state).draft, what));
  }

  return {
    type,
    send(): void {
      const { id, draft } = current(store.state);
      if (!carryOut(store, deps)) {
        if (draft.text === '' && store.state.connection.state === 'waiting') reconnect();
        // First, so that a command such as /compose finds an empty input.
        put(edit(draft, { edit: 'clear' }));
        if (runLine(draft.text)) {
          store.change(id, (conversation) =>
            conversation.draft.text === '' ? { ...conversation, draft } : conversation,
          );
          return;
        }
      }
      inputs = remember(inputs, { in: id, text: draft.text });
    },
    complete(back: boolean): void {
      const completion = completeDraft(store.state, back);
      if (completion === undefined) return;
      hideHint();
      const { text, cursor } = completion;
      type({ edit: 'set', text, cursor });
      store.update((state) => ({ ...state, completion }));
    },
    /** Moves between the lines of the input; beyond them, through the inputs before. */
    move(line: 'up' | 'down'): void {
      const { id, draft } = current(store.state);
      const moved = edit(draft, { edit: line });
      if (moved !== draft) {
        put(moved);
        return;
      }
      const recalled = (line === 'up' ? older : newer)(inputs, { in: id, text: draft.text });
      if (recalled === undefined) return;
      inputs = recalled.history;
      type({ edit: 'set', text: recalled.text });
    },
    /** Ctrl-R: the newest input that has the text, then older ones; nothing typed finds nothing. */
    search(): Prompt {
      const draft = current(store.state).draft.text;
      const show = (text: string) => type({ edit: 'set', text });
      let at: number | undefined;
      return {
        again: ['search-inputs'],
        answer(text, why) {
          const again = why === 'again';
          const before = again && at !== undefined ? { before: at } : {};
          const found = text === '' ? undefined : searchInputs(inputs, { text, ...before });
          if (found !== undefined) show(found.text);
          if (found !== undefined || !again) at = found?.at;
          return [text !== '' && found === undefined ? 'Not found' : 'Search', ''];
        },
        accept: () => false,
        cancel: () => show(draft),
      };
    },
  };
}
