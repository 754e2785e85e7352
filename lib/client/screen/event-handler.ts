/**
 * Brings what the session reports into the state, and acts on it: read marks, the bell, requests for who is online.
 * Knows events; neither keys nor the terminal.
 */
import type { Message } from '../../protocol/records.js';
import { askPeople } from '../session/pages.js';
import type { ReadMarks } from '../session/read-marks.js';
import type { DeliveryStatus, Session, SessionEnd, SessionEvent } from '../session/session.js';
import { failureWords } from '../text/wording.js';
import type { ServerEvent } from '../wire/connection.js';
import { conversationOf, lobby } from './state/conversation.js';
import { current, find, isViewed, withDirects, withoutUnknownName } from './state/conversations.js';
import { applyDelivery, conversationOfKey } from './state/delivery.js';
import { applyEvent, applyMessage, applyStatus, applySync } from './state/events.js';
import { withFolded } from './state/notices.js';
import { membersOf, withPeople } from './state/people.js';
import type { ConversationId } from './state/state.js';
import type { ScreenStore } from './state/store.js';
import type { Occasion } from './terminal/notifier.js';

export interface EventHandlerDeps {
  readonly store: ScreenStore;
  readonly session: Pick<Session, 'ask' | 'name'>;
  /** People whose messages are not shown. */
  readonly ignored: ReadonlySet<string>;
  readonly marks: Pick<ReadMarks, 'shown'>;
  readonly now: () => number;
  /** Calls back once, `ms` from now. */
  readonly later: (ms: number, callback: () => void) => void;
  /** After the first catch-up: a message of another person arrived, or someone who was waited for. */
  readonly notify: (occasion: Occasion) => void;
  readonly ended: (end: SessionEnd) => void;
}

export interface EventHandler {
  readonly handle: (event: SessionEvent) => void;
  /** The reader may have the newest messages on the screen now: marks them as read. */
  readonly viewed: () => void;
  /** Asks for direct conversations, closed ones as well, the newest as many as the server tells at once. Never rejects. */
  readonly loadDirects: () => Promise<void>;
}

/** Only `who` reports roles; people who join within this time share one request. */
const refreshMs = 1_000;
/** Beyond this many people their names would be a large part of the traffic. */
const mostListed = 300;

export function createEventHandler(deps: EventHandlerDeps): EventHandler {
  const { store, session, ignored, marks } = deps;
  const people = createPeopleLoader(deps);
  // Messages of the first catch-up ring no bell, and are unread only beyond the read mark.
  let caughtUp = false;
  // The newest message of each conversation that is not marked as read.
  const newest = new Map<ConversationId, Message>();

  function viewed(): void {
    people.loadMembers();
    const { current: id } = store.state;
    const message = newest.get(id);
    if (message === undefined || !caughtUp || !isViewed(store.state, id)) return;
    newest.delete(id);
    marks.shown(message);
  }

  function handleMessage(message: Message): void {
    if (ignored.has(message.from)) return;
    const id = conversationOf(message, session.name);
    store.update((state) => withFolded(applyMessage(state, message), id, deps.now()));
    newest.set(id, message);
    if (!caughtUp) return;
    viewed();
    if (message.from !== session.name) deps.notify(occasionOf(store, id, message));
  }

  function handleEvent(event: ServerEvent): void {
    if (event.type === 'message') {
      handleMessage(event);
      return;
    }
    store.update((state) => applyEvent(state, event, { now: deps.now(), serial: store.serial() }));
    if (event.type === 'joined' || event.type === 'crowd') people.refreshSoon();
    if (event.type === 'parted') viewed();
    if (event.type === 'online') deps.notify(occasionOfOnline(store, event.name));
  }

  return {
    handle(event) {
      switch (event.kind) {
        case 'event':
          handleEvent(event.event);
          break;
        case 'status': {
          const { status } = event;
          if (status.state === 'ended') {
            deps.ended(status.end);
            break;
          }
          store.update((state) => applyStatus(state, status, deps.now()));
          // What stands above may be that a server said goodbye.
          if (status.state === 'online' && status.address !== undefined) {
            store.notice(`Connected again, to ${status.address}.`);
          }
          break;
        }
        case 'synced':
          store.update((state) =>
            applySync(state, event.conversations, {
              ...{ first: event.first, now: deps.now(), serial: store.serial() },
            }),
          );
          caughtUp = true;
          viewed();
          people.refresh();
          break;
        case 'delivery':
          handleDelivery(store, event.key, event.delivery);
          break;
        default:
          event satisfies never;
      }
    },
    viewed,
    async loadDirects() {
      const reply = await session.ask({ type: 'conversations' }).catch(() => undefined);
      if (reply?.type !== 'ok') return;
      store.update((state) => withDirects(state, reply.conversations ?? []));
    },
  };
}

function occasionOf({ state }: ScreenStore, id: ConversationId, { from, text }: Message): Occasion {
  const conversation = find(state, id);
  const entry = conversation?.entries.at(-1);
  const mention = entry?.kind === 'message' && entry.mention;
  return {
    kind: id.startsWith('@') ? 'direct' : mention ? 'mention' : 'message',
    conversation: id,
    notify: conversation?.notify ?? 'mention',
    focused: state.focused,
    from,
    text,
  };
}

/** Whom this person waits for has come: as if they had written. */
function occasionOfOnline({ state }: ScreenStore, name: string): Occasion {
  return {
    ...{ kind: 'direct', conversation: `@${name}`, notify: 'mention', focused: state.focused },
    ...{ from: name, text: 'is online now' },
  };
}

/** A failure in another conversation is reported in the current one. */
function handleDelivery(store: ScreenStore, key: string, delivery: DeliveryStatus): void {
  const id = conversationOfKey(store.state, key);
  store.update((state) => applyDelivery(state, key, delivery));
  if (delivery.state !== 'failed' || id === undefined || id === store.state.current) return;
  store.notice(`Not sent to ${id.slice(1)}: ${failureWords(delivery)}`, 'bad');
  if (delivery.code === 'no-such-name') store.update((state) => withoutUnknownName(state, id));
}

/** Asks the server who is online, and for the members of rooms. What fails is asked for again later. */
function createPeopleLoader({ store, session, later }: EventHandlerDeps) {
  let due = false;

  function refresh(): void {
    due = false;
    askPeople(session.ask).then(
      (people) => {
        if (!('code' in people)) store.update((state) => withPeople(state, people));
      },
      () => {},
    );
  }

  return {
    refresh,
    refreshSoon() {
      if (due || store.state.people.length > mostListed) return;
      due = true;
      later(refreshMs, refresh);
    },
    /** Those of the current room, once. */
    loadMembers() {
      const { id, members } = current(store.state);
      if (members !== undefined || !id.startsWith('#') || id === lobby) return;
      askPeople(session.ask, id.slice(1)).then(
        (people) => {
          if ('code' in people) return;
          store.changeOpen(id, (conversation) => ({ ...conversation, members: membersOf(people) }));
        },
        () => {},
      );
    },
  };
}
