/** Screen states for tests, and how their frames are compared. */

import { settingsFrom } from '../../lib/client/commands/settings.js';
import type { Frame } from '../../lib/client/screen/render/render.js';
import { type Appearance, stylesOf } from '../../lib/client/screen/render/theme.js';
import { newConversation } from '../../lib/client/screen/state/conversation.js';
import type {
  ConversationState,
  PaneEntry,
  PersonState,
  ScreenState,
} from '../../lib/client/screen/state/state.js';
import { createLocalTime } from '../../lib/client/text/local-time.js';

export type Message = Extract<PaneEntry, { kind: 'message' }>;

/** Saturday, 21 November 2026, 11:58 UTC. */
export const noon = Date.UTC(2026, 10, 21, 11, 58);
export const minutes = 60_000;

export const plainAppearance: Appearance = {
  theme: 'dark',
  glyphs: 'unicode',
  colors: 0,
  time: createLocalTime(() => noon, 'UTC'),
  links: false,
};

/** A message, so many minutes after `noon`. */
export function messageAt(after: number, from: string, text: string, more: Partial<Message> = {}): Message {
  return {
    kind: 'message',
    id: `${from}-${after}-${text.length}`,
    seq: 1,
    from,
    text,
    at: noon + after * minutes,
    action: false,
    mine: false,
    mention: false,
    delivery: { state: 'sent' },
    ...more,
  };
}

/** The same from the reader, alice. */
export function mine(after: number, text: string, more: Partial<Message> = {}): Message {
  return messageAt(after, 'alice', text, { mine: true, ...more });
}

export function conversation(
  id: ConversationState['id'],
  more: Partial<ConversationState> = {},
): ConversationState {
  return { ...newConversation(id, 'mention'), fromStart: true, ...more };
}

export function person(name: string, more: Partial<PersonState> = {}): PersonState {
  return { name, role: 'member', online: true, away: false, ...more };
}

export function screen(more: Partial<ScreenState> = {}): ScreenState {
  return {
    key: 1,
    before: [],
    after: [],
    columns: 80,
    rows: 24,
    me: 'alice',
    server: 'chat.example.org',
    connection: { state: 'online' },
    conversations: [conversation('#lobby')],
    current: '#lobby',
    directs: [],
    people: [person('alice', { role: 'admin' }), person('bob'), person('cleo', { away: true })],
    peopleUnnamed: 0,
    sideLists: 'auto',
    settings: settingsFrom(undefined),
    focused: true,
    hint: false,
    completion: undefined,
    question: undefined,
    now: noon + 10 * minutes,
    ...more,
  };
}

/** A room with every kind of entry. */
export function busyScreen(more: Partial<ScreenState> = {}): ScreenState {
  const lobby = conversation('#lobby', {
    topic: 'Weekend hike: meet at the station, Sunday 9:00',
    newAfter: 1,
    entries: [
      messageAt(-900, 'bob', 'good night everybody'),
      messageAt(
        0,
        'bob',
        'morning! The train leaves at 9:12, so let us meet at nine sharp in front of the bakery.',
      ),
      messageAt(
        1,
        'bob',
        'tickets: https://trains.example/day-ticket?from=home&to=lake&people=5&class=2nd&cheap=yes',
      ),
      messageAt(2, 'cleo', 'I bring:\n  - tea\n  - 🍎 and パン\n  - a map'),
      {
        kind: 'presence',
        id: 'p1',
        at: noon + 3 * minutes,
        joined: ['dan', 'eve'],
        left: [{ name: 'finn', reason: 'good night' }],
      },
      messageAt(4, 'eve', 'Alice, did you see https://bank.example@evil.example/login ?', {
        mention: true,
        id: 'new',
        seq: 2,
      }),
      mine(5, "no, and don't open it"),
      messageAt(5, 'maximilian-of-the-mountains', 'hello from up here'),
      messageAt(6, 'dan', 'waves', { action: true }),
      { kind: 'notice', id: 'n1', at: noon + 6 * minutes, text: 'connected again', tone: 'plain' },
      mine(7, 'see you on Sunday', { delivery: { state: 'sending' } }),
      mine(7, 'bring a jacket', {
        id: 'f',
        delivery: { state: 'failed', code: 'rate-limited', why: 'the server could not be reached' },
      }),
    ],
  });
  return screen({
    conversations: [
      lobby,
      conversation('@bob', { unread: 2 }),
      conversation('#photos', { unread: 14, mentions: 1 }),
      conversation('#books', { unread: 3 }),
      conversation('#quiet'),
    ],
    people: [
      person('alice', { role: 'admin' }),
      person('bob'),
      person('dan'),
      person('eve'),
      person('cleo', { away: true }),
      person('maximilian-of-the-mountains'),
      person('finn', { online: false }),
    ],
    ...more,
  });
}

/** A frame as plain text. */
export function plainLines({ lines }: Frame): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences of a frame
  return lines.map((line) => line.replace(/\x1b\[[0-9;]*[mKG]|\x1b\]8;[\x20-\x7e]*\x1b\\/g, ''));
}

/** The same with the names of the styles: `{dim}12:00{/}`, `{link -> https://a.example/}`. */
export function styledLines({ lines }: Frame, appearance: Appearance): string[] {
  const { name: _, ...styles } = stylesOf(appearance);
  const names = new Map(
    Object.entries(styles)
      .reverse()
      .map(([style, sgr]) => [sgr, style]),
  );
  return lines.map((line) =>
    line
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences of a frame
      .replace(/\x1b\[K(?:\x1b\[0m)?\x1b\[(\d+)G/g, '{column $1}')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences of a frame
      .replace(/\x1b\[([0-9;]*)m/g, (_all, sgr: string) =>
        sgr === '0' ? '{/}' : `{${names.get(sgr) ?? (sgr === '' ? 'plain' : `name ${sgr}`)}}`,
      )
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences of a frame
      .replace(/\x1b\]8;([^;]*);([\x21-\x7e]*)\x1b\\/g, (_all, id: string, href: string) =>
        href === '' ? '{/link}' : `{link ${id} -> ${href}}`,
      ),
  );
}
