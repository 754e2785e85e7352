/** What is asked of the server with a slash command, and its answer in lines. Knows requests and words, no screen. */
import type { ServerFrameOf } from '../../protocol/events.js';
import type { Message } from '../../protocol/records.js';
import type { Asked, Event, Session } from '../session/session.js';
import { fileLines, foundLines, roomLines } from '../text/lists.js';
import type { LocalTime } from '../text/local-time.js';
import type { Errand, PeopleErrand, Place, SearchTerms } from './act.js';
import { isPeopleErrand } from './act.js';
import { createPeopleErrands, type Privately } from './people-errands.js';
import { errandRefusal } from './refusal.js';

export interface ErrandDeps {
  readonly session: Pick<Session, 'ask' | 'name' | 'hello'>;
  readonly time: LocalTime;
  /** Where it was typed. */
  readonly here: () => Place;
  readonly answer: (lines: readonly string[]) => void;
  /** Nothing was done; `message` says why and what to do. */
  readonly refuse: (message: string) => void;
  /** This person is in that room now, by /join. */
  readonly joined: (room: string) => void;
  /** Without it, commands that need a secret are refused. */
  readonly privately?: Privately;
  /** What there is to know of the chat that is hosted here. */
  readonly hosted?: readonly string[] | undefined;
}

export interface Errands {
  /** Resolves when it was answered or refused. Never rejects. */
  run(errand: Errand | PeopleErrand): Promise<void>;
  /** To be given every event, for /reply. */
  notice(event: Event): void;
  /** Where a message is that the last search found; undefined for any other. */
  placeOf(seq: number): Place | undefined;
  /** Who wrote to this person alone last. */
  readonly lastPeer: string | undefined;
}

type Ok = ServerFrameOf<'ok'>;

/** Messages in which /edit and /delete look for the last one of somebody. */
const lookBack = 100;
const searchPage = 10;

/** Refused, and why has been told. */
const told = Symbol('told');

export function createErrands(deps: ErrandDeps): Errands {
  const { session, time, here, answer, refuse, joined, privately, hosted } = deps;
  let lastPeer: string | undefined;
  let places = new Map<number, Place>();
  let lastSearch: { readonly request: Asked; readonly before: number | undefined } | undefined;

  /** @throws told */
  async function ask(request: Asked): Promise<Ok> {
    const reply = await session.ask(request);
    if (reply.type === 'ok') return reply;
    refuse(errandRefusal(reply, request));
    throw told;
  }

  /** @throws told */
  function stop(message: string): never {
    refuse(message);
    throw told;
  }

  const people = createPeopleErrands({ session, time, here, answer, ask, stop, privately, hosted });

  function roomHere(): string {
    const place = here();
    return 'room' in place ? place.room : stop('This is between two people: name a room, as in #lobby.');
  }

  /** The last message of somebody here that can still be changed. */
  async function lastOf(name: string): Promise<Message> {
    const { messages = [] } = await ask({ type: 'history', ...conversationHere(), limit: lookBack });
    const found = messages.findLast(({ from, removed }) => from === name && removed === undefined);
    return found ?? stop(`${name === session.name ? 'You have' : `${name} has`} said nothing here lately.`);
  }

  function conversationHere(): { room: string } | { with: string } {
    const place = here();
    return 'room' in place ? place : { with: place.to };
  }

  async function search(request: Asked, before: number | undefined): Promise<void> {
    const { found = [], more = false } = await ask({ ...request, ...(before !== undefined && { before }) });
    if (before === undefined) places = new Map();
    for (const { seq, room, with: peer = '' } of found) {
      places.set(seq, room === undefined ? { to: peer } : { room });
    }
    lastSearch = more ? { request, before: found.at(-1)?.seq } : undefined;
    answer(foundLines(found, { more, further: before !== undefined, time }));
  }

  async function topic(text: string | undefined): Promise<void> {
    const room = roomHere();
    if (text !== undefined) {
      await ask({ type: 'set-topic', room, topic: text });
      return;
    }
    const { rooms = [] } = await ask({ type: 'rooms' });
    const about = rooms.find((each) => each.room === room)?.topic;
    answer([about === undefined ? `#${room} has no topic. /topic TEXT sets one.` : `#${room}: ${about}`]);
  }

  async function block(name: string | undefined): Promise<void> {
    if (name !== undefined) {
      await ask({ type: 'block', name });
      answer([`${name} can write to you alone no more, and is not told. /unblock ${name} takes that back.`]);
      return;
    }
    const { names = [] } = await ask({ type: 'blocks' });
    answer([names.length === 0 ? 'You block nobody.' : `You block ${names.join(', ')}.`]);
  }

  async function remove(which: string | number | undefined): Promise<void> {
    const of = typeof which === 'number' ? which : (await lastOf(which ?? session.name)).seq;
    await ask({ type: 'remove', of });
  }

  async function run(errand: Errand): Promise<void> {
    switch (errand.do) {
      case 'join':
        await ask({ type: 'join', room: errand.room, ...(errand.private && { private: true }) });
        return joined(errand.room);
      case 'leave':
        await ask({ type: 'leave', room: errand.room ?? roomHere(), ...(errand.end && { end: true }) });
        return;
      case 'rooms':
        return answer(roomLines((await ask({ type: 'rooms' })).rooms ?? []));
      case 'topic':
        return topic(errand.topic);
      case 'invite': {
        const room = errand.room ?? roomHere();
        await ask({ type: 'invite', room, name: errand.name });
        return answer([`${errand.name} is invited to #${room}.`]);
      }
      case 'block':
        return block(errand.name);
      case 'unblock':
        await ask({ type: 'unblock', name: errand.name });
        return answer([`${errand.name} can write to you alone again.`]);
      case 'search':
        return search(searchRequest(errand.terms), undefined);
      case 'search-more':
        if (lastSearch === undefined) stop('There is nothing more. /search WORDS looks for something.');
        return search(lastSearch.request, lastSearch.before);
      case 'edit':
        await ask({ type: 'edit', of: (await lastOf(session.name)).seq, text: errand.text });
        return;
      case 'delete':
        return remove(errand.which);
      case 'files': {
        const { messages = [], more } = await ask({ type: 'files', ...conversationHere() });
        return answer(fileLines(messages, { more: more === true, time }));
      }
      default:
        return errand satisfies never;
    }
  }

  return {
    async run(errand) {
      try {
        await (isPeopleErrand(errand) ? people(errand) : run(errand));
      } catch (error) {
        if (error !== told) refuse('Not connected just now: try again when the connection is back.');
      }
    },
    notice(event) {
      const direct = event.type === 'message' && event.room === undefined;
      if (direct && event.from !== session.name) lastPeer = event.from;
    },
    placeOf: (seq) => places.get(seq),
    get lastPeer() {
      return lastPeer;
    },
  };
}

function searchRequest({ since, until, ...terms }: SearchTerms): Asked {
  return {
    type: 'search',
    ...terms,
    limit: searchPage,
    ...(since !== undefined && { since: new Date(since).toISOString() }),
    ...(until !== undefined && { until: new Date(until).toISOString() }),
  };
}
