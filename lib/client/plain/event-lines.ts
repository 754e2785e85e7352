/**
 * What happens in a session, as lines; of what the replay after a lost connection brings again, only the news. Knows words, no
 * stream and nothing that is typed.
 */
import type { Conversation, Message, RoomRules } from '../../protocol/records.js';
import type { AwayStatus } from '../commands/away-status.js';
import type { ReadMarks } from '../session/read-marks.js';
import type { Session, SessionEvent, StaySignedIn } from '../session/session.js';
import { changedRulesWords, eventWords, roomRulesWords } from '../text/event-words.js';
import { createStatusLines, motdLines, newsWords, stayOffer } from '../text/wording.js';
import type { Transfers } from '../transfer/transfers.js';
import type { ServerEvent } from '../wire/connection.js';

interface EventLinesDeps {
  readonly session: Session;
  readonly stay: StaySignedIn | undefined;
  readonly hosted?: readonly string[] | undefined;
  readonly marks: ReadMarks;
  readonly away: AwayStatus;
  readonly transfers: Transfers;
  /** Shows a notice, as of now or of another time. */
  readonly show: (words: string, at?: string | number) => void;
  readonly print: (message: Message) => void;
}

interface Printed {
  /** Edited or removed. */
  readonly changed: boolean;
  readonly reacted: boolean;
}

interface EventLines extends EventLinesDeps {
  /** Until the connection has caught up: of each message printed so far, what the replay need not tell again. */
  catchUp: { readonly first: boolean; readonly printed: Map<number, Printed> } | undefined;
  /** Of each room, as far as they were shown. */
  readonly rules: Map<string, RoomRules | undefined>;
}

/** @returns what must see everything that happens */
export function createEventLines(deps: EventLinesDeps): (event: SessionEvent) => void {
  const lines: EventLines = { ...deps, catchUp: { first: true, printed: new Map() }, rules: new Map() };
  const showStatus = createStatusLines(deps.show);
  return (event) => {
    switch (event.kind) {
      case 'event':
        showEvent(event.event, lines);
        break;
      case 'status':
        showStatus(event.status);
        if (event.status.state === 'connecting') lines.catchUp ??= { first: false, printed: new Map() };
        break;
      case 'synced':
        lines.catchUp = undefined;
        showSynced(event, lines);
        break;
      case 'delivery':
        // The pipe tells of a message that was refused.
        break;
      default:
        event satisfies never;
    }
  };
}

function showEvent(event: ServerEvent, lines: EventLines): void {
  const { session, away, marks, show, print, catchUp, rules } = lines;
  away.notice(event);
  if (event.type === 'message') {
    print(event);
    const changed = event.edited !== undefined || event.removed !== undefined;
    catchUp?.printed.set(event.seq, { changed, reacted: event.reactions !== undefined });
    marks.shown(event);
    return;
  }
  if (isOld(event, catchUp)) return;
  if (event.type === 'rules') rules.set(event.room, event.rules);
  if (event.type === 'room') rules.set(event.conversation.room ?? '', event.conversation.rules);
  const words = eventWords(event, session.name);
  if (words !== undefined) show(words, 'at' in event ? event.at : undefined);
}

/**
 * A change that the replay repeats: of a message that was printed as it is now, or, at the start, of one from before what
 * is printed.
 */
function isOld(event: ServerEvent, catchUp: EventLines['catchUp']): boolean {
  if (catchUp === undefined) return false;
  const { first, printed } = catchUp;
  switch (event.type) {
    case 'edited':
    case 'removed':
      return printed.get(event.of)?.changed ?? first;
    case 'reaction':
      return printed.get(event.of.seq)?.reacted ?? first;
    case 'pinned':
    case 'unpinned':
      return first;
    default:
      return false;
  }
}

function showSynced(
  { first, conversations }: Extract<SessionEvent, { kind: 'synced' }>,
  { session, stay, hosted = [], transfers, away, show, rules }: EventLines,
): void {
  if (!first) {
    transfers.resume();
    void away.restore();
    showChangedRules(conversations, rules, show);
    return;
  }
  show(`in #lobby as ${session.name}`);
  for (const { room, rules: now } of conversations) if (room !== undefined) rules.set(room, now);
  const words = roomRulesWords('lobby', rules.get('lobby'));
  if (words !== undefined) show(words);
  for (const line of [...motdLines(session.motd), ...hosted]) show(line);
  const news = newsWords(conversations);
  if (news !== undefined) show(news);
  if (stay?.offer) show(stayOffer);
}

/** While the connection was lost. */
function showChangedRules(
  conversations: readonly Conversation[],
  rules: EventLines['rules'],
  show: EventLinesDeps['show'],
): void {
  for (const { room, rules: now } of conversations) {
    if (room === undefined) continue;
    const words = rules.has(room) ? changedRulesWords(room, { before: rules.get(room), now }) : undefined;
    if (words !== undefined) show(words);
    rules.set(room, now);
  }
}
