/**
 * Everything the screen does when a key or a command asks for it, and the one place that carries it out. Knows the
 * state, but neither keys nor the terminal.
 */
import { findLinks } from '../../protocol/links.js';
import { recipientOf, toRoomOrPerson } from '../../protocol/names.js';
import { type SettingChange, settingLines, settingsFrom } from '../commands/settings.js';
import type { OutgoingMessage } from '../session/session.js';
import { excerpt } from '../text/wording.js';
import type { Copy } from './copy.js';
import { beginEdit, beginReply, carryOut, withoutTask } from './draft-task.js';
import type { ImageViewer } from './image-viewer.js';
import { completeDraft } from './input/completion.js';
import type { Digit, KeyAction } from './input/keymap.js';
import type { Preferences } from './preferences.js';
import {
  createLinkPrompt,
  createPrompts,
  createReactionPrompt,
  createSwitcher,
  type Prompt,
  type Prompts,
} from './prompts.js';
import { layout } from './render/layout.js';
import type { Scrolling } from './scrolling.js';
import { createSelectedMessage } from './selected-message.js';
import { firstSeq } from './state/conversation.js';
import {
  allConversations,
  change,
  cleared,
  closed,
  current,
  here,
  isSamePlace,
  neighbour,
  nextUnread,
  switchedTo,
  viewed,
  withDraft,
} from './state/conversations.js';
import { withoutFailed } from './state/delivery.js';
import { type Edit, edit, isSimpleEdit, type SimpleEdit } from './state/editor.js';
import {
  emptyHistory,
  type InputHistory,
  newer,
  older,
  remember,
  searchInputs,
} from './state/input-history.js';
import type { MessageKey } from './state/message-keys.js';
import type {
  ConversationId,
  ConversationPlace,
  ConversationState,
  MessageEntry,
  Notify,
  ScreenState,
  StatusQuestion,
} from './state/state.js';
import type { ScreenStore } from './state/store.js';

export type ScreenAction =
  | { readonly do: KeyAction }
  | { readonly do: 'insert'; readonly text: string; readonly pasted?: true }
  | { readonly do: 'focus'; readonly focused: boolean }
  /** `from`: what the person came from, if that was on another server. */
  | { readonly do: 'open'; readonly id: ConversationId; readonly from?: ConversationPlace }
  | { readonly do: 'leave'; readonly how: 'interrupt' | 'person' }
  | { readonly do: 'clear-pane' | 'close' | 'retry' | 'edit-last' | 'close-image' }
  | { readonly do: 'view'; readonly seq: number }
  | { readonly do: 'save'; readonly path: string }
  /** Without a choice, shows the current one. */
  | { readonly do: 'notify'; readonly choice: Notify | undefined }
  /** Without a name, lists the ignored people. */
  | { readonly do: 'ignore'; readonly name: string | undefined }
  | { readonly do: 'unignore'; readonly name: string }
  | { readonly do: 'set'; readonly change: SettingChange };

export interface ActionDeps {
  readonly store: ScreenStore;
  readonly scrolling: Pick<Scrolling, 'move' | 'older' | 'select' | 'unselect'>;
  readonly me: string;
  /** The terminal shows no emoji. */
  readonly ascii: boolean;
  /** People whose messages are not shown. */
  readonly ignored: Set<string>;
  /** Posts or runs a typed line. @returns whether the line is to stay in the input, as after a refusal */
  readonly runLine: (line: string) => boolean;
  readonly post: (draft: OutgoingMessage) => boolean;
  /** Tries a lost connection at once. */
  readonly reconnect: () => void;
  /** Gives an own message another text. Resolves with false after a refusal, which was shown. */
  readonly edit: (of: number, text: string) => Promise<boolean>;
  readonly copy: Pick<Copy, 'message' | 'text'>;
  /** Opens a link in a browser; false if there is none. */
  readonly openLink: (href: string) => Promise<boolean>;
  readonly keepPreferences: (changes: Partial<Preferences>) => void;
  readonly hideHint: () => void;
  /** /set may have changed what is shared with others. */
  readonly share: () => void;
  /** The reader may have the newest messages on the screen now. */
  readonly viewed: () => void;
  /** Resolves once closed direct conversations are known as well. */
  readonly loadDirects: () => Promise<void>;
  /** What would end if the person quits now, as a sentence. */
  readonly quitWarning: () => string | undefined;
  readonly ask: (question: StatusQuestion, yes: () => void) => void;
  readonly save: (path: string) => void;
  readonly images: Pick<ImageViewer, 'open' | 'close'>;
  readonly compose: () => void;
  readonly showPlainText: () => void;
  readonly redraw: () => void;
  readonly suspend: () => void;
  readonly leave: (how: 'interrupt' | 'person') => void;
  /** Shows a conversation of another server. */
  readonly openElsewhere: (place: ConversationPlace) => void;
}

interface Context extends ActionDeps {
  inputHistory: InputHistory;
  /** The conversation that was open before the current one. */
  cameFrom: ConversationPlace;
  readonly prompts: Prompts;
}

export function createDispatch(deps: ActionDeps): (action: ScreenAction) => void {
  const context: Context = {
    ...deps,
    inputHistory: emptyHistory,
    cameFrom: here(deps.store.state),
    prompts: createPrompts(deps.store),
  };
  const selected = createSelectedMessage({
    ...deps,
    act: (does, message) => messageActions[does](context, message),
    type: (text) => dispatch({ do: 'insert', text }),
  });

  function dispatch(action: ScreenAction): void {
    if (context.prompts.take(action) || selected(action)) return;
    if (isSimpleEdit(action.do)) typeEdit(context, { edit: action.do });
    else if (isNumbered(action.do)) goTo(context, nth(context, Number(action.do.slice(-1))));
    else (handlers[action.do] as (context: Context, action: ScreenAction) => void)(context, action);
  }

  return dispatch;
}

type Numbered = `conversation-${Digit}`;
type Handled = Exclude<ScreenAction['do'], SimpleEdit | Numbered>;
/** What comes with an action besides its name. */
type With<D> = ScreenAction extends infer A
  ? A extends { readonly do: infer E }
    ? D extends E
      ? A
      : never
    : never
  : never;

const handlers: { readonly [D in Handled]: (context: Context, action: With<D>) => void } = {
  send,
  newline: (context) => typeEdit(context, { edit: 'insert', text: '\n' }),
  insert: (context, { text }) => typeEdit(context, { edit: 'insert', text }),
  complete: (context) => complete(context, false),
  'complete-back': (context) => complete(context, true),
  older: (context) => recall(context, 'up', older),
  newer: (context) => recall(context, 'down', newer),
  'edit-last': editLast,
  'select-up': (context) => select(context, 'up'),
  'select-down': (context) => select(context, 'down'),
  cancel: ({ store }) => store.change(store.state.current, withoutTask),
  compose: ({ compose }) => compose(),
  'search-inputs': (context) => context.prompts.begin(inputSearch(context)),
  switch: switchByName,
  retry,
  'page-up': (context) => scroll(context, 'page-up'),
  'page-down': (context) => scroll(context, 'page-down'),
  'rows-up': (context) => scroll(context, 'rows-up'),
  'rows-down': (context) => scroll(context, 'rows-down'),
  top: (context) => scroll(context, 'top'),
  bottom: (context) => scroll(context, 'bottom'),
  open: (context, { id, from }) => open(context, id, from),
  next: (context) => goTo(context, neighbour(context.store.state, 1)),
  previous: (context) => goTo(context, neighbour(context.store.state, -1)),
  last: (context) => goTo(context, context.cameFrom),
  'next-unread': (context) => goTo(context, nextUnread(context.store.state)),
  close,
  'clear-pane': ({ store }) => store.update(cleared),
  notify,
  ignore,
  unignore,
  set,
  save: ({ save }, { path }) => save(path),
  view: ({ images }, { seq }) => void images.open(seq),
  'close-image': ({ images }) => images.close(),
  'side-lists': toggleSideLists,
  unfold,
  'plain-text': ({ showPlainText }) => showPlainText(),
  redraw: ({ redraw }) => redraw(),
  suspend: ({ suspend }) => suspend(),
  focus,
  interrupt,
  'delete-or-quit': deleteOrQuit,
  leave: ({ leave }, { how }) => leave(how),
};

function isNumbered(name: ScreenAction['do']): name is Numbered {
  return name.startsWith('conversation-');
}

function nth({ store }: Context, number: number): ConversationPlace | undefined {
  return allConversations(store.state)[number - 1]?.place;
}

function typeEdit({ store }: Context, what: Edit): void {
  store.update((state) => withDraft(state, edit(current(state).draft, what)));
}

function send(context: Context): void {
  const { store, runLine, reconnect } = context;
  const { id, draft } = current(store.state);
  if (carryOut(store, context)) {
    context.inputHistory = remember(context.inputHistory, { in: id, text: draft.text });
    return;
  }
  if (draft.text === '' && store.state.connection.state === 'waiting') reconnect();
  // First, so that a command such as /compose finds an empty input.
  store.update((state) => withDraft(state, edit(draft, { edit: 'clear' })));
  if (!runLine(draft.text)) {
    context.inputHistory = remember(context.inputHistory, { in: id, text: draft.text });
    return;
  }
  store.change(id, (conversation) =>
    conversation.draft.text === '' ? { ...conversation, draft } : conversation,
  );
}

function complete(context: Context, back: boolean): void {
  const { store, hideHint } = context;
  const completion = completeDraft(store.state, back);
  if (completion === undefined) return;
  hideHint();
  const { text, cursor } = completion;
  typeEdit(context, { edit: 'set', text, cursor });
  store.update((state) => ({ ...state, completion }));
}

/** Moves between the lines of the input; beyond them, through the input history. */
function recall(context: Context, line: 'up' | 'down', step: typeof older): void {
  const { store } = context;
  const { id, draft } = current(store.state);
  const moved = edit(draft, { edit: line });
  if (moved !== draft) {
    store.update((state) => withDraft(state, moved));
    return;
  }
  const recalled = step(context.inputHistory, { in: id, text: draft.text });
  if (recalled === undefined) return;
  context.inputHistory = recalled.history;
  typeEdit(context, { edit: 'set', text: recalled.text });
}

/** Ctrl-R: the newest input that has the text, then older ones; nothing typed finds nothing. */
function inputSearch({ store, inputHistory }: Context): Prompt {
  const draft = current(store.state).draft.text;
  const put = (text: string) =>
    store.update((state) => withDraft(state, edit(current(state).draft, { edit: 'set', text })));
  let at: number | undefined;
  return {
    again: ['search-inputs'],
    answer(text, why) {
      const again = why === 'again';
      const before = again && at !== undefined ? { before: at } : {};
      const found = text === '' ? undefined : searchInputs(inputHistory, { text, ...before });
      if (found !== undefined) put(found.text);
      if (found !== undefined || !again) at = found?.at;
      return [text !== '' && found === undefined ? 'Not found' : 'Search', ''];
    },
    accept: () => false,
    cancel: () => put(draft),
  };
}

function switchByName(context: Context): void {
  const { prompts, store, loadDirects } = context;
  const switcher = createSwitcher(store, (place) => goTo(context, place));
  prompts.begin(switcher);
  void loadDirects().then(() => prompts.refresh(switcher));
}

function editLast({ store }: Context): void {
  const mine = current(store.state).entries.findLast(
    (entry) =>
      entry.kind === 'message' && entry.mine && entry.seq !== undefined && entry.removed === undefined,
  );
  if (mine?.kind !== 'message') store.notice('You have no recent message here to edit.', 'bad');
  else beginEdit(store, mine);
}

/** What the keys of a selected message do; afterwards it is no longer selected. */
const messageActions: {
  readonly [D in MessageKey['does']]: (context: Context, message: MessageEntry) => void;
} = {
  reply(context, message) {
    unselect(context);
    beginReply(context.store, message);
  },
  react(context, { seq }) {
    unselect(context);
    const react = (emoji: string) => void context.runLine(`/react ${seq} ${emoji}`);
    context.prompts.begin(createReactionPrompt(react, context));
  },
  edit(context, message) {
    unselect(context);
    beginEdit(context.store, message);
  },
  delete(context, { from, mine, text, file, seq }) {
    const what = `"${excerpt(file?.name ?? text)}"${mine ? '' : ` from ${from}`}`;
    context.ask({ about: 'delete', text: `Delete ${what}? y/n` }, () => {
      unselect(context);
      context.runLine(`/delete ${seq}`);
    });
  },
  copy(context, message) {
    unselect(context);
    void context.copy.message(message);
  },
  'open-link'(context, { text, of }) {
    unselect(context);
    const links = findLinks(text).map(({ href }) => href);
    const jump = of?.from === undefined ? undefined : () => jumpTo(context, of.seq);
    const open = (href: string) => void followLink(context, href);
    context.prompts.begin(createLinkPrompt([...new Set(links)], { open, jump }));
  },
  jump(context, { of }) {
    if (of !== undefined) jumpTo(context, of.seq);
  },
};

/** What is loaded is selected instead, and Escape leads back. */
function jumpTo(context: Context, seq: number): void {
  const { store, runLine } = context;
  const { id, entries } = current(store.state);
  const loaded = entries.findLast((entry) => entry.kind === 'message' && entry.seq === seq);
  if (loaded !== undefined) {
    store.change(id, (conversation) => ({ ...conversation, selected: loaded.id }));
    return;
  }
  unselect(context);
  runLine(`/jump ${seq}`);
}

function select({ scrolling, viewed }: Context, direction: 'up' | 'down'): void {
  scrolling.select(direction);
  viewed();
}

function unselect({ scrolling, viewed }: Context): void {
  scrolling.unselect();
  viewed();
}

async function followLink({ store, copy, openLink }: Context, href: string): Promise<void> {
  if (await openLink(href)) store.notice(`Opened ${href}`);
  else await copy.text(href, 'the link, since no browser could be opened here');
}

function retry({ store, post }: Context): void {
  const id = store.state.current;
  const { conversation, failed } = withoutFailed(current(store.state));
  if (failed.length === 0) {
    store.notice('No failed messages here.');
    return;
  }
  store.change(id, () => conversation);
  const where = recipientOf(toRoomOrPerson(id));
  for (const { text, action, of } of failed) {
    post({ ...where, text, ...(action && { action }), ...(of !== undefined && { of: of.seq }) });
  }
}

function scroll({ scrolling, viewed }: Context, where: Parameters<Scrolling['move']>[0]): void {
  scrolling.move(where);
  viewed();
}

function goTo(context: Context, place: ConversationPlace | undefined): void {
  if (place === undefined) return;
  if (place.server === context.store.state.key) open(context, place.id);
  else context.openElsewhere(place);
}

function open(context: Context, id: ConversationId, from = here(context.store.state)): void {
  const { store, scrolling } = context;
  if (isSamePlace(from, { server: store.state.key, id })) return;
  context.cameFrom = from;
  store.update((state) => switchedTo(state, id));
  // There may be notices.
  if (firstSeq(current(store.state)) === undefined) void scrolling.older(id);
  context.viewed();
}

function close(context: Context): void {
  const { store } = context;
  const id = store.state.current;
  if (id.startsWith('#')) {
    store.notice('You can only close direct messages. To leave a room, use /leave.', 'bad');
    return;
  }
  store.update((state) => closed(state, id));
  context.viewed();
}

const notifyWords: Readonly<Record<Notify, string>> = {
  off: 'never rings the bell',
  mention: 'rings the bell for mentions and direct messages',
  all: 'rings the bell for every message',
};

function notify({ store, keepPreferences }: Context, { choice }: { choice: Notify | undefined }): void {
  const { id, notify: before } = current(store.state);
  if (choice !== undefined) {
    store.change(id, (conversation) => ({ ...conversation, notify: choice }));
    store.update((state) => ({ ...state, notifyChoices: { ...state.notifyChoices, [id]: choice } }));
    keepPreferences({ notify: store.state.notifyChoices ?? {} });
  }
  store.notice(`${id} ${notifyWords[choice ?? before]}.`);
}

function ignore(context: Context, { name }: { name: string | undefined }): void {
  const { store, ignored, keepPreferences } = context;
  if (name === undefined) {
    const names = [...ignored].sort();
    store.notice(names.length === 0 ? "You aren't ignoring anyone." : `Ignored: ${names.join(', ')}`);
    return;
  }
  if (name === context.me) {
    store.notice("You can't ignore yourself.", 'bad');
    return;
  }
  ignored.add(name);
  keepPreferences({ ignored: [...ignored] });
  store.update((state) => withoutMessagesFrom(state, name));
  store.notice(`Messages from ${name} are hidden. Undo with /unignore ${name}.`);
}

function unignore({ store, ignored, keepPreferences }: Context, { name }: { name: string }): void {
  const was = ignored.delete(name);
  if (was) keepPreferences({ ignored: [...ignored] });
  store.notice(was ? `New messages from ${name} are shown again.` : `You weren't ignoring ${name}.`);
}

function set(
  { store, keepPreferences, share }: Context,
  { change: { name, value } }: { change: SettingChange },
): void {
  if (name !== undefined && value !== undefined) {
    const settings = settingsFrom({ ...store.state.settings, [name]: value });
    store.update((state) => ({ ...state, settings }));
    keepPreferences({ settings });
    share();
  }
  store.notice(settingLines(store.state.settings, name).join('\n'));
}

function withoutMessagesFrom(state: ScreenState, name: string): ScreenState {
  const without = (conversation: ConversationState): ConversationState => ({
    ...conversation,
    entries: conversation.entries.filter((entry) => entry.kind !== 'message' || entry.from !== name),
  });
  return state.conversations.reduce((next, { id }) => change(next, id, without), state);
}

/** Shows what is folded in this conversation, or hides it again. */
function unfold({ store }: Context): void {
  const { id, entries, unfolded } = current(store.state);
  if (!entries.some((entry) => entry.kind === 'notice' && entry.folded)) {
    store.notice('Nothing is folded here.');
    return;
  }
  store.change(id, ({ unfolded: _, ...conversation }) =>
    unfolded ? conversation : { ...conversation, unfolded: true },
  );
}

function toggleSideLists({ store }: Context): void {
  store.update((state) => ({ ...state, sideLists: layout(state).side === undefined ? 'shown' : 'hidden' }));
}

function focus(context: Context, { focused }: { focused: boolean }): void {
  context.store.update((state) => viewed({ ...state, focused }));
  if (focused) context.viewed();
}

/** Leaves an edit or a reply, or clears the input; if it is empty, asks whether to quit. */
function interrupt(context: Context): void {
  const { store, ask, quitWarning, leave } = context;
  if (current(store.state).task !== undefined) {
    store.change(store.state.current, withoutTask);
    return;
  }
  if (current(store.state).draft.text !== '') {
    typeEdit(context, { edit: 'clear' });
    return;
  }
  const warning = quitWarning();
  const text = `${warning === undefined ? '' : `${warning} `}Quit? y or Ctrl-C again; any other key cancels`;
  ask({ about: 'quit', text }, () => leave('person'));
}

function deleteOrQuit(context: Context): void {
  if (current(context.store.state).draft.text === '') interrupt(context);
  else typeEdit(context, { edit: 'delete-right' });
}
