/**
 * Keys while a message is selected: those of the table act on it, Escape leaves it, and any other key leaves it and does
 * what it always does. Knows which keys are possible, not how they are carried out.
 */
import type { Scrolling } from './scrolling.js';
import { selectedMessage } from './state/conversation.js';
import { current } from './state/conversations.js';
import { type MessageKey, possibleKeys } from './state/message-keys.js';
import type { MessageEntry } from './state/state.js';
import type { ScreenStore } from './state/store.js';

/** What matters here of an action. */
interface KeyedAction {
  readonly do: string;
  readonly text?: string;
  readonly pasted?: true;
}

interface SelectedMessageDeps {
  readonly store: ScreenStore;
  readonly scrolling: Pick<Scrolling, 'unselect'>;
  /** The reader may have the newest messages on the screen now. */
  readonly viewed: () => void;
  readonly act: (does: MessageKey['does'], message: MessageEntry) => void;
  /** Types what came after a key in one piece. */
  readonly type: (text: string) => void;
}

/** What a selection outlasts. */
const harmless: ReadonlySet<string> = new Set(['focus', 'select-up', 'select-down', 'redraw', 'suspend']);
/** They go on from what is in the pane. */
const scrolls: ReadonlySet<string> = new Set(['page-up', 'page-down', 'rows-up', 'rows-down', 'plain-text']);

/** @returns whether that was all that the action does */
export function createSelectedMessage(deps: SelectedMessageDeps): (action: KeyedAction) => boolean {
  const { store, scrolling, viewed, act, type } = deps;
  return (action) => {
    const message = selectedMessage(current(store.state));
    if (message === undefined || harmless.has(action.do)) return false;
    const typed = action.do === 'insert' && action.pasted !== true ? (action.text ?? '') : '';
    const wanted = action.do === 'send' ? 'Enter' : [...typed][0];
    const meant = possibleKeys(store.state).find(({ key }) => key === wanted);
    if (meant !== undefined) {
      act(meant.does, message);
      // On a slow line several keys come at once.
      const rest = typed.slice(meant.key.length);
      if (rest !== '') type(rest);
      return true;
    }
    scrolling.unselect({ stay: scrolls.has(action.do) });
    viewed();
    return action.do === 'cancel' || action.do === 'interrupt' || action.do === 'send';
  };
}
