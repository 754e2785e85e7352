/** What a typed line does, wherever it was typed. Knows commands and the session; shows nothing itself. */
import { ProtocolError } from '../../protocol/errors.js';
import { messageText } from '../../protocol/message-text.js';
import { askPeople } from '../session/people.js';
import type { Draft, Session } from '../session/session.js';
import { errorWords, excerpt, peopleWords } from '../text/wording.js';
import {
  type Errand,
  isPeopleErrand,
  type PeopleErrand,
  type Place,
  type ScreenAct,
  type Sight,
  type TransferAct,
  type Turn,
} from './act.js';
import { helpLines, parseInput } from './commands.js';

/** Where the deeds go. */
export interface Deeds {
  say(draft: Draft): void;
  /** Asks the server, and answers in lines. */
  errand(errand: Errand | PeopleErrand): void;
  sight(sight: Sight): void;
  turn(turn: Turn): void;
  transfer(act: TransferAct): void;
  /** Who wrote to this person alone last; undefined for nobody. */
  lastPeer(): string | undefined;
  /** What the keys do, where there are any to tell of. */
  readonly keys?: () => readonly string[];
  /** Milliseconds since the epoch. */
  now(): number;
  /** Does what only the full screen can. Without it such commands are refused. */
  readonly screen?: (act: ScreenAct) => void;
  /** Shows the lines that a command answers with. */
  answer(lines: readonly string[]): void;
  /** Asks the server who is here. */
  list(): void;
  quit(reason: string | undefined): void;
  /** Nothing was done; `message` says why. */
  refuse(message: string): void;
}

/**
 * Does what the line asks for. What cannot be a message is refused here, before it is sent.
 * @returns false where that was refused, and the line is worth keeping
 */
export function perform(line: string, deeds: Deeds, place: Place = { room: 'lobby' }): boolean {
  const act = parseInput(line, { screen: deeds.screen !== undefined, now: deeds.now() });
  if (isPeopleErrand(act)) {
    deeds.errand(act);
    return true;
  }
  switch (act.do) {
    case 'nothing':
      break;
    case 'say':
      return say({ ...place, text: act.text, ...(act.action && { action: act.action }) }, deeds);
    case 'tell':
      return say({ to: act.to, text: act.text }, deeds);
    case 'list':
      deeds.list();
      break;
    case 'reply': {
      const to = deeds.lastPeer();
      if (to !== undefined) return say({ to, text: act.text }, deeds);
      deeds.refuse('Nobody has written to you alone yet; nothing was sent. /msg NAME TEXT does it.');
      return false;
    }
    case 'join':
    case 'leave':
    case 'rooms':
    case 'topic':
    case 'invite':
    case 'block':
    case 'unblock':
    case 'search':
    case 'search-more':
    case 'edit':
    case 'delete':
    case 'files':
      deeds.errand(act);
      break;
    case 'history':
    case 'jump':
      deeds.sight(act);
      break;
    case 'query':
    case 'window':
      deeds.turn(act);
      break;
    case 'send':
    case 'get':
    case 'cancel':
    case 'transfers':
      deeds.transfer(act);
      break;
    case 'help':
      return help(act.about, deeds);
    case 'quit':
      deeds.quit(act.reason);
      break;
    case 'error':
      deeds.refuse(act.message);
      return false;
    case 'edit-last':
      // What is in the input now is to be sent later.
      deeds.screen?.(act);
      return false;
    default:
      deeds.screen?.(act);
  }
  return true;
}

function help(about: string, deeds: Deeds): boolean {
  const keys = about === 'keys' ? deeds.keys?.() : undefined;
  const lines = keys ?? helpLines(about, deeds.screen !== undefined);
  if (!('unknown' in lines)) {
    deeds.answer(lines);
    return true;
  }
  deeds.refuse(lines.unknown);
  return false;
}

function say(draft: Draft, deeds: Deeds): boolean {
  try {
    messageText(draft.text);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    deeds.refuse(`not sent: "${excerpt(draft.text)}": ${error.message}`);
    return false;
  }
  deeds.say(draft);
  return true;
}

export interface Here {
  readonly words: string;
  readonly names: readonly string[];
}

/** Who is here, or in a room; a text that says why where that cannot be told. Never rejects. */
export async function whoIsHere(session: Session, room?: string): Promise<Here | string> {
  try {
    const people = await askPeople(session, room);
    if ('code' in people) return errorWords(people);
    return { words: peopleWords(people, { me: session.name, room }), names: people.map(({ name }) => name) };
  } catch {
    return 'not connected just now: nobody can say who is here';
  }
}
