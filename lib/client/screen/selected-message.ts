/**
 * Keys while a message is selected: those of the table act on it, Escape leaves it, and any other key leaves it and does
 * what it always does. Knows the state, neither the terminal nor the server.
 */
import { findLinks } from '../../protocol/links.js';
import { excerpt } from '../text/wording.js';
import type { Copy } from './copy.js';
import { beginEdit, beginReply } from './draft-task.js';
import type { ScreenAction } from './input/keymap.js';
import type { InputLineDeps } from './input-line.js';
import type { Keyboard } from './keyboard.js';
import { createLinkPrompt, createReactionPrompt, type Prompts } from './prompts.js';
import type { Scrolling } from './scrolling.js';
import { loadedMessage, selectedMessage } from './state/conversation.js';
import { current } from './state/conversations.js';
import { type MessageKey, possibleKeys } from './state/message-keys.js';
import type { MessageEntry } from './state/state.js';
import type { ScreenStore } from './state/store.js';

export interface SelectedMessageDeps {
  readonly store: ScreenStore;
  readonly scrolling: Pick<Scrolling, 'unselect'>;
  readonly copy: Pick<Copy, 'message' | 'text'>;
  /** The terminal shows no emoji. */
  readonly ascii: boolean;
  readonly ask: Keyboard['ask'];
  readonly runLine: InputLineDeps['runLine'];
  /** Opens a link in a browser; false if there is none. */
  readonly openLink: (href: string) => Promise<boolean>;
  /** The reader may have the newest messages on the screen now. */
  readonly viewed: () => void;
}

interface Asking extends SelectedMessageDeps {
  readonly prompts: Pick<Prompts, 'begin'>;
  /** Types what came after a key in one piece. */
  readonly type: (text: string) => void;
}

/** What a selection outlasts. */
const harmless: ReadonlySet<string> = new Set(['focus', 'select-up', 'select-down', 'redraw', 'suspend']);
/** They go on from what is in the pane. */
const scrolls: ReadonlySet<string> = new Set(['page-up', 'page-down', 'rows-up', 'rows-down', 'plain-text']);

/** @returns whether that was all that the action does */
export function createSelectedMessage(deps: Asking): (action: ScreenAction) => boolean {
  const { store, scrolling, viewed, type } = deps;
  return (action) => {
    const message = selectedMessage(current(store.state));
    if (message === undefined || harmless.has(action.do)) return false;
    const typed = action.do === 'insert' && action.pasted !== true ? action.text : '';
    const wanted = action.do === 'send' ? 'Enter' : [...typed][0];
    const meant = possibleKeys(store.state).find(({ key }) => key === wanted);
    if (meant !== undefined) {
      actions[meant.does](message, deps);
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

/** What the keys do; afterwards the message is no longer selected. */
const actions: { readonly [D in MessageKey['does']]: (message: MessageEntry, deps: Asking) => void } = {
  reply(message, deps) {
    unselect(deps);
    beginReply(deps.store, message);
  },
  react({ seq }, deps) {
    unselect(deps);
    const react = (emoji: string) => void deps.runLine(`/react ${seq} ${emoji}`);
    deps.prompts.begin(createReactionPrompt(react, deps));
  },
  edit(message, deps) {
    unselect(deps);
    beginEdit(deps.store, message);
  },
  delete({ from, mine, text, file, seq }, deps) {
    const what = `"${excerpt(file?.name ?? text)}"${mine ? '' : ` from ${from}`}`;
    deps.ask({ about: 'delete', text: `Delete ${what}? y/n` }, () => {
      unselect(deps);
      deps.runLine(`/delete ${seq}`);
    });
  },
  copy(message, deps) {
    unselect(deps);
    void deps.copy.message(message);
  },
  'open-link'({ text, of }, deps) {
    unselect(deps);
    const links = findLinks(text).map(({ href }) => href);
    const jump = of?.from === undefined ? undefined : () => jumpTo(of.seq, deps);
    const open = (href: string) => void followLink(href, deps);
    deps.prompts.begin(createLinkPrompt([...new Set(links)], { open, jump }));
  },
  jump({ of }, deps) {
    if (of !== undefined) jumpTo(of.seq, deps);
  },
};

function unselect({ scrolling, viewed }: Asking): void {
  scrolling.unselect();
  viewed();
}

/** What is loaded is selected instead, and Escape leads back. */
function jumpTo(seq: number, deps: Asking): void {
  const { store, runLine } = deps;
  const conversation = current(store.state);
  const loaded = loadedMessage(conversation, seq);
  if (loaded !== undefined) {
    store.change(conversation.id, (before) => ({ ...before, selected: loaded.id }));
    return;
  }
  unselect(deps);
  runLine(`/jump ${seq}`);
}

async function followLink(href: string, { store, copy, openLink }: Asking): Promise<void> {
  if (await openLink(href)) store.notice(`Opened ${href}`);
  else await copy.text(href, 'the link, since no browser could be opened here');
}
