/** What the session tells, brought onto the stage. Knows the session's words; no keys and no terminal. */

import type { Message } from '../../../protocol/records.js';
import { askPeople } from '../../session/people.js';
import type { ReadMarks } from '../../session/read-marks.js';
import type {
  DeliveryStatus,
  Session,
  SessionEnd,
  SessionEvent,
  SessionStatus,
} from '../../session/session.js';
import { failureWords } from '../../text/wording.js';
import type { ServerEvent } from '../../wire/connection.js';
import { conversationOf } from './conversation.js';
import { current, find } from './conversations.js';
import { happened } from './events.js';
import { membersOf, peopleHere } from './people.js';
import type { ConversationId } from './state.js';
import type { ScreenStore } from './store.js';
import { watched, withoutNobody } from './turning.js';
import { delivered, linked, placeOf, received, welcomed } from './update.js';

export interface HappeningsDeps {
  readonly stage: ScreenStore;
  readonly session: Pick<Session, 'ask' | 'name'>;
  readonly ignored: ReadonlySet<string>;
  readonly marks: ReadMarks;
  readonly now: () => number;
  /** Calls back once, `ms` from now. */
  readonly later: (ms: number, callback: () => void) => void;
  /** A message came that nobody looks at, or that is for this person. */
  readonly ring: (id: ConversationId, message: Message) => void;
  readonly ended: (end: SessionEnd) => void;
}

export interface Happenings {
  readonly show: (happening: SessionEvent) => void;
  /** Asks the server who is here. */
  readonly refreshPeople: () => void;
  /** Somebody looks at the conversation on the screen: its newest message counts as read. */
  readonly looked: () => void;
}

/** Roles come with `who` only; so many comings within this time make one request. */
const whoAfterMs = 1_000;
/** Beyond this many the names of all would be a great part of what is sent. */
const mostNamed = 300;

export function createHappenings(deps: HappeningsDeps): Happenings {
  const { stage, session, ignored, marks, now } = deps;
  // What came before the first catch-up was complete is not rung for, and is new only beyond the read mark.
  let welcome = true;
  let whoIsDue = false;
  // The newest message of each conversation, for the read marks.
  const newest = new Map<ConversationId, Message>();

  function refreshPeople(): void {
    whoIsDue = false;
    askPeople(session).then(
      (people) => {
        if (!('code' in people)) stage.update((state) => peopleHere(state, people));
      },
      // Asked again after the next catch-up.
      () => {},
    );
  }

  function refreshSoon(): void {
    if (whoIsDue || stage.state.people.length > mostNamed) return;
    whoIsDue = true;
    deps.later(whoAfterMs, refreshPeople);
  }

  /** Those of the room on the screen, once. */
  function loadMembers(): void {
    const { id, members } = current(stage.state);
    if (members !== undefined || !id.startsWith('#') || id === '#lobby') return;
    askPeople(session, id.slice(1)).then(
      (people) => {
        const open = find(stage.state, id) !== undefined;
        if (!('code' in people) && open)
          stage.change(id, (conversation) => ({ ...conversation, members: membersOf(people) }));
      },
      // Asked again at the next look.
      () => {},
    );
  }

  function looked(): void {
    loadMembers();
    const { current } = stage.state;
    const message = newest.get(current);
    if (message === undefined || welcome || !watched(stage.state, current)) return;
    newest.delete(current);
    marks.shown(message);
  }

  function showMessage(message: Message): void {
    if (ignored.has(message.from)) return;
    const id = conversationOf(message, session.name);
    stage.update((state) => received(state, message));
    newest.set(id, message);
    if (welcome) return;
    looked();
    if (message.from !== session.name) deps.ring(id, message);
  }

  function showEvent(event: ServerEvent): void {
    if (event.type === 'message') {
      showMessage(event);
      return;
    }
    stage.update((state) => happened(state, event, { now: now(), serial: stage.serial() }));
    if (event.type === 'joined' || event.type === 'crowd') refreshSoon();
    if (event.type === 'parted') looked();
  }

  function showStatus(status: Exclude<SessionStatus, { state: 'ended' }>): void {
    stage.update((state) => linked(state, status, now()));
  }

  function showDelivery(key: string, delivery: DeliveryStatus): void {
    const id = placeOf(stage.state, key);
    stage.update((state) => delivered(state, key, delivery));
    if (delivery.state !== 'failed' || id === undefined || id === stage.state.current) return;
    // Whoever said it is somewhere else.
    stage.tell(`not sent to ${id.slice(1)}: ${failureWords(delivery)}`, 'bad');
    if (delivery.code === 'no-such-name') stage.update((state) => withoutNobody(state, id));
  }

  function show(happening: SessionEvent): void {
    switch (happening.kind) {
      case 'event':
        showEvent(happening.event);
        break;
      case 'status':
        if (happening.status.state === 'ended') deps.ended(happening.status.end);
        else showStatus(happening.status);
        break;
      case 'synced':
        stage.update((state) => welcomed(state, happening.conversations));
        welcome = false;
        looked();
        refreshPeople();
        break;
      case 'delivery':
        showDelivery(happening.key, happening.delivery);
        break;
      default:
        happening satisfies never;
    }
  }

  return { show, refreshPeople, looked };
}
