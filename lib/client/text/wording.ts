/** What happens, in words for people; nothing of it can drive a terminal. Knows no colours and no streams. */
import { duration } from '../../protocol/duration.js';
import type { ServerFrameOf } from '../../protocol/events.js';
import { limits } from '../../protocol/limits.js';
import { printable } from '../../protocol/printable.js';
import type { Conversation, Person, Restriction, Role, RoomRole, RoomRules } from '../../protocol/records.js';
import type { Delivery, End, Event, Status } from '../session/session.js';

const final: ReadonlySet<string> = new Set(['signed-out', 'taken-over', 'kicked', 'banned']);

/** Events that nobody said: presence, gaps, the server's own words; undefined where there is nothing to tell. */
export function eventWords(event: Event): string | undefined {
  switch (event.type) {
    case 'joined':
      return `${printable(event.name)} joined${elsewhere(event.room)}`;
    case 'left': {
      const reason = event.reason === undefined ? '' : printable(event.reason).trim();
      const more = reason === '' ? '' : ` (${reason})`;
      const name = printable(event.name);
      if (event.by !== undefined)
        return `${name} was thrown out${ofRoom(event.room)} by ${printable(event.by)}${more}`;
      return `${name} left${elsewhere(event.room)}${more}`;
    }
    case 'crowd': {
      const moves = [count(event.joined, 'joined'), count(event.left, 'left')].filter(
        (words) => words !== '',
      );
      const online = `${event.online} are here${elsewhere(event.room)}`;
      return moves.length === 0 ? online : `${moves.join(', ')}; ${online}`;
    }
    case 'gap':
      return `older messages ${event.with === undefined ? `in #${printable(event.room ?? '')}` : `with ${printable(event.with)}`} are not shown`;
    case 'closing':
      // The end of the session is told where the session ends.
      return final.has(event.code) ? undefined : `the server says: ${printable(event.message)}`;
    case 'edited':
      return `${printable(event.from)} edited${elsewhere(event.room)}: ${printable(event.text, { newlines: true })}`;
    case 'removed':
      return `${printable(event.from)} removed a message${elsewhere(event.room)}`;
    case 'topic': {
      const topic = printable(event.topic);
      const room = `#${printable(event.room)}`;
      const by = printable(event.from);
      return topic === ''
        ? `${by} took the topic of ${room} away`
        : `${by} set the topic of ${room}: ${topic}`;
    }
    case 'room':
      return roomWords(event.conversation);
    case 'parted': {
      const room = `#${printable(event.room)}`;
      const reason = event.reason === undefined ? '' : ` (${printable(event.reason)})`;
      if (event.by === undefined) return `you are in ${room} no longer${reason}`;
      return `${printable(event.by)} threw you out of ${room}${reason}`;
    }
    case 'invited': {
      const about = event.topic === undefined ? '' : ` (${printable(event.topic)})`;
      const room = `#${printable(event.room)}`;
      return `${printable(event.by)} invites you to ${room}${about}: /join ${room}, or /leave ${room} to refuse`;
    }
    case 'role':
      return `${printable(event.name)} is ${a(event.role)} of #${printable(event.room)} now, by ${printable(event.by)}`;
    case 'rank':
      return `${printable(event.name)} is ${a(event.role)} on this server now, by ${printable(event.by)}`;
    case 'rules': {
      const rules = rulesWords(event.rules);
      const [by, room] = [printable(event.by), `#${printable(event.room)}`];
      return rules === ''
        ? `${by} took the rules of ${room} away`
        : `${by} set the rules of ${room}: ${rules}`;
    }
    case 'muted': {
      const { ms, reason } = event;
      const end = ms === undefined ? ' for good' : ` for ${duration(ms)}`;
      const why = reason === undefined ? '' : ` (${printable(reason)})`;
      return `${printable(event.by)} muted you${end}${why}: nothing that you say${ofRoom(event.room, ' in')} is taken`;
    }
    case 'unmuted':
      return `${printable(event.by)} lets you speak again${ofRoom(event.room, ' in')}`;
    case 'away': {
      const text = printable(event.text).trim();
      return `${printable(event.name)} is away${text === '' ? '' : ` (${text})`}`;
    }
    case 'back':
      return `${printable(event.name)} is back`;
    case 'message':
    case 'seen':
      return undefined;
    default:
      return absurd(event);
  }
}

function roomWords({ room = '', role, topic, private: hidden, rules }: Conversation): string {
  const what = role === 'owner' ? ', which you own' : '';
  const about = topic === undefined ? '' : `: ${printable(topic)}`;
  const asked = rules === undefined ? '' : rulesWords(rules);
  const more = asked === '' ? '' : `; its rules: ${asked}`;
  return `you are in #${printable(room)}${hidden ? ' (private)' : ''}${what}${about}${more}`;
}

/** A role with its article. */
export function a(role: RoomRole | Role): string {
  return role === 'owner' || role === 'admin' ? `an ${role}` : `a ${role}`;
}

function ofRoom(room: string | undefined, word = ' of'): string {
  return room === undefined || room === 'lobby' ? '' : `${word} #${printable(room)}`;
}

/** What a room asks of those who do not lead it; empty for nothing. */
export function rulesWords({ restrict = [], slow, locked }: RoomRules): string {
  const words = [
    locked ? 'locked (only those who lead it say something)' : '',
    slow === undefined ? '' : `slow (${duration(slow)} between two messages)`,
    ...restrict.map((kind) => restrictions[kind]),
  ].filter((word) => word !== '');
  return words.join(', ');
}

const restrictions: Readonly<Record<Restriction, string>> = {
  links: 'no links',
  files: 'no files',
  caps: 'no capitals',
  rate: 'few messages at once',
};

/** Rooms other than the one that everybody is in are named. */
export function elsewhere(room: string | undefined): string {
  return room === undefined || room === 'lobby' ? '' : ` #${printable(room)}`;
}

/** What the connection does, for those who wait for it; undefined where there is nothing to tell. */
export function statusWords(status: Status): string | undefined {
  switch (status.state) {
    case 'online':
      return 'connected again';
    case 'connecting':
      return undefined;
    case 'waiting':
      return `not connected; trying again in ${duration(status.inMs)} (${withoutStop(status.why)})`;
    case 'ended':
      return undefined;
    default:
      return absurd(status);
  }
}

/** Why a session ended and what to do about it, one sentence or two. */
export function endWords(end: End): string {
  switch (end.why) {
    case 'quit':
      return 'You left.';
    case 'logged-out':
      return sentence(printable(end.message));
    case 'refused':
      return refusalWords(end);
    case 'lost':
      return `The connection was lost and did not come back (${withoutStop(end.message)}). Try again later.`;
    case 'distrusted':
      // Two pins, one below the other.
      return printable(end.error.message, { newlines: true });
    default:
      return absurd(end);
  }
}

/** What a server refused, in its words, and what to do. */
export function refusalWords(refusal: {
  readonly code: string;
  readonly message: string;
  readonly retryAfter?: number | undefined;
}): string {
  const said = sentence(printable(refusal.message));
  const { retryAfter } = refusal;
  // Unless the server put it into words itself.
  const wait = retryAfter === undefined || /\d/.test(said) ? '' : ` Try again in ${duration(retryAfter)}.`;
  return `${said}${advice[refusal.code] ?? ''}${wait}`;
}

// What the server cannot know: how this program is told.
const advice: Readonly<Record<string, string>> = {
  'name-in-use': ' Use --take-over to end the other session, or --attach to join as another terminal.',
  'too-many-terminals': ' Leave one of them, or use --take-over to end them all.',
  'wrong-credentials': ' Check both and try again.',
  'second-factor-needed': ' Sign in on a terminal, which asks for it; a bot has a token (--token-file).',
  'name-taken': ' If it is yours, sign in with its password and without --create.',
};

/** Why a message did not go out. */
export function failureWords(delivery: Extract<Delivery, { state: 'failed' }>): string {
  return withoutStop(delivery.message);
}

/** Who is here: `ana (admin), ben (2 terminals), you`; with a room, who is in it, and who of them is here. */
export function peopleWords(
  people: readonly Person[],
  { me, room }: { me: string; room?: string | undefined },
): string {
  const words = people.map((person) => {
    const more = [
      person.name === me ? 'you' : '',
      room === undefined ? (person.role === 'member' ? '' : person.role) : roleMark(person.room),
      person.away === undefined ? '' : `away${person.away === '' ? '' : `: ${printable(person.away)}`}`,
      person.terminals === 0 ? 'not here' : '',
      person.terminals > 1 ? `${person.terminals} terminals` : '',
    ].filter((word) => word !== '');
    return `${printable(person.name)}${more.length === 0 ? '' : ` (${more.join(', ')})`}`;
  });
  const count = people.length === 1 ? '1 person is' : `${people.length} people are`;
  return `${count} ${room === undefined ? 'here' : `in #${printable(room)}`}: ${words.join(', ')}`;
}

function roleMark(role: RoomRole | undefined): string {
  return role === undefined || role === 'member' ? '' : role;
}

/** What the operator says to everybody who comes, as lines that nobody can take for a person's; none for nothing. */
export function motdLines(motd: string | undefined): string[] {
  if (motd === undefined) return [];
  const text = printable(motd, { newlines: true }).trimEnd();
  return text === '' ? [] : text.split('\n').map((line) => `* ${line}`);
}

/** What is new for somebody who comes: `3 new in #dev (1 for you), 2 from ben`; undefined for nothing. */
export function newsWords(conversations: readonly Conversation[]): string | undefined {
  const news = conversations.filter(({ unread }) => unread > 0);
  const words = news.map(({ room, with: peer, unread, mentions }) => {
    const many = unread >= limits.unreadCounted ? `${unread}+` : `${unread}`;
    if (room === undefined) return `${many} from ${printable(peer ?? '')}`;
    return `${many} new in #${printable(room)}${mentions > 0 ? ` (${mentions} for you)` : ''}`;
  });
  return words.length === 0 ? undefined : words.join(', ');
}

/** An error reply in words. */
export function errorWords(reply: ServerFrameOf<'error'>): string {
  return refusalWords({ code: '', message: reply.message, retryAfter: reply.retryAfter });
}

/** The beginning of a text on one line, for naming it. */
export function excerpt(text: string): string {
  const line = printable(text).trim();
  return line.length > 40 ? `${line.slice(0, 39).trimEnd()}…` : line;
}

function count(number: number, verb: string): string {
  return number === 0 ? '' : `${number} ${verb}`;
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

function withoutStop(text: string): string {
  return printable(text).trim().replace(/\.$/, '');
}

function absurd(value: never): never {
  throw new TypeError(`unexpected ${JSON.stringify(value)}`);
}
