/** The commands that only the full screen has. Knows the screen's state and what is kept; no keys. */
import { toRoomOrPerson } from '../../protocol/room-or-person.js';
import type { CommandFrontEnd, ScreenCommands } from '../commands/command.js';
import { edit, emptyEditor } from './input/editor.js';
import { keyHelp } from './input/keymap.js';
import type { Preferences } from './preferences.js';
import { withoutFailed } from './state/conversation.js';
import { change, current } from './state/conversations.js';
import type { ConversationId, ConversationState, Notify, ScreenState } from './state/state.js';
import type { ScreenStore } from './state/store.js';
import { closed } from './state/turning.js';
import { cleared, withDraft } from './state/update.js';

export interface ActsDeps {
  readonly stage: ScreenStore;
  readonly me: string;
  readonly ignored: Set<string>;
  /** Another conversation came onto the screen by itself. */
  readonly looked: () => void;
  /** Says something in a conversation. */
  readonly say: (id: ConversationId, what: { text: string; action?: true }) => boolean;
  readonly keep: (changes: Partial<Preferences>) => void;
  readonly save: (path: string) => void;
  readonly compose: () => void;
}

export interface Acts extends Pick<CommandFrontEnd, 'findConversation'> {
  readonly screen: ScreenCommands;
}

const notifyWords: Readonly<Record<Notify, string>> = {
  off: 'never rings',
  mention: 'rings when your name is said, and for what is said to you alone',
  all: 'rings for every message',
};

export function createActs(deps: ActsDeps): Acts {
  const { stage, me, ignored } = deps;

  function findConversation(which: string) {
    const { conversations } = stage.state;
    const found = /^\d{1,3}$/.test(which)
      ? conversations[Number(which) - 1]
      : conversations.find(({ id }) => id === which || id.slice(1) === which);
    return found && toRoomOrPerson(found.id);
  }

  function notify(what: Notify | undefined): void {
    const { id, notify: before } = current(stage.state);
    if (what !== undefined) {
      stage.change(id, (conversation) => ({ ...conversation, notify: what }));
      stage.update((state) => ({ ...state, chosen: { ...state.chosen, [id]: what } }));
      deps.keep({ notify: stage.state.chosen ?? {} });
    }
    stage.tell(`${id} ${notifyWords[what ?? before]}`);
  }

  function ignore(name: string | undefined): void {
    if (name === undefined) {
      const names = [...ignored].sort();
      stage.tell(names.length === 0 ? 'You ignore nobody.' : `You ignore ${names.join(', ')}.`);
      return;
    }
    if (name === me) {
      stage.tell('You cannot ignore yourself.', 'bad');
      return;
    }
    ignored.add(name);
    deps.keep({ ignored: [...ignored] });
    stage.update((state) => withoutMessagesOf(state, name));
    stage.tell(
      `You do not see any more what ${name} says; nobody is told. /unignore ${name} brings it back.`,
    );
  }

  function unignore(name: string): void {
    const was = ignored.delete(name);
    if (was) deps.keep({ ignored: [...ignored] });
    stage.tell(was ? `You see again what ${name} says from now on.` : `You did not ignore ${name}.`);
  }

  function retry(): void {
    const id = stage.state.current;
    const { conversation, failed } = withoutFailed(current(stage.state));
    if (failed.length === 0) {
      stage.tell('Nothing failed here.');
      return;
    }
    stage.change(id, () => conversation);
    for (const { text, action } of failed) deps.say(id, { text, ...(action ? { action } : {}) });
  }

  function editLast(): void {
    const mine = current(stage.state).entries.findLast(
      (entry) =>
        entry.kind === 'message' && entry.mine && entry.seq !== undefined && entry.removed === undefined,
    );
    if (mine?.kind !== 'message') stage.tell('You have said nothing here lately.', 'bad');
    else
      stage.update((state) =>
        withDraft(state, edit(emptyEditor, { edit: 'set', text: `/edit ${mine.text}` })),
      );
  }

  function close(): void {
    const { current } = stage.state;
    if (current.startsWith('#')) {
      stage.tell('Only direct conversations can be put away; /leave leaves a room.', 'bad');
      return;
    }
    stage.update((state) => closed(state, current));
    deps.looked();
  }

  return {
    findConversation,
    screen: {
      editLast,
      close,
      clear: () => stage.update(cleared),
      compose: deps.compose,
      retry,
      save: deps.save,
      notify,
      ignore,
      unignore,
      keyHelp,
    },
  };
}

function withoutMessagesOf(state: ScreenState, name: string): ScreenState {
  const without = (conversation: ConversationState): ConversationState => ({
    ...conversation,
    entries: conversation.entries.filter((entry) => entry.kind !== 'message' || entry.from !== name),
  });
  return state.conversations.reduce((next, { id }) => change(next, id, without), state);
}
