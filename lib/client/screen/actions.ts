/**
 * Everything the screen does when a key asks for it, and the one place that carries it out. Knows the state, but neither
 * keys nor the terminal.
 */
import { withoutTask } from './draft-task.js';
import type { HistoryLoader } from './history-loader.js';
import type { Digit, KeyAction, ScreenAction } from './input/keymap.js';
import { createInputLine, type InputLineDeps } from './input-line.js';
import { createPrompts, createSwitcher, type Prompts } from './prompts.js';
import { layout } from './render/layout.js';
import type { Scrolling } from './scrolling.js';
import { createSelectedMessage, type SelectedMessageDeps } from './selected-message.js';
import { firstSeq } from './state/conversation.js';
import {
  allConversations,
  current,
  here,
  isSamePlace,
  neighbour,
  nextUnread,
  switchedTo,
  viewed,
} from './state/conversations.js';
import { type Edit, isSimpleEdit, type SimpleEdit } from './state/editor.js';
import type { ConversationPlace } from './state/state.js';
import type { ScreenStore } from './state/store.js';

interface ActionDeps extends InputLineDeps, SelectedMessageDeps {
  readonly scrolling: Pick<Scrolling, 'move' | 'select' | 'unselect'>;
  readonly history: Pick<HistoryLoader, 'older'>;
  /** Resolves once closed direct conversations are known as well. */
  readonly loadDirects: () => Promise<void>;
  /** What would end if the person quits now, as a sentence. */
  readonly quitWarning: () => string | undefined;
  readonly leave: (how: 'interrupt' | 'person') => void;
  /** Shows a conversation of another server. */
  readonly openElsewhere: (place: ConversationPlace) => void;
  /** What other parts of the screen do. */
  readonly others: Readonly<Record<Others, () => void>>;
}

type Others = 'compose' | 'plain-text' | 'redraw' | 'suspend' | 'close-image';
type Numbered = `conversation-${Digit}`;
type Handled = Exclude<KeyAction, SimpleEdit | Numbered>;

export function createDispatch(deps: ActionDeps): (action: ScreenAction) => void {
  const { store, scrolling, leave } = deps;
  const prompts = createPrompts(store);
  const input = createInputLine(deps);
  const type = (text: string) => input.type({ edit: 'insert', text });
  const selected = createSelectedMessage({
    ...deps,
    prompts,
    type: (text) => dispatch({ do: 'insert', text }),
  });
  const { open, ...places } = createNavigation(deps, prompts);

  const handlers: Readonly<Record<Handled | Others, () => void>> = {
    send: input.send,
    newline: () => type('\n'),
    complete: () => input.complete(false),
    'complete-back': () => input.complete(true),
    older: () => input.move('up'),
    newer: () => input.move('down'),
    'search-inputs': () => prompts.begin(input.search()),
    'select-up': () => select('up'),
    'select-down': () => select('down'),
    cancel: () => store.change(store.state.current, withoutTask),
    'page-up': () => scroll('page-up'),
    'page-down': () => scroll('page-down'),
    'rows-up': () => scroll('rows-up'),
    'rows-down': () => scroll('rows-down'),
    top: () => scroll('top'),
    bottom: () => scroll('bottom'),
    switch: places.byName,
    next: () => open(neighbour(store.state, 1)),
    previous: () => open(neighbour(store.state, -1)),
    last: places.back,
    'next-unread': () => open(nextUnread(store.state)),
    'side-lists': () => toggleSideLists(store),
    unfold: () => unfold(store),
    interrupt: () => interrupt(deps, input.type),
    'delete-or-quit'() {
      if (current(store.state).draft.text === '') interrupt(deps, input.type);
      else input.type({ edit: 'delete-right' });
    },
    ...deps.others,
  };

  function dispatch(action: ScreenAction): void {
    if (prompts.take(action) || selected(action)) return;
    if (action.do === 'insert') type(action.text);
    else if (action.do === 'focus') focus(deps, action.focused);
    else if (action.do === 'open') open(action.place, action.from);
    else if (action.do === 'leave') leave(action.how);
    else if (isSimpleEdit(action.do)) input.type({ edit: action.do });
    else if (isNumbered(action.do))
      open(allConversations(store.state)[Number(action.do.slice(-1)) - 1]?.place);
    else handlers[action.do]();
  }

  function select(direction: 'up' | 'down'): void {
    scrolling.select(direction);
    deps.viewed();
  }

  function scroll(where: Parameters<Scrolling['move']>[0]): void {
    scrolling.move(where);
    deps.viewed();
  }

  return dispatch;
}

function isNumbered(name: KeyAction | Others): name is Numbered {
  return name.startsWith('conversation-');
}

/** From one conversation to another. */
function createNavigation(
  { store, history, viewed, openElsewhere, loadDirects }: ActionDeps,
  prompts: Prompts,
) {
  /** The conversation that was open before the current one. */
  let cameFrom = here(store.state);

  function open(place: ConversationPlace | undefined, from = here(store.state)): void {
    if (place === undefined || isSamePlace(from, place)) return;
    if (place.server !== store.state.key) {
      openElsewhere(place);
      return;
    }
    cameFrom = from;
    store.update((state) => switchedTo(state, place.id));
    // There may be notices.
    if (firstSeq(current(store.state)) === undefined) void history.older(place.id);
    viewed();
  }

  return {
    open,
    back: () => open(cameFrom),
    byName(): void {
      const switcher = createSwitcher(store, open);
      prompts.begin(switcher);
      void loadDirects().then(() => prompts.refresh(switcher));
    },
  };
}

/** Shows what is folded in this conversation, or hides it again. */
function unfold(store: ScreenStore): void {
  const { id, entries, unfolded } = current(store.state);
  if (!entries.some((entry) => entry.kind === 'notice' && entry.folded)) {
    store.notice('Nothing is folded here.');
    return;
  }
  store.change(id, ({ unfolded: _, ...conversation }) =>
    unfolded ? conversation : { ...conversation, unfolded: true },
  );
}

function toggleSideLists(store: ScreenStore): void {
  store.update((state) => ({ ...state, sideLists: layout(state).side === undefined ? 'shown' : 'hidden' }));
}

function focus({ store, viewed: marksRead }: ActionDeps, focused: boolean): void {
  store.update((state) => viewed({ ...state, focused }));
  if (focused) marksRead();
}

/** Leaves an edit or a reply, or clears the input; if it is empty, asks whether to quit. */
function interrupt({ store, ask, quitWarning, leave }: ActionDeps, type: (what: Edit) => void): void {
  const { id, task, draft } = current(store.state);
  if (task !== undefined) store.change(id, withoutTask);
  else if (draft.text !== '') type({ edit: 'clear' });
  else {
    const warning = quitWarning();
    const text = `${warning === undefined ? '' : `${warning} `}Quit? y or Ctrl-C again; any other key cancels`;
    ask({ about: 'quit', text }, () => leave('person'));
  }
}
