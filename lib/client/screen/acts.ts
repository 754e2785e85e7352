/** What slash commands of the full screen do. Knows the stage and what is kept; no keys. */
import type { ScreenAct, Turn } from '../commands/act.js';
import { edit, emptyEditor } from './input/editor.js';
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
  /** Puts a conversation on the screen. */
  readonly open: (id: ConversationId) => void;
  /** Another conversation came onto the screen by itself. */
  readonly looked: () => void;
  /** Says something in a conversation. */
  readonly say: (id: ConversationId, what: { text: string; action?: true }) => boolean;
  readonly keep: (changes: Partial<Preferences>) => void;
  readonly save: (path: string) => void;
  readonly compose: () => void;
}

export interface Acts {
  readonly screen: (act: ScreenAct) => void;
  readonly turn: (turn: Turn) => void;
}

const notifyWords: Readonly<Record<Notify, string>> = {
  off: 'never rings',
  mention: 'rings when your name is said, and for what is said to you alone',
  all: 'rings for every message',
};

export function createActs(deps: ActsDeps): Acts {
  const { stage, me, ignored, open } = deps;

  function window(which: number | string): void {
    const { conversations } = stage.state;
    const found =
      typeof which === 'number'
        ? conversations[which - 1]
        : conversations.find(({ id }) => id === which || id.slice(1) === which);
    if (found === undefined)
      stage.tell(
        `There is no conversation ${which} here; /query NAME opens one, /join #ROOM another.`,
        'bad',
      );
    else open(found.id);
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

  function turn(act: Turn): void {
    if (act.do === 'window') {
      window(act.which);
      return;
    }
    open(`@${act.name}`);
    if (act.text !== '') deps.say(`@${act.name}`, { text: act.text });
  }

  function screen(act: ScreenAct): void {
    switch (act.do) {
      case 'edit-last':
        editLast();
        break;
      case 'close':
        close();
        break;
      case 'clear':
        stage.update(cleared);
        break;
      case 'compose':
        deps.compose();
        break;
      case 'retry':
        retry();
        break;
      case 'save':
        deps.save(act.path);
        break;
      case 'notify':
        notify(act.what);
        break;
      case 'ignore':
        ignore(act.name);
        break;
      case 'unignore':
        unignore(act.name);
        break;
      default:
        act satisfies never;
    }
  }

  return { screen, turn };
}

function withoutMessagesOf(state: ScreenState, name: string): ScreenState {
  const without = (conversation: ConversationState): ConversationState => ({
    ...conversation,
    entries: conversation.entries.filter((entry) => entry.kind !== 'message' || entry.from !== name),
  });
  return state.conversations.reduce((next, { id }) => change(next, id, without), state);
}
