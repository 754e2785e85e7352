/**
 * Typing and read receipts, as far as /set shares them: tells the server what is shared and when the reader types, and
 * brings what it tells of others into the state. Knows requests, events and the state; no keys.
 */
import type { ServerFrameOf } from '../../protocol/events.js';
import { toRoomOrPerson } from '../../protocol/names.js';
import { printable } from '../../protocol/printable.js';
import type { Clock } from '../../system/clock.js';
import { typedText } from '../commands/commands.js';
import type { Session, SessionEvent } from '../session/session.js';
import { withoutTyping, withReaders, withTyping } from './state/activity.js';
import { conversationOf, idOf } from './state/conversation.js';
import { current } from './state/conversations.js';
import type { ConversationId, ConversationState, ScreenState } from './state/state.js';
import type { ScreenStore } from './state/store.js';

export interface Sharing {
  /** What /set shares may have changed. */
  share(): void;
  /** A key was pressed. @param before the conversation on the screen before that */
  pressed(before: ConversationState): void;
  /** Must see everything that happens. */
  notice(event: SessionEvent): void;
}

interface SharingDeps {
  readonly store: ScreenStore;
  readonly session: Pick<Session, 'ask' | 'name'>;
  /** People whose messages are not shown. */
  readonly ignored: ReadonlySet<string>;
  readonly clock: Clock;
}

/** Between two requests for one conversation. */
const typingEveryMs = 3_000;
/** Longer than `typingEveryMs`, so that people who go on typing stay shown. */
const typingShownMs = 6_000;
/** More than a server tells at once. */
const mostNames = 50;

export function createSharing({ store, session, ignored, clock }: SharingDeps): Sharing {
  let shared = '{}';
  const toldAt = new Map<ConversationId, number>();
  /** Until when a person is shown as typing, by conversation and name. */
  const shownUntil = new Map<string, number>();

  function isOn(setting: 'typing' | 'receipts'): boolean {
    return store.state.settings[setting] === 'on';
  }

  function share(): void {
    const [typing, receipts] = [isOn('typing'), isOn('receipts')];
    const wanted = { ...(typing && { typing }), ...(receipts && { receipts }) };
    const now = JSON.stringify(wanted);
    if (now === shared) return;
    shared = now;
    store.update((state) => withoutActivity(state, { typing, receipts }));
    session.ask({ type: 'share', ...wanted }).catch(() => {
      // With the next connection.
      shared = '';
    });
  }

  function tell(id: ConversationId): void {
    const now = clock.ticks();
    if (now - (toldAt.get(id) ?? Number.NEGATIVE_INFINITY) < typingEveryMs) return;
    toldAt.set(id, now);
    // Where it can't be told, no one misses it.
    session.ask({ type: 'typing', ...toRoomOrPerson(id) }).catch(() => {});
  }

  function showTyping(event: ServerFrameOf<'typing'>): void {
    const id = idOf(event);
    const names = event.names
      .slice(0, mostNames)
      .filter((name) => !ignored.has(name))
      .map((name) => printable(name));
    const until = clock.ticks() + typingShownMs;
    for (const name of names) shownUntil.set(`${id} ${name}`, until);
    store.changeOpen(id, (conversation) => withTyping(conversation, names));
    clock.after(typingShownMs, () => {
      const over = names.filter((name) => (shownUntil.get(`${id} ${name}`) ?? 0) <= clock.ticks());
      for (const name of over) shownUntil.delete(`${id} ${name}`);
      store.changeOpen(id, (conversation) => withoutTyping(conversation, over));
    });
  }

  function showReaders(event: ServerFrameOf<'receipts'>): void {
    const readers = event.readers
      .slice(0, mostNames)
      .filter(({ name }) => !ignored.has(name))
      .map(({ name, seq }) => ({ name: printable(name), seq }));
    store.changeOpen(idOf(event), (conversation) => withReaders(conversation, readers));
  }

  return {
    share,
    pressed(before) {
      const { id, draft } = current(store.state);
      const changed = id === before.id && draft.text !== before.draft.text;
      if (changed && isOn('typing') && isMessage(draft.text)) tell(id);
    },
    notice(event) {
      if (event.kind === 'synced') share();
      if (event.kind !== 'event') return;
      const { event: happened } = event;
      if (happened.type === 'typing' && isOn('typing')) showTyping(happened);
      if (happened.type === 'receipts' && isOn('receipts')) showReaders(happened);
      // So that typing the next message is reported at once.
      if (happened.type === 'message' && happened.from === session.name)
        toldAt.delete(conversationOf(happened, session.name));
    },
  };
}

/** What a command says is not told. */
function isMessage(text: string): boolean {
  return text.trim() !== '' && typedText(text) !== undefined;
}

/** Without what is no longer shared. */
function withoutActivity(
  state: ScreenState,
  { typing, receipts }: { typing: boolean; receipts: boolean },
): ScreenState {
  const conversations = state.conversations.map(({ typing: people, readers, ...conversation }) => ({
    ...conversation,
    ...(typing && people && { typing: people }),
    ...(receipts && readers && { readers }),
  }));
  return { ...state, conversations };
}
