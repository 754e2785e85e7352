/** What the screen does for commands. Knows requests and the state, neither keys nor the terminal. */
import { formatRoomOrPerson, parseRoomOrPerson, toRoomOrPerson } from '../../protocol/names.js';
import type { AwayStatus } from '../commands/away-status.js';
import type { CommandFrontEnd, ScreenCommands } from '../commands/command.js';
import type { ReadMarks } from '../session/read-marks.js';
import type { OutgoingMessage, Session } from '../session/session.js';
import { copyingLinks } from './copy.js';
import type { ScreenAction } from './input/keymap.js';
import type { Keyboard } from './keyboard.js';
import type { Appearance } from './render/theme.js';
import type { Scrolling } from './scrolling.js';
import { allConversations, closedDirects, here } from './state/conversations.js';
import { applyDraft } from './state/delivery.js';
import type { ConversationId, ConversationPlace, ScreenState } from './state/state.js';
import type { ScreenStore } from './state/store.js';
import { showTotpQr } from './totp-qr.js';

interface CommandFrontEndDeps extends Pick<CommandFrontEnd, 'transfers' | 'hosted' | 'stay' | 'quit'> {
  readonly session: Session;
  readonly marks: Pick<ReadMarks, 'flush'>;
  readonly store: ScreenStore;
  readonly scrolling: Pick<Scrolling, 'showNewest' | 'showLast' | 'showSince' | 'jump'>;
  readonly askLine: Keyboard['askLine'];
  readonly dispatch: (action: ScreenAction) => void;
  readonly appearance: Appearance;
  readonly away: Pick<AwayStatus, 'wroteTo'>;
  readonly hideHint: () => void;
  readonly screen: ScreenCommands;
}

export function createCommandFrontEnd(deps: CommandFrontEndDeps): CommandFrontEnd {
  const { session, marks, store, scrolling, appearance, hideHint } = deps;
  const { transfers, hosted, stay, quit, screen } = deps;

  function open(place: ConversationPlace): void {
    deps.dispatch({ do: 'open', place });
  }

  function answer(lines: readonly string[]): void {
    // First, for the hint takes a row of the pane.
    hideHint();
    store.notice(lines.join('\n'));
    scrolling.showNewest();
  }

  return {
    ...{ transfers, hosted, stay, quit, screen, answer },
    session: {
      ...{ name: session.name, hello: session.hello, reconnect: session.reconnect },
      get watched() {
        return session.watched;
      },
      ask(request) {
        // What is on the screen is not unread.
        if (request.type === 'conversations') marks.flush();
        return session.ask(request);
      },
    },
    time: appearance.time,
    emoji: true,
    conversation: () => toRoomOrPerson(store.state.current),
    refuse: (message) => void store.notice(message, 'bad'),
    say: (draft) => say(deps, draft),
    open: (conversation) => open({ ...here(store.state), id: formatRoomOrPerson(conversation) }),
    goTo(which) {
      const place = placeOf(store.state, which);
      if (place !== undefined) open(place);
      return place !== undefined;
    },
    showHistory(range, { conversation }) {
      const id = formatRoomOrPerson(conversation);
      return 'last' in range ? scrolling.showLast(id, range.last) : scrolling.showSince(id, range.since);
    },
    jump: (seq, { conversation }) => scrolling.jump(formatRoomOrPerson(conversation), seq),
    secrets: {
      ask: deps.askLine,
      showKey(key) {
        // First, for the hint takes a row of the pane.
        hideHint();
        return showTotpQr({ store, appearance }, key);
      },
      copying: copyingLinks,
    },
  };
}

function say(
  { session, store, appearance, away, hideHint }: CommandFrontEndDeps,
  draft: OutgoingMessage,
): void {
  const id: ConversationId = draft.to === undefined ? `#${draft.room ?? 'lobby'}` : `@${draft.to}`;
  const key = session.say(draft);
  store.update((state) => applyDraft(state, key, { id, draft, now: appearance.time.now() }));
  if (id !== store.state.current) store.notice(`to ${id.slice(1)}: ${draft.text}`);
  hideHint();
  if (draft.to !== undefined) void away.wroteTo(draft.to);
}

/** What /window names: a number, a name, or direct messages with `@NAME`, which may not have begun. */
function placeOf(state: ScreenState, which: string): ConversationPlace | undefined {
  const all = allConversations(state).map(({ place }) => place);
  if (/^\d{1,3}$/.test(which)) return all[Number(which) - 1];
  // Of two with the same name, the one on this server.
  const own = all.filter(({ server }) => server === state.key);
  const named = [...own, ...all, ...closedDirects(state)];
  const found = named.find(({ id }) => id === which || id.slice(1) === which);
  if (found !== undefined) return found;
  const typed = parseRoomOrPerson(which, 'room');
  if (!typed.ok || 'room' in typed.conversation) return undefined;
  return { ...here(state), id: formatRoomOrPerson(typed.conversation) };
}
