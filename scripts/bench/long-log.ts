/** Fills a store with years of messages: many rooms, few of them busy, words as frequent as in a language. */
import { limits } from '../../lib/protocol/limits.js';
import type { ConversationKey } from '../../lib/store/message-store.js';
import type { Store } from '../../lib/store/store.js';

export interface LongLog {
  /** An account in every room. */
  readonly busy: number;
  /** An account in the lobby and the quietest room. */
  readonly quiet: number;
  /** An account in every room that has read nothing. */
  readonly away: number;
  readonly busyRoom: ConversationKey;
  readonly quietRoom: ConversationKey;
  /** Times of the first and the last message. */
  readonly begin: number;
  readonly end: number;
}

export interface Talk {
  /** The word of a rank, 0 for the most frequent one. */
  word(rank: number): string;
  /** A message's text. */
  text(): string;
}

const rooms = 50;
const people = 200;
const vocabulary = 50_000;
const together = 1_000;
/** Milliseconds between two messages: a million of them are two years. */
const pace = 63_000;

export function createTalk(below: (limit: number) => number): Talk {
  const syllables = 'ba de ki lo mu na pe ri so tu va we xi yo zu'.split(' ');
  const word = (rank: number): string => {
    let rest = rank;
    let made = '';
    do {
      made += syllables[rest % syllables.length];
      rest = Math.floor(rest / syllables.length);
    } while (rest > 0);
    return made;
  };
  // Zipf's law: a word's frequency is one over its rank.
  const rank = () => Math.floor(Math.exp((below(1_000_000) / 1_000_000) * Math.log(vocabulary))) - 1;
  const text = () => Array.from({ length: 4 + below(20) }, () => word(rank())).join(' ');
  return { word, text };
}

/** Takes about a minute for a million messages. */
export async function fillLog(
  store: Store,
  { messages, talk, below }: { messages: number; talk: Talk; below: (limit: number) => number },
): Promise<LongLog> {
  const begin = Date.now() - messages * pace;
  const accounts: number[] = [];
  for (let index = 0; index < people; index++) accounts.push(await register(store, `user${index}`, begin));
  const [busy = 0, quiet = 0, away = 0] = accounts;
  const targets = await makeRooms(store, accounts, begin);
  const quietRoom = targets.at(-1);
  const [busyRoom] = targets;
  if (busyRoom === undefined || quietRoom === undefined || !('room' in quietRoom))
    throw new Error('there is no room');
  await store.joinRoom(quiet, quietRoom.room);
  for (let made = 0; made < messages; made += together) {
    const batch = Array.from({ length: Math.min(together, messages - made) }, (_, index) => {
      const account = accounts[below(below(people) + 1)] ?? busy;
      // Half of them in the first eight rooms, a quarter in the next eight: the last ones are quiet.
      const target =
        targets[Math.min(rooms - 1, Math.floor(-Math.log2(1 - below(1e6) / 1e6) * 8))] ?? busyRoom;
      const at = begin + (made + index) * pace;
      const text = below(2_000) === 0 ? `user${below(people)}: ${talk.text()}` : talk.text();
      return store.append({ target, account, key: `${made + index}`, text, action: false, at });
    });
    await Promise.all(batch);
  }
  return { busy, quiet, away, busyRoom, quietRoom, begin, end: begin + messages * pace };
}

/** The lobby and the other rooms, with the first and the third account in all of them. */
async function makeRooms(store: Store, accounts: readonly number[], at: number): Promise<ConversationKey[]> {
  const [lobby] = await store.rooms();
  const [busy = 0, , away = 0] = accounts;
  const targets: ConversationKey[] = lobby === undefined ? [] : [{ room: lobby.id }];
  for (let index = 1; index < Math.min(rooms, limits.roomsPerAccount); index++) {
    const made = await store.createRoom({ name: `room${index}`, private: false, owner: busy, at });
    if (made.outcome !== 'created') throw new Error(made.outcome);
    await store.joinRoom(away, made.room.id);
    targets.push({ room: made.room.id });
  }
  return targets;
}

async function register(store: Store, name: string, at: number): Promise<number> {
  const registered = await store.register({ name, skeleton: name, password: '', at });
  if (registered.outcome !== 'created') throw new Error(registered.outcome);
  return registered.account.id;
}
